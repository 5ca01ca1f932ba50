"""Node: sidecars when the kubelet restarts, a sandbox is lost, or the API server is away."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING, Any

from fixtures.capabilities import Capability
from fixtures.moments import SECOND
from fixtures.requirements import Level, requirement
from fixtures.stage import manifest
from fixtures.stage.scenario import scenario
from fixtures.stage.statuses import container_statuses
from fixtures.timeline import PAUSE_API_SERVER, parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.stage.run import Run
    from fixtures.timeline import Container, Instance, Pod, Timeline

    Json = Mapping[str, Any]

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"
INIT = "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/"
STATIC = "https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/"
KEP = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers"
PULL = "https://github.com/kubernetes/kubernetes/pull/"
UPSTREAM = "kubernetes/kubernetes test/e2e_node/container_lifecycle_test.go"
NEEDS = (Capability.SIDECARS, Capability.NODE_ACCESS)

CRICTL = ("crictl", "--timeout", "60s")
"""Its own time-out of 2 s is too short for a busy machine."""

STARTED = "kubelet_started_containers_total"
WORKING_SET = "container_memory_working_set_bytes"
NEW_SECONDS = 10
"""How long before its own start a container may have started that a kubelet treats as a new one.

Read from kubeletRestartGracePeriod in pkg/kubelet/prober/prober_manager.go of v1.35 and later.
"""

PAUSE = """
controllers=$(pidof kube-controller-manager); scheduler=$(pidof kube-scheduler)
server=$(pidof kube-apiserver)
names() {
  crictl --timeout 60s ps -o json --label io.kubernetes.pod.uid=$1 \\
  | sed -n 's/.*"io.kubernetes.container.name": "\\(.*\\)".*/\\1/p'
}
# Those that would give up their leadership are stopped first, and go on last.
trap 'kill -CONT $server; sleep 0.5; kill -CONT $controllers $scheduler' EXIT
kill -STOP $controllers $scheduler; kill -STOP $server
echo paused with: $(names $1)
for second in $(seq 30); do
  sleep 0.7
  if names $1 | grep -qx app; then break; fi
done
echo resumed with: $(names $1)
"""
"""Keeps the API server stopped until the pod's main container runs; leases are kept meanwhile."""


def sandbox(run: Run, pod: str) -> str:
    """Return the id of the sandbox that a pod has now."""
    uid = (run.pod(pod) or {})["metadata"]["uid"]
    label = f"io.kubernetes.pod.uid={uid}"
    return run.node(*CRICTL, "pods", "-q", "--state", "ready", "--label", label).split()[0]


def identity(run: Run, container: str, pod: str) -> str:
    """Return the id by which the runtime knows a container."""
    return str(run.status(container, pod)["containerID"]).removeprefix("containerd://")


def another(run: Run, container: str, pod: str, former: str) -> bool:
    """Tell whether a container runs in another instance than this."""
    status = run.status(container, pod)
    return "running" in status.get("state", {}) and identity(run, container, pod) != former


@scenario("node-loss", seconds=9)
def node_loss(run: Run) -> None:
    """Remove the sidecar's container, and wait until all is as before."""
    run.until_ready()
    removed = identity(run, "sidecar", "node-loss")
    run.node(*CRICTL, "rm", "-f", removed, action="remove-container")
    run.until(
        "the sidecar's container to be made again",
        lambda: another(run, "sidecar", "node-loss", removed),
    )
    run.until_ready()


def prepare_node_kubelet(run: Run) -> None:
    """Put a static pod on the node, create the others, and wait until all are up."""
    pods, static = run.documents[:-1], run.documents[-1]
    path = f"/etc/kubernetes/manifests/{static['metadata']['name']}.json"
    run.cleanup.callback(run.node, "rm", "-f", path, action="remove-static")
    put_static(run, static, path)
    for pod in pods:
        run.create(pod)
    for name in (*(pod["metadata"]["name"] for pod in pods), mirror_name(run)):
        run.until_ready(name)
    run.until_said("app", "UP", pod="node-kubelet-stops")


@scenario("node-kubelet", seconds=20, disturbs=True, applies=False, prepare=prepare_node_kubelet)
def node_kubelet(run: Run) -> None:
    """Stop the kubelet while a pod is being stopped, take things away, and start it again."""
    mirror = mirror_name(run)
    lost = ("node-kubelet-reboot", "node-kubelet-created", mirror)
    former = {name: identity(run, "sidecar", name) for name in (*lost, "node-kubelet-image")}
    run.until(
        f"its containers to be {NEW_SECONDS} s old, when a kubelet takes none for a new one",
        lambda: time.time() - latest_start(run) > NEW_SECONDS + 1,
    )
    run.delete("node-kubelet-stops")
    run.until_said("app", "TERM", pod="node-kubelet-stops")
    run.observe(2, "part of the grace period is used up")

    run.node("systemctl", "stop", "kubelet", action="stop-kubelet")
    try:
        run.node(*CRICTL, "rm", "-f", former[mirror], action="remove-container")
        run.set_image("sidecar", manifest.OTHER_IMAGE, pod="node-kubelet-image")
        leave_created(run, "node-kubelet-created")
        for name in ("node-kubelet-created", "node-kubelet-reboot"):
            run.node(*CRICTL, "stopp", sandbox(run, name), action="stop-sandbox")
    finally:
        run.node("systemctl", "start", "kubelet", action="start-kubelet")

    for name in lost:
        run.until(
            f"the sidecar of {name} to be another",
            lambda name=name: another(run, "sidecar", name, former[name]),  # type: ignore[misc]
        )
    # The kubelet has taken up its pods. It may still refuse an exec; the runtime does not.
    app = "$(crictl ps -q --name '^app$' --label io.kubernetes.pod.name=node-kubelet-ends)"
    run.node("sh", "-c", f"crictl exec {app} touch /shared/end", action="end-app")
    for name in lost:
        run.until_ready(name)
    run.until_gone("node-kubelet-stops")
    run.observe(1, "that nothing else is restarted")
    read_usage(run, run.nodes[0].name)
    run.metrics("read-started", f"/api/v1/nodes/{run.nodes[0].name}/proxy/metrics", STARTED)
    run.cleanup.close()
    # Otherwise the kubelet would still have to delete its image in the API.
    run.until("the static pod to be gone", lambda: run.pod(mirror) is None)
    # Last, since these are waited for in vain where something is amiss.
    run.until_said("app", "START 2", pod="node-kubelet-ends")
    run.until(
        "the sidecar to run another image",
        lambda: another(run, "sidecar", "node-kubelet-image", former["node-kubelet-image"]),
        seconds=20,
    )
    run.until_ready("node-kubelet-image")


def mirror_name(run: Run) -> str:
    """Return the name that the static pod has in the API."""
    return f"{run.documents[-1]['metadata']['name']}-{run.nodes[0].name}"


def latest_start(run: Run) -> float:
    """Return when the last of all running containers started, in seconds since the epoch."""
    states = [
        status["state"]["running"]["startedAt"]
        for pod in run.objects("Pod")
        for status in container_statuses(pod)
        if "running" in status["state"]
    ]
    return max(parse_time(stamp) for stamp in states) / SECOND


def put_static(run: Run, static: Json, path: str) -> None:
    """Write a pod into the directory of the kubelet's static pods."""
    metadata = {**static["metadata"], "namespace": run.namespace}
    metadata.pop("finalizers")
    text = json.dumps({**static, "metadata": metadata})
    coded = base64.b64encode(text.encode()).decode()
    run.node("sh", "-c", f"echo {coded} | base64 -d > {path}", action="put-static")


def leave_created(run: Run, pod: str) -> None:
    """Leave a main container behind that was created and never started, as a lost power does."""
    found = json.loads(run.node(*CRICTL, "inspect", identity(run, "app", pod), action="inspect"))
    box = sandbox(run, pod)
    about = json.loads(run.node(*CRICTL, "inspectp", box, action="inspect"))["status"]
    status = found["status"]
    metadata = {"name": status["metadata"]["name"], "attempt": 1}
    files = {
        "container": {
            "metadata": metadata,
            "image": {"image": status["image"]["image"]},
            "command": ["sh", "-c", "sleep 3600"],
            "labels": status["labels"],
            "annotations": {
                **status["annotations"],
                "io.kubernetes.container.restartCount": "1",
            },
            "log_path": "app/1.log",
        },
        "sandbox": {
            "metadata": about["metadata"],
            "labels": about["labels"],
            "log_directory": f"/var/log/pods/{run.namespace}_{pod}_{about['metadata']['uid']}",
        },
    }
    for name, content in files.items():
        coded = base64.b64encode(json.dumps(content).encode()).decode()
        run.node("sh", "-c", f"echo {coded} | base64 -d > /root/{pod}-{name}.json", action="write")
    arguments = (f"/root/{pod}-container.json", f"/root/{pod}-sandbox.json")
    run.node(*CRICTL, "create", box, *arguments, action="create-container")


def read_usage(run: Run, node: str) -> None:
    """Read what the sidecar's container uses, which the kubelet knows some seconds later."""

    def read() -> dict[str, Any]:
        text = str(run.api.get(f"/api/v1/nodes/{node}/proxy/metrics/resource").body)
        wanted = (f'namespace="{run.namespace}"', 'pod="node-kubelet-runs"')
        lines = [line for line in text.splitlines() if all(part in line for part in wanted)]
        return {"lines": [line for line in lines if line.startswith(WORKING_SET)]}

    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = run.act("read-usage", {}, read)
        if any('container="sidecar"' in line for line in answer["lines"]):
            break
        run.observe(1, "the kubelet to read what containers use")


@scenario("node-api", seconds=7, disturbs=True)
def node_api(run: Run) -> None:
    """Stop the API server while the pod is initialising, until its main container runs."""
    run.until_running("init")
    uid = (run.pod() or {})["metadata"]["uid"]
    run.node("bash", "-c", PAUSE, "pause", uid, action=PAUSE_API_SERVER)
    run.until_ready()


# Checks.


def rerun(container: Container) -> Instance:
    """Return the second run of a container; fails where it ran once only."""
    assert len(container.instances) > 1, f"{container} was not run again"
    return container.instances[1]


def started_again(container: Container) -> None:
    """Assert that a container's second run got started, by its status only.

    The log of a run whose predecessor was removed cannot always be told from the predecessor's.
    """
    identity = rerun(container).id
    flags = [
        s.value.get("started") for s in container.statuses if s.value.get("containerID") == identity
    ]
    assert True in flags, f"{container} did not start again: {flags}"


def started_in_order(pod: Pod) -> None:
    """Assert that all containers were run again, in the order of the spec."""
    again = {name: rerun(container) for name, container in pod.containers.items()}
    assert again["init-1"].said("DONE") < again["sidecar"].said("START")
    assert again["sidecar"].said("UP") < again["init-2"].said("START")
    assert again["init-2"].said("DONE") < again["app"].said("START")


@requirement(
    "node.reboot-order",
    MUST,
    since="1.29",
    scenario="node-kubelet",
    source=(KEP, f"{PULL}120281"),
    needs=NEEDS,
)
def test_reboot_order(timeline: Timeline) -> None:
    """When a pod has lost its sandbox all its containers start again in the order of the spec."""
    started_in_order(timeline.pod_named("node-kubelet-reboot"))


@requirement(
    "phase.reboot-pending",
    MUST,
    since="1.32",
    scenario="node-kubelet",
    source=f"{PULL}126653",
    needs=NEEDS,
)
def test_reboot_pending(timeline: Timeline) -> None:
    """A pod that has lost its sandbox is Pending while its init containers run again."""
    seen = {
        (one["name"], thing["status"]["phase"])
        for _, _, thing in timeline.pod_named("node-kubelet-reboot").versions
        for one in thing["status"].get("initContainerStatuses") or []
        if one["restartCount"] and "running" in one["state"] and one["name"].startswith("init-")
    }
    assert seen, "no plain init container was seen running again"
    assert {phase for _, phase in seen} == {"Pending"}, f"init containers ran in phase {seen}"


@requirement(
    "node.container-removed",
    OBSERVED,
    since="1.29",
    scenario="node-loss",
    source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go",
    needs=NEEDS,
)
def test_container_removed(timeline: Timeline) -> None:
    """A sidecar whose container was removed from the runtime gets a new one, and it alone."""
    pod = timeline.pod
    removed = timeline.action("remove-container").arguments["argv"][-1]
    assert pod["sidecar"].first.id.endswith(removed)
    started_again(pod["sidecar"])
    assert len(pod["app"].instances) == 1, "app was restarted as well"


@requirement(
    "node.kubelet-restart-no-restart",
    MUST,
    since="1.29",
    scenario="node-kubelet",
    source=(KEP, UPSTREAM),
    needs=NEEDS,
)
def test_kubelet_restart_no_restart(timeline: Timeline) -> None:
    """A restart of the kubelet restarts no sidecar and no main container, and reruns no init."""
    timeline.action("start-kubelet")
    pod = timeline.pod_named("node-kubelet-runs")
    for container in pod.containers.values():
        assert container.restarts == 0, f"{container} was restarted"
        assert len(container.instances) == 1, f"{container} ran {len(container.instances)} times"


@requirement(
    "node.kubelet-restart-status-stable",
    MUST,
    since="1.35",
    scenario="node-kubelet",
    source=f"{PULL}134746",
    needs=NEEDS,
)
def test_kubelet_restart_status_stable(timeline: Timeline) -> None:
    """Over a restart of the kubelet sidecars stay started and ready, and so does their pod."""
    timeline.action("start-kubelet")
    pod = timeline.pod_named("node-kubelet-runs")
    for name in ("sidecar", "app"):
        flags = [
            seen.value
            for seen in pod[name].history(
                lambda s: (bool(s.get("started")), bool(s.get("ready"))), "started and ready"
            )
        ]
        true = flags.index((True, True))
        assert flags[true:] == [(True, True)], f"{name} was (started, ready): {flags}"
    ready = [seen.value["status"] for seen in pod.conditions("Ready")]
    assert "True" in ready, f"Ready was {ready}"
    assert "False" not in ready[ready.index("True") :], f"Ready was {ready}"


@requirement(
    "node.update-during-reboot",
    MUST,
    since="1.32",
    scenario="node-kubelet",
    source=UPSTREAM,
    needs=(*NEEDS, Capability.SECOND_IMAGE),
)
def test_update_during_reboot(timeline: Timeline) -> None:
    """A sidecar's image that was changed while the kubelet was away is used when it is back."""
    pod = timeline.pod_named("node-kubelet-image")
    patch = timeline.action("patch")
    assert patch.status == 200, f"{patch.status} {patch.body.get('message')}"
    wanted = pod["sidecar"].spec["image"]
    assert wanted != pod["app"].spec["image"], "the image was not changed"
    started_again(pod["sidecar"])
    assert pod["app"].restarts == 0, "app was restarted as well"


@requirement(
    "node.sandbox-recreate-init-first",
    MUST,
    since="1.37",
    scenario="node-kubelet",
    source=f"{PULL}138514",
    needs=NEEDS,
)
def test_sandbox_recreate_init_first(timeline: Timeline) -> None:
    """In a new sandbox no init container is skipped, even if a main container was left created."""
    timeline.action("create-container")
    started_in_order(timeline.pod_named("node-kubelet-created"))


def mirror(timeline: Timeline) -> Pod:
    """Return the API's image of the static pod."""
    (pod,) = [pod for pod in timeline.pods if pod.name.startswith("node-kubelet-static-")]
    return pod


@requirement(
    "node.static-pod",
    OBSERVED,
    since="1.29",
    scenario="node-kubelet",
    source=STATIC,
    needs=NEEDS,
)
def test_static_pod(timeline: Timeline) -> None:
    """A static pod may have sidecars, which start in their order."""
    pod = mirror(timeline)
    assert pod["init"].said("DONE") < pod["sidecar"].first.said("START")
    assert pod["sidecar"].first.said("UP") < pod["app"].first.said("START")
    ready = [seen.value["status"] for seen in pod.conditions("Ready")]
    assert "True" in ready, "the static pod never got ready"


@requirement(
    "node.static-pod-sidecar-removed",
    MUST,
    since="1.36",
    scenario="node-kubelet",
    source=f"{PULL}131317",
    needs=NEEDS,
)
def test_static_pod_sidecar_removed(timeline: Timeline) -> None:
    """A static pod whose sidecar was removed while the kubelet was away gets ready again."""
    pod = mirror(timeline)
    removed = timeline.action("remove-container").arguments["argv"][-1]
    assert pod["sidecar"].first.id.endswith(removed)
    started_again(pod["sidecar"])
    last = [
        condition["status"]
        for _, _, thing in pod.versions
        if "deletionTimestamp" not in thing["metadata"]
        for status in thing["status"].get("initContainerStatuses") or []
        if status["name"] == "sidecar" and not status.get("containerID", "").endswith(removed)
        for condition in thing["status"]["conditions"]
        if condition["type"] == "Ready"
    ]
    assert "True" in last, f"Ready with the new sidecar was {last}"


@requirement(
    "node.apiserver-down-startup",
    SHOULD,
    since="1.29",
    scenario="node-api",
    source=KEP,
    needs=NEEDS,
)
def test_apiserver_down_startup(timeline: Timeline) -> None:
    """A pod that is bound to a node starts all its sidecars while the API server is away."""
    output = timeline.action(PAUSE_API_SERVER).answer["output"]
    before, after = (
        set(re.search(f"{word} with:(.*)", output)[1].split())  # type: ignore[index]
        for word in ("paused", "resumed")
    )
    assert not before & {"sidecar-1", "sidecar-2", "app"}, f"running before: {before}"
    assert after >= {"sidecar-1", "sidecar-2", "app"}, f"running meanwhile: {after}"
    ready = [seen.value["status"] for seen in timeline.pod.conditions("Ready")]
    assert ready[-1] == "True", f"Ready was {ready}"
    assert all(one.restarts == 0 for one in timeline.pod.containers.values())


@requirement(
    "node.metrics",
    SHOULD,
    since="1.29",
    scenario="node-kubelet",
    source=KEP,
    needs=(*NEEDS, Capability.METRICS),
)
def test_metrics(timeline: Timeline) -> None:
    """The kubelet counts sidecars as started init containers and tells what they use."""
    pods = [pod for pod in timeline.pods if pod.name != "node-kubelet-image"]
    again = [
        instance
        for pod in pods
        for container in pod.containers.values()
        if container.kind in ("init", "sidecar")
        for instance in container.instances[1:]
    ]
    assert any(one.container.kind == "sidecar" for one in again), "no sidecar was started again"
    lines = timeline.action("read-started").answer["lines"]
    counted = [line for line in lines if 'container_type="init_container"' in line]
    number = float(counted[0].split()[-1]) if counted else 0.0
    assert number >= len(again), f"{number:g} of {len(again)} starts were counted"
    lines = [line for a in timeline.actions if a.name == "read-usage" for line in a.answer["lines"]]
    assert any('container="sidecar"' in line for line in lines), f"usage of it is not in {lines}"


@requirement(
    "node.graceful-shutdown-order",
    OBSERVED,
    since="1.29",
    source="https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/",
    needs=(*NEEDS, Capability.GRACEFUL_SHUTDOWN),
)
def test_graceful_shutdown_order() -> None:
    """A graceful shutdown of the node stops the containers of each pod in their order."""


@requirement(
    "node.pressure-eviction",
    OBSERVED,
    since="1.29",
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
    needs=(*NEEDS, Capability.NODE_PRESSURE),
)
def test_pressure_eviction() -> None:
    """A hard eviction leaves sidecars no time for an orderly end, and the pod has Failed."""


@requirement(
    "node.old-kubelet-skew",
    SHOULD,
    since="1.29",
    source=KEP,
    needs=(Capability.SIDECARS, Capability.GATE_CONTROL),
)
def test_old_kubelet_skew() -> None:
    """A kubelet with the feature turned off refuses pods with sidecars."""
