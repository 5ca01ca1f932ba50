"""Merge the runs of a folder: `DIR/<label>/report.json` become `index.html` and `matrix.json`."""

from __future__ import annotations

import runpy
import sys
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.errors import UsageError
from fixtures.host.files import write_whole
from reports import jsonreport, matrixpage, terminal
from reports.matrix import Matrix, RunReport, Unreadable, as_json
from reports.model import counts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

UNREADABLE = 3
"""The exit status where a report cannot be read."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="holds one directory a run")


def run(options: argparse.Namespace) -> int:
    """Merge and say what each run found; return 0, or 3 where a report cannot be read.

    Raises SuiteError where there is nothing to merge, or the folder cannot be written.
    """
    folder: Path = options.folder
    try:
        matrix = merge(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from error
    print("\n".join(lines(matrix, folder)))  # noqa: T201 - a command's output
    return UNREADABLE if matrix.unreadable else 0


def collect(folder: Path) -> Matrix:
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
    return Matrix(sorted(runs, key=attrgetter("order")), unreadable)


def merge(folder: Path) -> Matrix:
    """Write `index.html` and `matrix.json` of the runs in `folder`, and return what they hold.

    The same reports give the same bytes. UsageError as `collect`; OSError where it cannot write.
    """
    matrix = collect(folder)
    write_whole(folder / "matrix.json", jsonreport.encode(as_json(matrix)))
    matrixpage.write(matrix, folder / matrixpage.FILE)
    return matrix


def lines(matrix: Matrix, folder: Path) -> Iterator[str]:
    """Yield what a person at the terminal wants to know of a merge, the verdicts first."""
    for each in matrix.runs:
        tally = ", ".join(f"{n} {v}" for v, n in counts(each.report.results).items())
        yield f"{each.name}: {terminal.verdict(each.report)} ({tally})"
    for entry in matrix.unreadable:
        yield f"{entry.name}: UNREADABLE: {entry.reason}"
    yield f"page: {folder / matrixpage.FILE}"


if __name__ == "__main__":
    # Scripts have called it so since before there were other commands.
    sys.argv.insert(1, "merge")
    runpy.run_module("reports", run_name="__main__")
