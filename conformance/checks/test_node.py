"""Node: sidecars when the kubelet restarts, a sandbox is lost, or the API server is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_at_most, assert_prompt
from conformance.checks.images import assert_image_used
from conformance.checks.instances import assert_ran_once
from conformance.checks.orders import assert_reverse_order, assert_since
from conformance.checks.phases import assert_failed
from conformance.requirements import KUBELET, MUST, OBSERVED, SHOULD, requirement
from conformance.scenarios.node import PAUSED, tells_usage
from conformance.sources import (
    DOCS,
    INIT_CONTAINERS,
    KEP_SIDECARS,
    LIFECYCLE_TEST,
    RESTART_POLICY,
    SIDECARS,
    issue,
    pull,
    upstream,
)
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.errors import NotDoneError
from fixtures.evidence.recording import PAUSE_API_SERVER
from fixtures.kubeapi.metrics import samples_of
from fixtures.kubeapi.status import has_ended

if TYPE_CHECKING:
    from fixtures.evidence.pods import Container, Pod
    from fixtures.evidence.timeline import Timeline

NEEDS = (Capability.SIDECARS, Capability.NODE_ACCESS)
STATIC_PODS = f"{DOCS}/tasks/configure-pod-container/static-pod/"
STEADY = (
    ("runs", ("sidecar", "bare", "readied", "app"), True),
    ("ends", ("sidecar",), True),
    ("starting", ("unready",), False),
)
"""Pods, containers that a restarted kubelet finds started there, and whether they are ready."""
EVICTED = 12
"""In seconds: a second of grace for the app, two for the sidecar, and the rest for the kubelet.

The pod has a grace period of 60 s, and would take 20 s of it.
"""
STATUS_GATE = (
    f"{DOCS}/reference/command-line-tools-reference/feature-gates/"
    "#ChangeContainerStatusOnKubeletRestart"
)


def assert_ran_again(container: Container) -> None:
    """Assert that a container had a second instance, whatever its restart count says."""
    assert len(container.instances) > 1, f"{container} was not run again"


def assert_started_again(container: Container) -> None:
    """Assert that a container's second instance got started, by its status only.

    The log of an instance whose predecessor was removed cannot always be told from that one's.
    """
    assert_ran_again(container)
    second = container.instances[1]
    flags = [seen.value.started for seen in container.statuses if seen.value.id == second.id]
    assert True in flags, f"{container} did not start again: {flags}"


def assert_started_in_order(pod: Pod) -> None:
    """Assert that all containers were run again in the order of the spec, but one that was done."""
    again = {}
    for name, container in pod.containers.items():
        if name != "done":
            assert_ran_again(container)
            again[name] = container.instances[1]
    assert again["init-1"].said("DONE") < again["sidecar"].said("START")
    assert again["sidecar"].said("UP") < again["init-2"].said("START")
    assert again["init-2"].said("DONE") < again["app"].said("START")


def assert_over(pod: Pod) -> None:
    """Assert that each container of a pod ran once, and has ended."""
    for container in pod.containers.values():
        assert_ran_once(container)
        assert container.status.terminated, f"{container} is {container.status}"


def removed_container(timeline: Timeline) -> str:
    """Return the id of the container that the suite removed, as the runtime told it."""
    return str(timeline.action("remove-container").answer["output"]).split()[-1]


def static_pod(timeline: Timeline) -> Pod:
    """Return the pod by which the API shows the static pod: its name ends with the node's."""
    (found,) = (pod for pod in timeline.pods if pod.name.startswith("node-kubelet-static-"))
    return found


@requirement(
    "node.reboot-order",
    MUST,
    since="1.29",
    scenario="node-kubelet",
    source=(KEP_SIDECARS, pull(120281)),
    needs=NEEDS,
)
def test_reboot_order(timeline: Timeline) -> None:
    """When a pod has lost its sandbox all its containers start again in the order of the spec."""
    assert_started_in_order(timeline.pod_named("node-kubelet-reboot"))


@requirement(
    "node.container-removed",
    OBSERVED,
    since="1.29",
    scenario="node-loss",
    source=upstream("pkg/kubelet/kuberuntime/kuberuntime_container.go"),
    needs=NEEDS,
)
def test_container_removed(timeline: Timeline) -> None:
    """A sidecar whose container was removed from the runtime gets a new one, and it alone.

    That counts as a restart.
    """
    sidecar = timeline["sidecar"]
    assert sidecar.first.id.endswith(removed_container(timeline))
    assert_started_again(sidecar)
    assert sidecar.restarts == 1, f"counted were {sidecar.restarts} restarts"
    assert len(timeline["app"].instances) == 1, "app was restarted as well"


@requirement(
    "node.mount-propagation",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="node-loss",
    source=f"{DOCS}/concepts/storage/volumes/#mount-propagation",
    needs=NEEDS,
)
def test_mount_propagation(timeline: Timeline) -> None:
    """What a node mounts into a volume is in the sidecar that asks for that, and in no other.

    It is there in its next instance as well.
    """
    assert timeline.action("mount")
    looked = timeline.actions_named("exec")
    found = [(one.arguments["container"], one.answer["output"].split()) for one in looked]
    assert found == [("sidecar", ["found"]), ("app", []), ("sidecar", ["found"])], (
        f"in the folder they found {found}"
    )


@requirement(
    "node.kubelet-restart-no-restart",
    MUST,
    since="1.29",
    scenario="node-kubelet",
    source=(KEP_SIDECARS, LIFECYCLE_TEST),
    needs=NEEDS,
)
def test_kubelet_restart_no_restart(timeline: Timeline) -> None:
    """A restart of the kubelet restarts no sidecar and no main container, and reruns no init.

    That holds also where the init container has been removed from the runtime meanwhile.
    """
    assert timeline.action("remove-init")
    assert timeline.action("start-kubelet")
    for container in timeline.pod_named("node-kubelet-runs").containers.values():
        assert_ran_once(container)


@requirement(
    "node.kubelet-restart-status-stable",
    MUST,
    by=KUBELET,
    since="1.35",
    scenario="node-kubelet",
    source=(STATUS_GATE, pull(134746)),
    needs=NEEDS,
)
def test_kubelet_restart_status_stable(timeline: Timeline) -> None:
    """Over a restart of the kubelet sidecars stay started and ready, or unready, and so do pods."""
    assert timeline.action("start-kubelet")
    for name, containers, ready in STEADY:
        pod = timeline.pod_named(f"node-kubelet-{name}")
        for container in containers:
            history = pod[container].history(lambda s: (s.started, s.ready), "started and ready")
            flags = [seen.value for seen in history]
            assert (True, ready) in flags, f"{pod[container]} was (started, ready): {flags}"
            after = flags[flags.index((True, ready)) :]
            assert after == [(True, ready)], f"{pod[container]} was (started, ready): {flags}"
    pod = timeline.pod_named("node-kubelet-runs")
    told = [seen.value.status for seen in pod.conditions("Ready")]
    assert "True" in told, f"Ready was {told}"
    assert "False" not in told[told.index("True") :], f"Ready was {told}"


@requirement(
    "node.kubelet-restart-startup-gate",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="node-kubelet",
    source=(SIDECARS, issue(142305)),
    needs=NEEDS,
)
def test_kubelet_restart_startup_gate(timeline: Timeline) -> None:
    """A sidecar that is starting up when the kubelet restarts still holds back what follows it."""
    pod = timeline.pod_named("node-kubelet-starting")
    up = pod["sidecar"].said("UP")
    if not pod["sidecar"].said("START") < timeline.action("start-kubelet").begun < up:
        raise NotDoneError("the sidecar was not starting up when the kubelet was started")
    assert up < pod["app"].said("START")
    assert_ran_once(pod["sidecar"])


@requirement(
    "node.update-during-reboot",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="node-kubelet",
    source=(SIDECARS, LIFECYCLE_TEST),
    needs=(*NEEDS, Capability.SECOND_IMAGE),
)
def test_update_during_reboot(timeline: Timeline) -> None:
    """A sidecar's image that was changed while the kubelet was away is used when it is back."""
    for name in ("node-kubelet-image", "node-kubelet-reboot"):
        pod = timeline.pod_named(name)
        patch = timeline.action("patch", name=name)
        assert patch.accepted, f"the new image was answered {patch.message}"
        assert pod["sidecar"].spec["image"] != pod["app"].spec["image"], "the image was not changed"
        assert_started_again(pod["sidecar"])
        # Where the sandbox was lost before 1.35 the count of restarts begins anew.
        assert_image_used(timeline, pod["sidecar"], pod["sidecar"].last)
    assert timeline.pod_named("node-kubelet-image")["app"].restarts == 0, (
        "app was restarted as well"
    )


@requirement(
    "node.sidecar-left-created",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="node-kubelet",
    source=pull(126543),
    needs=NEEDS,
)
def test_sidecar_left_created(timeline: Timeline) -> None:
    """A sidecar that was created and not started when its kubelet went away is started later."""
    former = timeline.action("remove-left").answer["output"].split()[-1]
    left = timeline.pod_named("node-kubelet-image")["left"]
    assert left.first.id.endswith(former)
    again = [
        seen.value.id
        for seen in left.statuses
        if seen.value.running and not seen.value.id.endswith(former)
    ]
    assert again, f"{left} was not started again: {left.status}"


@requirement(
    "node.sandbox-lost-never",
    OBSERVED,
    by=KUBELET,
    since="1.29",
    scenario="node-kubelet",
    source=upstream("pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions"),
    needs=NEEDS,
)
def test_sandbox_lost_never(timeline: Timeline) -> None:
    """A pod that is never restarted has failed with its sandbox, and its sidecar runs no more."""
    pod = timeline.pod_named("node-kubelet-never")
    assert pod.phases[-2:] == ["Running", "Failed"], f"the pod was {pod.phases}"
    assert_over(pod)


@requirement(
    "node.sandbox-lost-done",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="node-kubelet",
    source=(
        RESTART_POLICY,
        upstream("pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions"),
    ),
    needs=NEEDS,
)
def test_sandbox_lost_done(timeline: Timeline) -> None:
    """A pod with OnFailure whose app was done has succeeded, though it lost its sandbox then."""
    pod = timeline.pod_named("node-kubelet-done")
    assert pod.phase == "Succeeded", f"the pod was {pod.phases}"
    assert_over(pod)


@requirement(
    "node.sandbox-lost-onfailure",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="node-kubelet",
    source=(
        RESTART_POLICY,
        upstream("pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions"),
    ),
    needs=NEEDS,
)
def test_sandbox_lost_onfailure(timeline: Timeline) -> None:
    """With OnFailure, sidecars and what has failed come back in a new sandbox, not what is done."""
    pod = timeline.pod_named("node-kubelet-reboot")
    assert pod.spec["restartPolicy"] == "OnFailure"
    for name in ("sidecar", "app"):
        assert_ran_again(pod[name])
    assert pod["sidecar"].instances[1].said("UP") < pod["app"].instances[1].said("START")
    assert len(pod["done"].instances) == 1, "the container that had succeeded was run again"


@requirement(
    "node.kubelet-restart-count",
    OBSERVED,
    by=KUBELET,
    since="1.29",
    scenario="node-kubelet",
    source=upstream("pkg/kubelet/kuberuntime/kuberuntime_container.go"),
    needs=NEEDS,
)
def test_kubelet_restart_count(timeline: Timeline) -> None:
    """A restart of the kubelet leaves it at how often a sidecar was restarted."""
    assert timeline.action("start-kubelet")
    sidecar = timeline.pod_named("node-kubelet-ends")["sidecar"]
    history = sidecar.history(lambda status: status.restarts, "the restart count")
    counts = [seen.value for seen in history]
    # It crashes a second after its start, before which no status may have told of it.
    assert counts in ([0, 1], [1]), f"the restart count was {counts}"


@requirement(
    "node.sandbox-recreate-init-first",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="node-kubelet",
    source=(INIT_CONTAINERS, KEP_SIDECARS, pull(138514)),
    needs=NEEDS,
)
def test_sandbox_recreate_init_first(timeline: Timeline) -> None:
    """In a new sandbox no init container is skipped, even if a main container was left created."""
    assert timeline.action("create-container")
    assert_started_in_order(timeline.pod_named("node-kubelet-created"))


@requirement(
    "node.static-pod",
    OBSERVED,
    since="1.29",
    scenario="node-kubelet",
    source=STATIC_PODS,
    needs=NEEDS,
)
def test_static_pod(timeline: Timeline) -> None:
    """A static pod may have sidecars, which start in their order and stop after its containers."""
    pod, removal = static_pod(timeline), timeline.action("remove-static")
    assert pod["init"].said("DONE") < pod["sidecar"].first.said("START")
    assert pod["sidecar"].first.said("UP") < pod["app"].first.said("START")
    ready = any(seen.value.true for seen in pod.conditions("Ready"))
    assert ready, "the static pod never got ready"
    assert_since(removal.begun, pod["app"].said("TERM"))
    assert pod["app"].said("EXIT") < pod["sidecar"].last.said("TERM")


@requirement(
    "node.static-pod-sidecar-removed",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="node-kubelet",
    source=(STATIC_PODS, pull(131317)),
    needs=NEEDS,
)
def test_static_pod_sidecar_removed(timeline: Timeline) -> None:
    """A static pod whose sidecar was removed while the kubelet was away gets ready again."""
    pod = static_pod(timeline)
    removed = removed_container(timeline)
    assert pod["sidecar"].first.id.endswith(removed)
    assert_started_again(pod["sidecar"])
    ready = [
        version.condition("Ready").status
        for version in pod.versions
        if (sidecar := version.container("sidecar"))
        and not sidecar.id.endswith(removed)
        and not version.being_deleted
    ]
    assert "True" in ready, f"Ready with the new sidecar was {ready}"


@requirement(
    "node.apiserver-down-startup",
    SHOULD,
    since="1.29",
    scenario="node-api",
    source=KEP_SIDECARS,
    needs=NEEDS,
)
def test_apiserver_down_startup(timeline: Timeline) -> None:
    """A pod that is bound to a node starts all its sidecars while the API server is away."""
    output = timeline.action(PAUSE_API_SERVER).answer["output"]
    told = dict(line.split(" with:") for line in output.splitlines())
    before, after = set(told["paused"].split()), set(told["resumed"].split())
    assert not before & {"sidecar-1", "sidecar-2", "app"}, f"running before: {before}"
    started = after >= {"sidecar-1", "sidecar-2", "app"}
    assert_prompt(timeline, started, f"running meanwhile: {after}", room=PAUSED)
    ready = [seen.value.status for seen in timeline.pod.conditions("Ready")]
    assert ready[-1] == "True", f"Ready was {ready}"
    for container in timeline.pod.containers.values():
        assert container.restarts == 0, f"{container} was restarted"


@requirement(
    "node.metrics",
    SHOULD,
    since="1.29",
    scenario="node-kubelet",
    source=KEP_SIDECARS,
    needs=(*NEEDS, Capability.METRICS, Capability.UNCHANGED_CONTAINERS),
)
def test_metrics(timeline: Timeline) -> None:
    """The kubelet counts sidecars as started init containers and tells what they use."""
    again = [
        container
        for pod in timeline.pods
        # Sidecars of one may start again after the metrics were read, that of the other had before.
        if pod.name not in ("node-kubelet-image", "node-kubelet-ends")
        for container in pod.containers.values()
        if container.kind in ("init", "sidecar") and len(container.instances) > 1
    ]
    assert any(one.kind == "sidecar" for one in again), "no sidecar was started again"
    starts = sum(len(container.instances[1:]) for container in again)
    counted = sum(
        sample.value
        for sample in samples_of(timeline.action("read-started").answer["lines"])
        if sample.labels["container_type"] == "init_container"
    )
    assert counted >= starts, f"{counted:g} of {starts} starts were counted"
    namespace = timeline.pod_named("node-kubelet-runs").last.raw["metadata"]["namespace"]
    lines = [line for one in timeline.actions_named("read-usage") for line in one.answer["lines"]]
    assert tells_usage(samples_of(lines), namespace), f"usage of it is not in {lines}"


@requirement(
    "node.graceful-shutdown-order",
    OBSERVED,
    since="1.29",
    scenario="node-shutdown",
    source=f"{DOCS}/concepts/cluster-administration/node-shutdown/",
    needs=(Capability.GRACEFUL_SHUTDOWN, *NEEDS, Capability.UNCHANGED_GRACE),
)
def test_graceful_shutdown_order(timeline: Timeline) -> None:
    """A graceful shutdown of the node stops the containers of each pod in their order."""
    assert_reverse_order(timeline.pod, ("sidecar-1", "sidecar-2"))
    assert timeline["sidecar-1"].said("EXIT")
    assert has_ended(timeline.pod.last.raw), f"the pod is {timeline.pod.phase}"


@requirement(
    "node.pressure-eviction",
    OBSERVED,
    since="1.29",
    scenario="node-pressure",
    source=f"{DOCS}/concepts/scheduling-eviction/node-pressure-eviction/",
    needs=(*NEEDS, Capability.NODE_PRESSURE),
)
def test_pressure_eviction(timeline: Timeline) -> None:
    """A hard eviction leaves sidecars no time for an orderly end, and the pod has Failed.

    A pod whose sidecars use no more than they request is not evicted.
    """
    pod = timeline.pod_named("node-pressure")
    assert_failed(pod, "Evicted")
    for container in (pod["sidecar"], pod["app"]):
        assert not container.ever_said("EXIT"), f"{container} had the 10 s that it takes to stop"
    took = pod["sidecar"].finished - pod["app"].said("TERM")
    assert_at_most(timeline, took, EVICTED)
    modest = timeline.pod_named("node-pressure-modest")
    assert modest.phase == "Running", f"the pod that uses what it requests is {modest.phase}"


@requirement(
    "node.old-kubelet-skew",
    SHOULD,
    since="1.29",
    until="1.32",
    scenario="api-kubelet-gate-off",
    source=KEP_SIDECARS,
    needs=(Capability.KUBELET_GATE_OFF, Capability.SIDECARS, Capability.UNCHANGED_CONTAINERS),
)
def test_old_kubelet_skew(timeline: Timeline) -> None:
    """A kubelet with the feature turned off refuses pods with sidecars, and runs others."""
    refused = timeline.pod_named("api-kubelet-gate-off-sidecar")
    stored = refused.last.spec["initContainers"][0].get("restartPolicy")
    assert stored == "Always", "the API server did not keep the sidecar"
    for container in refused.containers.values():
        assert not container.ever_started, f"{container} was started"
    plain = timeline.pod_named("api-kubelet-gate-off-plain")
    assert plain["init"].said("DONE") < plain["app"].said("START")
    assert plain.phase == "Succeeded", f"{plain.name} is {plain.phase}"
