"""Steps of scenarios. Lifecycle hooks of sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("hook-kinds", seconds=15)
def hook_kinds(staging: Staging) -> None:
    """Delete one pod while the hook of its sidecar runs, and wait for the end of the other."""
    deleted = "hook-kinds-deleted"
    staging.until_said("sidecar", "HOOK", pod=deleted)
    staging.delete(deleted)
    staging.until_gone(deleted)
    staging.until_finished("hook-kinds")


@scenario("hook-sleep", seconds=11, applies=False, uses=("patch deployments.apps",))
def hook_sleep(staging: Staging) -> None:
    """Store the template and change it; then let the pods run, unless that was refused.

    An API server that cannot change what has such a hook would not release the pods, either.
    """
    template, pod, deleted = staging.documents
    staging.create(template)
    labels = {"metadata": {"labels": {"sidecar-conformance/updated": "true"}}}
    if staging.patch(template["metadata"]["name"], labels, kind="Deployment", may_fail=True).ok:
        staging.create(pod)
        staging.create(deleted)
        name = deleted["metadata"]["name"]
        staging.until_said("sidecar", "START", pod=name)
        staging.observe(1, "the hook to begin")
        staging.delete(name)
        staging.until_gone(name)
        staging.until_finished(pod["metadata"]["name"])
