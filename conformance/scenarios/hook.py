"""Steps of scenarios. Lifecycle hooks of sidecars."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from fixtures.stage.scenario import scenario
from fixtures.stage.waits import WaitedInVainError

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("hook-kinds", seconds=15)
def hook_kinds(staging: Staging) -> None:
    """Delete one pod while the hook of its sidecar runs, and wait for the end of the other."""
    delete_in_hook(staging, "hook-kinds-deleted")
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
        delete_in_hook(staging, deleted["metadata"]["name"])
        staging.until_finished(pod["metadata"]["name"])


def delete_in_hook(staging: Staging, pod: str) -> None:
    """Delete a pod while the postStart hook of its sidecar runs, with a grace period of 5 s.

    The kubelet tells of the container in its status when the hook is over, and in an Event before.
    """

    def started() -> bool:
        return any(
            event["reason"] == "Started" and event["involvedObject"]["name"] == pod
            for event in staging.objects("Event")
        )

    with suppress(WaitedInVainError):
        staging.until(f"the sidecar of {pod} to be started", started)
    staging.observe(2, "its hook to run")
    staging.delete(pod, grace=5)
    staging.until_gone(pod)
