"""Steps of scenarios. Given: what a sidecar finds in itself, in its first run and in the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("given", seconds=6, follows=("sidecar",))
def given(staging: Staging) -> None:
    """Let the sidecar end when it has told all, and tell it again."""
    staging.until_said("sidecar", "TOLD once")
    staging.until_said("terminal", "TERMINAL")
    staging.until_said("app", "HOST")
    staging.exec("app", "touch", "/shared/end")
    staging.until_restarted("sidecar")
    staging.until_said("sidecar", "TOLD twice")
