"""Facts as lines of a table: nothing of them is lost, whatever their depth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.facts import facts
from tests.kit.samples import FACTS

Json = dict[str, Any]


def test_a_table_is_sorted_and_its_keys_are_dotted() -> None:
    cluster = {
        "runtime": "containerd://2.2.1",
        "nodeVersions": {"two": "v1.37.1", "one": "v1.37.2"},
        "cpus": 2.0,
        "nodes": 1,
    }
    assert facts("cluster", cluster) == [
        ("cluster.cpus", "2.0"),
        ("cluster.nodeVersions.one", "v1.37.2"),
        ("cluster.nodeVersions.two", "v1.37.1"),
        ("cluster.nodes", "1"),
        ("cluster.runtime", "containerd://2.2.1"),
    ]


def test_without_a_name_keys_begin_with_themselves() -> None:
    assert facts("", {"node": {"image": "built"}}) == [("node.image", "built")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        ("", ""),
        (1, "1"),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        (["b", "a", 1], '["b", "a", 1]'),
        ([{"b": 1, "a": 2}], '[{"a": 2, "b": 1}]'),
        (["ü"], '["ü"]'),
    ],
)
def test_a_text_is_itself_and_all_else_is_json(value: object, text: str) -> None:
    assert facts("key", value) == [("key", text)]


def test_gates_are_one_line() -> None:
    gates = {"SidecarContainers": True, "NodeSwap": False, "AllAlpha": False}
    expected = [("cluster.gates", "-AllAlpha -NodeSwap +SidecarContainers")]
    assert facts("cluster", {"gates": gates}) == expected


def test_gates_that_are_more_than_on_or_off_are_lines_of_their_own() -> None:
    assert facts("gates", {"One": True, "Two": "beta"}) == [
        ("gates.One", "true"),
        ("gates.Two", "beta"),
    ]


def test_what_is_no_gate_is_not_shortened() -> None:
    assert facts("wanted", {"One": True, "Two": False}) == [
        ("wanted.One", "true"),
        ("wanted.Two", "false"),
    ]


def leaves(value: object) -> list[str]:
    """Return the text of every value that is no mapping."""
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in leaves(each)]
    return [
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    ]


@given(FACTS)
def test_every_value_stands_in_one_line(value: Json) -> None:
    assert sorted(text for _, text in facts("cluster", value)) == sorted(leaves(value))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.integers(), max_size=8))
def test_the_order_in_which_facts_were_found_is_no_fact(value: Json) -> None:
    backwards = dict(reversed(value.items()))
    assert facts("cluster", value) == facts("cluster", backwards)
    assert [key for key, _ in facts("cluster", value)] == [
        f"cluster.{key}" for key in sorted(value)
    ]
