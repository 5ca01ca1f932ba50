"""Restarts: which containers of a pod come back, when, and what is left alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_hooked, assert_in_time, assert_prompt
from conformance.checks.images import assert_image_used, change_of
from conformance.checks.instances import assert_ran_once
from conformance.checks.logs import log_text
from conformance.checks.orders import assert_since
from conformance.requirements import MUST, OBSERVED, RESTARTABLE_IN_TERMINATION, SHOULD, requirement
from conformance.sources import (
    DEBUG_RUNNING,
    DOCS,
    INIT_CONTAINERS,
    KEP_RESTARTABLE,
    KEP_SIDECARS,
    LIFECYCLE_TEST,
    RESTART_POLICY,
    SIDECARS,
    issue,
    kep,
    pull,
    upstream,
)
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.components import DEFAULT_BACKOFF, Component, duration
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fixtures.evidence.pods import Container, Pod
    from fixtures.evidence.timeline import Timeline

KEP_BACKOFF = kep("4603-tune-crashloopbackoff")
KUBERUNTIME_MANAGER = upstream("pkg/kubelet/kuberuntime/kuberuntime_manager.go")
KUBELET_PODS = upstream("pkg/kubelet/kubelet_pods.go")
IMAGE_CHANGE = pull(126525)
KUBELET_FLAGS = f"{DOCS}/reference/command-line-tools-reference/kubelet/"
POLICIES = ("Never", "OnFailure", "Always")
EARLY = {"zero-early": 0, "one-early": 1}
"""The sidecars that exit before regular containers start, with their exit codes."""
LATE = {"zero-late": 0, "one-late": 1}
"""Those that exit after it."""
LEAVING = EARLY | LATE
KILLED = 137
GRACE = 10
"""The grace period of the pod whose sidecar is given another image, in seconds."""
LEARNED = 10
"""In seconds: a kubelet has so long to learn of an image before the sidecar is restarted for
another reason."""
CRASHING = "waiting/CrashLoopBackOff"
LONG_BACKOFF = (Capability.SIDECARS, Capability.LONG_BACKOFF)
STATUS = 5
"""In seconds: how late a status has to be to show none of a back-off of 20 s.

The kubelet looks at the pod 10 to 15 s after the exit, and shows no back-off before.
"""
TOLD_BACKOFF = re.compile(r"back-off ([0-9.hms]+) ")
CRASHING_IN_NEVER_SINCE = 35
"""The minor since which Never pods show back-off as others do: that of container restart rules."""


def held_back(container: Container) -> Sequence[str]:
    """Return what a sidecar showed while it waited to be restarted, as `state/reason`.

    Raises InconclusiveError where nothing was told of it then.
    """
    shown = [
        str(seen.value)
        for seen in container.statuses
        if seen.value.restarts >= 1 and not seen.value.running
    ]
    if not shown:
        raise InconclusiveError(f"no status shows {container} waiting after a restart")
    return shown


def promised_backoff(timeline: Timeline, pod: Pod) -> tuple[float, float]:
    """Return the first and the longest back-off in seconds that the kubelet of a pod is set to.

    Where its settings cannot be read, the first is what it told of (`back-off 10s restarting`). A
    kubelet that told of none is taken to have the one by default.
    """
    known = timeline.kubelet_of(pod).backoff
    if known is not None:
        return known
    messages = [
        seen.value.details.get("message") or ""
        for container in pod.containers.values()
        for seen in container.statuses
        if seen.value.waits_with("CrashLoopBackOff")
    ]
    told = [duration(found[1]) for text in messages if (found := TOLD_BACKOFF.match(text))]
    if told and min(told) < DEFAULT_BACKOFF[0]:
        return min(told), max(told)
    return DEFAULT_BACKOFF


@requirement(
    "restart.always-any-exit",
    MUST,
    since="1.29",
    scenario="restart-exits",
    source=(SIDECARS, RESTART_POLICY, LIFECYCLE_TEST),
)
def test_always_any_exit(timeline: Timeline) -> None:
    """A sidecar is restarted whatever its exit code, before and after regular containers start."""
    pod = timeline.pod_named("restart-exits-always")
    for name, code in LEAVING.items():
        assert pod[name].instance(0).said(f"END {code}") < pod[name].instance(1).said("START")
    for name in EARLY:
        assert pod[name].instance(1).said("START 2") < pod["init"].said("DONE")
        assert pod[name].instance(1).said("START 2") < pod["app"].said("START")
    for name in LATE:
        assert pod["app"].said("START") < pod[name].said("END")
        assert pod[name].instance(1).said("START 2") < pod["app"].said("DONE")


@requirement(
    "restart.ignores-pod-policy",
    MUST,
    since="1.29",
    scenario="restart-exits",
    source=(KEP_SIDECARS, RESTART_POLICY, LIFECYCLE_TEST),
)
def test_ignores_pod_policy(timeline: Timeline) -> None:
    """Sidecars are restarted under each restart policy of their pod."""
    for policy in POLICIES:
        pod = timeline.pod_named(f"restart-exits-{policy.lower()}")
        assert pod.spec["restartPolicy"] == policy
        for name in LEAVING:
            assert pod[name].first.said("END") < pod[name].instance(1).said("START 2")
            assert pod[name].restarts >= 1, f"{name} of {pod.name} has no restart count"


@requirement(
    "restart.backoff",
    MUST,
    since="1.29",
    scenario=("restart-backoff", "status-crash"),
    source=(RESTART_POLICY, KEP_BACKOFF, LIFECYCLE_TEST),
)
def test_backoff(timelines: Mapping[str, Timeline]) -> None:
    """A sidecar that exits again and again is restarted after 10 s, then 20 s, and so on.

    That is so under each restart policy of its pod and for exit code 0, too. A kubelet that is
    tuned holds it back for as long as it is told to.
    """
    timeline = timelines["restart-backoff"]
    for policy, pod_name in (("OnFailure", "restart-backoff"), ("Never", "restart-backoff-never")):
        pod = timeline.pod_named(pod_name)
        assert pod.spec["restartPolicy"] == policy
        first, longest = promised_backoff(timeline, pod)
        for name in ("zero", "one"):
            for number, seconds in ((2, first), (3, min(2 * first, longest))):
                started = pod[name].instance(number).said("START")
                assert started - pod[name].instance(number - 1).said("END") >= seconds
    pod = timelines["status-crash"].pod
    assert pod.spec["restartPolicy"] == "Always"
    first, _ = promised_backoff(timelines["status-crash"], pod)
    # The pod may be deleted before it stays. Its lines have no clock: they are known to a second.
    for stays in pod["crasher"].all_said("STAY"):
        assert stays - pod["crasher"].instance(1).said("CRASH") >= first - 1


@requirement(
    "restart.backoff-per-container",
    MUST,
    since="1.29",
    scenario="restart-backoff",
    source=(RESTART_POLICY, KUBERUNTIME_MANAGER),
    needs=LONG_BACKOFF,
)
def test_backoff_per_container(timeline: Timeline) -> None:
    """While a sidecar waits to be restarted, no other container of the pod waits with it.

    Another that crashes for the first time comes back at once, a regular container or a sidecar,
    and what follows an init container starts when that is done.
    """
    pod = timeline.pod_named("restart-backoff")
    for name in ("app", "two"):
        # They crash when the sidecar has begun to wait for 20 s.
        assert pod["one"].instance(2).said("END 3") < pod[name].instance(0).said("CRASH")
        again = pod[name].instance(1).said("START 2")
        assert_in_time(timeline, again, pod["one"].instance(3).said("START 4"))
    never = timeline.pod_named("restart-backoff-never")
    assert never["one"].instance(1).said("END 2") < never["init"].said("DONE")
    assert_in_time(timeline, never["app"].said("START"), never["one"].instance(2).said("START 3"))


@requirement(
    "restart.main-unaffected",
    MUST,
    since="1.29",
    scenario=("restart-exits", "startup-no-regate"),
    source=(SIDECARS, LIFECYCLE_TEST),
)
def test_main_unaffected(timelines: Mapping[str, Timeline]) -> None:
    """The restart of a sidecar restarts neither regular containers nor other sidecars."""
    for policy in POLICIES:
        pod = timelines["restart-exits"].pod_named(f"restart-exits-{policy.lower()}")
        for name in LEAVING:
            assert pod[name].restarts == 1, f"{name} of {pod.name} was not restarted just once"
        assert_ran_once(pod["app"])
    # Another one is restarted twice, and this one has no reason of its own to be.
    assert timelines["startup-no-regate"]["crasher"].restarts == 2
    assert_ran_once(timelines["startup-no-regate"]["calm"])


@requirement(
    "restart.sidecar-unaffected-by-main",
    MUST,
    since="1.29",
    scenario="startup-no-regate",
    source=(SIDECARS, INIT_CONTAINERS, LIFECYCLE_TEST),
)
def test_sidecar_unaffected_by_main(timeline: Timeline) -> None:
    """The restart of a regular container restarts neither sidecars nor init containers."""
    assert timeline["app"].restarts >= 1, "app was not restarted"
    for name in ("calm", "init"):
        assert_ran_once(timeline[name])
    assert timeline["calm"].state == "running", "calm does not run"


@requirement(
    "restart.main-not-gated-after-init",
    OBSERVED,
    since="1.29",
    scenario="startup-no-regate",
    source=KUBERUNTIME_MANAGER,
)
def test_main_not_gated_after_init(timeline: Timeline) -> None:
    """After initialisation a regular container is restarted while a sidecar has not started up."""
    app, crasher = timeline["app"], timeline["crasher"]
    assert app.said("CRASH") < app.instance(1).said("START 2")
    assert app.instance(1).said("START 2") < crasher.instance(1).said("GIVES UP")


@requirement(
    "restart.both-down-main-restarts",
    MUST,
    since="1.29",
    scenario="node-kubelet",
    source=(issue(136910), LIFECYCLE_TEST),
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS),
)
def test_both_down_main_restarts(timeline: Timeline) -> None:
    """After a kubelet restart regular containers that end are restarted beside a running sidecar.

    That the sidecar has a startup probe makes no difference.
    """
    pod = timeline.pod_named("node-kubelet-ends")
    assert timeline.action("start-kubelet").begun < pod["app"].said("END")
    assert pod["app"].said("END") < pod["app"].instance(1).said("START 2")
    # It has crashed by itself, once.
    assert pod["sidecar"].said("CRASH") < timeline.action("start-kubelet").begun
    assert pod["sidecar"].restarts == 1, f"sidecar was restarted {pod['sidecar'].restarts} times"
    assert len(pod["sidecar"].instances) == 2


@requirement(
    "restart.stops-when-main-done",
    MUST,
    since="1.29",
    scenario="restart-exits",
    source=(RESTART_POLICY, KUBERUNTIME_MANAGER),
)
def test_stops_when_main_done(timeline: Timeline) -> None:
    """Once all regular containers are finished for good, a sidecar that exits is not restarted."""
    for policy in ("never", "onfailure"):
        pod = timeline.pod_named(f"restart-exits-{policy}")
        first, last = pod["zero-early"], pod["one-late"]
        assert pod["app"].said("DONE") < last.last.said("TERM")
        # It leaves by itself while the last one takes 3 s to stop.
        assert_in_time(timeline, first.last.said("LEAVE"), last.last.said("EXIT"))
        assert len(first.instances) == 2, f"zero-early ran {len(first.instances)} times"
        assert first.restarts == 1, f"zero-early of {pod.name} was restarted in the end"
        assert pod.phase == "Succeeded", f"{pod.name} is {pod.phase}"


@requirement(
    "restart.last-state", OBSERVED, since="1.29", scenario="restart-blocked", source=KUBELET_PODS
)
def test_last_state(timeline: Timeline) -> None:
    """A restart counts, and leaves the sidecar's last state to be read."""
    sidecar = timeline["sidecar"]
    assert sidecar.status.restarts == 1
    last = sidecar.status.last
    assert (last["exitCode"], last["reason"]) == (1, "Error"), f"the last state is {last}"
    assert last["containerID"] == sidecar.first.id
    assert sidecar.state == "running"
    assert last["startedAt"] <= last["finishedAt"] <= sidecar.status.details["startedAt"]


@requirement(
    "restart.previous-log",
    MUST,
    since="1.29",
    scenario="restart-blocked",
    source=(DEBUG_RUNNING, KUBELET_FLAGS),
)
def test_previous_log(timeline: Timeline) -> None:
    """The log of a sidecar's instance that has crashed can be read when the next one runs.

    A kubelet keeps the newest ended instance of each container, unless its deprecated flag
    `--maximum-dead-containers-per-container` is set.
    """
    answer = timeline.action("previous-log")
    assert answer.accepted, f"the previous log was refused: {answer.message}"
    text = log_text(answer)
    assert text is not None, "the instance that has crashed was removed, and its log with it"
    assert "START 1" in text, f"the log of the instance before is {text!r}"
    assert "START 2" not in text, f"the log of the instance before is {text!r}"


@requirement(
    "restart.waiting-crashloop",
    OBSERVED,
    since="1.29",
    scenario="restart-backoff",
    source=KUBELET_PODS,
    needs=LONG_BACKOFF,
)
def test_waiting_crashloop(timeline: Timeline) -> None:
    """A sidecar that failed and is held back waits in CrashLoopBackOff.

    In Never pods it does so since container restart rules are there; before it is terminated.
    """
    always = held_back(timeline.pod_named("restart-backoff")["one"])
    assert_prompt(timeline, CRASHING in always, f"it showed {always}", room=STATUS)
    never = held_back(timeline.pod_named("restart-backoff-never")["one"])
    rules = timeline.has(Component.KUBELET, "ContainerRestartRules", since=CRASHING_IN_NEVER_SINCE)
    # Where its gates cannot be read, either is as promised.
    message = f"in a Never pod it showed {never}"
    if CRASHING not in never:
        assert "terminated/Error" in never, message
    if rules:
        assert_prompt(timeline, CRASHING in never, message, room=STATUS)
    if rules is False:
        assert CRASHING not in never, message


@requirement(
    "restart.exit0-stays-terminated",
    OBSERVED,
    since="1.29",
    scenario="restart-backoff",
    source=KUBELET_PODS,
)
def test_exit0_stays_terminated(timeline: Timeline) -> None:
    """A sidecar that exited with 0 and is held back is shown terminated, not as crashing."""
    for name in ("restart-backoff", "restart-backoff-never"):
        shown = held_back(timeline.pod_named(name)["zero"])
        message = f"zero of {name} showed {shown}"
        assert CRASHING not in shown, message
        assert_prompt(timeline, "terminated/Completed" in shown, message, room=STATUS)


@requirement(
    "restart.oomkilled", SHOULD, since="1.29", scenario="restart-exits", source=KEP_SIDECARS
)
def test_oomkilled(timeline: Timeline) -> None:
    """A sidecar killed for its memory is marked OOMKilled and restarted; the app runs on."""
    pod = timeline.pod_named("restart-exits-always")
    assert pod["hog"].instance(0).exit_code == KILLED
    reason = pod["hog"].instance(0).reason
    assert reason == "OOMKilled", f"the reason told is {reason}"
    assert pod["app"].said("START") < pod["hog"].instance(1).said("START 2")
    assert_ran_once(pod["app"])
    assert pod["app"].state == "running", "app does not run any more"


@requirement(
    "restart.image-update",
    MUST,
    since="1.29",
    scenario="restart-image",
    source=(SIDECARS, IMAGE_CHANGE, LIFECYCLE_TEST),
    needs=(Capability.SIDECARS, Capability.SECOND_IMAGE),
)
def test_image_update(timeline: Timeline) -> None:
    """A running sidecar whose image is changed is restarted with the new one, and only it.

    That is so under each policy of its pod. It is stopped as ever, with its preStop hook and
    its grace period.
    """
    pod = timeline.pod_named("restart-image")
    late = pod["late"]
    assert pod["app"].said("START") < late.instance(0).said("TERM")
    assert_hooked(timeline, late.instance(0), "PRESTOP", grace=GRACE)
    assert late.instance(0).said("PRESTOP") < late.instance(0).said("TERM")
    assert late.instance(0).said("EXIT") < late.instance(1).said("START")
    assert late.restarts == 1, f"late was restarted {late.restarts} times"
    assert_image_used(timeline, late)
    assert_ran_once(pod["app"])
    assert_since(change_of(timeline, pod["spoiled"]).begun, pod["spoiled"].said("TERM"))
    several = timeline.pod_named("restart-image-init")
    assert several.spec["restartPolicy"] == "OnFailure"
    calm = several["calm"]
    assert several["app"].said("START") < calm.instance(0).said("TERM")
    assert calm.instance(0).said("TERM") < calm.instance(1).said("START")
    assert_image_used(timeline, calm)
    assert_ran_once(several["app"])
    early, probed = several["early"], several["probed"]
    assert early.restarts == 1, f"early was restarted {early.restarts} times"
    # Where the image was learned late, there was one more restart for it.
    message = f"probed was restarted {probed.restarts} times"
    assert_prompt(timeline, probed.restarts == 1, message, room=LEARNED)
    never = timeline.pod_named("restart-image-down")
    assert never.spec["restartPolicy"] == "Never"
    again = never["crashed"]
    assert again.instance(2).said("TERM") < again.instance(3).said("START")
    assert_image_used(timeline, again, again.instance(3), former=again.instance(2))
    assert_ran_once(never["app"])


@requirement(
    "restart.image-update-on-probe-restart",
    MUST,
    since="1.29",
    scenario="restart-image",
    source=(SIDECARS, LIFECYCLE_TEST, IMAGE_CHANGE),
    needs=(Capability.SIDECARS, Capability.SECOND_IMAGE),
)
def test_image_update_on_probe_restart(timeline: Timeline) -> None:
    """A sidecar that is restarted for a failed probe gets the image it was meanwhile given.

    So does one that has crashed and waits to be restarted. Nothing else is restarted.
    """
    pod = timeline.pod_named("restart-image-init")
    probed = pod["probed"]
    assert probed.instance(0).said("TERM") < probed.instance(1).said("START")
    assert_image_used(timeline, probed, room=LEARNED)
    assert probed.last.said("START") < pod["app"].said("START")
    for name in ("init", "app"):
        assert_ran_once(pod[name])
    down = timeline.pod_named("restart-image-down")
    assert down["crashed"].instance(1).said("CRASH") < down["crashed"].instance(2).said("START")
    assert_image_used(timeline, down["crashed"], down["crashed"].instance(2), room=LEARNED)
    assert_ran_once(down["app"])


@requirement(
    "restart.image-update-bad-image",
    OBSERVED,
    since="1.29",
    scenario="restart-image",
    source=KUBERUNTIME_MANAGER,
    needs=(Capability.SIDECARS, Capability.SECOND_IMAGE),
)
def test_image_update_bad_image(timeline: Timeline) -> None:
    """A sidecar given an image that cannot be pulled waits for it; the app runs on, not Ready.

    It waits in ImagePullBackOff if its last instance did not exit with 0.
    """
    pod = timeline.pod_named("restart-image")
    spoiled = pod["spoiled"]
    assert "no-such-image" in str(change_of(timeline, spoiled).arguments)
    shown = [str(seen.value) for seen in spoiled.statuses]
    assert "waiting/ImagePullBackOff" in shown, f"spoiled showed {shown}"
    assert spoiled.state != "running", "spoiled runs"
    assert pod["app"].state == "running", "app does not run any more"
    assert_ran_once(pod["app"])
    assert pod.phase == "Running", f"the pod is {pod.phase}"
    assert pod.conditions("Ready")[-1].value.false, "the pod is Ready"


@requirement(
    "restart.blocked-by-sync",
    OBSERVED,
    since="1.29",
    unless=(RESTARTABLE_IN_TERMINATION,),
    scenario="restart-blocked",
    source=(issue(121398), KEP_RESTARTABLE),
)
def test_blocked_by_sync(timeline: Timeline) -> None:
    """A sidecar that crashes while another container is being stopped is restarted after that."""
    app, sidecar = timeline["app"], timeline["sidecar"]
    assert app.said("HOOK") < sidecar.said("CRASH")
    assert_in_time(timeline, sidecar.said("CRASH"), app.said("HOOKED"))
    assert app.said("HOOKED") < sidecar.instance(1).said("START 2")
