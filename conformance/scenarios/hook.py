"""Steps of scenarios. Lifecycle hooks of sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("hook-kinds", seconds=36)
def hook_kinds(staging: Staging) -> None:
    """Delete one pod while the hook of its sidecar runs, and wait for the end of the other."""
    deleted = "hook-kinds-deleted"
    staging.until_said("calm", "HOOK", pod=deleted)
    staging.delete(deleted)
    staging.until_gone(deleted)
    staging.until_finished("hook-kinds")


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
