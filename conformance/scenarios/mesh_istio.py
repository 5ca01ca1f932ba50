"""Steps of scenarios. Istio: pods into which its webhook puts a proxy, in either form.

In the classic form of a pod the same proxy is a regular container.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from conformance.scenarios.meshes import in_classic_form, roll_out
from conformance.scenarios.pattern import CLASSIC, FORMS, pod_of
from fixtures.kubeapi.namespaces import PRIVILEGED
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

    Json = dict[str, Any]

FORM = "sidecar.istio.io/nativeSidecar"
"""The annotation of a pod that tells Istio which form its proxy is to have."""

AUTO = "mesh-istio-calls-auto"
"""The name of a pod that leaves the form to Istio, and is proposed only."""


@scenario("mesh-istio-calls", seconds=60, applies=False, level=PRIVILEGED)
def mesh_istio_calls(staging: Staging) -> None:
    """Let the clients of both forms, and one without a proxy, call a server; then delete them."""
    service, server, native, plain = staging.documents
    staging.create(service)
    staging.create(server)
    auto = copy.deepcopy(native)
    auto["metadata"]["name"] = AUTO
    del auto["metadata"]["annotations"][FORM]
    staging.create(auto, dry_run=True)
    staging.until_ready(server["metadata"]["name"])
    clients = [native, classic_form(native)]
    for one in (*clients, plain):
        staging.create(one)
    names = [one["metadata"]["name"] for one in clients]
    for name in names:
        staging.until_said("app", "FIRST", name)
    staging.until_finished(plain["metadata"]["name"])
    for name in names:
        staging.delete(name)
    for name in names:
        staging.until_gone(name)


@scenario("mesh-istio-job", seconds=25, level=PRIVILEGED)
def mesh_istio_job(staging: Staging) -> None:
    """Wait until the native Job is complete and the app of the classic one is done, and longer."""
    native = staging.documents[0]
    classic = classic_form(native)
    staging.create(classic)
    pods = {form: pod_of(staging, form) for form in FORMS}
    staging.until_terminated("app", pods[CLASSIC])
    name = native["metadata"]["name"]
    staging.until(
        "the native Job to have succeeded",
        lambda: ((staging.object("Job", name) or {}).get("status") or {}).get("succeeded"),
    )
    staging.observe(10, "the classic Job must not complete")
    staging.read("Job", classic["metadata"]["name"])


@scenario("mesh-istio-restricted", seconds=12, applies=False)
def mesh_istio_restricted(staging: Staging) -> None:
    """Let the client call once the server is ready."""
    service, server, client = staging.documents
    staging.create(service)
    staging.create(server)
    staging.until_ready(server["metadata"]["name"])
    staging.create(client)
    staging.until_finished(client["metadata"]["name"])


@scenario(
    "mesh-istio-rollout",
    seconds=180,
    disturbs=True,
    applies=False,
    level=PRIVILEGED,
    uses=("patch deployments.apps",),
)
def mesh_istio_rollout(staging: Staging) -> None:
    """Roll the server of each form out twice while a client counts, one form after the other."""
    roll_out(staging, FORM)


def classic_form(native: Json) -> Json:
    """Return an object under another name, whose pods have the proxy as a regular container."""
    return in_classic_form(native, FORM)
