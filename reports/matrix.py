"""Several runs side by side: what each found for each promise, and what became of it by version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fixtures.versions import by_label, minor_of
from reports.model import API_VERSION, RUN_VERDICTS, UNKEPT, Level, Verdict, counts, exit_status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reports.model import Report, Result, RunVerdict

KIND = "ConformanceMatrix"

LEVELS = tuple(Level)


class Event(StrEnum):
    """What became of a promise in a version."""

    MADE = "made"
    MADE_BEFORE = "made before"
    """The first version of the matrix makes it, and is newer than the promise."""
    BROKEN = "broken"
    REPAIRED = "repaired"
    UNSUPPORTED = "unsupported"
    """It was made, and is not judged any more: withdrawn, or a capability is lacking."""


@dataclass(frozen=True)
class Change:
    """An event, and the run in which it is seen first."""

    event: Event
    run: str

    def __str__(self) -> str:
        """Tell it in words: `broken v1.35.4`."""
        return f"{self.event} {self.run}"


@dataclass(frozen=True)
class RunReport:
    """One readable report. `name` is its directory's: unique, and usually the report's label."""

    name: str
    report: Report
    has_page: bool

    @cached_property
    def results(self) -> Mapping[str, Result]:
        """The results by id."""
        return {result.id: result for result in self.report.results}

    @property
    def is_version(self) -> bool:
        """Whether it is of a Kubernetes version as it is released, nothing swapped."""
        label = self.report.label
        return not re.search("[+@]", label) and by_label(label)[0] == 0

    @property
    def order(self) -> tuple[object, ...]:
        """The key that sorts runs: by version, then by label, then by directory."""
        return (*by_label(self.report.label), self.name)


@dataclass(frozen=True)
class Unreadable:
    """A directory whose report cannot be read, and the one line that says why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """What one check found, the same in the runs named."""

    result: Result
    runs: tuple[RunReport, ...]


@dataclass(frozen=True)
class Matrix:
    """All reports under one directory, runs in their order."""

    runs: Sequence[RunReport]
    unreadable: Sequence[Unreadable] = ()

    @cached_property
    def requirements(self) -> list[Result]:
        """Every requirement of any run, by id, in the words of the last run that has it."""
        latest = {r.id: r for run in self.runs for r in run.report.results}
        return [latest[identifier] for identifier in sorted(latest)]

    def verdicts(self, identifier: str) -> list[tuple[RunReport, Verdict | None]]:
        """Return what each run found for a requirement; None where its suite did not know it."""
        found = [(run, run.results.get(identifier)) for run in self.runs]
        return [(run, result.verdict if result else None) for run, result in found]

    def history(self, requirement: Result) -> list[Change]:
        """Return what became of a promise along the versions: first made, broken, repaired.

        Swapped components and existing clusters are not on that line. A run that left the check
        out, or broke in it, tells nothing of its version; a doubt tells that it is made.
        """
        changes = []
        before: Verdict | None = None
        for run, verdict in self.verdicts(requirement.id):
            now = Verdict.FAIL if verdict is Verdict.KNOWN_FAILURE else verdict
            if not run.is_version or now in (None, Verdict.SKIPPED, Verdict.ERROR):
                continue
            if now is Verdict.INCONCLUSIVE and before in (Verdict.PASS, Verdict.FAIL):
                continue
            if now is Verdict.UNSUPPORTED:
                if before not in (None, now):
                    changes.append(Change(Event.UNSUPPORTED, run.name))
            elif before is None and minor_of(run.report.label) > minor_of(requirement.since):
                changes.append(Change(Event.MADE_BEFORE, run.name))
            elif before in (None, Verdict.UNSUPPORTED):
                changes.append(Change(Event.MADE, run.name))
            if now is Verdict.FAIL and before is not now:
                changes.append(Change(Event.BROKEN, run.name))
            if now is Verdict.PASS and before is Verdict.FAIL:
                changes.append(Change(Event.REPAIRED, run.name))
            before = now
        return changes

    def findings(self) -> list[Finding]:
        """Return what was not kept or not decided, each reason once: worst first, then by level."""
        found: dict[tuple[str, Verdict, str], list[RunReport]] = {}
        for run in self.runs:
            for r in run.report.results:
                if r.verdict in UNKEPT:
                    found.setdefault((r.id, r.verdict, r.reason), []).append(run)
        findings = [Finding(runs[-1].results[key[0]], tuple(runs)) for key, runs in found.items()]
        return sorted(findings, key=_severity)

    def run_verdicts(self) -> Iterator[tuple[RunVerdict, int]]:
        """Yield how many runs have each verdict, worst first."""
        verdicts = [run.report.verdict for run in self.runs]
        yield from ((v, verdicts.count(v)) for v in RUN_VERDICTS if v in verdicts)


def _severity(finding: Finding) -> tuple[int, int, str]:
    result = finding.result
    return UNKEPT.index(result.verdict), LEVELS.index(result.level), result.id


def as_json(matrix: Matrix) -> dict[str, Any]:
    """Return the JSON values of `matrix.json`; a run lacks a requirement that it did not know."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "runs": {
            run.name: {
                "label": run.report.label,
                "verdict": run.report.verdict.value,
                "exitStatus": exit_status(run.report),
                "counts": {v.value: count for v, count in counts(run.report.results).items()},
            }
            for run in matrix.runs
        },
        "requirements": [
            {
                "id": requirement.id,
                "title": requirement.title,
                "level": requirement.level.value,
                "since": requirement.since,
                "history": [
                    {"event": change.event.value, "run": change.run}
                    for change in matrix.history(requirement)
                ],
                "verdicts": {
                    run.name: verdict.value
                    for run, verdict in matrix.verdicts(requirement.id)
                    if verdict is not None
                },
            }
            for requirement in matrix.requirements
        ],
        "unreadable": {entry.name: entry.reason for entry in matrix.unreadable},
    }
