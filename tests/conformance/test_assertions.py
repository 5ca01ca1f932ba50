"""Every comparison that a check may make is told in words, whichever way it failed."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from conformance.assertions import LONGEST, explain
from fixtures.evidence.counts import Count
from fixtures.evidence.moments import Clocked, Moment, comparisons
from fixtures.kubeapi.times import SECOND


def at(what: str, seconds: float) -> Moment:
    time = round(seconds * SECOND)
    return Moment(what, time, time, "log", (Clocked(time, time, "node"),))


CODE = Count(0, "the exit code of app#0")
TERM, STILL = at("app#0 said 'TERM'", 4), at("app#0 said 'STILL'", 20.2)


@pytest.mark.parametrize(
    ("symbol", "left", "right", "sentence"),
    [
        (
            "<",
            STILL,
            TERM,
            "app#0 still ran 16.2 s after it got SIGTERM; the opposite order was expected",
        ),
        (
            ">",
            TERM,
            STILL,
            "app#0 got SIGTERM 16.2 s before it still ran; the opposite order was expected",
        ),
        (
            "<=",
            STILL - TERM,
            14,
            "app#0 still ran 16.2 s after it got SIGTERM; at most 14 s were expected",
        ),
        (
            ">=",
            TERM - STILL,
            2,
            "app#0 got SIGTERM 16.2 s before it still ran; at least 2 s after it were expected",
        ),
        # What holds was asserted under a `not`.
        (
            ">=",
            STILL - TERM,
            14,
            "app#0 still ran 16.2 s after it got SIGTERM; less than 14 s were expected",
        ),
        ("==", "Failed", "Succeeded", "'Failed' was seen, 'Succeeded' was expected"),
        ("==", 201, HTTPStatus.FORBIDDEN, "201 was seen, 403 was expected"),
        ("==", {"b", "a"}, set(), "{'a', 'b'} was seen, nothing was expected"),
        ("==", {"a": 1}.keys(), {"b"}, "['a'] was seen, {'b'} was expected"),
        ("==", 1, 1, "1 was seen, anything else was expected"),
        ("!=", 1, 1, "1 was seen, anything else was expected"),
        ("is", "x", None, "'x' was seen, None was expected"),
        ("is not", None, None, "None was seen, anything else was expected"),
        ("<", 3, 2, "3 was seen, less than 2 was expected"),
        (">", 1, 1, "1 was seen, more than 1 was expected"),
        ("<=", 3, 2, "3 was seen, at most 2 was expected"),
        (">=", 0, 1, "0 was seen, at least 1 was expected"),
        ("<=", {"a"}, {"b"}, "{'a'} was seen, nothing beside {'b'} was expected"),
        (">=", {"a"}, {"b"}, "{'a'} was seen, all of {'b'} was expected"),
        ("==", CODE, 137, "the exit code of app#0 was 0; 137 was expected"),
        ("==", CODE, 0, "the exit code of app#0 was 0; anything but 0 was expected"),
        (">=", CODE, 1, "the exit code of app#0 was 0; at least 1 was expected"),
        ("in", CODE, (1, 2), "the exit code of app#0 was 0; one of (1, 2) was expected"),
        ("in", "TICK", "", "'TICK' was expected in ''"),
        ("not in", "a", ["a"], "'a' was not expected in ['a']"),
        ("in", "a", ["a"], "'a' was not expected in ['a']"),
    ],
)
def test_what_failed_is_a_sentence(symbol: str, left: object, right: object, sentence: str) -> None:
    assert explain(symbol, left, right) == sentence


def test_telling_compares_nothing_of_its_own() -> None:
    with comparisons() as found:
        explain("<=", STILL - TERM, 14)
    assert found == []


def test_long_values_keep_their_ends() -> None:
    told = explain("==", "a" + 900 * "x" + "z", "")
    assert len(told) < LONGEST + 60
    assert told.startswith("'axxx")
    assert "xxz' was seen" in told
