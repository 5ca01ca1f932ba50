"""Status: what container statuses and events tell about sidecars."""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_prompt
from conformance.checks.events import assert_told
from conformance.checks.needs import OWN_GRACE
from conformance.requirements import API_SERVER, MUST, OBSERVED, SHOULD, requirement
from conformance.scenarios.status import REPLACED
from conformance.sources import (
    DOCS,
    INIT_CONTAINERS,
    POD_LIFECYCLE,
    POD_REFERENCE,
    SIDECARS,
    upstream,
)
from fixtures.evidence.errors import ContradictionError
from fixtures.kubeapi.status import container_status
from fixtures.kubeapi.times import SECOND, parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.pods import Pod
    from fixtures.evidence.timeline import Timeline
    from fixtures.evidence.version import Version

MESSAGES = 12 << 10
"""How many bytes the termination messages of all containers of a pod have together."""
COMPARED = 10
"""In seconds: how often a kubelet compares what the API tells of a pod with what it knows."""
API_TYPES = upstream("staging/src/k8s.io/api/core/v1/types.go")


def names_in(pod: Pod, version: Version, part: str) -> list[str]:
    """Return the names of the pod's containers in one list of its statuses."""
    shown = [status["name"] for status in version.status.get(part) or []]
    return [name for name in shown if name in pod.containers]


@requirement(
    "status.in-init-statuses",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=(SIDECARS, f"{API_TYPES} PodStatus"),
)
def test_in_init_statuses(timeline: Timeline) -> None:
    """Sidecar statuses stand in initContainerStatuses in spec order, never in containerStatuses."""
    shown = 0
    for version in timeline.pod.versions:
        init = names_in(timeline.pod, version, "initContainerStatuses")
        regular = names_in(timeline.pod, version, "containerStatuses")
        if init or regular:
            shown += 1
            assert init == ["init-1", "sidecar-1", "init-2", "sidecar-2"], (
                f"{version.phase}: {init}"
            )
            assert regular == ["app"], f"{version.phase}: {regular}"
    assert shown, "the pod never had container statuses"


@requirement(
    "status.start-time",
    MUST,
    since="1.29",
    scenario=("ordered-start", "status-crash"),
    source=(f"{POD_REFERENCE}#PodStatus", f"{API_TYPES} PodStatus"),
)
def test_start_time(timelines: Mapping[str, Timeline]) -> None:
    """A pod has its start time before its first container starts, and keeps it over restarts."""
    for timeline in timelines.values():
        pod = timeline.pod
        times = [str(version.status.get("startTime", "")) for version in pod.versions]
        known = [*dropwhile("".__eq__, times)]
        assert known, f"{pod.name} has no start time"
        assert set(known) == {known[0]}, f"the start times of {pod.name} were {known}"
        first = next(iter(pod.containers.values())).first
        assert parse_time(known[0]) <= first.started.latest, f"{first} started before {known[0]}"


@requirement(
    "status.started-flag",
    MUST,
    since="1.29",
    scenario=("ordered-start", "status-crash"),
    source=(SIDECARS, API_TYPES),
)
def test_started_flag(timelines: Mapping[str, Timeline]) -> None:
    """A sidecar's `started` is true from its start-up to its end, and false again once it ended."""
    # Only the start of the second one is held back until it was seen.
    for name, skipped in (("sidecar-1", [[True, False]]), ("sidecar-2", [])):
        sidecar = timelines["ordered-start"][name]
        flags = [seen.value for seen in sidecar.history(lambda status: status.started, "started")]
        assert flags in ([False, True, False], *skipped), f"{name} showed started as {flags}"
        # A status may be late, and skip what was before it, but it is never early.
        first = next(seen for seen in sidecar.statuses if seen.value.started)
        early = sidecar.said("UP").earliest - first.moment.latest
        assert early <= 0, f"{name} counted as started {early / SECOND:.2f} s before it was up"
    shown = [seen.value for seen in timelines["status-crash"]["slow"].statuses]
    again = [status for status in shown if status.restarts == 1 and status.running]
    assert again, "slow was not restarted"
    assert again[0].raw["started"] is False, "slow was restarted and counted as started at once"
    assert any(status.started for status in again), "slow never counted as started again"


@requirement(
    "status.main-waiting-reason",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=INIT_CONTAINERS,
)
def test_main_waiting_reason(timeline: Timeline) -> None:
    """Regular containers wait with the reason PodInitializing until the sidecars are started."""
    seen = 0
    for version in timeline.pod.versions:
        app, sidecar = version.container("app"), version.container("sidecar-2")
        if version.statuses and not sidecar.started and not app.id:
            seen += 1
            assert app.waits_with("PodInitializing"), f"app was {app}"
    assert seen, "the pod was never seen with a sidecar that was not started"
    assert timeline["app"].ever_started, "app never started"


@requirement(
    "status.final-states",
    MUST,
    since="1.29",
    scenario=("ordered-start", "status-ends", "term-delete", "term-overtime"),
    source=(SIDECARS, POD_LIFECYCLE),
    needs=OWN_GRACE,
)
def test_final_states(timelines: Mapping[str, Timeline]) -> None:
    """In the end a sidecar is shown terminated, with its own exit code or 137 if killed.

    0 is Completed, all others are an Error. All pods but the first were deleted.
    """
    ordered, deleted = timelines["ordered-start"], timelines["term-delete"]
    ends = timelines["status-ends"].pod_named("status-ends-well")
    for sidecar, end in (
        (ordered["sidecar-1"], (0, "Completed")),
        (ordered["sidecar-2"], (0, "Completed")),
        (deleted["crashes"], (3, "Error")),
        (deleted["sidecar-1"], (0, "Completed")),
        (ends["is-killed"], (137, "Error")),
        (timelines["term-overtime"]["sidecar-2"], (137, "Error")),
    ):
        assert sidecar.state == "terminated", f"{sidecar} ended as {sidecar.status}"
        found = (sidecar.last.exit_code, sidecar.last.reason)
        assert found == end, f"{sidecar} ended with {found}"


@requirement(
    "status.events-fieldpath",
    OBSERVED,
    since="1.29",
    scenario="ordered-start",
    source=upstream("pkg/kubelet/container/ref.go"),
)
def test_events_fieldpath(timeline: Timeline) -> None:
    """Events about a sidecar point to it as spec.initContainers{name}."""
    for name in ("sidecar-1", "sidecar-2"):
        found = timeline.events(container=name)
        reasons = sorted({event.reason for event in found})
        told = {"Created", "Started", "Killing"} <= set(reasons)
        assert_told(timeline, timeline.pod, f"{name} has only the events {reasons}", told=told)
        paths = {event.field_path for event in found}
        assert paths == {f"spec.initContainers{{{name}}}"}, f"events of {name} point to {paths}"


@requirement(
    "status.killing-event-early",
    OBSERVED,
    since="1.29",
    scenario="status-ends",
    source=upstream("pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer"),
)
def test_killing_event_early(timeline: Timeline) -> None:
    """The Killing event of a sidecar is recorded when the pod ends, before its turn to stop."""
    pod = timeline.pod_named("status-ends-well")
    for name in ("exits-1", "exits-143"):
        found = timeline.events("Killing", pod=pod.name, container=name)
        assert_told(timeline, pod, f"there is no Killing event of {name}", told=found)
        # The time of one event is evidence: the kubelet has written it once, by the node's clock.
        assert found[0].first < pod[name].said("TERM")


@requirement(
    "status.termination-message",
    OBSERVED,
    since="1.29",
    scenario="status-crash",
    source=f"{DOCS}/tasks/debug/debug-application/determine-reason-pod-failure/",
)
def test_termination_message(timeline: Timeline) -> None:
    """A sidecar's termination message comes from its own path, or from its log if it asks so."""
    own, of_log = timeline["crasher"].first.message, timeline["slow"].first.message
    assert own.strip() == "crasher gave up", f"the message of crasher is {own!r}"
    assert "last words of slow" in of_log, f"the message of slow is {of_log!r}"


@requirement(
    "status.termination-message-share",
    SHOULD,
    since="1.29",
    scenario="status-ends",
    source=f"{API_TYPES} ContainerStateTerminated",
)
def test_termination_message_share(timeline: Timeline) -> None:
    """A sidecar's termination message is cut to its share of what the pod's containers may say."""
    pod = timeline.pod_named("status-ends-well")
    # All count, those too that admission has put there.
    number = sum(len(pod.spec.get(part) or []) for part in ("initContainers", "containers"))
    share = MESSAGES // number
    message = pod["exits-1"].last.message
    assert set(message) == {"m"}, f"the message is {message[:40]!r}"
    assert len(message) == share, f"of 5000 bytes {len(message)} were kept, not {share}"


@requirement(
    "status.restored",
    OBSERVED,
    since="1.29",
    scenario="status-overwritten",
    source=upstream("pkg/kubelet/status/status_manager.go needsReconcile"),
)
def test_restored(timeline: Timeline) -> None:
    """What somebody else writes over the status of a sidecar, its kubelet puts right."""
    answer = timeline.action("patch", subresource="status")
    assert answer.accepted, f"the other status was answered {answer.message}"
    written = container_status(answer.body, "sidecar")
    assert not written.ready, f"what was written became {written}"
    last = timeline["sidecar"].status
    assert_prompt(timeline, last.ready, "the sidecar is still not shown ready", room=COMPARED)


@requirement(
    "status.transition",
    SHOULD,
    by=API_SERVER,
    since="1.29",
    scenario="status-transition",
    source=upstream("pkg/apis/core/validation/validation.go ValidateInitContainerStateTransition"),
)
def test_transition(timeline: Timeline) -> None:
    """In a Never pod an ended sidecar may be told to run again, and no ended init container."""
    ended, sidecar, init = timeline.actions_named("patch", subresource="status")
    assert ended.accepted, f"that both have ended was answered {ended.message}"
    assert sidecar.accepted, f"that the sidecar runs again was answered {sidecar.message}"
    assert init.invalid, f"that the init container runs again was answered {init.message}"


@requirement(
    "status.replaced",
    MUST,
    since="1.29",
    scenario="status-replaced",
    source=f"{POD_LIFECYCLE}#pod-termination-forced",
)
def test_replaced(timeline: Timeline) -> None:
    """A pod that takes the name of one that was deleted by force has a status of its own."""
    _, *successors = timeline.pods
    assert len(successors) == REPLACED, f"the pod was replaced {len(successors)} times"
    for pod in successors:
        others = [one for one in timeline.pods if one is not pod]
        for name, container in pod.containers.items():
            foreign = {seen.value.id for one in others for seen in one[name].statuses} - {""}
            for seen in container.statuses:
                told = seen.value
                if told.id in foreign:
                    raise ContradictionError(f"{name} was shown with a container of another pod")
                assert not told.terminated, f"{name} was shown as ended: {told}"
                assert not told.restarts, f"{name} was shown as restarted: {told}"
        assert set(pod.phases) <= {"Pending", "Running"}, f"the phases were {pod.phases}"
        ready = pod.turns("Ready")
        assert ready[-1:] == [True], f"it was ready: {ready}"
        assert ready == sorted(ready), f"it was ready, and later not: {ready}"
