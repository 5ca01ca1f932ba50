"""Steps of scenarios. Linkerd: pods into which its webhook puts a proxy, and a substitute for them.

In the classic form of a pod the same proxy is a regular container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.scenarios import pattern
from conformance.scenarios.job import until_job_is
from conformance.scenarios.meshes import in_classic_form, roll_out
from fixtures.kubeapi.namespaces import PRIVILEGED
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.stage.staging import Staging

    Json = dict[str, Any]

NATIVE_SIDECAR = "config.linkerd.io/proxy-enable-native-sidecar"
"""The annotation of a pod that tells Linkerd which form its proxy is to have."""


@scenario("mesh-linkerd", seconds=60, applies=False, level=PRIVILEGED)
def mesh_linkerd(staging: Staging) -> None:
    """Let clients of both forms, Jobs of both forms, and a pod without a proxy call a server."""
    staging.create(staging.documents[-1])
    call(staging, classic_form)
    staging.until_finished(f"{staging.name}-plain")


@scenario("mesh-linkerd-substitute", seconds=35, applies=False)
def mesh_linkerd_substitute(staging: Staging) -> None:
    """Let clients of both forms and Jobs of both forms call a server."""
    call(staging, pattern.classic_form)


def call(staging: Staging, classic_form: Callable[[Json], Json]) -> None:
    """Create the server, then the clients and the Jobs of both forms, and delete the clients.

    They are the first four objects of the manifest. The Jobs are let go on for a while after the
    native one is complete and the work of the classic one is done.
    """
    service, server, client, job = staging.documents[:4]
    staging.create(service)
    staging.create(server)
    staging.until_ready(server["metadata"]["name"])
    for one in (client, job):
        staging.create(one)
        staging.create(classic_form(one))
    clients = [f"{staging.name}-{form}" for form in pattern.FORMS]
    for name in clients:
        staging.until_said("app", "FIRST", name)
    for name in clients:
        staging.delete(name)
    classic_pod = pattern.pod_of(staging, f"job-{pattern.CLASSIC}")
    staging.until_terminated("app", classic_pod)
    until_job_is(staging, "Complete", "Failed")
    for name in clients:
        staging.until_gone(name)
    staging.observe(5, "the classic Job must not complete")
    staging.read("Job", f"{staging.name}-job-{pattern.CLASSIC}")
    staging.until_caught_up()


@scenario(
    "mesh-linkerd-rollout",
    seconds=180,
    disturbs=True,
    applies=False,
    level=PRIVILEGED,
    uses=("patch deployments.apps",),
)
def mesh_linkerd_rollout(staging: Staging) -> None:
    """Roll the server of each form out twice while a client counts, one form after the other."""
    roll_out(staging, NATIVE_SIDECAR)


def classic_form(native: Json) -> Json:
    """Return an object under another name, whose pods ask for a proxy of the classic form."""
    return in_classic_form(native, NATIVE_SIDECAR)
