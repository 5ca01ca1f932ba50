"""Steps of several scenarios: pods with the proxy of a service mesh, whichever it is.

An annotation of a pod tells the mesh whether its proxy is to be a native sidecar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.scenarios.pattern import renamed
from fixtures.stage.manifest import pod_specs

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

    Json = dict[str, Any]

ROLLOUTS = ("first", "second")
REPLICAS = 2


def in_classic_form(native: Json, annotation: str) -> Json:
    """Return an object under another name, whose pods ask for a proxy of the classic form."""
    form = renamed(native)
    for holder, _ in pod_specs(form):
        holder["metadata"]["annotations"][annotation] = "false"
    return form


def roll_out(staging: Staging, annotation: str) -> None:
    """Roll the server of each form out twice while a client counts, one form after the other.

    The manifest has the Service, the Deployment of the server and the pod of the client.
    """
    native = staging.documents
    for documents in (native, [in_classic_form(one, annotation) for one in native]):
        service, deployment, client = documents
        name, counting = deployment["metadata"]["name"], client["metadata"]["name"]
        staging.create(service)
        until_out(staging, name, staging.create(deployment).body)
        # Its proxy is a sidecar always: what differs is the server.
        client["metadata"]["annotations"][annotation] = "true"
        staging.create(client)
        staging.until_said("client", "BEGUN", counting)
        for rollout in ROLLOUTS:
            staging.observe(3, "requests must be answered between rollouts")
            template = {"metadata": {"annotations": {"sidecar-conformance/rollout": rollout}}}
            answer = staging.patch(name, {"spec": {"template": template}}, kind="Deployment")
            until_out(staging, name, answer.body)
        staging.until_finished(counting)
        staging.delete(name, kind="Deployment")


def until_out(staging: Staging, name: str, wanted: Json) -> None:
    """Wait until all pods of a Deployment are available and as it was `wanted` last."""

    def is_out() -> bool:
        status = (staging.object("Deployment", name) or {}).get("status") or {}
        counts = [status.get(f"{which}eplicas") for which in ("r", "updatedR", "availableR")]
        seen = status.get("observedGeneration", 0) >= wanted["metadata"]["generation"]
        return seen and counts == [REPLICAS] * len(counts)

    staging.until(f"{name} to be rolled out", is_out)
