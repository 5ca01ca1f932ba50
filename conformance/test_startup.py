"""Start-up: the order of init containers and sidecars, and what holds back the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.requirements import Level, requirement

if TYPE_CHECKING:
    from fixtures.timeline import Timeline

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"


@requirement(
    "startup.list-order", MUST, since="1.29", scenario="ordered-start", source=(SIDECARS, "KEP-753")
)
def test_list_order(timeline: Timeline) -> None:
    """Entries of initContainers start in list order, sidecars and plain init containers mixed."""
    assert timeline["init-1"].said("DONE") < timeline["sidecar-1"].said("START")
    assert timeline["sidecar-1"].said("UP") < timeline["init-2"].said("START")
    assert timeline["init-2"].said("DONE") < timeline["sidecar-2"].said("START")
    assert timeline["sidecar-2"].said("UP") < timeline["app"].said("START")


@requirement(
    "startup.startup-probe-gates-next",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=SIDECARS,
)
def test_startup_probe_gates_next(timeline: Timeline) -> None:
    """With a startup probe the next entry waits for the probe to succeed."""
    assert timeline["sidecar-1"].said("UP") < timeline["init-2"].said("START")
    assert timeline["sidecar-2"].said("UP") < timeline["app"].said("START")
