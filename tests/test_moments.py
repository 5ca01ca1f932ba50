"""The logic of intervals: a doubt is never rounded, and what is told is true."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.moments import (
    SECOND,
    Clocked,
    Duration,
    InconclusiveError,
    Moment,
    Span,
    comparisons,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = st.integers(-50, 50)
WIDTHS = st.integers(0, 12)
BOOT = -1000


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    """Any moment without a clock of its own."""
    earliest = draw(TIMES)
    return Moment("it", earliest, earliest + draw(WIDTHS), "status")


@dataclass(frozen=True)
class Truth:
    """A moment, and when it really was."""

    at: int
    moment: Moment


@st.composite
def truths(draw: st.DrawFn) -> Truth:
    """Something that happened, and sound evidence of it: every interval holds the true time."""
    at = draw(TIMES)
    own = None
    clock = draw(st.sampled_from(["", "node a", "node b"]))
    if clock:
        boot = BOOT if clock == "node a" else 3 * BOOT
        own = Clocked(at - boot - draw(st.integers(0, 2)), at - boot + draw(WIDTHS), clock)
    return Truth(at, Moment("it", at - draw(WIDTHS), at + draw(WIDTHS), "status", own))


def told(question: Callable[[], bool]) -> bool | None:
    """Return the answer, None where it is unknown."""
    try:
        return question()
    except InconclusiveError:
        return None


def before(one: Moment, other: Moment) -> bool | None:
    return told(lambda: one < other)


@given(moments(), moments())
def test_unknown_exactly_where_intervals_overlap(one: Moment, other: Moment) -> None:
    overlap = one.earliest <= other.latest and other.earliest <= one.latest
    assert (before(one, other) is None) == overlap


@given(moments(), moments())
def test_one_of_before_after_unknown(one: Moment, other: Moment) -> None:
    answer = before(one, other)
    assert before(other, one) == (None if answer is None else not answer)
    assert told(lambda: one > other) == before(other, one)
    assert told(lambda: one.before(other)) == answer


@given(st.lists(moments(), min_size=3, max_size=3))
def test_order_is_transitive_where_known(three: list[Moment]) -> None:
    first, second, third = sorted(three, key=lambda moment: moment.earliest)
    if before(first, second) and before(second, third):
        assert before(first, third) is True
        assert before(third, first) is False


@given(truths(), truths())
def test_what_is_told_is_true(one: Truth, other: Truth) -> None:
    assert before(one.moment, other.moment) in (None, one.at < other.at)


@given(truths(), truths())
def test_a_difference_holds_the_true_one(one: Truth, other: Truth) -> None:
    difference = one.moment - other.moment
    assert difference.shortest <= one.at - other.at <= difference.longest


@given(moments(), moments())
def test_differences_agree_with_order(one: Moment, other: Moment) -> None:
    difference = other - one
    assert (difference.shortest > 0) == (before(one, other) is True)
    assert (difference.longest < 0) == (before(one, other) is False)
    assert difference.longest - difference.shortest == one.width + other.width


@given(st.integers(-9, 9), st.integers(0, 9), st.integers(-10, 19))
def test_durations_compare_as_their_ends_do(shortest: int, width: int, seconds: int) -> None:
    duration = Duration("it", shortest * SECOND, (shortest + width) * SECOND)
    possible = range(shortest, shortest + width + 1)
    at_least = {value >= seconds for value in possible}
    at_most = {value <= seconds for value in possible}
    assert told(lambda: duration >= seconds) == (None if len(at_least) > 1 else at_least.pop())
    assert told(lambda: duration <= seconds) == (None if len(at_most) > 1 else at_most.pop())
    assert told(lambda: seconds <= duration) == told(lambda: duration >= seconds)


def test_a_fraction_of_a_second_counts() -> None:
    duration = Duration("it", 1_499_999_999, 1_500_000_000)
    assert told(lambda: duration >= 1.5) is None
    assert (duration >= 1.4) is True
    assert (duration <= 1.5) is True


def test_a_moment_that_ends_before_it_begins_is_a_defect() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        Moment("it", 2, 1, "status")


def test_one_clock_of_two_moments_decides() -> None:
    early = Moment("early", 0, 100, "log", Clocked(10, 11, "node a"))
    late = Moment("late", 0, 100, "log", Clocked(12, 13, "node a"))
    assert early < late
    assert told(lambda: early < replace(late, own=None)) is None


def test_clocks_of_two_nodes_are_not_compared() -> None:
    early = Moment("early", 0, 1, "log", Clocked(900, 901, "node a"))
    late = Moment("late", 5, 6, "log", Clocked(12, 13, "node b"))
    assert early < late
    assert (late - early).shortest == 4


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, int, int | None]:
    """A span, and when it really began and ended."""
    begin, end = sorted((draw(TIMES), draw(TIMES)))
    first = Moment("begin", begin - draw(WIDTHS), begin + draw(WIDTHS), "status")
    if draw(st.booleans()):
        return Span(first, None), begin, None
    last = Moment("end", end - draw(WIDTHS), end + draw(WIDTHS), "status")
    return Span(first, last), begin, end


def inside(begin: int, at: int, end: int | None) -> bool:
    return begin < at and (end is None or at < end)


@given(spans(), truths())
def test_containing_is_true_as_told(span: tuple[Span, int, int | None], one: Truth) -> None:
    lasted, begin, end = span
    answer = told(lambda: lasted.contains(replace(one.moment, own=None)))
    assert answer in (None, inside(begin, one.at, end))


@given(spans(), spans())
def test_overlapping_is_true_as_told(
    one: tuple[Span, int, int | None], other: tuple[Span, int, int | None]
) -> None:
    (left, begin, end), (right, start, stop) = one, other
    answer = told(lambda: left.overlaps(right))
    really = (end is None or start < end) and (stop is None or begin < stop)
    assert answer in (None, really)
    assert told(lambda: right.overlaps(left)) == answer


@given(spans(), moments())
def test_containing_is_unknown_only_where_it_may_be_both(
    span: tuple[Span, int, int | None], moment: Moment
) -> None:
    lasted, _, _ = span
    after = before(lasted.begin, moment)
    until = True if lasted.end is None else before(moment, lasted.end)
    answer = told(lambda: lasted.contains(moment))
    assert (answer is None) == (None in (after, until) and False not in (after, until))
    assert (answer is True) == (after is True and until is True)


def test_one_side_that_is_known_decides() -> None:
    begin = Moment("begin", 0, 10, "a vague source")
    end, later = Moment("end", 3, 3, "status"), Moment("it", 5, 5, "status")
    assert Span(begin, end).contains(later) is False
    assert Span(later, None).overlaps(Span(begin, end)) is False
    assert Span(begin, end).overlaps(Span(later, None)) is False


def test_a_span_that_lasts_overlaps_what_comes_later() -> None:
    point = Moment("it", 0, 0, "status")
    later = replace(point, earliest=5, latest=5)
    assert Span(point, None).overlaps(Span(later, None))
    assert Span(point, None).contains(later)
    assert not Span(later, None).contains(point)


def test_comparisons_are_collected_with_their_widths() -> None:
    early = Moment("start", 0, SECOND, "status")
    late = Moment("end", 2 * SECOND, 2 * SECOND + SECOND // 2, "log")
    with comparisons() as found:
        assert early < late
        assert not early > late
        assert late - early >= 1
        with pytest.raises(InconclusiveError):
            assert early < early  # noqa: PLR0124 - it is not known to be before itself
    assert [(c.left, c.relation, c.right, c.answer) for c in found] == [
        ("start (status)", "before", "end (log)", "yes"),
        ("end (log)", "before", "start (status)", "no"),
        ("from start (status) to end (log)", "at least", "1 s", "yes"),
        ("start (status)", "before", "start (status)", "unknown"),
    ]
    assert (found[0].left_width, found[0].right_width) == (1.0, 0.5)
    assert (found[2].left_width, found[2].right_width) == (1.5, 0.0)


def test_widths_are_those_of_the_clock_that_decided() -> None:
    one = Moment("it", 0, SECOND, "log", Clocked(0, SECOND // 100, "node a"))
    other = Moment("it", 0, SECOND, "log", Clocked(SECOND, SECOND, "node a"))
    with comparisons() as found:
        assert one < other
    assert found[0].left_width == 0.01


def test_nothing_is_collected_outside_of_the_block_or_for_another_one() -> None:
    one, other = Moment("it", 0, 0, "log"), Moment("it", 1, 1, "log")
    with comparisons() as outer:
        with comparisons() as inner:
            assert one < other
        assert len(inner) == 1
    assert one < other
    assert outer == []
    assert len(inner) == 1


def test_a_doubt_names_both_moments_and_their_sources() -> None:
    one = Moment("start of app", 0, SECOND, "status startedAt")
    other = Moment("end of sidecar", SECOND // 2, SECOND, "log stamp")
    with pytest.raises(InconclusiveError) as caught:
        assert one < other
    for words in ("start of app", "status startedAt", "1 s", "end of sidecar", "log stamp"):
        assert words in str(caught.value)
    with pytest.raises(InconclusiveError, match=r"from start of app .* at least 0\.5 s"):
        assert other - one >= 0.5
