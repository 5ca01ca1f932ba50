"""The options of a run: one table for the front door and for pytest."""

from __future__ import annotations

import argparse
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.options import DEFAULT_OUTPUT, add_options, factor, positive
from reports.model import Level

pytest_plugins = ["pytester"]


def table() -> dict[str, dict[str, Any]]:
    """Return how each option is declared."""
    found: dict[str, dict[str, Any]] = {}

    def add(name: str, **how: Any) -> None:  # noqa: ANN401 - whatever argparse takes
        assert name not in found
        found[name] = how

    add_options(add)
    return found


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser.add_argument)
    return parser.parse_args(words)


def test_without_words_everything_is_judged_with_known_failures_excused() -> None:
    given = parse()
    assert (given.only, given.level, given.replay, given.in_flight) == (None, None, None, None)
    assert (given.quick, given.no_baseline) == (False, False)
    assert given.output == DEFAULT_OUTPUT
    assert (given.kubernetes, given.context, given.image) == (None, None, None)


def test_every_option_is_explained_and_every_value_named() -> None:
    for name, how in table().items():
        assert how["help"], name
        assert ("metavar" in how) == (how.get("action") != "store_true"), name


def test_the_levels_are_named_in_the_help() -> None:
    for level in Level:
        assert level.value.lower() in table()["--level"]["help"]


def test_both_front_doors_have_the_same_options(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_inprocess(
        *("-p", "conformance.plugin", "-p", "no:pytest-kind", "-p", "no:cacheprovider", "--help")
    )
    assert done.ret == 0
    _, _, shown = done.stdout.str().partition("Kubernetes sidecar conformance:")
    section, _, _ = shown.partition("\n\n")
    shown_there = set(re.findall(r"^ +(--[a-z-]+)", section, re.MULTILINE))
    assert shown_there == set(table())


@given(st.integers(min_value=1))
def test_a_whole_number_of_at_least_one_is_taken(number: int) -> None:
    assert positive(str(number)) == number
    assert parse("--in-flight", f" {number} ").in_flight == number


@given(st.integers(max_value=0).map(str) | st.floats().map(str) | st.text())
def test_anything_else_is_refused_by_its_name(text: str) -> None:
    try:
        usable = int(text) > 0
    except ValueError:
        usable = False
    if usable:
        return
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        positive(text)
    assert str(caught.value) == f"{text!r} is not a whole number of at least 1"


@given(st.floats(min_value=1, max_value=100))
def test_a_patience_from_one_to_a_hundred_is_taken(number: float) -> None:
    assert parse("--patience", str(number)).patience == number
    assert parse().patience == 1


@pytest.mark.parametrize("text", ["0.9", "0", "-2", "nan", "inf", "101", "long", ""])
def test_any_other_patience_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        factor(text)
    assert str(caught.value) == f"{text!r} is not a number from 1 to 100"
