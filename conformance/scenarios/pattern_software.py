"""Steps of scenarios. Patterns: real software as sidecar, each by the same steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.scenarios.job import until_over
from fixtures.evidence.capabilities import SOFTWARE
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

AREA = "pattern."
SCENARIOS = {
    need: asked.replace(".", "-") for need, asked in SOFTWARE.items() if asked.startswith(AREA)
}
"""The scenario of each software that is judged as a sidecar, by the capability that it is."""


def software(staging: Staging) -> None:
    """Let the app of the pod crash once, delete the pod, and wait for the Job."""
    pod = staging.name
    staging.until_said("app", "FIRST", pod)
    staging.exec("app", "touch", "/shared/crash", pod=pod)
    staging.until_restarted("app", pod=pod)
    staging.until("the app to ask again", lambda: asked_again(staging, pod))
    staging.delete(pod)
    staging.until_gone(pod)
    until_over(staging)


def asked_again(staging: Staging, pod: str) -> bool:
    """Tell whether both lives of the app have told of their first request."""
    lines = staging.sight.lines(pod, "app")
    return sum(line.startswith("FIRST ") for line in lines) > 1


for each in SCENARIOS.values():
    scenario(each, seconds=20)(software)
