"""`python -m reports overhead RUN RUN...`: whether runs order the variants of a pod in one way."""

from __future__ import annotations

import math
import sys
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.errors import UsageError
from reports import overhead
from reports.overhead import ABOUT, FILE, order

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from reports.overhead import Measured

CONTRADICTION = 1
"""The exit status where two runs order two variants in opposite ways."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="+",
        type=Path,
        help=f"a folder that 'nox -s overhead' has written, or its {FILE}",
    )


def run(options: argparse.Namespace) -> int:
    """Say for each measure how the runs order the variants; return 1 for a contradiction, else 0.

    Raises UsageError for fewer than two runs, and for one that cannot be read.
    """
    paths: list[Path] = [one / FILE if one.is_dir() else one for one in options.runs]
    if len(paths) < 2:  # noqa: PLR2004 - that is what a comparison is of
        raise UsageError("one run cannot be compared: name two or more")
    found = [overhead.read(path) for path in paths]
    contradictions = 0
    for same in zip(*(one.measures for one in found), strict=True):
        title = ABOUT[same[0].measure].title
        wrong = list(contradicted(same))
        contradictions += len(wrong)
        words = (
            "; ".join(wrong) or f"all runs order {agreed(same)} alike, and no pair the other way"
        )
        _say(f"{title}: {words}")
    _say(f"{contradictions or 'no'} contradiction{'' if contradictions == 1 else 's'}")
    return CONTRADICTION if contradictions else 0


def contradicted(runs: Sequence[Measured]) -> Iterator[str]:
    """Yield the pairs of variants that two runs order in opposite ways, both beyond doubt."""
    for (one, first), (other, second) in combinations(enumerate(map(order, runs), 1), 2):
        for pair in first.keys() & second.keys():
            if first[pair] != second[pair]:
                less, more = pair if first[pair] else pair[::-1]
                yield f"{less} has less than {more} in run {one}, and more in run {other}"


def agreed(runs: Sequence[Measured]) -> str:
    """Return how many pairs of variants all runs order in one way, of those that all have."""
    orders = [order(one) for one in runs]
    names = set.intersection(*(set(one.estimates) for one in runs))
    alike = set.intersection(*(set(one.items()) for one in orders))
    return f"{len(alike)} of {math.comb(len(names), 2)} pairs"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
