"""Steps of scenarios. Patterns: what the documentation shows sidecars to be good for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("pattern-log-shipper", seconds=7)
def pattern_log_shipper(staging: Staging) -> None:
    """Wait until the sidecar has printed some lines and the Deployment is available."""
    staging.until_said("myapp", "WROTE 3")
    staging.until_said("logshipper", "logging 3")
    staging.until(
        "the Deployment to be available",
        lambda: (
            (staging.object("Deployment", "pattern-log-shipper") or {})
            .get("status", {})
            .get("availableReplicas")
        ),
    )
