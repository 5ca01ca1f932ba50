"""Steps of scenarios. Status: sidecars and regular containers that crash, end and are killed.

And what becomes of a status that is not the kubelet's.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from conformance.scenarios.kubectl import show, written_status
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.kubeapi.status import ContainerStatus
    from fixtures.stage.staging import Staging

    Json = Mapping[str, Any]

REPLACED = 3
"""How often the pod of status-replaced is replaced.

A kubelet forgets the former within 2 s, and what it tells of it until then depends on when that is.
"""
ENDED: Json = {"terminated": {"exitCode": 0, "reason": "Completed"}}
RUNNING: Json = {"running": {}}


def held_back_after_restart(status: ContainerStatus) -> bool:
    """Tell whether a container that was restarted is down again (shown waiting only later)."""
    return status.restarts > 0 and not status.running


def starts_again(status: ContainerStatus) -> bool:
    """Tell whether a container runs that was restarted once and has not started up since."""
    return status.restarts == 1 and status.running and not status.started


def on_node(name: str) -> Json:
    """Return the affinity of a pod that is to run on the node of this name."""
    field = {"key": "metadata.name", "operator": "In", "values": [name]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


@scenario("status-crash", seconds=23, follows=("app", "crasher", "slow"))
def status_crash(staging: Staging) -> None:
    """Let one after the other crash, and hold back the restarted sidecar until that was seen."""
    staging.until_running("app")
    staging.until(
        "crasher to be held back", lambda: held_back_after_restart(staging.status("crasher"))
    )
    show(staging, "in back-off", staging.name)
    staging.read("Pod", staging.name)
    staging.exec("slow", "touch", "/shared/app-fails")
    staging.until("app to be held back", lambda: held_back_after_restart(staging.status("app")))
    staging.exec("slow", "touch", "/shared/slow-fails")

    staging.until(
        "slow to start again while app is held back",
        lambda: starts_again(staging.status("slow")) and not staging.status("app").running,
    )
    staging.observe(1.5, "the phase while slow starts again")
    staging.exec("slow", "touch", "/shared/slow-up")
    staging.until("slow to be started", lambda: staging.status("slow").started)
    staging.delete(grace=1)
    staging.until_gone()


@scenario("status-ends", seconds=19, follows=("down",))
def status_ends(staging: Staging) -> None:
    """Delete two pods, and let one end by itself."""
    for name in ("status-ends-well", "status-ends-killed"):
        staging.until_said("app", "UP", pod=name)
        staging.delete(name)
    staging.until_finished()
    for name in ("status-ends-well", "status-ends-killed"):
        staging.until_gone(name)


@scenario("status-replaced", seconds=21)
def status_replaced(staging: Staging) -> None:
    """Delete the pod by force and create it anew on its node, again and again."""
    staging.until_ready()
    document = deepcopy(staging.documents[0])
    document["spec"]["affinity"] = on_node((staging.pod() or {})["spec"]["nodeName"])
    for _ in range(REPLACED):
        staging.release(staging.name)
        staging.delete(grace=0)
        staging.until("the former to be removed", lambda: staging.pod() is None)
        staging.create(document)
        staging.until_ready()
        staging.observe(3, "what the kubelet tells of the former is told of its successor")


@scenario("status-overwritten", seconds=14, uses=("patch pods/status",))
def status_overwritten(staging: Staging) -> None:
    """Write over the status of the sidecar that it is not ready, and wait until it is told again.

    The kubelet compares what the API has with what it knows every 10 s.
    """
    staging.until_ready()
    pod = staging.pod() or {}
    told = pod["status"]["initContainerStatuses"]
    # Admission may have put others beside it, whose statuses stay.
    untrue = [{**one, "ready": False} if one["name"] == "sidecar" else one for one in told]
    wrong = {"status": {"initContainerStatuses": untrue}}
    answer = staging.patch(staging.name, wrong, subresource="status", may_fail=True)
    if answer.ok:
        written = pod["metadata"]["uid"], int(answer.body["metadata"]["resourceVersion"])
        staging.until(
            "the sidecar to be shown ready again",
            lambda: staging.sight.has_version(*written) and staging.status("sidecar").ready,
        )


@scenario("status-transition", seconds=1, uses=("patch pods/status",))
def status_transition(staging: Staging) -> None:
    """Write that both init containers have ended, then that the one runs, then the other."""
    for told in (
        {"init": ENDED, "sidecar": ENDED},
        {"init": ENDED, "sidecar": RUNNING},
        {"init": RUNNING, "sidecar": RUNNING},
    ):
        statuses = [written_status(name, state) for name, state in told.items()]
        wanted = {"status": {"initContainerStatuses": statuses}}
        staging.patch(staging.name, wanted, subresource="status", may_fail=True)
