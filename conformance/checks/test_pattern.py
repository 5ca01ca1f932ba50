"""Patterns: what the documentation shows sidecars to be good for, as it shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.requirements import MUST, requirement
from conformance.sources import SIDECARS

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Timeline


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
    assert shipper.state == "running", f"the sidecar is {shipper.state}"
    ready = timeline.pod.conditions("Ready")[-1].value
    assert ready.true, f"the pod is not ready: {ready.raw}"
    deployment = timeline.object("Deployment", "pattern-log-shipper").last
    available = deployment.status.get("availableReplicas", 0)
    assert available == 1, f"the Deployment has {available} available replicas"
