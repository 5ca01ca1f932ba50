"""`index.html` of several runs: requirements by runs, one offline file, the verdicts first.

Without JavaScript all of it can be read; only the filters need it.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from fixtures.host.files import write_whole
from reports.matrix import Event
from reports.model import Level, Verdict, counts, verdict_words
from reports.styles import render_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from reports.matrix import Change, Finding, Matrix, RunReport
    from reports.model import Result

FILE = "index.html"


class Page:
    """What the template asks for."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.runs = matrix.runs

    @property
    def total(self) -> str:
        """How many runs there are, in words."""
        total = len(self.runs) + len(self.matrix.unreadable)
        return f"{total} run{'' if total == 1 else 's'}"

    @property
    def headline(self) -> str:
        """What became of all promises, in two sentences with figures."""
        found = Counter(self._standing(requirement) for requirement in self.requirements)
        if not found:
            return "No promise was judged."
        kept = found[Verdict.PASS]
        known = found[Verdict.KNOWN_FAILURE]
        doubtful = found[Verdict.INCONCLUSIVE] + found[Verdict.ERROR]
        parts = [
            f"Of {_promises(len(self.requirements))} {_are(kept)} kept wherever judged",
            f"{_are(found[Verdict.FAIL])} broken" if found[Verdict.FAIL] else "",
            f"{_are(known)} broken for {'a reason' if known == 1 else 'reasons'} known upstream"
            if known
            else "",
            f"{doubtful} could not be decided somewhere" if doubtful else "",
            f"{found[None]} could not be judged by any run" if found[None] else "",
        ]
        return "; ".join(filter(None, parts)) + "."

    @property
    def changes(self) -> str:
        """How many promises changed along the versions, in a sentence; empty where none did."""
        told = [
            f"{number} {'is' if number == 1 else 'are'} {event}"
            for event in (Event.BROKEN, Event.REPAIRED)
            if (number := sum(self._has(event, requirement) for requirement in self.requirements))
        ]
        return f"From version to version {' and '.join(told)}." if told else ""

    @staticmethod
    def counts(run: RunReport) -> Mapping[Verdict, int]:
        """Return how many results of a run have each verdict."""
        return counts(run.report.results)

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """The verdicts that occur, worst first."""
        found = {result.verdict for run in self.runs for result in run.report.results}
        return [verdict for verdict in reversed(Verdict) if verdict in found]

    @property
    def notices(self) -> Mapping[str, list[RunReport]]:
        """What weakens verdicts, each sentence once, and the runs that say it."""
        said: dict[str, list[RunReport]] = {}
        for run in self.runs:
            lacking = run.report.unsupported
            for notice in ((f"no sidecars: {lacking}",) if lacking else ()) + run.report.notices:
                said.setdefault(notice, []).append(run)
        return said

    @property
    def broken(self) -> Mapping[str, list[Finding]]:
        """What was not kept or not decided, by requirement, the worst first."""
        found: dict[str, list[Finding]] = {}
        for finding in self.matrix.findings():
            found.setdefault(finding.result.id, []).append(finding)
        return found

    @cached_property
    def requirements(self) -> Sequence[Result]:
        """Every requirement of any run, by id."""
        return self.matrix.requirements

    @property
    def areas(self) -> Mapping[str, list[Result]]:
        """The requirements by area."""
        areas: dict[str, list[Result]] = {}
        for requirement in self.requirements:
            areas.setdefault(requirement.area, []).append(requirement)
        return areas

    @property
    def levels(self) -> Sequence[Level]:
        """The levels that occur."""
        found = {requirement.level for requirement in self.requirements}
        return [level for level in Level if level in found]

    @cached_property
    def histories(self) -> Mapping[str, list[Change]]:
        """What became of each promise along the versions, by id."""
        return {one.id: self.matrix.history(one) for one in self.requirements}

    def only(self, requirement: Result) -> list[str]:
        """Return the words by which a row is chosen: `differs`, and the events of its history."""
        verdicts = {verdict for _, verdict in self.matrix.verdicts(requirement.id)}
        events = [change.event for change in self.histories[requirement.id]]
        return [*(["differs"] if len(verdicts) > 1 else []), *dict.fromkeys(events)]

    @staticmethod
    def words(run: RunReport) -> str:
        """Return the verdict of a run as it is said to people."""
        return verdict_words(run.report)

    @staticmethod
    def address(text: str) -> str:
        """Return the name of a run's directory, or of a requirement, as a part of an address."""
        return quote(os.fsencode(text))

    def _has(self, event: Event, requirement: Result) -> bool:
        return any(change.event is event for change in self.histories[requirement.id])

    def _standing(self, requirement: Result) -> Verdict | None:
        """Return the worst that was found for a promise; None where no run could judge it."""
        found = {verdict for _, verdict in self.matrix.verdicts(requirement.id)}
        worst = (Verdict.FAIL, Verdict.KNOWN_FAILURE, Verdict.ERROR, Verdict.INCONCLUSIVE)
        told: Iterator[Verdict] = (verdict for verdict in worst if verdict in found)
        return next(told, Verdict.PASS if Verdict.PASS in found else None)


def _promises(number: int) -> str:
    return f"{number} promise{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return f"{number} {'is' if number == 1 else 'are'}"


def write(matrix: Matrix, path: Path) -> None:
    """Write the page; the same reports give the same bytes.

    OSError where it cannot be written. The file is whole or absent.
    """
    # Containers print what is not UTF-8; a page shows that as it can.
    write_whole(path, render(matrix).encode(errors="replace"))


def render(matrix: Matrix) -> str:
    """Return the page, as it is to lie beside the runs' directories."""
    scripts = ("columns.js", "filters.js", "cells.js")
    return render_page("matrixpage.html", scripts, page=Page(matrix))
