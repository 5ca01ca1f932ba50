"""Upper bounds, which are judged against the control of the run.

Nothing that a node does has an upper bound of its own: on a slow one all is late. A bound that is
exceeded is a failure only where the nodes of the scenario were not slow at that time. So is what a
check takes for late in other words: an order in which the second moment is the end of a sleep, or a
lower bound from a moment that may be late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.evidence.moments import InconclusiveError
from fixtures.kubeapi.times import SECOND

if TYPE_CHECKING:
    from fixtures.evidence.control import Lag
    from fixtures.evidence.instances import Instance
    from fixtures.evidence.moments import Duration, Moment
    from fixtures.evidence.pods import Container
    from fixtures.evidence.timeline import Timeline

STEPS = 3
"""What a bound is about goes through so many hands that each may be as late as the control shows:
the runtime tells of an end, the kubelet learns of it, the runtime does what comes next."""


def assert_at_most(timeline: Timeline, duration: Duration, seconds: float) -> None:
    """Assert that something took `seconds` at most.

    Raises InconclusiveError where the nodes were so slow that it may have been late for that, as
    do all others here.
    """
    if not duration <= seconds:
        late = duration.shortest / SECOND - seconds
        _late(timeline, duration.against("at most", seconds), late)


def assert_at_least(timeline: Timeline, duration: Duration, seconds: float) -> None:
    """Assert that something took `seconds` at least, since a moment that comes late on slow nodes.

    A container is told to stop, say, later than its grace period begins.
    """
    if not duration >= seconds:
        late = seconds - duration.longest / SECOND
        _late(timeline, duration.against("at least", seconds), late)


def assert_in_time(timeline: Timeline, first: Moment, then: Moment) -> None:
    """Assert that `first` came before `then`, which is the end of a fixed time."""
    if not first < then:
        distance = first - then
        message = f"{distance.words}; the opposite order was expected"
        _late(timeline, message, distance.shortest / SECOND)


def assert_prompt(timeline: Timeline, holds: object, message: str, *, room: float) -> None:
    """Assert what holds as long as nothing takes `room` seconds longer than it should."""
    if not holds:
        _late(timeline, message, room)


def assert_hooked(
    timeline: Timeline, container: Container | Instance, word: str, *, grace: float
) -> None:
    """Assert that a preStop hook has said a word; a slow one ends with the grace period."""
    message = f"the preStop hook of {container} never said {word!r}"
    assert_prompt(timeline, container.ever_said(word), message, room=grace)


def excuse(timeline: Timeline, late: float) -> Lag | None:
    """Return the delay of a slow node that explains `late` seconds; None where there is none."""
    lag = timeline.slowest()
    return lag if lag is not None and lag.beyond * STEPS >= late else None


def _late(timeline: Timeline, message: str, late: float) -> None:
    lag = excuse(timeline, late)
    if lag is not None:
        raise InconclusiveError(f"{message}; but the node was slow: {lag}")
    raise AssertionError(message)
