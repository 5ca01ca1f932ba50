"""Steps of scenarios. Volumes: files that sidecars share, and find again after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("vol-files", follows=("sidecar",))
def vol_files(staging: Staging) -> None:
    """Let the sidecar end once when it was seen, and wait until the pod has finished."""
    staging.until_said("sidecar", "WROTE")
    staging.exec("sidecar", "touch", "/shared/seen")
    staging.until_finished()
