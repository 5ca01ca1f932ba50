"""Steps of scenarios. Volumes: files that sidecars share, find again, and see change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.patience import UPDATED
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("vol-files", follows=("sidecar",))
def vol_files(staging: Staging) -> None:
    """Let the sidecar end once when it was seen, and wait until the pod has finished."""
    staging.until_said("sidecar", "WROTE")
    staging.exec("sidecar", "touch", "/shared/seen")
    staging.until_finished()


@scenario("vol-updates", seconds=90, uses=("patch configmaps", "patch secrets"))
def vol_updates(staging: Staging) -> None:
    """Change the ConfigMap and the Secret, and the pod's label once they are seen.

    What happens in a pod makes its kubelet look at all its volumes at once. So that they change by
    themselves, nothing else does: the pod has come to rest, and its label changes last.
    """
    staging.until_said("sidecar", "READ part")
    staging.until_ready()
    staging.observe(5, "the pod to be at rest")
    staging.patch("vol-updates-map", {"data": {"word": "second"}}, kind="ConfigMap")
    staging.patch("vol-updates-secret", {"stringData": {"word": "second"}}, kind="Secret")
    for file in ("map/word", "secret/word", "all/map", "all/secret"):
        staging.until_said("sidecar", f"CHANGED {file}", patience=UPDATED)
    labels = {"sidecar-conformance/word": "second"}
    staging.patch("vol-updates", {"metadata": {"labels": labels}})
    staging.until_said("sidecar", "CHANGED pod/word", patience=UPDATED)
    staging.until_said("sidecar", "KEPT")
