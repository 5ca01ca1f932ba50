from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from hypothesis import given, strategies

from fixtures.stage.throttle import FEWEST_PODS, Throttle

if TYPE_CHECKING:
    import pytest

NEVER = threading.Event()


def test_it_begins_with_what_the_cpus_promise() -> None:
    assert Throttle(cpus=2, most=100).allowed == 12
    assert Throttle(cpus=0.5, most=100).allowed == FEWEST_PODS
    assert Throttle(cpus=64, most=100).allowed == 100


@given(strategies.lists(strategies.floats(0, 60)), strategies.integers(1, 200))
def test_it_stays_between_its_bounds(seconds: list[float], most: int) -> None:
    one = Throttle(cpus=2, most=most)
    for each in seconds:
        one.came_up(each)
    assert min(FEWEST_PODS, most) <= one.allowed <= most
    assert one.pods_started == len(seconds)


def test_pods_that_come_up_soon_allow_more() -> None:
    one = Throttle(cpus=2, most=100)
    one.came_up(1.0)
    assert one.allowed > 12


def test_a_pod_that_comes_up_late_allows_fewer_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Throttle(cpus=2, most=100)
    one.came_up(20.0)
    less = one.allowed
    assert less < 12
    one.came_up(20.0)  # of the same crowd: it was asked for before anything could change
    one.came_up(1.0)
    assert one.allowed == less
    monkeypatch.setattr("fixtures.stage.throttle.time.monotonic", lambda: 1e12)
    one.came_up(20.0)
    assert one.allowed < less


def test_a_fixed_number_adapts_to_nothing() -> None:
    one = Throttle(cpus=2, most=100, fixed=3)
    one.came_up(1.0)
    one.came_up(20.0)
    assert one.allowed == 3


def test_a_scenario_waits_until_there_is_room() -> None:
    one = Throttle(cpus=2, most=100, fixed=2)
    one.enter(2, NEVER)
    entered = threading.Event()

    def enter() -> None:
        one.enter(1, NEVER)
        entered.set()

    waiting = threading.Thread(target=enter)
    waiting.start()
    assert not entered.wait(0.05)
    one.leave(2)
    assert entered.wait(5)
    waiting.join()


def test_one_that_wants_more_than_may_be_goes_alone() -> None:
    one = Throttle(cpus=2, most=100, fixed=2)
    one.enter(5, NEVER)
    one.leave(5)
    one.enter(2, NEVER)


def test_a_run_that_is_stopped_waits_for_nothing() -> None:
    one = Throttle(cpus=2, most=100, fixed=1)
    one.enter(1, NEVER)
    stopped = threading.Event()
    stopped.set()
    one.enter(1, stopped)
