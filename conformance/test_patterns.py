"""Patterns: what the documentation shows sidecars to be good for, as it shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.run import Run
    from fixtures.timeline import Timeline

MUST = Level.MUST
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"


@scenario("pattern-log-shipper", seconds=7)
def pattern_log_shipper(run: Run) -> None:
    """Wait until the sidecar has printed some lines and the Deployment is available."""
    run.until_said("myapp", "WROTE 3")
    run.until_said("logshipper", "logging 3")
    run.until(
        "the Deployment to be available",
        lambda: (
            (run.object("Deployment", "pattern-log-shipper") or {})
            .get("status", {})
            .get("availableReplicas")
        ),
    )


@requirement(
    "pattern.log-shipper", MUST, since="1.29", scenario="pattern-log-shipper", source=SIDECARS
)
def test_log_shipper(timeline: Timeline) -> None:
    """A sidecar prints what the app writes to a shared log file, from the first line on.

    The sidecar was started before the app, the pod is ready, and its Deployment available.
    """
    shipper, app = timeline["logshipper"], timeline["myapp"]
    assert shipper.kind == "sidecar"
    for number in (1, 2, 3):
        assert app.said(f"WROTE {number}")
        assert shipper.said(f"logging {number}")
    assert shipper.last.number == 0, "the sidecar was restarted"
    assert "running" in shipper.status["state"]
    ready = timeline.pod.conditions("Ready")[-1].value
    assert ready["status"] == "True", f"the pod is not ready: {ready}"
    deployment = timeline.object("Deployment", "pattern-log-shipper")
    available = deployment["status"].get("availableReplicas", 0)
    assert available == 1, f"the Deployment has {available} available replicas"
