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


@scenario("given-env-file", seconds=6, follows=("reader",))
def given_env_file(staging: Staging) -> None:
    """Let the file say something else, and the sidecar that is given it end."""
    staging.until_said("reader", "GIVEN first")
    staging.until_said("app", "GIVEN")
    staging.exec("app", "touch", "/shared/end")
    staging.until_restarted("reader")
    staging.until_said("reader", "GIVEN second")
