"""Pictures of scenarios in a page: each is there once, and a result shows its moments over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from markupsafe import Markup

from fixtures.stage import manifest
from reports.chart import Chart, chart
from reports.model import UNKEPT
from reports.svgchart import LETTERS, compared, svg
from reports.textchart import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from fixtures.evidence.evidence import Evidence
    from fixtures.evidence.moments import Comparison, Point
    from reports.model import Result


@dataclass(frozen=True)
class Scenario:
    """What the page shows of a scenario."""

    name: str
    chart: Chart
    manifest: str
    recorded: bool
    """Whether its recording lies beside the page."""
    prefix: str
    """What tells its identifiers from those of another run in the same page."""

    @property
    def picture_id(self) -> str:
        """The identifier of its picture in the page."""
        return f"picture-{self.prefix}{self.name}"

    @cached_property
    def picture(self) -> Markup:
        """Its picture."""
        # The tree that it was made of has escaped what others wrote.
        return Markup(svg(self.chart, identifier=self.picture_id))  # noqa: S704

    @cached_property
    def lines(self) -> str:
        """Its picture in words."""
        return text(self.chart)


@dataclass(frozen=True)
class Figure:
    """The picture of a failure: a scenario with the moments that were compared."""

    scenario: Scenario
    points: Sequence[Point]

    @property
    def picture(self) -> Markup:
        """The scenario's picture with the moments over it."""
        return Markup(compared(self.scenario.chart, self.points, self.scenario.picture_id))  # noqa: S704

    @property
    def legend(self) -> list[tuple[str, str]]:
        """The letter of each moment, and what, when and how well known it is."""
        told = []
        for letter, point in zip(LETTERS, self.points, strict=False):
            begin = self.scenario.chart.since_begun(point.earliest)
            end = self.scenario.chart.since_begun(point.latest)
            known = f"known to {end - begin:.2f} s" if end > begin else "known exactly"
            told.append((letter, f"{point.what} at {begin:.2f} s, {known} ({point.source})"))
        return told


def scenarios(
    evidence: Evidence | None, names: Iterable[str], folder: Path, prefix: str = ""
) -> dict[str, Scenario]:
    """Return the scenarios of these names that were recorded, for a page in a folder."""
    if evidence is None:
        return {}
    return {
        timeline.recording.path.stem: Scenario(
            timeline.recording.path.stem,
            chart(timeline),
            manifest.text(timeline.recording.path.stem),
            (folder / "recordings" / timeline.recording.path.name).is_file(),
            prefix,
        )
        for timeline in evidence.readable(sorted(names))
    }


def figures(
    result: Result, among: Mapping[str, Scenario], comparison: Comparison | None
) -> Iterator[Figure]:
    """Yield the pictures of a result, with the moments of a comparison."""
    for name in result.scenarios:
        scenario = among.get(name)
        if scenario is None:
            continue
        points = comparison.moments if comparison else ()
        within = [p for p in points if scenario.chart.since_begun(p.earliest) >= -1]
        own = [p for p in within if scenario.chart.holds(p)]
        # A moment is of the scenario that has its container, or of the only one.
        yield Figure(scenario, within if len(result.scenarios) == 1 else own)


def deciding(result: Result) -> Comparison | None:
    """Return the comparison that a broken promise ended with; None where it was none."""
    last = result.comparisons[-1:] if result.verdict in UNKEPT else ()
    return next((one for one in last if one.answer != "yes" and one.words), None)
