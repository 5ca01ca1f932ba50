"""Several runs side by side: `DIR/<label>/report.json` become `DIR/index.html` and `matrix.json`.

Run it as `python -m reports.merge DIR`.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fixtures.errors import SuiteError, UsageError
from fixtures.host.files import write_whole
from fixtures.versions import by_label
from reports import jsonreport, terminal
from reports.model import (
    API_VERSION,
    Level,
    Result,
    RunVerdict,
    Verdict,
    counts,
    exit_status,
)
from reports.styles import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reports.model import Report

KIND = "ConformanceMatrix"
FINDINGS = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.KNOWN_FAILURE)
"""The verdicts whose reasons a reader of the merged page wants, worst first."""

RUN_VERDICTS = (
    RunVerdict.NOT_CONFORMANT,
    RunVerdict.UNDECIDED,
    RunVerdict.KEPT,
    RunVerdict.CONFORMANT,
    RunVerdict.UNSUPPORTED,
)
"""Worst first; a cluster without sidecars beside a conformant one takes nothing from it."""


@dataclass(frozen=True)
class RunReport:
    """One readable report. `name` is its directory's: unique, and usually the report's label."""

    name: str
    report: Report
    has_page: bool


@dataclass(frozen=True)
class Unreadable:
    """A directory whose report cannot be read, and the one line that says why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """What one check found, the same in the runs named."""

    result: Result
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Merged:
    """All reports under one directory, runs by version and then by name."""

    runs: Sequence[RunReport]
    unreadable: Sequence[Unreadable]

    def requirements(self) -> list[Result]:
        """Return every requirement of any run, by id, in the words of the last run that has it."""
        latest = {r.id: r for run in self.runs for r in run.report.results}
        return [latest[identifier] for identifier in sorted(latest)]

    def areas(self) -> dict[str, list[Result]]:
        """Return the requirements by area."""
        areas: dict[str, list[Result]] = {}
        for requirement in self.requirements():
            areas.setdefault(requirement.area, []).append(requirement)
        return areas

    def results(self, identifier: str) -> list[tuple[RunReport, Result | None]]:
        """Return what each run found for a requirement; None where its suite did not know it."""
        return [
            (run, next((r for r in run.report.results if r.id == identifier), None))
            for run in self.runs
        ]

    def findings(self, *, must: bool) -> list[Finding]:
        """Return what went wrong in MUST checks, or in all others: worst first, then by id."""
        found: dict[tuple[str, Verdict, str], list[tuple[str, Result]]] = {}
        for run in self.runs:
            for r in run.report.results:
                if r.verdict in FINDINGS and (r.level is Level.MUST) == must:
                    found.setdefault((r.id, r.verdict, r.reason), []).append((run.name, r))
        findings = [
            Finding(entries[-1][1], tuple(name for name, _ in entries))
            for entries in found.values()
        ]
        return sorted(findings, key=lambda f: (FINDINGS.index(f.result.verdict), f.result.id))


def collect(folder: Path) -> Merged:
    """Read every `report.json` one level below `folder`; directories without one do not count.

    UsageError where `folder` is no directory or holds no report at all.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: not a directory: name the one that holds the runs")
    runs: list[RunReport] = []
    unreadable: list[Unreadable] = []
    for path in sorted(folder.glob("*/report.json")):
        name = path.parent.name
        try:
            report = jsonreport.read(path)
        except UsageError as problem:
            unreadable.append(Unreadable(name, str(problem).removeprefix(f"{path}: ")))
        else:
            runs.append(RunReport(name, report, (path.parent / "index.html").is_file()))
    if not runs and not unreadable:
        raise UsageError(f"{folder}: no run to merge: no directory in it holds a report.json")
    return Merged(sorted(runs, key=lambda run: by_label(run.name)), unreadable)


def matrix(merged: Merged) -> dict[str, Any]:
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
            for run in merged.runs
        },
        "requirements": [
            {
                "id": requirement.id,
                "title": requirement.title,
                "level": requirement.level.value,
                "since": requirement.since,
                "verdicts": {
                    run.name: r.verdict.value
                    for run, r in merged.results(requirement.id)
                    if r is not None
                },
            }
            for requirement in merged.requirements()
        ],
        "unreadable": {entry.name: entry.reason for entry in merged.unreadable},
    }


def page(merged: Merged) -> str:
    """Return the merged page: one offline file without scripts, links relative to its place."""
    template = environment().get_template("index.html")
    return template.render(
        merged=merged,
        headline=_headline(merged),
        counts=counts,
        check_verdicts=list(reversed(Verdict)),
        href=quote,
    )


def _headline(merged: Merged) -> tuple[str, str]:
    """Return the verdict over all runs, the worst of theirs, and a sentence that counts them."""
    verdicts = [run.report.verdict for run in merged.runs]
    parts = [f"{verdicts.count(v)} {v}" for v in RUN_VERDICTS if v in verdicts]
    if merged.unreadable:
        parts.append(f"{len(merged.unreadable)} unreadable")
        verdicts.append(RunVerdict.UNDECIDED)
    total = len(merged.runs) + len(merged.unreadable)
    sentence = f"{total} run{'' if total == 1 else 's'}: {', '.join(parts)}"
    return min(verdicts, key=RUN_VERDICTS.index), sentence


def merge(folder: Path) -> Merged:
    """Write `index.html` and `matrix.json` of the runs in `folder`, and return what they hold.

    The same reports give the same bytes. UsageError as `collect`; OSError where it cannot write.
    """
    merged = collect(folder)
    write_whole(folder / "matrix.json", jsonreport.encode(matrix(merged)))
    # Containers print what is not UTF-8; a page shows that as it can.
    write_whole(folder / "index.html", page(merged).encode(errors="replace"))
    return merged


def lines(merged: Merged, folder: Path) -> Iterator[str]:
    """Yield what a person at the terminal wants to know of a merge, the verdicts first."""
    for run in merged.runs:
        tally = ", ".join(f"{n} {v}" for v, n in counts(run.report.results).items())
        yield f"{run.name}: {terminal.verdict(run.report)} ({tally})"
    for entry in merged.unreadable:
        yield f"{entry.name}: UNREADABLE: {entry.reason}"
    yield f"page: {folder / 'index.html'}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Merge from the command line: 0, 3 when a report was unreadable, 4 when there is none."""
    parser = argparse.ArgumentParser(prog="python -m reports.merge", description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path, help="holds one directory a run")
    try:
        folder: Path = parser.parse_args(arguments).folder
    except SystemExit as problem:
        # argparse says 2 for a usage error, the suite says 4 everywhere.
        return UsageError.exit_status if problem.code else 0
    try:
        merged = merge(folder)
    except SuiteError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - a command's output
        return problem.exit_status
    print("\n".join(lines(merged, folder)))  # noqa: T201 - a command's output
    return 3 if merged.unreadable else 0


if __name__ == "__main__":
    sys.exit(main())
