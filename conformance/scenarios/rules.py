"""Steps of scenarios. Restart rules: policies of single containers, and RestartAllContainers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("rules-policies", seconds=12)
def rules_policies(staging: Staging) -> None:
    """Wait until two pods have ended, and watch that the third does not."""
    staging.until_restarted("helper", pod="rules-policies-always")
    staging.until_terminated("app", pod="rules-policies-always")
    staging.until_finished("rules-policies-never")
    staging.until_finished("rules-policies-retry")
    staging.observe(2, "that the pod with a container that is always restarted does not end")
    staging.delete("rules-policies-always")
    staging.until_gone("rules-policies-always")


@scenario("rules-restart-all", seconds=29, follows=True)
def rules_restart_all(staging: Staging) -> None:
    """Wait for the fourth instance of app, and delete the pod: app asks for one more restart."""
    staging.until_said("app", "RUN 4")
    staging.until_ready()
    staging.delete()
    staging.until_gone()
