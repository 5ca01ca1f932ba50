"""Medians with intervals that assume nothing about how values are spread, and what they tell apart.

The interval of a median is that of order statistics: the k-th smallest and the k-th largest value,
with the largest k for which they hold the median in between with the wanted confidence. How sure
that is follows from the binomial distribution alone (a value lies below the median with
probability 1/2), so that there is nothing to fit and nothing to draw at random.
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from pydantic import Field

from reports.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE = 0.95
"""How sure an interval is at least."""


def rank(count: int) -> int:
    """Return k: the k-th smallest and the k-th largest of `count` values are the interval.

    0 where so few values have no interval of this confidence.
    """
    outside, found = 0.0, 0
    for below in range(count // 2):
        # Fewer than `below` + 1 of all values lie on one side of the median, on either side.
        outside += 2 * math.comb(count, below) / 2**count
        if 1 - outside < CONFIDENCE:
            break
        found = below + 1
    return found


FEWEST = next(count for count in range(1, 100) if rank(count))
"""The fewest values that have an interval."""


class Estimate(Model):
    """A median, and the interval that holds the true one with 95 % confidence at least."""

    median: float
    low: float
    high: float
    count: int = Field(ge=FEWEST)
    """Of how many values."""


def estimate(values: Sequence[float]) -> Estimate:
    """Return the median of values and its interval. Raises ValueError for fewer than FEWEST."""
    found = rank(len(values))
    if not found:
        raise ValueError(f"{len(values)} values have no interval: {FEWEST} are the fewest")
    ordered = sorted(values)
    return Estimate(
        median=statistics.median(ordered),
        low=ordered[found - 1],
        high=ordered[-found],
        count=len(ordered),
    )


def apart(one: Estimate, other: Estimate) -> bool:
    """Tell whether the intervals of two medians have nothing in common."""
    return one.high < other.low or other.high < one.low


def is_different(difference: Estimate) -> bool:
    """Tell whether the interval of a difference leaves out 0."""
    return difference.low > 0 or difference.high < 0
