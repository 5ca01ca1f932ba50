"""Probes: what those of a sidecar do to it, to its pod, and to one another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_at_least, assert_at_most, assert_hooked, assert_prompt
from conformance.checks.events import assert_told
from conformance.checks.instances import assert_ran_once
from conformance.checks.needs import OWN_GRACE
from conformance.checks.tls import assert_only_tls
from conformance.requirements import MUST, OBSERVED, SHOULD, requirement
from conformance.scenarios.probe import ASKED, DEAF, FAILING, OFTEN, PASSING, PERIOD
from conformance.sources import (
    CONTAINER_PROBES,
    DOCS,
    LIFECYCLE_TEST,
    SIDECARS,
    issue,
    upstream,
)
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.errors import NeverError, NotDoneError
from fixtures.evidence.moments import InconclusiveError, Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fixtures.evidence.pods import Container, Pod
    from fixtures.evidence.timeline import Timeline
    from fixtures.evidence.version import Version
    from fixtures.kubeapi.status import Condition, ContainerStatus

CONFIGURE_PROBES = (
    f"{DOCS}/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"
)
PROBE_TEST = upstream("test/e2e/common/node/container_probe.go")
PROBER = upstream("pkg/kubelet/prober")
TIMEOUT = 5
"""In seconds: a probe has failed that took so long."""
PROMPT = 18
"""In seconds: far more than a busy machine needs, and less than what is left of the period."""


def first_seen_ready(container: Container, restarts: int = 0) -> Moment:
    """Return when an instance was first seen to be ready, which is after it has become so.

    Raises NeverError where it was not, as does the next one.
    """
    return _first_seen(container, "ready", lambda status: status.ready, restarts)


def first_seen_started(container: Container, restarts: int = 0) -> Moment:
    """Return when an instance was first seen to count as started."""
    return _first_seen(container, "started", lambda status: status.started, restarts)


def _first_seen(
    container: Container, what: str, holds: Callable[[ContainerStatus], bool], restarts: int
) -> Moment:
    for version in container.pod.versions:
        status = version.container(container.name)
        if status.restarts == restarts and holds(status):
            words = f"{container}#{restarts} was seen to be {what}"
            return container.pod.clocks.seen_between(version.seen, version.seen, words)
    raise NeverError(f"{container}#{restarts} was never {what}")


def unready_in(version: Version) -> list[str]:
    """Return which of the sidecars whose readiness comes and goes are not ready."""
    return [name for name in ASKED if not version.container(name).ready]


def named_in(condition: Condition, pod: Pod) -> list[str]:
    """Return which containers of a pod the message of a condition names, in its order."""
    words = re.findall(r"[^\s\[\]]+", condition.message)
    return [word for word in words if word in pod.containers]


@requirement(
    "probe.startup-holds-others",
    MUST,
    since="1.29",
    scenario="probe-gates",
    source=(CONTAINER_PROBES, PROBE_TEST),
)
def test_startup_holds_others(timeline: Timeline) -> None:
    """Until its startup probe has succeeded a sidecar's other probes have no effect.

    Then they have one.
    """
    late = timeline["late"]
    # It would have failed its liveness probe often enough before, and passed the other one.
    assert late.first.said("UP") - late.first.said("START") >= 3
    assert late.first.said("UP") < first_seen_ready(late)
    assert late.first.said("TERM") > timeline["app"].said("START")
    assert late.restarts >= 1, "late failed its liveness probe in the end and was not restarted"


@requirement(
    "probe.startup-holds-after-restart",
    MUST,
    since="1.29",
    scenario="probe-restart",
    source=(CONTAINER_PROBES, issue(141155)),
)
def test_startup_holds_after_restart(timeline: Timeline) -> None:
    """A sidecar that was restarted has to pass its startup probe anew before the others count."""
    late = timeline["late"]
    assert late.restarts == 1, f"late was restarted {late.restarts} times"
    again = late.instance(1)
    assert again.ever_said("UP"), (
        f"{again} was ready, or asked whether it is alive, before it was up"
    )
    assert again.said("UP") < first_seen_started(late, restarts=1)
    assert again.said("UP") < first_seen_ready(late, restarts=1)
    # A status may come late: what counted by mistake is then seen to do so only after UP. It was
    # held back for certain where it is shown to run without having passed its startup probe.
    held = [
        seen
        for seen in late.statuses
        if seen.value.restarts == 1 and seen.value.running and not seen.value.started
    ]
    if not held:
        raise InconclusiveError(f"no status shows {again} running before it counted as started")


@requirement(
    "probe.liveness-restarts",
    MUST,
    since="1.29",
    scenario=("probe-liveness-fails", "probe-liveness-passes"),
    source=(CONTAINER_PROBES, PROBE_TEST),
)
def test_liveness_restarts(timelines: Mapping[str, Timeline]) -> None:
    """A sidecar that fails its liveness probe of any kind is restarted; one that passes is not.

    That is so in Never and OnFailure pods, too. One that fails less often in a row than its
    threshold says is not restarted, either, and none is before its initial delay is over.
    """
    failing, passing = timelines["probe-liveness-fails"], timelines["probe-liveness-passes"]
    assert failing.pod.spec["restartPolicy"] == "Never"
    assert passing.pod.spec["restartPolicy"] == "OnFailure"
    for name in FAILING:
        sidecar = failing[name]
        assert sidecar.restarts >= 1, f"the sidecar {name} failed its liveness probe and lived on"
    for instance in (failing["exec"].instance(number) for number in (0, 1)):
        # 5 s, the hook's second included; what it says at its start comes late on a slow node.
        assert_at_least(failing, instance.said("TERM") - instance.said("START"), 5)
    for name in PASSING:
        sidecar = passing[name]
        often = len(sidecar.first.all_said("ASKED")) >= OFTEN[name]
        assert often, f"{name} was hardly ever asked"
        if name != DEAF:
            message = f"{name} passed its liveness probe and was restarted"
            assert_prompt(passing, sidecar.restarts == 0, message, room=TIMEOUT)
    assert passing[DEAF].first.said("DEAF") < passing[DEAF].first.said("TERM")
    message = f"{DEAF} was not restarted just once: {passing[DEAF].restarts} times"
    assert_prompt(passing, passing[DEAF].restarts == 1, message, room=TIMEOUT)


@requirement(
    "probe.liveness-count-monotonic",
    MUST,
    since="1.29",
    scenario="probe-liveness-fails",
    source=PROBE_TEST,
)
def test_liveness_count_monotonic(timeline: Timeline) -> None:
    """The restart count of a sidecar only grows while it fails its liveness probe repeatedly."""
    history = timeline["exec"].history(lambda status: status.restarts, "restarts")
    counts = [seen.value for seen in history]
    assert max(counts) >= 2, f"the restart counts of exec were {counts}"
    assert counts == sorted(counts), f"the restart counts of exec were {counts}"


@requirement(
    "probe.liveness-runs-prestop",
    MUST,
    since="1.29",
    scenario="probe-liveness-fails",
    source=(CONTAINER_PROBES, LIFECYCLE_TEST),
)
def test_liveness_runs_prestop(timeline: Timeline) -> None:
    """A sidecar that fails its liveness probe is stopped with its preStop hook, and only it."""
    first = timeline["exec"].first
    assert_hooked(timeline, first, "PRESTOP", grace=5)
    assert first.said("PRESTOP") < first.said("TERM")
    assert first.said("TERM") < timeline["exec"].instance(1).said("START 2")
    for name in ("init", "app"):
        assert_ran_once(timeline[name])


@requirement(
    "probe.liveness-during-init",
    MUST,
    since="1.29",
    scenario="probe-liveness-fails",
    source=LIFECYCLE_TEST,
)
def test_liveness_during_init(timeline: Timeline) -> None:
    """A sidecar that fails its liveness probe is restarted while a later init container runs."""
    assert timeline["exec"].instance(1).said("START 2") < timeline["init"].said("DONE")
    assert timeline["init"].said("DONE") < timeline["app"].said("START")
    assert timeline["exec"].first.ever_said("TERM"), "the first instance of exec was not stopped"


@requirement(
    "probe.readiness-initial-delay",
    MUST,
    since="1.29",
    scenario="probe-gates",
    source=(CONFIGURE_PROBES, PROBE_TEST),
)
def test_readiness_initial_delay(timeline: Timeline) -> None:
    """A sidecar is not asked for readiness before the initial delay, and never restarted for it.

    A probe that takes longer than its timeout has failed.
    """
    delayed = timeline["delayed"]
    asked = delayed.all_said("ASKED")
    assert len(asked) > 2, f"delayed was asked {len(asked)} times"
    # 5 s, from a start that is known to a second.
    assert asked[0] - delayed.started >= 3
    assert asked[2] < first_seen_ready(delayed)
    assert delayed.restarts == 0, f"delayed was restarted {delayed.restarts} times"


@requirement(
    "probe.readiness-toggles",
    MUST,
    since="1.29",
    scenario="probe-ready",
    source=(SIDECARS, CONTAINER_PROBES),
)
def test_readiness_toggles(timeline: Timeline) -> None:
    """A sidecar's readiness probe sets its ready flag and its pod's conditions, up and down.

    That is so for each kind of probe and each place in the list. The conditions name those that are
    not ready, in the order of the spec.
    """
    expected = [False, True, False, True]
    flags = [seen.value for seen in timeline["sidecar"].history(lambda s: s.ready, "ready")]
    assert flags[:4] == expected, f"the sidecar's ready flag was {flags}"
    turns = timeline.pod.turns("Ready")
    assert turns[:4] == expected, f"the pod's condition Ready was {turns}"
    for unready in (["sidecar"], ["web"], ["web", "port"], ["port"]):
        shown = [
            version
            for version in timeline.pod.versions
            if version.container("app").ready and unready_in(version) == unready
        ]
        assert shown, f"the pod was never shown with {unready} alone not ready"
        for version in shown:
            for kind in ("Ready", "ContainersReady"):
                found = version.condition(kind)
                assert found.false, f"{kind} was {found.raw} with {unready} not ready"
                assert named_in(found, timeline.pod) == unready, f"{kind} was {found.raw}"
    for name in ASKED:
        assert_ran_once(timeline[name])


@requirement(
    "probe.failure-event",
    SHOULD,
    since="1.29",
    scenario="probe-ready",
    source=CONFIGURE_PROBES,
)
def test_failure_event(timeline: Timeline) -> None:
    """An Event about a sidecar tells which of its probes failed, and what the command printed."""
    events = timeline.events("Unhealthy", container="sidecar")
    told = [event.message for event in events]
    assert_told(
        timeline,
        timeline.pod,
        f"of the sidecar's failed probe the Events told {told}",
        told=any("Readiness probe failed: not yet" in message for message in told),
    )


@requirement(
    "probe.readiness-during-init", OBSERVED, since="1.29", scenario="probe-gates", source=PROBER
)
def test_readiness_during_init(timeline: Timeline) -> None:
    """A sidecar is asked for readiness, and can be ready, while init containers still run."""
    assert any(
        version.phase == "Pending" and version.container("late").ready
        for version in timeline.pod.versions
    ), "late was never ready while the pod was Pending"
    asked = timeline["delayed"].all_said("ASKED")
    assert len(asked) > 2, f"delayed was asked {len(asked)} times"
    assert asked[2] < timeline["init"].said("DONE")


@requirement(
    "probe.ready-without-probe", MUST, since="1.29", scenario="probe-gates", source=CONTAINER_PROBES
)
def test_ready_without_probe(timeline: Timeline) -> None:
    """A sidecar without a readiness probe is ready as soon as it is started, and not before."""
    turns = timeline["plain"].history(
        lambda status: (status.running, status.started, status.ready), "running, started, ready"
    )
    states = [seen.value for seen in turns]
    if not any(running and not started for running, started, _ in states):
        raise InconclusiveError(f"no status shows plain starting up: {states}")
    assert states[-1] == (True, True, True), f"plain was started but not ready: {states}"
    for _, started, ready in states:
        assert started or not ready, f"plain was ready before it was started: {states}"


@requirement(
    "probe.ready-right-after-startup", MUST, since="1.29", scenario="probe-gates", source=PROBE_TEST
)
def test_ready_right_after_startup(timeline: Timeline) -> None:
    """Readiness is asked for as soon as the startup probe has succeeded, not a period later."""
    late = timeline["late"]
    assert late.spec["readinessProbe"]["periodSeconds"] == PERIOD
    assert_at_most(timeline, first_seen_ready(late) - late.first.said("UP"), PROMPT)


@requirement(
    "probe.grace-override",
    MUST,
    since="1.29",
    scenario="startup-fails",
    source=(CONFIGURE_PROBES, PROBE_TEST),
    needs=OWN_GRACE,
)
def test_grace_override(timeline: Timeline) -> None:
    """The grace period of a liveness or startup probe replaces the pod's when the probe fails."""
    assert timeline.pod.spec["terminationGracePeriodSeconds"] == 600
    for name, probe in (("not-alive", "liveness"), ("not-up", "startup")):
        sidecar = timeline[name]
        assert sidecar.restarts >= 1, f"the sidecar {name} failed its {probe} probe and lived on"
        # It ignores SIGTERM, so that it was killed.
        # 7 s, without the preStop hook's second; the handler may have been slow. A kubelet that
        # grants what it grants at least would have killed it after 2 s.
        assert_at_least(timeline, sidecar.last.said("START") - sidecar.first.said("TERM"), 5)


@requirement(
    "probe.termination-readiness",
    MUST,
    since="1.29",
    scenario="probe-ready",
    source=(PROBE_TEST, issue(140882)),
    needs=OWN_GRACE,
)
def test_termination_readiness(timeline: Timeline) -> None:
    """While a pod is being deleted its sidecar is still asked for readiness, and not restarted."""
    unready = [
        version
        for version in timeline.pod.versions
        if version.being_deleted
        and version.container("app").running
        and version.container("sidecar").running
        and not version.container("sidecar").ready
    ]
    assert unready, "the sidecar stayed ready although its readiness probe failed"
    assert unready[-1].condition("Ready").false, "the pod stayed ready"
    assert timeline["app"].said("EXIT") < timeline["sidecar"].said("TERM")
    assert timeline["sidecar"].restarts == 0, "the sidecar was restarted"


@requirement(
    "probe.termination-liveness",
    MUST,
    since="1.29",
    scenario="probe-ready",
    source=(PROBE_TEST, issue(141766)),
    needs=OWN_GRACE,
)
def test_termination_liveness(timeline: Timeline) -> None:
    """While a pod is being deleted its sidecar is not asked for liveness any more."""
    told = timeline["app"].said("TERM")
    asked = timeline["sidecar"].all_said("LIVE")
    if not asked:
        raise NotDoneError("the sidecar never said that it was asked for its liveness")
    # It is asked every second, and one question may be under way.
    late = [moment for moment in asked if moment - told >= 2]
    assert not late, f"the sidecar was asked for liveness {len(late)} times while its pod stopped"
    if not timeline["app"].said("EXIT") - told >= 4:
        raise NotDoneError("the app did not take long enough to stop")


@requirement(
    "probe.workers-survive-restart-never",
    MUST,
    since="1.29",
    scenario=("startup-never-recovers", "restart-exits"),
    source=(issue(132826), LIFECYCLE_TEST),
)
def test_workers_survive_restart_never(timelines: Mapping[str, Timeline]) -> None:
    """In a Never pod a sidecar that was restarted is still probed: changes are noticed.

    So it is in an OnFailure pod after an exit with 0. A kubelet since 1.37 that gives up a probe
    begins it anew soon, which does no harm.
    """
    for policy in ("never", "onfailure"):
        pod = timelines["restart-exits"].pod_named(f"restart-exits-{policy}")
        again = any(s.value.restarts == 1 and s.value.ready for s in pod["zero-late"].statuses)
        assert again, f"zero-late of {pod.name} was restarted and never became ready again"
    timeline = timelines["startup-never-recovers"]
    assert timeline.pod.spec["restartPolicy"] == "Never"
    steady = timeline["steady"]
    assert steady.said("CHANGED")
    third = [
        seen.value.ready
        for seen in steady.statuses
        if seen.value.restarts == 2 and seen.value.running
    ]
    assert third, "the third instance of steady was never seen running"
    assert third[0] is False, "steady was ready before it could be"
    assert third[-1] is True, "the third instance of steady never became ready"


@requirement(
    "probe.named-port-own",
    OBSERVED,
    since="1.29",
    scenario="probe-liveness-passes",
    source=PROBER,
)
def test_named_port_own(timeline: Timeline) -> None:
    """A port's name in a sidecar's probe means the sidecar's own port of that name."""
    for name, port in (("tcp", "own"), ("http", "web")):
        numbers = [
            one["containerPort"]
            for container in (name, "app")
            for one in timeline[container].spec["ports"]
            if one["name"] == port
        ]
        assert numbers[0] != numbers[1], f"the ports of the name {port} are {numbers}"
        asked = timeline[name].first.all_said("ASKED")
        assert len(asked) >= OFTEN[name], f"{name} was not asked on its own port"
        # The one that listens no more in the end is restarted for that.
        message = f"{name} was restarted: another port was asked"
        expected = 1 if name == DEAF else 0
        assert_prompt(timeline, timeline[name].restarts == expected, message, room=TIMEOUT)


@requirement(
    "probe.https", MUST, since="1.29", scenario="hook-kinds", source=(CONFIGURE_PROBES, PROBE_TEST)
)
def test_https(timeline: Timeline) -> None:
    """HTTP probes of a sidecar with the scheme HTTPS are sent over TLS."""
    assert_only_tls(timeline["server"], "PROBED")


@requirement(
    "probe.https-unverified",
    MUST,
    since="1.29",
    scenario="probe-tls",
    source=CONFIGURE_PROBES,
    needs=(Capability.SIDECARS, Capability.TLS_SERVER),
)
def test_https_unverified(timeline: Timeline) -> None:
    """The certificate of a sidecar that is probed over TLS is not verified."""
    server, app = timeline["server"], timeline["app"]
    assert server.said("ASKED /startup") < app.said("START")
    for probe in ("liveness", "readiness"):
        assert server.said(f"ASKED /{probe}") < app.said("DONE")
    assert server.restarts == 0, "the sidecar was restarted for an answer that it gave"
    ready = [one.value.true for one in timeline.pod.conditions("Ready")]
    assert any(ready), "the pod was never ready"
