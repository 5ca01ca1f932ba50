"""An interval holds the median as often as it says, whatever the values are like."""

from __future__ import annotations

import itertools
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reports.estimates import (
    CONFIDENCE,
    FEWEST,
    Estimate,
    apart,
    estimate,
    is_different,
    rank,
)

VALUES = st.lists(
    st.floats(min_value=-1e9, max_value=1e9, allow_nan=False), min_size=FEWEST, max_size=60
)


def coverage(count: int, k: int) -> float:
    """Return how likely the k-th smallest and the k-th largest have the median between them."""
    return float(sum(math.comb(count, below) for below in range(k, count - k + 1)) / 2**count)


@pytest.mark.parametrize(
    ("count", "k"),
    [(0, 0), (1, 0), (5, 0), (6, 1), (8, 1), (9, 2), (11, 2), (12, 3), (15, 4), (20, 6), (100, 40)],
)
def test_the_rank_is_that_of_the_tables(count: int, k: int) -> None:
    assert rank(count) == k


@given(st.integers(0, 300))
def test_the_rank_is_the_largest_that_is_sure_enough(count: int) -> None:
    k = rank(count)
    if k:
        assert coverage(count, k) >= CONFIDENCE
    if k + 1 <= count / 2:
        assert coverage(count, k + 1) < CONFIDENCE


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    # Each value of a sample is above the median (1) or below it (0), with the same chance: all
    # samples of a size are equally likely, so that counting them is no simulation.
    for count in range(FEWEST, 13):
        held = 0
        for signs in itertools.product((-1.0, 1.0), repeat=count):
            found = estimate(signs)
            held += found.low < 0 < found.high
        assert held / 2**count >= CONFIDENCE


@given(VALUES)
def test_the_median_lies_in_its_interval_and_both_are_of_the_values(values: list[float]) -> None:
    found = estimate(values)
    assert found.median == statistics.median(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)
    assert {found.low, found.high} <= set(values)
    assert found.count == len(values)


@given(VALUES, st.randoms())
def test_the_order_of_values_does_not_matter(values: list[float], drawn: st.DataObject) -> None:
    shuffled = list(values)
    drawn.shuffle(shuffled)  # type: ignore[attr-defined]
    assert estimate(shuffled) == estimate(values)


@given(VALUES)
def test_turned_values_have_the_turned_interval(values: list[float]) -> None:
    found, turned = estimate(values), estimate([-one for one in values])
    assert (turned.low, turned.high) == (-found.high, -found.low)


def test_one_outlier_moves_nothing_much() -> None:
    calm = estimate([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8])
    assert estimate([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 900.0]) == calm


@pytest.mark.parametrize("count", range(FEWEST))
def test_too_few_values_have_no_interval(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} values have no interval: 6 are the fewest"):
        estimate([1.0] * count)


def test_an_estimate_of_too_few_is_not_taken_either() -> None:
    with pytest.raises(ValidationError):
        Estimate(median=1, low=1, high=1, count=5)


def interval(low: float, high: float) -> Estimate:
    return Estimate(median=(low + high) / 2, low=low, high=high, count=9)


@given(st.tuples(*[st.integers(-9, 9)] * 4))
def test_intervals_are_apart_where_they_share_nothing(ends: tuple[int, ...]) -> None:
    a, b = sorted(ends[:2])
    c, d = sorted(ends[2:])
    one, other = interval(a, b), interval(c, d)
    shared = set(range(a, b + 1)) & set(range(c, d + 1))
    assert apart(one, other) == (not shared)
    assert apart(one, other) == apart(other, one)


@pytest.mark.parametrize(
    ("low", "high", "different"),
    [(0.1, 0.2, True), (-0.2, -0.1, True), (-0.1, 0.1, False), (0, 0.1, False), (-0.1, 0, False)],
)
def test_a_difference_is_one_where_0_is_left_out(
    low: float, high: float, *, different: bool
) -> None:
    assert is_different(interval(low, high)) == different
