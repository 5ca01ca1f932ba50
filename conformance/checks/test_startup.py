"""Start-up: the order of init containers and sidecars, and what holds back the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_hooked, assert_in_time
from conformance.checks.images import assert_image_used
from conformance.checks.instances import assert_ran_once
from conformance.requirements import MUST, OBSERVED, requirement
from conformance.scenarios.startup import POLICY_SUFFIXES
from conformance.sources import (
    INIT_CONTAINERS,
    KEP_SIDECARS,
    LIFECYCLE_HOOKS,
    LIFECYCLE_TEST,
    SIDECARS,
    issue,
    pull,
    upstream,
)
from fixtures.evidence.capabilities import Capability

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.pods import Pod
    from fixtures.evidence.timeline import Timeline

CONTAINER_START = upstream("pkg/kubelet/kuberuntime/kuberuntime_container.go")


def assert_only_pending(pod: Pod) -> None:
    """Assert that nothing that follows initialisation has happened in this pod."""
    assert pod.phases == ["Pending"], f"the phases of {pod.name} were {pod.phases}"
    assert not pod["app"].ever_started, f"app of {pod.name} was started"


def assert_pending_until_initialised(pod: Pod) -> None:
    """Assert that a pod was Pending until its app ran, and Running from then on."""
    assert pod.phases == ["Pending", "Running"], f"the phases of {pod.name} were {pod.phases}"
    early = [one for one in pod.versions if one.phase == "Running" and not one.container("app").id]
    assert not early, f"{pod.name} was Running before its app was started"


@requirement(
    "startup.list-order",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=(SIDECARS, KEP_SIDECARS),
)
def test_list_order(timeline: Timeline) -> None:
    """Entries of initContainers start in list order, sidecars and plain init containers mixed."""
    assert timeline["init-1"].said("DONE") < timeline["sidecar-1"].said("START")
    assert timeline["sidecar-1"].said("UP") < timeline["init-2"].said("START")
    assert timeline["init-2"].said("DONE") < timeline["sidecar-2"].said("START")
    assert timeline["sidecar-2"].said("UP") < timeline["app"].said("START")


@requirement(
    "startup.sidecar-started-gates-next",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=(SIDECARS, KEP_SIDECARS),
)
def test_sidecar_started_gates_next(timeline: Timeline) -> None:
    """The entry after a sidecar starts when that sidecar has started, not when it has exited."""
    for name, following in (("sidecar-1", "init-2"), ("sidecar-2", "app")):
        sidecar = timeline[name]
        assert sidecar.said("UP") < timeline[following].said("START")
        assert timeline[following].said("START") < sidecar.said("TERM")
        assert sidecar.restarts == 0, f"{name} was restarted {sidecar.restarts} times"


@requirement(
    "startup.no-probe-immediate", MUST, since="1.29", scenario="startup-open", source=SIDECARS
)
def test_no_probe_immediate(timeline: Timeline) -> None:
    """A sidecar without a startup probe counts as started as soon as its process runs."""
    sidecar = timeline["unready"]
    # It gets up only when the next one, which must not wait for that, has been started.
    assert timeline["init-1"].said("START") < sidecar.said("UP")
    assert sidecar.status.started, f"unready is not started: {sidecar.status.raw}"
    assert sidecar.restarts == 0, f"unready was restarted {sidecar.restarts} times"


@requirement(
    "startup.startup-probe-gates-next",
    MUST,
    since="1.29",
    scenario=("ordered-start", "startup-open", "probe-liveness-passes"),
    source=SIDECARS,
)
def test_startup_probe_gates_next(timelines: Mapping[str, Timeline]) -> None:
    """With a startup probe of any kind the next entry waits for the probe to succeed."""
    tcp, http = timelines["ordered-start"], timelines["startup-open"]
    grpc = timelines["probe-liveness-passes"]
    assert tcp["sidecar-1"].said("UP") < tcp["init-2"].said("START")
    assert tcp["sidecar-2"].said("UP") < tcp["app"].said("START")
    assert http["server"].said("UP") < http["init-2"].said("START")
    assert grpc["grpc"].said("UP") < grpc["app"].said("START")


@requirement(
    "startup.startup-failure-restarts",
    MUST,
    since="1.29",
    scenario=("startup-fails", "startup-no-regate"),
    source=(LIFECYCLE_TEST, KEP_SIDECARS),
)
def test_startup_failure_restarts(timelines: Mapping[str, Timeline]) -> None:
    """A sidecar whose startup probe fails is stopped with its preStop hook and restarted.

    Until an instance of it has started up nothing after it starts, and the pod stays Pending. One
    that was restarted later and fails to start up again is restarted once more, and only it.
    """
    timeline = timelines["startup-fails"]
    sidecar = timeline["not-up"]
    assert sidecar.restarts >= 1, "not-up failed its startup probe and was not restarted"
    assert_hooked(timeline, sidecar.first, "PRESTOP", grace=5)
    assert sidecar.first.said("PRESTOP") < sidecar.first.said("TERM")
    assert sidecar.first.said("TERM") < sidecar.instance(1).said("START")
    assert sidecar.last.said("UP") < timeline["short"].said("START")
    assert_only_pending(timeline.pod)
    later = timelines["startup-no-regate"]
    crasher = later["crasher"]
    assert later["app"].instance(1).said("START 2") < crasher.instance(1).said("TERM")
    assert crasher.instance(1).said("GIVES UP") < crasher.instance(1).said("TERM")
    assert crasher.instance(1).said("TERM") < crasher.instance(2).said("UP")
    assert crasher.status.started, f"crasher is not started: {crasher.status.raw}"
    # The app has crashed by itself, once.
    assert later["app"].restarts == 1, f"app was restarted {later['app'].restarts} times"
    for name in ("calm", "init"):
        assert_ran_once(later[name])
    assert later.pod.phases == ["Pending", "Running"], f"the phases were {later.pod.phases}"


@requirement(
    "startup.startup-failure-never-not-fatal",
    MUST,
    since="1.29",
    scenario="startup-never-recovers",
    source=(LIFECYCLE_TEST, issue(120234)),
)
def test_startup_failure_never_not_fatal(timeline: Timeline) -> None:
    """A sidecar that fails its startup probe is retried and does not fail even a Never pod."""
    assert timeline.pod.spec["restartPolicy"] == "Never"
    sidecar = timeline["late"]
    assert sidecar.restarts >= 1, "late failed its startup probe and was not restarted"
    assert sidecar.first.said("TERM") < sidecar.instance(1).said("START 2")
    assert "Failed" not in timeline.pod.phases, f"the pod's phases were {timeline.pod.phases}"


@requirement(
    "startup.recovers-in-never-pod",
    MUST,
    since="1.29",
    scenario="startup-never-recovers",
    source=(issue(132826), LIFECYCLE_TEST),
)
def test_recovers_in_never_pod(timeline: Timeline) -> None:
    """In a Never pod a sidecar that died early and then starts up lets the next one start."""
    assert timeline.pod.spec["restartPolicy"] == "Never"
    assert timeline["late"].restarts > 1, "late was not restarted after it had died early"
    assert timeline["late"].instance(2).said("UP") < timeline["app"].said("START")


@requirement(
    "startup.poststart-gates-next",
    MUST,
    since="1.29",
    scenario="startup-open",
    source=(KEP_SIDECARS, LIFECYCLE_TEST),
)
def test_poststart_gates_next(timeline: Timeline) -> None:
    """The entry after a sidecar starts when the sidecar's postStart hook has returned."""
    assert timeline["hooked"].last.said("HOOKED") < timeline["server"].said("START")
    assert timeline["server"].said("START") - timeline["hooked"].last.said("START") >= 2


@requirement(
    "startup.poststart-failure-blocks",
    MUST,
    since="1.29",
    scenario="startup-open",
    source=LIFECYCLE_HOOKS,
)
def test_poststart_failure_blocks(timeline: Timeline) -> None:
    """A sidecar whose postStart hook fails is restarted until it succeeds; then the next starts."""
    hooked = timeline["hooked"]
    assert hooked.restarts >= 1, "hooked was not restarted after its postStart hook had failed"
    assert hooked.last.said("HOOKED") < timeline["server"].said("START")


@requirement(
    "startup.readiness-does-not-gate",
    MUST,
    since="1.29",
    scenario="startup-open",
    source=(SIDECARS, KEP_SIDECARS),
)
def test_readiness_does_not_gate(timeline: Timeline) -> None:
    """A sidecar that is not ready holds back neither init containers nor regular ones."""
    assert timeline["unready"].said("START") < timeline["init-1"].said("START")
    for name in ("unready", "app"):
        assert timeline[name].state == "running", f"{name} is {timeline[name].status}"
    shown_ready = any(seen.value.ready for seen in timeline["unready"].statuses)
    assert not shown_ready, "unready was shown as ready"
    conditions = [seen.value.status for seen in timeline.pod.conditions("Ready")]
    assert set(conditions) == {"False"}, f"the pod's condition Ready was {conditions}"


@requirement(
    "startup.liveness-does-not-gate",
    MUST,
    since="1.29",
    scenario="probe-liveness-fails",
    source=(LIFECYCLE_TEST, CONTAINER_START),
)
def test_liveness_does_not_gate(timeline: Timeline) -> None:
    """A sidecar that has never passed its liveness probe does not hold back the next entry."""
    restarts = timeline["exec"].restarts
    assert restarts >= 1, "the sidecar exec failed its liveness probe and lived on"
    assert timeline["exec"].instance(0).said("START 1") < timeline["init"].said("START")
    assert timeline["init"].said("DONE") < timeline["app"].said("START")


@requirement(
    "startup.regular-after-all",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=(SIDECARS, KEP_SIDECARS),
)
def test_regular_after_all(timeline: Timeline) -> None:
    """Regular containers start after every init container completed and every sidecar started."""
    app = timeline["app"].said("START")
    for name, word in (("init-1", "DONE"), ("init-2", "DONE"), ("sidecar-1", "UP")):
        assert timeline[name].said(word) < app
    assert timeline["sidecar-2"].said("UP") < app
    assert timeline["init-1"].last.exit_code == timeline["init-2"].last.exit_code == 0


@requirement(
    "startup.last-entry-is-sidecar",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=(SIDECARS, LIFECYCLE_TEST),
)
def test_last_entry_is_sidecar(timeline: Timeline) -> None:
    """Where the last entry is a sidecar, regular containers wait until it has started."""
    entries = [
        name for name, one in timeline.pod.containers.items() if one.kind in ("init", "sidecar")
    ]
    assert entries[-1] == "sidecar-2"
    assert timeline["sidecar-2"].kind == "sidecar"
    assert timeline["sidecar-2"].said("UP") < timeline["app"].said("START")


@requirement(
    "startup.serves-later-init",
    MUST,
    since="1.29",
    scenario="startup-open",
    source=(SIDECARS, KEP_SIDECARS),
)
def test_serves_later_init(timeline: Timeline) -> None:
    """An init container can use, over network and volume, what an earlier sidecar offers."""
    init = timeline["init-2"]
    assert timeline["server"].said("UP") < init.said("GOT greeting")
    assert timeline["server"].said("UP") < init.said("READ letter")
    assert init.restarts == 0, f"init-2 had to be restarted {init.restarts} times"


@requirement(
    "startup.init-before-fails-never",
    MUST,
    since="1.29",
    scenario="startup-init-fails",
    source=(INIT_CONTAINERS, LIFECYCLE_TEST),
)
def test_init_before_fails_never(timeline: Timeline) -> None:
    """In a Never pod an init container that fails fails the pod; no later sidecar starts."""
    pod = timeline.pod_named("startup-init-fails-before")
    assert pod["init"].last.exit_code != 0
    assert pod.phase == "Failed", f"the pod is {pod.phase}"
    assert pod["init"].restarts == 0, f"init was restarted {pod['init'].restarts} times"
    for name in ("sidecar", "app"):
        assert not pod[name].ever_started, f"{name} was started"


@requirement(
    "startup.init-before-fails-retry",
    MUST,
    since="1.29",
    scenario="startup-init-retry",
    source=(INIT_CONTAINERS, LIFECYCLE_TEST),
)
def test_init_before_fails_retry(timeline: Timeline) -> None:
    """In other pods it is retried and the pod stays Pending; no later sidecar starts before."""
    for policy in ("onfailure", "always"):
        pod = timeline.pod_named(f"startup-init-retry-{policy}")
        assert pod["init-1"].instance(0).said("FAIL") < pod["init-1"].last.said("DONE")
        assert pod["init-1"].restarts == 1, f"init-1 of {pod.name} was not restarted just once"
        assert pod["init-1"].last.said("DONE") < pod["sidecar"].said("START")
        assert_pending_until_initialised(pod)


@requirement(
    "startup.init-after-fails-never",
    MUST,
    since="1.29",
    scenario="startup-init-fails",
    source=(INIT_CONTAINERS, LIFECYCLE_TEST),
)
def test_init_after_fails_never(timeline: Timeline) -> None:
    """In a Never pod an init container that fails fails the pod; running sidecars are stopped."""
    pod = timeline.pod_named("startup-init-fails-after")
    assert pod["init"].last.exit_code != 0
    assert pod.phase == "Failed", f"the pod is {pod.phase}"
    assert pod["init"].said("FAIL") < pod["sidecar"].said("TERM")
    assert pod["sidecar"].state == "terminated", f"sidecar is {pod['sidecar'].status}"
    assert pod["sidecar"].restarts == 0, "sidecar was restarted"
    assert not pod["app"].ever_started, "app was started"


@requirement(
    "startup.init-after-fails-retry",
    MUST,
    since="1.29",
    scenario="startup-init-retry",
    source=(INIT_CONTAINERS, LIFECYCLE_TEST),
)
def test_init_after_fails_retry(timeline: Timeline) -> None:
    """In other pods it is retried, and it alone, while the sidecar before it keeps running.

    A sidecar that crashes at the same time is restarted beside it, and the pod stays Pending.
    """
    for policy in ("onfailure", "always"):
        pod = timeline.pod_named(f"startup-init-retry-{policy}")
        assert pod["init-2"].instance(0).said("FAIL") < pod["init-2"].last.said("DONE")
        assert pod["init-2"].restarts == 1, f"init-2 of {pod.name} was not restarted just once"
        assert pod["init-1"].restarts == 1, f"init-1 of {pod.name} was run again"
        assert pod["sidecar"].said("START") < pod["init-2"].last.said("DONE")
        assert pod["init-2"].last.said("DONE") < pod["app"].said("START")
        state = pod["sidecar"].state
        assert state == "running", f"the sidecar of {pod.name} is {state}"
        assert_pending_until_initialised(pod)
    assert_ran_once(timeline.pod_named("startup-init-retry-always")["sidecar"])
    crashed = timeline.pod_named("startup-init-retry-onfailure")["sidecar"]
    assert crashed.first.said("CRASH") < crashed.instance(1).said("START 2")
    assert crashed.restarts == 1, f"{crashed} was restarted {crashed.restarts} times"


@requirement(
    "startup.bad-image-blocks",
    MUST,
    since="1.29",
    scenario="startup-bad-image",
    source=LIFECYCLE_TEST,
)
def test_bad_image_blocks(timeline: Timeline) -> None:
    """A sidecar whose image cannot be pulled waits in ImagePullBackOff; the pod stays Pending.

    Nothing after it starts, whatever the pod's restart policy.
    """
    for policy in POLICY_SUFFIXES:
        pod = timeline.pod_named(f"startup-bad-image-{policy}")
        assert pod.spec["restartPolicy"].lower() == policy
        shown = [seen.value for seen in pod["sidecar"].statuses]
        waited = any(status.waits_with("ImagePullBackOff") for status in shown)
        assert waited, f"the sidecar of {pod.name} was {', '.join(map(str, shown))}"
        for name in ("init", "app"):
            assert not pod[name].ever_started, f"{name} of {pod.name} was started"
        assert_only_pending(pod)


@requirement(
    "startup.crash-during-init-restarted",
    MUST,
    since="1.29",
    scenario="restart-exits",
    source=(KEP_SIDECARS, LIFECYCLE_TEST),
)
def test_crash_during_init_restarted(timeline: Timeline) -> None:
    """A sidecar that exits while a later init container runs is restarted; that one runs on.

    One that has a startup probe starts up again.
    """
    for policy in POLICY_SUFFIXES:
        pod = timeline.pod_named(f"restart-exits-{policy}")
        init = pod["init"]
        for name in ("zero-early", "one-early"):
            assert init.said("START") < pod[name].said("END")
            assert pod[name].instance(1).said("START 2") < init.said("DONE")
        assert_ran_once(init)
        again = any(s.value.restarts == 1 and s.value.started for s in pod["one-early"].statuses)
        # What becomes of the probes in a Never pod is another promise.
        assert again or policy == "never", f"one-early of {pod.name} never started up again"


@requirement(
    "startup.restart-does-not-regate",
    OBSERVED,
    since="1.29",
    scenario="startup-no-regate",
    source=CONTAINER_START,
)
def test_restart_does_not_regate(timeline: Timeline) -> None:
    """A sidecar that is being restarted when initialisation ends does not hold back the app."""
    crasher = timeline["crasher"]
    assert crasher.instance(1).said("START 2") < timeline["init"].said("DONE")
    assert timeline["init"].said("DONE") < timeline["app"].instance(0).said("START 1")
    assert timeline["app"].instance(0).said("START 1") < crasher.instance(1).said("GIVES UP")


@requirement(
    "startup.very-short-sidecar",
    OBSERVED,
    since="1.29",
    scenario="startup-fails",
    source=issue(120848),
)
def test_very_short_sidecar(timeline: Timeline) -> None:
    """A sidecar that is over before its startup probe could pass never lets the next one start."""
    short = timeline["short"]
    assert short.restarts >= 1, "short was not restarted"
    assert timeline["not-up"].last.said("UP") < short.said("START")
    assert not any(seen.value.started for seen in short.statuses), "short counted as started"
    assert_only_pending(timeline.pod)


@requirement(
    "startup.image-change-during-init",
    MUST,
    since="1.29",
    scenario="restart-image",
    source=(SIDECARS, LIFECYCLE_TEST, pull(126525)),
    needs=(Capability.SIDECARS, Capability.SECOND_IMAGE),
)
def test_image_change_during_init(timeline: Timeline) -> None:
    """A started sidecar whose image is changed during initialisation is restarted, and only it.

    Nothing that follows starts before its time.
    """
    pod = timeline.pod_named("restart-image-init")
    early, init = pod["early"], pod["init"]
    patch = timeline.action("patch", name=pod.name)
    assert patch.accepted, f"the change of the image was answered {patch.message}"
    assert init.said("START") < early.instance(1).said("START 2")
    # The init container is told to go on, after a while even where nothing was restarted.
    assert_in_time(timeline, early.instance(1).said("START 2"), init.said("DONE"))
    assert early.restarts == 1, f"early was restarted {early.restarts} times"
    assert_image_used(timeline, early)
    assert_ran_once(init)
    assert init.said("DONE") < pod["probed"].said("START")
    # The one before it is given another image, too, when all is well.
    assert init.said("DONE") < pod["calm"].instance(0).said("TERM")


@requirement(
    "startup.retry-after-runtime-error",
    MUST,
    since="1.29",
    source=pull(126543),
    needs=(Capability.SIDECARS, Capability.RUNTIME_FAULTS),
)
def test_retry_after_runtime_error() -> None:
    """An init container or sidecar that the runtime created but failed to start is retried."""
