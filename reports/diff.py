"""`python -m reports diff OLD NEW`: what got better, worse, newly or no longer judged, slower."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.errors import UsageError
from fixtures.host.files import write_whole
from fixtures.versions import by_label, minor_of
from reports import diffpage, difftext, jsonreport
from reports.changes import Diff, compare

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from reports.model import Report

REGRESSION = 1
"""The exit status where something kept is broken, or can no longer be decided."""


@dataclass(frozen=True)
class Run:
    """A report and where it lies."""

    report: Report
    folder: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    what = "the folder of a run, its report.json, or a folder of such folders"
    parser.add_argument("old", metavar="OLD", type=Path, help=what)
    parser.add_argument("new", metavar="NEW", type=Path, help="the same, of a later run")
    parser.add_argument("--format", choices=("text", "json", "html"), default="text")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write to a file")


def run(options: argparse.Namespace) -> int:
    """Write what changed, and return 1 where that is a regression, else 0.

    Raises UsageError where there is nothing to compare.
    """
    pairs, only_old, only_new = _pairs(options.old, options.new)
    diff = Diff(
        only_old=only_old,
        only_new=only_new,
        runs=tuple(compare(old.report, new.report) for old, new in pairs),
    )
    if options.format == "json":
        told = jsonreport.encode(diff.model_dump())
    elif options.format == "html":
        sides = [(_side(old), _side(new)) for old, new in pairs]
        told = diffpage.render(diff, sides).encode(errors="replace")
    else:
        told = ("\n".join(difftext.lines(diff)) + "\n").encode(errors="replace")
    _write(told, options.output)
    return REGRESSION if diff.regression else 0


def _side(run: Run) -> diffpage.Side:
    return diffpage.Side.of(run.report, run.folder)


def _write(told: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(told)
        return
    try:
        write_whole(output, told)
    except OSError as problem:
        raise UsageError(f"{output}: cannot be written: {problem.strerror}") from problem


def _pairs(old: Path, new: Path) -> tuple[list[tuple[Run, Run]], tuple[str, ...], tuple[str, ...]]:
    before, after = _runs(old), _runs(new)
    if isinstance(before, Run) and isinstance(after, Run):
        return [(before, after)], (), ()
    if isinstance(before, Run) or isinstance(after, Run):
        one, more = (old, new) if isinstance(before, Run) else (new, old)
        raise UsageError(f"{one} is one run and {more} holds several: name a folder in {more}")
    names = match(tuple(before), tuple(after))
    pairs = sorted(names.items(), key=lambda pair: by_label(pair[1]))
    if not pairs:
        raise UsageError(
            f"{old} and {new} have no run in common: name the folder of one run in each"
        )
    return (
        [(before[a], after[b]) for a, b in pairs],
        tuple(sorted(before.keys() - set(names), key=by_label)),
        tuple(sorted(after.keys() - set(names.values()), key=by_label)),
    )


def _runs(path: Path) -> Run | Mapping[str, Run]:
    """Return the run at a path, or those in its folders, by label. Raises UsageError."""
    if path.is_file():
        return Run(jsonreport.read(path), path.parent)
    if (path / jsonreport.FILE).is_file():
        return Run(jsonreport.read(path / jsonreport.FILE), path)
    found: dict[str, Run] = {}
    for one in sorted(path.glob(f"*/{jsonreport.FILE}")):
        made = Run(jsonreport.read(one), one.parent)
        if made.report.label in found:
            raise UsageError(f"{path} holds two reports of {made.report.label}: remove one")
        found[made.report.label] = made
    if not found:
        raise UsageError(
            f"{path}: no report: name the folder of a run, its report.json, or a folder of runs"
        )
    return found


def match(old: tuple[str, ...], new: tuple[str, ...]) -> dict[str, str]:
    """Return which label of a later run belongs to which of an earlier one.

    Labels that are the same do. Then those do whose minor, swaps and cluster are the same, where
    there is one on each side: the newest patch of a minor may be another than last night.
    """
    found = {label: label for label in old if label in new}
    rest_old = [label for label in old if label not in found]
    rest_new = [label for label in new if label not in found]
    for label in rest_old:
        mine = [one for one in rest_old if _alike(one) == _alike(label)]
        theirs = [one for one in rest_new if _alike(one) == _alike(label)]
        if len(mine) == len(theirs) == 1:
            found[label] = theirs[0]
    return found


def _alike(label: str) -> tuple[int, str]:
    """Return the minor of a label and what tells its runs from others of that minor."""
    version, cluster, name = label.partition("@")
    swaps = "" if cluster else version.partition("+")[2]
    try:
        return minor_of(re.split("[+-]", version, maxsplit=1)[0]), f"{swaps}{cluster}{name}"
    except ValueError:
        return -1, label
