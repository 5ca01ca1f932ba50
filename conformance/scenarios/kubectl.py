"""Steps of scenarios. kubectl: its table of pods, its logs, and what it says of the node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.kubeapi.kinds import path_of
from fixtures.stage.scenario import scenario
from fixtures.stage.staging import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.stage.staging import Staging

    Json = Mapping[str, Any]

ADMIN = "--kubeconfig=/etc/kubernetes/admin.conf"
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def show(staging: Staging, stage: str, pod: str) -> None:
    """Read the row of a pod as kubectl prints it: action `stage`."""
    staging.get(path_of("Pod", staging.namespace, pod), stage, table=True)


@scenario("kubectl-columns", seconds=16)
def kubectl_columns(staging: Staging) -> None:
    """Hold the pod at each stage, and read its row there."""
    name = "kubectl-columns"
    staging.until_running("sidecar-1")
    show(staging, "first sidecar runs", name)
    staging.exec("sidecar-1", "touch", "/shared/up")
    staging.until_restarted("setup")
    show(staging, "first sidecar started", name)
    staging.exec("sidecar-1", "touch", "/shared/set-up")
    staging.until_restarted("app")
    staging.exec("sidecar-2", "touch", "/shared/end")
    staging.until_restarted("sidecar-2")
    staging.until_ready()
    show(staging, "ready", name)
    if staging.nodes:
        pod = staging.pod() or {}
        node = pod["spec"]["nodeName"]
        table = "sed -n '/^Non-terminated Pods/,/^Allocated/p'"
        description = f"kubectl {ADMIN} describe node {node} | {table}"
        staging.execute("sh", "-c", description, action="describe node")
        logs = f"kubectl {ADMIN} logs --namespace {staging.namespace} {name} 2>&1"
        staging.execute("sh", "-c", logs, action="logs by default")
        staging.patch(name, {"metadata": {"annotations": {DEFAULT_CONTAINER: "sidecar-1"}}})
        staging.execute("sh", "-c", logs, action="logs by annotation")
    staging.exec("sidecar-1", "touch", "/shared/finish")
    staging.until_finished()
    show(staging, "finished", name)


def written_status(name: str, state: Json) -> Json:
    """Return a container status that a step writes, with no more than the API server asks for."""
    return {
        "name": name,
        "image": "",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": state,
    }


@scenario("kubectl-ghost", seconds=1, uses=("patch pods/status",))
def kubectl_ghost(staging: Staging) -> None:
    """Propose a status that tells of an init container which the pod has not, and ask for its row.

    It is not stored: whoever lists pods would get its row as well. The ghost stands first: the row
    of a pod that is initialising tells of no container behind the one that has not started.
    """
    waiting = {"waiting": {"reason": "PodInitializing"}}
    statuses = [written_status(name, waiting) for name in ("ghost", "sidecar")]
    staging.request(
        "patch",
        "PATCH",
        path_of("Pod", staging.namespace, "kubectl-ghost") + "/status",
        arguments={"kind": "Pod", "name": "kubectl-ghost", "subresource": "status"},
        body={"status": {"initContainerStatuses": statuses}},
        query={"dryRun": "All"},
        content_type="application/merge-patch+json",
        headers={"Accept": TABLE},
        may_fail=True,
    )
