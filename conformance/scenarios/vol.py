"""Steps of scenarios. Volumes: files that sidecars share, and find again after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("vol-files", follows=("sidecar",))
def vol_files(staging: Staging) -> None:
    """Wait until the pod has finished, in which the sidecar ends once."""
    staging.until_finished()
