"""Upper bounds: a failure on a fast node, inconclusive with both figures on a slow one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from conformance.checks.bounds import (
    assert_at_least,
    assert_at_most,
    assert_hooked,
    assert_in_time,
    assert_prompt,
)
from fixtures.evidence.control import TERM, Control, Lag
from fixtures.evidence.moments import InconclusiveError, Moment
from fixtures.evidence.timeline import Timeline
from fixtures.kubeapi.times import SECOND
from tests.kit.tapes import BEGUN, Tape

if TYPE_CHECKING:
    from collections.abc import Callable

SLOW = r"; but the node was slow: a pod took 8.5 s from its deletion to its SIGT"


def timeline(lag: float) -> Timeline:
    """Return a timeline of a minute on a node with this lag."""
    tape = Tape()
    tape.pod(1)
    at = BEGUN + 20 * SECOND
    found = Lag(TERM, lag, at, at + int(lag * SECOND), "node", "a pod")
    return Timeline(tape.end(), control=lambda: Control([found]))


def moment(at: float) -> Moment:
    when = BEGUN + int(at * SECOND)
    return Moment(f"app#0 said {at:g}", when, when, "the test")


BROKEN = {
    "at most": lambda of: assert_at_most(of, moment(19) - moment(10), 7),
    "at least": lambda of: assert_at_least(of, moment(12) - moment(10), 4),
    "in time": lambda of: assert_in_time(of, moment(12), moment(10)),
    "prompt": lambda of: assert_prompt(of, 0, "it was killed", room=2),
}

KEPT = {
    "at most": lambda of: assert_at_most(of, moment(17) - moment(10), 7),
    "at least": lambda of: assert_at_least(of, moment(14) - moment(10), 4),
    "in time": lambda of: assert_in_time(of, moment(9), moment(10)),
    "prompt": lambda of: assert_prompt(of, 1, "it was killed", room=2),
}


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize("lag", [0.1, 8.5])
def test_what_is_kept_passes_however_slow_the_node(kind: str, lag: float) -> None:
    KEPT[kind](timeline(lag))


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_on_a_fast_node_fails(broken: Callable[[Timeline], None]) -> None:
    for fast in (timeline(0.1), Timeline(Tape().end())):
        with pytest.raises(AssertionError) as caught:
            broken(fast)
        assert "slow" not in str(caught.value)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_on_a_slow_node_is_inconclusive(broken: Callable[[Timeline], None]) -> None:
    with pytest.raises(InconclusiveError, match=SLOW):
        broken(timeline(8.5))


def test_the_sentence_has_both_figures() -> None:
    with pytest.raises(InconclusiveError) as caught:
        BROKEN["at most"](timeline(8.5))
    seen = (
        "app#0 said 19 9.0 s after it said 10; at most 7 s were expected; but the node was slow: "
    )
    assert str(caught.value).startswith(seen)
    with pytest.raises(InconclusiveError, match=r"12 2\.0 s after it said 10; the opposite order"):
        BROKEN["in time"](timeline(8.5))


def test_what_is_far_too_late_for_that_node_fails() -> None:
    with pytest.raises(AssertionError, match=r"at most 7 s were expected$"):
        assert_at_most(timeline(8.5), moment(40) - moment(10), 7)
    with pytest.raises(AssertionError, match=r"18 8\.0 s after"):
        assert_in_time(timeline(8.5), moment(18), moment(10))
    with pytest.raises(AssertionError):
        assert_prompt(timeline(8.5), 0, "it was killed", room=8)


@pytest.mark.parametrize(("lag", "left_open"), [(0.1, False), (7, False), (8.5, True)])
def test_a_hook_that_said_nothing_may_have_been_late_for_its_grace_period(
    *, lag: float, left_open: bool
) -> None:
    silent = SimpleNamespace(ever_said=lambda _: False)
    with pytest.raises(InconclusiveError if left_open else AssertionError, match="never said 'HI'"):
        assert_hooked(timeline(lag), silent, "HI", grace=5)  # type: ignore[arg-type]
    spoken = SimpleNamespace(ever_said=lambda word: word == "HI")
    assert_hooked(timeline(lag), spoken, "HI", grace=5)  # type: ignore[arg-type]


def test_what_the_evidence_leaves_open_stays_so() -> None:
    wide = Moment("wide", BEGUN, BEGUN + 20 * SECOND, "the test")
    with pytest.raises(InconclusiveError, match="does not tell"):
        assert_at_most(timeline(8.5), wide - moment(0), 7)
