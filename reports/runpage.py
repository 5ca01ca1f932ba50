"""`index.html` of one run: one offline file, the verdict first, a picture for each scenario.

Templates escape what they show, and the page's own policy lets no script run but the one that it
was written with. Without JavaScript all of it can be read; only the filters need it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from markupsafe import Markup

from fixtures.host.files import write_whole
from fixtures.stage import manifest
from reports.chart import Chart, chart
from reports.facts import facts
from reports.headline import headline
from reports.model import UNKEPT, Level, Report, Result, Verdict, counts
from reports.styles import render_page
from reports.svgchart import LETTERS, compared, svg
from reports.textchart import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from fixtures.evidence.evidence import Evidence
    from fixtures.evidence.moments import Comparison, Point

FILE = "index.html"

LEVELS = tuple(Level)


@dataclass(frozen=True)
class Scenario:
    """What the page shows of a scenario."""

    name: str
    chart: Chart
    manifest: str
    recorded: bool
    """Whether its recording lies beside the page."""

    @property
    def picture_id(self) -> str:
        """The identifier of its picture in the page."""
        return f"picture-{self.name}"

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


class Page:
    """What the template asks for."""

    def __init__(self, report: Report, evidence: Evidence | None, folder: Path) -> None:
        self.report = report
        self._evidence = evidence
        self._folder = folder

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        return headline(self.report)

    @cached_property
    def results(self) -> list[Result]:
        """All results, by id."""
        return sorted(self.report.results, key=lambda result: result.id)

    @property
    def broken(self) -> list[Result]:
        """The results that need an explanation, those that decide first."""
        found = [result for result in self.results if result.verdict in UNKEPT]
        return sorted(found, key=lambda r: (UNKEPT.index(r.verdict), LEVELS.index(r.level), r.id))

    @property
    def weak(self) -> list[tuple[str, list[Result]]]:
        """What takes from the verdict: a sentence each, and the results that it is about."""
        must = [result for result in self.results if result.level is Level.MUST]

        def having(results: Sequence[Result], *verdicts: Verdict) -> list[Result]:
            return [result for result in results if result.verdict in verdicts]

        groups = [
            (having(must, Verdict.UNSUPPORTED), "MUST {} could not be judged on this cluster"),
            (having(self.results, Verdict.KNOWN_FAILURE), "{} broken, as is known upstream"),
            (
                having(self.results, Verdict.INCONCLUSIVE, Verdict.ERROR),
                "{} could not be decided by the evidence, or the suite broke",
            ),
            (having(self.results, Verdict.SKIPPED), "{} left out"),
        ]
        return [
            (f"{len(found)} {words.format('promise' if len(found) == 1 else 'promises')}", found)
            for found, words in groups
            if found
        ]

    @cached_property
    def scenarios(self) -> Mapping[str, Scenario]:
        """The scenarios that were recorded, by name."""
        if self._evidence is None:
            return {}
        names = sorted({name for result in self.results for name in result.scenarios})
        return {
            timeline.recording.path.stem: Scenario(
                timeline.recording.path.stem,
                chart(timeline),
                manifest.text(timeline.recording.path.stem),
                (self._folder / "recordings" / timeline.recording.path.name).is_file(),
            )
            for timeline in self._evidence.readable(names)
        }

    def figures(self, result: Result) -> Iterator[Figure]:
        """Yield the pictures of a result, with the moments of the comparison that decided it."""
        deciding = self.deciding(result)
        for name in result.scenarios:
            scenario = self.scenarios.get(name)
            if scenario is None:
                continue
            points = deciding.moments if deciding else ()
            within = [p for p in points if scenario.chart.since_begun(p.earliest) >= -1]
            lanes = [p for p in within if scenario.chart.lane_of(p) is not None]
            # A moment is of the scenario that has its container, or of the only one.
            yield Figure(scenario, within if len(result.scenarios) == 1 else lanes)

    @staticmethod
    def deciding(result: Result) -> Comparison | None:
        """Return the comparison that a broken promise ended with; None where it was none."""
        last = result.comparisons[-1:] if result.verdict in UNKEPT else ()
        return next((one for one in last if one.answer != "yes" and one.words), None)

    def commands(self, result: Result) -> Iterator[str]:
        """Yield the command that stages one requirement again, and the one that only judges it."""
        yield f"{self.report.reproduce} --only {result.id}"
        if self._evidence is not None and any(name in self.scenarios for name in result.scenarios):
            yield f"nox -s conformance -- --replay {self._evidence.directory} --only {result.id}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The facts of cluster, suite and timing as lines of a table."""
        report = self.report
        return [
            *facts("", report.cluster),
            *facts("suite", report.suite),
            *facts("timing", report.timing),
        ]

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many results have each verdict, worst first."""
        return counts(self.report.results)

    @property
    def areas(self) -> Mapping[str, int]:
        """How many results each area has."""
        return Counter(result.area for result in self.results)

    @property
    def levels(self) -> Sequence[Level]:
        """The levels that occur."""
        return [level for level in Level if any(r.level is level for r in self.results)]


def write(report: Report, evidence: Evidence | None, path: Path) -> None:
    """Write the page; the same report and recordings give the same bytes.

    OSError where it cannot be written. The file is whole or absent.
    """
    # Containers print what is not UTF-8; a page shows that as it can.
    write_whole(path, render(report, evidence, path.parent).encode(errors="replace"))


def render(report: Report, evidence: Evidence | None, folder: Path) -> str:
    """Return the page, as it is to lie in a folder."""
    page = Page(report, evidence, folder)
    return render_page("runpage.html", ("filters.js",), page=page, report=report)
