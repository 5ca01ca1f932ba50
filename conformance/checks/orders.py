"""Orders that the checks of several areas speak of."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixtures.evidence.moments import Moment
    from fixtures.evidence.objects import Object
    from fixtures.evidence.pods import Pod
    from fixtures.evidence.version import Version


AT_ONCE = 0.1
"""Seconds. A kubelet was seen to act 0.04 s after a request, and a line of a busy container is
known to 0.05 s: what came of a request may seem to be older."""


def shown(thing: Object, version: Version, what: str) -> Moment:
    """Return when a version of an object was seen: what it tells had happened by then."""
    return thing.clocks.seen_between(version.seen, version.seen, f"{thing.name} was seen {what}")


def assert_reverse_order(pod: Pod, sidecars: Sequence[str]) -> None:
    """Assert that the app exited first, and each sidecar got SIGTERM after the next one exited."""
    for name, earlier in pairwise(("app", *reversed(sidecars))):
        in_order = pod[name].said("EXIT") < pod[earlier].said("TERM")
        assert in_order, f"{pod.name}: {earlier} was told to stop before {name} had exited"


def assert_since(begun: Moment, effect: Moment) -> None:
    """Assert that something happened since the suite began to ask for it, be it at once."""
    distance = begun - effect
    assert distance <= AT_ONCE, f"{distance.words}; the opposite order was expected"
