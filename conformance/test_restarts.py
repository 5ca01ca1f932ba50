"""Restarts: which containers of a pod come back, when, and what is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.capabilities import Capability
from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario
from fixtures.timeline import EvidenceLostError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from fixtures.stage.run import Run
    from fixtures.timeline import Container, Pod, Timeline

    Json = Mapping[str, Any]

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"
INIT = "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/"
POLICY = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy"
KEP = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers"
KEP_BACKOFF = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/4603-tune-crashloopbackoff"
LIFECYCLE = "kubernetes/kubernetes test/e2e_node/container_lifecycle_test.go"
MANAGER = "kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go"
STATUS = "kubernetes/kubernetes pkg/kubelet/kubelet_pods.go"
IMAGE_CHANGE = "https://github.com/kubernetes/kubernetes/pull/126525"

POLICIES = ("Never", "OnFailure", "Always")
EARLY = {"zero-early": 0, "one-early": 1}
LATE = {"zero-late": 0, "one-late": 1}
LEAVING = EARLY | LATE
KILLED = 137
OK = 200
RULES_MINOR = 35
"""Since this minor (container restart rules) Never pods show back-off as other pods do."""


@scenario("restart-exits", seconds=20)
def restart_exits(run: Run) -> None:
    """Wait until all have been restarted, and read the log of a run that is over."""
    always = "restart-exits-always"
    run.until_said("app", "DONE", pod=always)
    run.until_restarted("hog", pod=always)
    run.get(
        f"/api/v1/namespaces/{run.namespace}/pods/{always}/log",
        "previous-log",
        container="one-late",
        previous="true",
    )
    for policy in ("never", "onfailure"):
        run.until_finished(f"restart-exits-{policy}")


@scenario("restart-backoff", seconds=53)
def restart_backoff(run: Run) -> None:
    """Wait until both sidecars of the first pod run for the fourth time."""
    for name in ("zero", "one"):
        run.until_said(name, "START 4", pod="restart-backoff")


@scenario("restart-blocked", seconds=12)
def restart_blocked(run: Run) -> None:
    """Wait until the sidecar and the app run again."""
    run.until_said("sidecar", "START 2")
    run.until_said("app", "START 2")


@scenario("restart-image", seconds=23)
def restart_image(run: Run) -> None:
    """Change the images of sidecars, and that of one to an image that does not exist."""
    first, second = "restart-image-init", "restart-image"
    run.until_said("init", "START", pod=first)
    run.set_image("early", "fixture:2", pod=first)
    run.until_ready(second)
    run.set_image("late", "fixture:2", pod=second)
    run.until_said("late", "START 2", pod=second)
    run.set_image("spoiled", "localhost:1/no-such-image:1", pod=second)
    run.until_said("probed", "START", pod=first)
    run.set_image("probed", "fixture:2", pod=first)
    run.observe(2, "the kubelet to learn of the image")
    run.exec("probed", "touch", "/fail", pod=first)
    run.until_ready(first)
    run.until_waiting("spoiled", "ImagePullBackOff", pod=second)
    run.observe(1, "the app to run on")


@requirement(
    "restart.always-any-exit",
    MUST,
    since="1.29",
    scenario="restart-exits",
    source=(SIDECARS, POLICY, LIFECYCLE),
)
def test_always_any_exit(timeline: Timeline) -> None:
    """A sidecar is restarted whatever its exit code, before and after regular containers start."""
    pod = timeline.pod_named("restart-exits-always")
    for name, code in LEAVING.items():
        assert pod[name].run(0).said(f"END {code}") < pod[name].run(1).said("START")
    for name in EARLY:
        assert pod[name].run(1).said("START 2") < pod["init"].said("DONE")
        assert pod[name].run(1).said("START 2") < pod["app"].said("START")
    for name in LATE:
        assert pod["app"].said("START") < pod[name].said("END")
        assert pod[name].run(1).said("START 2") < pod["app"].said("DONE")


@requirement(
    "restart.ignores-pod-policy",
    MUST,
    since="1.29",
    scenario="restart-exits",
    source=(KEP, POLICY, LIFECYCLE),
)
def test_ignores_pod_policy(timeline: Timeline) -> None:
    """Sidecars are restarted under each restart policy of their pod."""
    for policy in POLICIES:
        pod = timeline.pod_named(f"restart-exits-{policy.lower()}")
        assert pod.spec["restartPolicy"] == policy
        for name in LEAVING:
            assert pod[name].first.said("END") < pod[name].run(1).said("START 2")
            assert pod[name].restarts >= 1, f"{name} of {pod.name} has no restart count"


@requirement(
    "restart.backoff",
    MUST,
    since="1.29",
    scenario="restart-backoff",
    source=(POLICY, KEP_BACKOFF),
)
def test_backoff(timeline: Timeline) -> None:
    """A sidecar that exits again and again is restarted after 10 s, then 20 s, and so on.

    That is so for exit code 0, too, and an event tells of it.
    """
    pod = timeline.pod_named("restart-backoff")
    for name in ("zero", "one"):
        for run, seconds in ((2, 10), (3, 20)):
            wait = pod[name].run(run).said("START") - pod[name].run(run - 1).said("END")
            assert wait >= seconds
        fields = {
            event["involvedObject"].get("fieldPath")
            for event in latest(timeline, "Event")
            if event["reason"] == "BackOff" and event["involvedObject"]["name"] == pod.name
        }
        assert f"spec.initContainers{{{name}}}" in fields, f"only {fields} have events BackOff"


@requirement(
    "restart.backoff-per-container",
    OBSERVED,
    since="1.29",
    scenario="restart-backoff",
    source=MANAGER,
)
def test_backoff_per_container(timeline: Timeline) -> None:
    """While a sidecar waits to be restarted, another container of the pod need not wait with it."""
    pod = timeline.pod_named("restart-backoff")
    # It crashes when the sidecar begins to wait for 20 s.
    assert pod["one"].run(2).said("END 3") < pod["app"].run(0).said("CRASH")
    assert pod["app"].run(1).said("START 2") < pod["one"].run(3).said("START 4")


@requirement(
    "restart.main-unaffected",
    MUST,
    since="1.29",
    scenario="restart-exits",
    source=(SIDECARS, LIFECYCLE),
)
def test_main_unaffected(timeline: Timeline) -> None:
    """The restart of a sidecar restarts neither regular containers nor other sidecars."""
    for policy in POLICIES:
        pod = timeline.pod_named(f"restart-exits-{policy.lower()}")
        for name in LEAVING:
            assert pod[name].restarts == 1, f"{name} of {pod.name} was not restarted just once"
        assert_ran_once(pod["app"])


@requirement(
    "restart.sidecar-unaffected-by-main",
    MUST,
    since="1.29",
    scenario="startup-no-regate",
    source=(SIDECARS, INIT, LIFECYCLE),
)
def test_sidecar_unaffected_by_main(timeline: Timeline) -> None:
    """The restart of a regular container restarts neither sidecars nor init containers."""
    assert timeline["app"].restarts >= 1, "app was not restarted"
    for name in ("calm", "init"):
        assert_ran_once(timeline[name])
    assert "running" in timeline["calm"].status["state"], "calm does not run"


@requirement(
    "restart.main-not-gated-after-init",
    OBSERVED,
    since="1.29",
    scenario="startup-no-regate",
    source=MANAGER,
)
def test_main_not_gated_after_init(timeline: Timeline) -> None:
    """After initialisation a regular container is restarted while a sidecar has not started up."""
    assert timeline["app"].said("CRASH") < timeline["app"].run(1).said("START 2")
    assert timeline["app"].run(1).said("START 2") < timeline["crasher"].run(1).said("UP 2")


@requirement(
    "restart.both-down-main-restarts",
    MUST,
    since="1.29",
    scenario="node-kubelet",
    source=("https://github.com/kubernetes/kubernetes/issues/136910", LIFECYCLE),
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS),
)
def test_both_down_main_restarts(timeline: Timeline) -> None:
    """After a kubelet restart regular containers that end are restarted beside a running sidecar.

    That the sidecar has a startup probe makes no difference.
    """
    pod = timeline.pod_named("node-kubelet-ends")
    assert timeline.action("start-kubelet").begun < pod["app"].said("END")
    assert pod["app"].said("END") < pod["app"].run(1).said("START 2")
    assert_ran_once(pod["sidecar"])


@requirement(
    "restart.stops-when-main-done",
    MUST,
    since="1.29",
    scenario="restart-exits",
    source=(POLICY, MANAGER),
)
def test_stops_when_main_done(timeline: Timeline) -> None:
    """Once all regular containers are finished for good, a sidecar that exits is not restarted."""
    for policy in ("never", "onfailure"):
        pod = timeline.pod_named(f"restart-exits-{policy}")
        first, last = pod["zero-early"], pod["one-late"]
        assert pod["app"].said("DONE") < last.last.said("TERM")
        # It leaves by itself while the last one takes 3 s to stop.
        assert first.last.said("LEAVE") < last.last.said("EXIT")
        assert len(first.instances) == 2, f"zero-early ran {len(first.instances)} times"
        assert first.restarts == 1, f"zero-early of {pod.name} was restarted in the end"
        assert pod.phase == "Succeeded", f"{pod.name} is {pod.phase}"


@requirement("restart.last-state", OBSERVED, since="1.29", scenario="restart-exits", source=STATUS)
def test_last_state(timeline: Timeline) -> None:
    """A restart counts, and leaves the sidecar's last state and its last log to be read."""
    sidecar = timeline.pod_named("restart-exits-always")["one-late"]
    assert sidecar.status["restartCount"] == 1
    last = sidecar.status["lastState"]["terminated"]
    assert (last["exitCode"], last["reason"]) == (1, "Error"), f"the last state is {last}"
    assert last["containerID"] == sidecar.first.id
    assert (
        last["startedAt"] <= last["finishedAt"] <= sidecar.status["state"]["running"]["startedAt"]
    )
    log = timeline.action("previous-log")
    assert log.status == OK, f"the log of the last run was answered {log.status}"
    text = str(log.answer["body"])
    assert "START 1" in text, f"the log of the last run is {text!r}"
    assert "START 2" not in text, f"the log of the last run is {text!r}"


@requirement(
    "restart.waiting-crashloop",
    OBSERVED,
    since="1.29",
    scenario="restart-backoff",
    source=STATUS,
)
def test_waiting_crashloop(timeline: Timeline) -> None:
    """A sidecar that failed and is held back waits in CrashLoopBackOff.

    In Never pods it does so since container restart rules are there; before it is terminated.
    """
    always = waits(timeline.pod_named("restart-backoff"), "one")
    assert ("waiting", "CrashLoopBackOff") in always, f"it showed {always}"
    never = waits(timeline.pod_named("restart-backoff-never"), "one")
    if timeline.minor >= RULES_MINOR:
        assert ("waiting", "CrashLoopBackOff") in never, f"in a Never pod it showed {never}"
    else:
        assert ("waiting", "CrashLoopBackOff") not in never, f"in a Never pod it showed {never}"
        assert ("terminated", "Error") in never, f"in a Never pod it showed {never}"


@requirement(
    "restart.exit0-stays-terminated",
    OBSERVED,
    since="1.29",
    scenario="restart-backoff",
    source=STATUS,
)
def test_exit0_stays_terminated(timeline: Timeline) -> None:
    """A sidecar that exited with 0 and is held back is shown terminated, not as crashing."""
    for name in ("restart-backoff", "restart-backoff-never"):
        shown = waits(timeline.pod_named(name), "zero")
        assert ("terminated", "Completed") in shown, f"zero of {name} showed {shown}"
        assert ("waiting", "CrashLoopBackOff") not in shown, f"zero of {name} showed {shown}"


@requirement("restart.oomkilled", SHOULD, since="1.29", scenario="restart-exits", source=KEP)
def test_oomkilled(timeline: Timeline) -> None:
    """A sidecar killed for its memory is marked OOMKilled and restarted; the app runs on."""
    pod = timeline.pod_named("restart-exits-always")
    assert pod["hog"].run(0).exit_code == KILLED
    reason = pod["hog"].run(0).reason
    assert reason == "OOMKilled", f"the reason told is {reason}"
    assert pod["app"].said("START") < pod["hog"].run(1).said("START 2")
    assert_ran_once(pod["app"])
    assert "running" in pod["app"].status["state"], "app does not run any more"


@requirement(
    "restart.image-update",
    MUST,
    since="1.32",
    scenario="restart-image",
    source=(SIDECARS, IMAGE_CHANGE, LIFECYCLE),
    needs=(Capability.SIDECARS, Capability.SECOND_IMAGE),
)
def test_image_update(timeline: Timeline) -> None:
    """A running sidecar whose image is changed is restarted with the new one, and only it."""
    pod = timeline.pod_named("restart-image")
    late = pod["late"]
    assert late.run(0).said("TERM") < late.run(1).said("START")
    assert pod["app"].said("START") < late.run(0).said("TERM")
    assert late.restarts == 1, f"late was restarted {late.restarts} times"
    assert_given(late, image_changes(late)[0])
    assert_ran_once(pod["app"])


@requirement(
    "restart.image-update-on-probe-restart",
    MUST,
    since="1.32",
    scenario="restart-image",
    source=(LIFECYCLE, IMAGE_CHANGE),
    needs=(Capability.SIDECARS, Capability.SECOND_IMAGE),
)
def test_image_update_on_probe_restart(timeline: Timeline) -> None:
    """A sidecar that is restarted for a failed probe gets the image it was meanwhile given."""
    pod = timeline.pod_named("restart-image-init")
    probed = pod["probed"]
    assert probed.run(0).said("TERM") < probed.run(1).said("START")
    assert_given(probed, image_changes(probed)[0])
    assert probed.last.said("START") < pod["app"].said("START")


@requirement(
    "restart.image-update-bad-image",
    OBSERVED,
    since="1.32",
    scenario="restart-image",
    source=MANAGER,
    needs=(Capability.SIDECARS, Capability.SECOND_IMAGE),
)
def test_image_update_bad_image(timeline: Timeline) -> None:
    """A sidecar given an image that cannot be pulled waits for it; the app runs on, not Ready.

    It waits in ImagePullBackOff if its last run did not exit with 0.
    """
    pod = timeline.pod_named("restart-image")
    assert "no-such-image" in image_changes(pod["spoiled"])[0]
    shown = [
        seen.value["state"].get("waiting", {}).get("reason") for seen in pod["spoiled"].statuses
    ]
    assert "ImagePullBackOff" in shown, f"spoiled waited for {shown}"
    assert "running" not in pod["spoiled"].status["state"], "spoiled runs"
    assert "running" in pod["app"].status["state"], "app does not run any more"
    assert_ran_once(pod["app"])
    assert pod.phase == "Running", f"the pod is {pod.phase}"
    assert pod.conditions("Ready")[-1].value["status"] == "False", "the pod is Ready"


@requirement(
    "restart.blocked-by-sync",
    OBSERVED,
    since="1.29",
    scenario="restart-blocked",
    source="https://github.com/kubernetes/kubernetes/issues/121398",
)
def test_blocked_by_sync(timeline: Timeline) -> None:
    """A sidecar that crashes while another container is being stopped is restarted after that."""
    app, sidecar = timeline["app"], timeline["sidecar"]
    assert app.said("HOOK") < sidecar.said("CRASH")
    assert sidecar.said("CRASH") < app.said("HOOKED")
    assert app.said("HOOKED") < sidecar.run(1).said("START 2")


def assert_ran_once(container: Container) -> None:
    """It was started, and never again."""
    assert len(container.instances) == 1, f"{container} ran {len(container.instances)} times"
    assert container.restarts == 0, f"{container} was restarted {container.restarts} times"


def image_changes(container: Container) -> Sequence[str]:
    """Return the images that the suite has given to a sidecar; each must have been accepted."""
    images = []
    for action in container.pod.timeline.actions:
        if action.name == "patch" and action.arguments["name"] == container.pod.name:
            for changed in action.arguments["patch"]["spec"]["initContainers"]:
                if changed["name"] == container.name:
                    assert action.status == OK, f"the new image was answered {action.status}"
                    images.append(changed["image"])
    if not images:
        raise EvidenceLostError(f"the suite never changed the image of {container}")
    return images


def assert_given(container: Container, image: str) -> None:
    """Some run of the sidecar was made from this image.

    The status does not tell: of two names for one image it may show either.
    """
    found = [
        event["message"]
        for event in latest(container.pod.timeline, "Event")
        if event["reason"] == "Pulled"
        and event["involvedObject"]["name"] == container.pod.name
        and event["involvedObject"].get("fieldPath") == f"spec.initContainers{{{container.name}}}"
    ]
    assert any(f'"{image}"' in message for message in found), (
        f"{container} was never made from {image}: {found}"
    )


def waits(pod: Pod, container: str) -> Sequence[tuple[str, str]]:
    """Return (state, reason) of what a container showed while it was held back."""
    return [
        (state, more.get("reason", ""))
        for seen in pod[container].statuses
        if seen.value["restartCount"] >= 1
        for state, more in seen.value["state"].items()
        if state != "running"
    ]


def latest(timeline: Timeline, kind: str) -> Sequence[Json]:
    """Return the objects of a kind as they were last seen."""
    return [versions[-1][2] for versions in timeline.objects(kind)]
