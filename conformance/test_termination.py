"""Termination: who gets SIGTERM when, and what a pod's end waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.requirements import Level, requirement

if TYPE_CHECKING:
    from fixtures.timeline import Timeline

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"


@requirement(
    "term.reverse-order", MUST, since="1.29", scenario="ordered-start", source=(SIDECARS, "KEP-753")
)
def test_reverse_order(timeline: Timeline) -> None:
    """Sidecars get SIGTERM in reverse list order, each after the next one has exited."""
    assert timeline["app"].said("DONE") < timeline["sidecar-2"].said("TERM")
    assert timeline["sidecar-2"].said("EXIT") < timeline["sidecar-1"].said("TERM")


@requirement(
    "term.natural-never-onfailure",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=(SIDECARS, "KEP-753"),
)
def test_natural_never_onfailure(timeline: Timeline) -> None:
    """Running sidecars are terminated once all regular containers have completed."""
    assert timeline.pod.phase == "Succeeded"
