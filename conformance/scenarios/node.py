"""Steps of scenarios. Node: a kubelet restarts, a sandbox is lost, the API server is away."""

from __future__ import annotations

import base64
import json
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.scenarios.cgroups import read_cgroups
from conformance.scenarios.resize import carried_out, resize, resizing
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.recording import PAUSE_API_SERVER
from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.quantities import quantity
from fixtures.kubeapi.status import condition_of, container_statuses
from fixtures.kubeapi.times import SECOND, parse_time
from fixtures.patience import EVICTION, OTHER_IMAGE, RECOVERY, USAGE
from fixtures.stage import manifest
from fixtures.stage.scenario import scenario
from fixtures.stage.waits import WaitedInVainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client.samples import Sample

    from fixtures.stage.staging import Staging

    Json = Mapping[str, Any]

STARTED = "kubelet_started_containers_total"
WORKING_SET = "container_memory_working_set_bytes"
NEW_SECONDS = 10
"""A restarted kubelet treats containers younger than this as new.

Source: kubeletRestartGracePeriod in pkg/kubelet/prober/prober_manager.go of v1.35 and later.
"""
APP_MILLIS = 10
"""What the app of the pod that is resized requests, and at first its sidecar, in thousandths."""
SANDBOX_LOST = (
    "node-kubelet-created",
    "node-kubelet-reboot",
    "node-kubelet-never",
    "node-kubelet-done",
)
"""The pods that lose their sandboxes while the kubelet is away."""
VOLUME = "/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~empty-dir/data"
"""The volume of a pod that is called data, as its node has it."""
MEASURED = "node-kubelet-runs"
"""The pod whose use is read."""
MOUNT = """
mkdir "$1" && mount -t tmpfs none "$1" && touch "$1/found"
"""
END = """
crictl --timeout 60s exec "$1" touch /shared/end
until crictl --timeout 60s ps -q --state Exited --id "$1" | grep -q .; do sleep 0.2; done
"""
"""Lets a container end, and waits until it has."""
PAUSED = 42
"""In seconds: for how long the API server is stopped at least, unless the main container runs."""
PAUSE = """
controllers=$(pidof kube-controller-manager); scheduler=$(pidof kube-scheduler)
server=$(pidof kube-apiserver)
names() {
  crictl --timeout 60s ps -o json --label io.kubernetes.pod.uid=$1 \\
  | sed -n 's/.*"io.kubernetes.container.name": "\\(.*\\)".*/\\1/p'
}
init=$(crictl --timeout 60s ps -q --label io.kubernetes.pod.uid=$1 --name '^init$')
# Those that would give up their leadership are stopped first, and go on last.
trap 'kill -CONT $server; sleep 0.5; kill -CONT $controllers $scheduler' EXIT
kill -STOP $controllers $scheduler; kill -STOP $server
echo paused with: $(names $1)
crictl --timeout 60s exec $init touch /shared/go
for time in $(seq 60); do
  sleep 0.7
  if names $1 | grep -qx app; then break; fi
done
echo resumed with: $(names $1)
"""
"""Keeps the API server stopped while the pod goes on, until its main container runs.

Leases are kept meanwhile.
"""


def uid(staging: Staging, pod: str | None = None) -> str:
    """Return the uid of a pod, or of the only one."""
    return str((staging.pod(pod) or {})["metadata"]["uid"])


def sandbox(staging: Staging, pod: str) -> str:
    """Return the id of the sandbox that a pod has now."""
    return staging.runtime("pods", "-q", "--state", "ready", *of_pod(staging, pod)).split()[0]


def running(staging: Staging, container: str, pod: str) -> str:
    """Return the id of the instance of a container that runs, from the runtime itself."""
    return staging.runtime("ps", "-q", "--name", f"^{container}$", *of_pod(staging, pod)).strip()


def of_pod(staging: Staging, pod: str) -> tuple[str, str]:
    """Return what selects a pod at the runtime."""
    return "--label", f"io.kubernetes.pod.uid={uid(staging, pod)}"


def identity(staging: Staging, container: str, pod: str) -> str:
    """Return the id by which the runtime knows a container."""
    return staging.status(container, pod).id.removeprefix(staging.node.container_id_prefix)


def another(staging: Staging, container: str, pod: str, former: str) -> bool:
    """Tell whether a container runs in another instance than this."""
    return staging.status(container, pod).running and identity(staging, container, pod) != former


@scenario("node-loss", seconds=9)
def node_loss(staging: Staging) -> None:
    """Mount something into the pod's volume, and look for it in each container.

    Remove the sidecar's container, wait until all is as before, and look again.
    """
    staging.until_ready()
    read_cgroups(staging, "node-loss")
    mounted = f"{VOLUME.format(uid=uid(staging))}/mounted"
    staging.execute("sh", "-c", MOUNT, "mount", mounted, action="mount")
    staging.cleanup.callback(staging.execute, "umount", "-l", mounted, action="unmount")
    look(staging, "sidecar", "app")
    removed = identity(staging, "sidecar", "node-loss")
    staging.runtime("rm", "-f", removed, action="remove-container")
    staging.until(
        "the sidecar's container to be made again",
        lambda: another(staging, "sidecar", "node-loss", removed),
    )
    staging.until_ready()
    look(staging, "sidecar")


def look(staging: Staging, *containers: str) -> None:
    """List what each container finds where the node has mounted something: action `exec`."""
    for name in containers:
        staging.exec(name, "ls", "/data/mounted")


def prepare_node_kubelet(staging: Staging) -> None:
    """Put a static pod on the node, create the others, and wait until all are up."""
    pods, static = staging.documents[:-1], staging.documents[-1]
    staging.cleanup.callback(staging.remove_static_pod, static["metadata"]["name"])
    metadata = {**static["metadata"], "namespace": staging.namespace}
    # What shows the static pod in the API would have it, too, and no step releases that.
    del metadata["finalizers"]
    staging.put_static_pod({**static, "metadata": metadata})
    for pod in pods:
        staging.create(pod)
    for name in (*(pod["metadata"]["name"] for pod in pods), mirror_name(staging)):
        if name not in ("node-kubelet-starting", "node-kubelet-reboot"):
            staging.until_ready(name)
    staging.until_terminated("done", pod="node-kubelet-reboot")
    staging.until_running("app", pod="node-kubelet-reboot")
    staging.until_said("sidecar", "START", pod="node-kubelet-starting")
    staging.until_said("app", "UP", pod="node-kubelet-stops")


@scenario(
    "node-kubelet",
    seconds=40,
    disturbs=True,
    apart=True,
    applies=False,
    prepare=prepare_node_kubelet,
)
def node_kubelet(staging: Staging) -> None:
    """Stop the kubelet while a pod is being stopped, take things away, and start it again."""
    mirror = mirror_name(staging)
    lost = ("node-kubelet-reboot", "node-kubelet-created", mirror)
    former = {name: identity(staging, "sidecar", name) for name in (*lost, "node-kubelet-image")}
    former_app = identity(staging, "app", "node-kubelet-reboot")
    former_left = identity(staging, "left", "node-kubelet-image")
    staging.until(
        f"its containers to be {NEW_SECONDS} s old, when a kubelet takes none for a new one",
        lambda: time.time() - latest_start(staging) > NEW_SECONDS + 1,
    )
    if staging.has(Capability.RESIZE):
        # With its app it would need all that the node has, of which others have some.
        ask_for(staging, cpus_of(staging) - APP_MILLIS, "Deferred")
    staging.delete("node-kubelet-stops")
    staging.until_said("app", "TERM", pod="node-kubelet-stops")
    staging.observe(2, "part of the grace period is used up")

    staging.stop_kubelet()
    try:
        staging.runtime("rm", "-f", former[mirror], action="remove-container")
        staging.runtime("rm", identity(staging, "init", "node-kubelet-runs"), action="remove-init")
        for name in ("node-kubelet-image", "node-kubelet-reboot"):
            staging.set_image("sidecar", manifest.OTHER_IMAGE, pod=name)
        leave_created(staging, "app", "node-kubelet-created")
        leave_created(staging, "left", "node-kubelet-image")
        staging.runtime("rm", "-f", former_left, action="remove-left")
        done = running(staging, "app", "node-kubelet-done")
        staging.execute("sh", "-c", END, "end", done, action="end-done")
        for name in SANDBOX_LOST:
            staging.runtime("stopp", sandbox(staging, name), action="stop-sandbox")
    finally:
        staging.start_kubelet()

    for name in lost:
        staging.until(
            f"the sidecar of {name} to be another",
            partial(another, staging, "sidecar", name, former[name]),
        )
    let_up(staging)
    # The kubelet has taken up its pods. It may still refuse an exec; the runtime does not.
    app = running(staging, "app", "node-kubelet-ends")
    staging.runtime("exec", app, "touch", "/shared/end", action="end-app")
    # It is never ready, for one of its main containers is done.
    staging.until(
        "the app of node-kubelet-reboot to be another",
        lambda: another(staging, "app", "node-kubelet-reboot", former_app),
    )
    for name in ("node-kubelet-created", mirror):
        staging.until_ready(name)
    starting = running(staging, "sidecar", "node-kubelet-starting")
    staging.runtime("exec", starting, "touch", "/shared/go", action="let-start")
    for name in ("node-kubelet-never", "node-kubelet-done"):
        staging.until_finished(name)
    staging.until_gone("node-kubelet-stops")
    if staging.has(Capability.RESIZE):
        ask_for(staging, cpus_of(staging), "Infeasible")
        ask_for(staging, APP_MILLIS, "")
    staging.observe(1, "that nothing else is restarted")
    read_usage(staging)
    staging.metrics("read-started", metrics_path(staging), STARTED)
    staging.cleanup.close()
    # Otherwise the kubelet would still have to delete its image in the API.
    staging.until("the static pod to be gone", lambda: staging.pod(mirror) is None)
    # Last, since these are waited for in vain where something is amiss. They are of several pods.
    for wait in (
        partial(staging.until_said, "app", "START", "node-kubelet-starting", RECOVERY),
        partial(staging.until_said, "app", "START 2", "node-kubelet-ends", RECOVERY),
        partial(
            staging.until,
            "the sidecar to run another image",
            lambda: another(staging, "sidecar", "node-kubelet-image", former["node-kubelet-image"]),
            OTHER_IMAGE,
        ),
        partial(
            staging.until,
            "the sidecar that was created to run",
            lambda: another(staging, "left", "node-kubelet-image", former_left),
            OTHER_IMAGE,
        ),
        partial(staging.until_ready, "node-kubelet-image", RECOVERY),
    ):
        with suppress(WaitedInVainError):
            wait()


def cpus_of(staging: Staging) -> int:
    """Return the thousandths of CPUs that the node has for pods."""
    node = staging.get(path_of("Node", None, staging.node.name)).body
    return round(quantity(node["status"]["allocatable"]["cpu"]) * 1000)


def ask_for(staging: Staging, millis: int, reason: str) -> None:
    """Ask for so much CPU for a sidecar, and wait until that is pending for this reason, or not."""
    name = "node-kubelet-runs"
    # A newer API server itself refuses more than the node has.
    if resize(staging, resizing("bare", {"requests": {"cpu": f"{millis}m"}}), name).ok:
        carried_out(
            staging,
            f"the resize to be {reason or 'over'}",
            lambda: condition_of(staging.pod(name) or {}, "PodResizePending").reason == reason,
        )


def mirror_name(staging: Staging) -> str:
    """Return the name that the static pod has in the API."""
    return f"{staging.documents[-1]['metadata']['name']}-{staging.node.name}"


def latest_start(staging: Staging) -> float:
    """Return when the last of all running containers started, in seconds since the epoch."""
    starts = [
        parse_time(status.details["startedAt"])
        for pod in staging.objects("Pod")
        for status in container_statuses(pod)
        if status.running
    ]
    return max(starts) / SECOND


def leave_created(staging: Staging, container: str, pod: str) -> None:
    """Leave a container behind that was created and never started, as a lost power does."""
    former = inspected(staging, "inspect", identity(staging, container, pod))
    box = sandbox(staging, pod)
    about = inspected(staging, "inspectp", box)
    created = {
        "metadata": {"name": container, "attempt": 1},
        "image": {"image": former["image"]["image"]},
        "command": ["sh", "-c", "sleep 3600"],
        "labels": former["labels"],
        "annotations": {**former["annotations"], "io.kubernetes.container.restartCount": "1"},
        "log_path": f"{container}/1.log",
    }
    config = {
        "metadata": about["metadata"],
        "labels": about["labels"],
        "log_directory": f"/var/log/pods/{staging.namespace}_{pod}_{about['metadata']['uid']}",
    }
    written = [
        write_on_node(staging, f"/root/{pod}-container.json", created),
        write_on_node(staging, f"/root/{pod}-sandbox.json", config),
    ]
    staging.runtime("create", box, *written, action="create-container")


def inspected(staging: Staging, command: str, what: str) -> Json:
    """Return the status that the runtime tells of a container or a sandbox."""
    found: Json = json.loads(staging.runtime(command, what, action="inspect"))["status"]
    return found


def write_on_node(staging: Staging, path: str, content: Json) -> str:
    """Write a file of JSON on the node, and return its path."""
    coded = base64.b64encode(json.dumps(content).encode()).decode()
    staging.execute("sh", "-c", f"echo {coded} | base64 -d > {path}", action="write")
    return path


def metrics_path(staging: Staging) -> str:
    """Return the path of the metrics of the node's kubelet."""
    return path_of("Node", None, staging.node.name) + "/proxy/metrics"


def let_up(staging: Staging) -> None:
    """Let a sidecar go on whose second instance was seen before it is started."""
    go = VOLUME.format(uid=uid(staging, "node-kubelet-reboot")) + "/go"
    staging.execute("touch", go, action="let-up")


def read_usage(staging: Staging) -> None:
    """Read what a sidecar uses; that it is not told is for the checks to say."""
    with suppress(WaitedInVainError):
        until_measured(staging, MEASURED)


def until_measured(staging: Staging, *pods: str) -> None:
    """Wait until the kubelet tells what the sidecars of pods use, which takes some seconds."""

    def told() -> bool:
        samples = staging.metrics("read-usage", f"{metrics_path(staging)}/resource", WORKING_SET)
        return all(tells_usage(samples, staging.namespace, pod) for pod in pods)

    staging.until("the kubelet to tell what containers use", told, USAGE)


def tells_usage(samples: Iterable[Sample], namespace: str, pod: str = MEASURED) -> bool:
    """Tell whether one of the samples is of the sidecar of a pod."""
    wanted = {"container": "sidecar", "pod": pod, "namespace": namespace}
    return any(wanted.items() <= sample.labels.items() for sample in samples)


def prepare_node_api(staging: Staging) -> None:
    """Wait until the pod is initialising: it goes on when a file tells it to."""
    staging.until_running("init")


@scenario("node-api", seconds=7, disturbs=True, prepare=prepare_node_api)
def node_api(staging: Staging) -> None:
    """Stop the API server while the pod is initialising, until its main container runs.

    Read its cgroup then.
    """
    staging.execute("bash", "-c", PAUSE, "pause", uid(staging), action=PAUSE_API_SERVER)
    staging.until_ready()
    read_cgroups(staging, "node-api")


@scenario("node-shutdown", seconds=12, disturbs=True, apart=True)
def node_shutdown(staging: Staging) -> None:
    """Tell the kubelet that a shutdown begins, and afterwards that it was called off."""
    for name in ("sidecar-1", "sidecar-2", "app"):
        staging.until_said(name, "UP")
    staging.until_ready()
    staging.cleanup.callback(prepare_for_shutdown, staging, begins=False)
    prepare_for_shutdown(staging, begins=True)
    staging.until_finished()


@scenario(
    "node-pressure",
    seconds=12,
    disturbs=True,
    apart=True,
    taken_away=("node-pressure",),
)
def node_pressure(staging: Staging) -> None:
    """Let a sidecar take more memory than its node can do without, until its pod is evicted."""
    pod = staging.name
    staging.until_ready("node-pressure-modest")
    staging.until_said("sidecar", "START", pod)
    staging.until_said("app", "START", pod)
    # A kubelet evicts those first of which it knows nothing.
    until_measured(staging, pod, "node-pressure-modest")
    staging.exec("sidecar", "touch", "/shared/go", pod=pod)
    staging.until_said("sidecar", "HOLDS", pod)
    staging.until_finished(pod, patience=EVICTION)


def prepare_for_shutdown(staging: Staging, *, begins: bool) -> None:
    """Send the signal of systemd-logind that a shutdown begins, or that it is over."""
    signal = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForShutdown")
    told = str(begins).lower()
    staging.execute("busctl", "emit", *signal, "b", told, action=f"shutdown-{told}")
