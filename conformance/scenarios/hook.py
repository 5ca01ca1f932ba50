"""Steps of scenarios. Lifecycle hooks of sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("hook-deleted", seconds=54)
def hook_deleted(staging: Staging) -> None:
    """Delete the pod while the hook of its sidecar runs."""
    staging.until_said("calm", "HOOK")
    staging.delete()
    staging.until_gone()


@scenario("hook-sleep", seconds=9, applies=False, uses=("patch deployments.apps",))
def hook_sleep(staging: Staging) -> None:
    """Store the template and change it; then let the pod run, unless that was refused.

    An API server that cannot change what has such a hook would not release the pod, either.
    """
    template, pod = staging.documents
    staging.create(template)
    labels = {"metadata": {"labels": {"sidecar-conformance/updated": "true"}}}
    if staging.patch(template["metadata"]["name"], labels, kind="Deployment", may_fail=True).ok:
        staging.create(pod)
        staging.until_finished()
