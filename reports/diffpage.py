"""A diff as a page: one offline file, the sentence first, the timelines of both runs side by side.

Templates escape what they show. The page has no script, and its own policy would let none run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from fixtures.errors import UsageError
from fixtures.evidence.evidence import Evidence
from fixtures.evidence.facts import RunFacts
from reports import pictures
from reports.changes import ChangeKind, twin_of
from reports.model import Verdict
from reports.styles import render_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from fixtures.evidence.moments import Comparison
    from reports.changes import Change, Diff, RunDiff
    from reports.model import Report, Result
    from reports.pictures import Figure, Scenario

UNDRAWN = frozenset({Verdict.UNSUPPORTED, Verdict.SKIPPED})
"""What was not judged for a reason that no timeline shows."""


@dataclass(frozen=True)
class Side:
    """One of two runs: its report, and its evidence where that is at hand."""

    report: Report
    evidence: Evidence | None

    @classmethod
    def of(cls, report: Report, folder: Path) -> Side:
        """Return the run in a folder."""
        if not (folder / "recordings").is_dir():
            return cls(report, None)
        try:
            return cls(report, Evidence(RunFacts.read(folder), folder))
        except UsageError:
            return cls(report, None)

    def result(self, identifier: str) -> Result | None:
        """Return the result of a requirement; None where the suite did not have it."""
        return next((one for one in self.report.results if one.id == identifier), None)

    def scenarios(self, names: Iterable[str], prefix: str) -> dict[str, Scenario]:
        """Return the scenarios of these names that are at hand."""
        if self.evidence is None:
            return {}
        return pictures.scenarios(self.evidence, names, self.evidence.directory, prefix)


class Run:
    """What the template asks for of one pair of runs."""

    def __init__(self, number: int, diff: RunDiff, old: Side, new: Side) -> None:
        self.diff = diff
        self.anchor = f"run-{number}"
        self._old, self._new = old, new

    def of_kind(self, kind: ChangeKind) -> list[Change]:
        """Return the changes of a kind."""
        return [change for change in self.diff.changes if change.kind is kind]

    def drawn(self, change: Change) -> bool:
        """Tell whether timelines show what changed."""
        sides = (change.old, change.new)
        return all(side and side.verdict not in UNDRAWN for side in sides)

    @cached_property
    def scenarios(self) -> list[tuple[str, Scenario | None, Scenario | None]]:
        """The scenarios of all changes that are drawn: both pictures, on one time axis."""
        names = {
            name
            for change in self.diff.changes
            if self.drawn(change)
            for side in (self._old, self._new)
            if (result := side.result(change.id))
            for name in result.scenarios
        }
        before = self._old.scenarios(names, f"{self.anchor}-old-")
        after = self._new.scenarios(names, f"{self.anchor}-new-")
        found = []
        for name in sorted(before.keys() | after.keys()):
            old, new = before.get(name), after.get(name)
            seconds = max(one.chart.seconds for one in (old, new) if one)
            found.append((name, _lasting(old, seconds), _lasting(new, seconds)))
        return found

    def figures(self, change: Change) -> Iterator[tuple[str, Figure | None, Figure | None]]:
        """Yield the pictures of a change, a scenario each, with the moments that decided it."""
        old, new = self._old.result(change.id), self._new.result(change.id)
        if old is None or new is None or not self.drawn(change):
            return
        before = {name: one for name, one, _ in self.scenarios if one}
        after = {name: one for name, _, one in self.scenarios if one}
        left, right = _moments(old, new)
        olds = {one.scenario.name: one for one in pictures.figures(old, before, left)}
        news = {one.scenario.name: one for one in pictures.figures(new, after, right)}
        pairs = [(name, olds.get(name), news.get(name)) for name in dict.fromkeys([*olds, *news])]
        # Where moments decided, a scenario without any of them says nothing.
        shown = [pair for pair in pairs if any(one and one.points for one in pair[1:])]
        yield from shown or pairs

    def commands(self, change: Change) -> list[str]:
        """Return the commands that stage a requirement again, as it was before and as it is."""
        return [f"{side.report.reproduce} --only {change.id}" for side in (self._old, self._new)]


def _lasting(scenario: Scenario | None, seconds: float) -> Scenario | None:
    if scenario is None:
        return None
    return replace(scenario, chart=replace(scenario.chart, seconds=seconds))


def _moments(old: Result, new: Result) -> tuple[Comparison | None, Comparison | None]:
    """Return the comparison that decided, and that of the same two things in the other run."""
    left, right = pictures.deciding(old), pictures.deciding(new)
    if right and not left:
        left = twin_of(right, old.comparisons)
    if left and not right:
        right = twin_of(left, new.comparisons)
    return left, right


def render(diff: Diff, sides: Sequence[tuple[Side, Side]]) -> str:
    """Return the page of a diff whose runs are these, in the same order."""
    runs = [
        Run(number, one, old, new)
        for number, (one, (old, new)) in enumerate(zip(diff.runs, sides, strict=True), 1)
    ]
    return render_page("diffpage.html", (), diff=diff, runs=runs, kinds=list(ChangeKind))
