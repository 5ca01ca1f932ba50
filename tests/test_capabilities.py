"""What a cluster has, and why something is missing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.capabilities import BEYOND, Capabilities, Capability

NEEDED = [capability for capability in Capability if capability not in BEYOND]


def test_what_is_there_lacks_nothing() -> None:
    found = Capabilities(37, {})
    assert found.lacking(()) is None
    assert found.lacking(tuple(NEEDED)) is None


def test_the_first_that_is_missing_says_why() -> None:
    found = Capabilities(
        37, {Capability.METRICS: "forbidden", Capability.RESIZE: "no such subresource"}
    )
    needs = (Capability.SIDECARS, Capability.RESIZE, Capability.METRICS)
    assert found.lacking(needs) == "resize: no such subresource"
    assert found.lacking((Capability.SIDECARS,)) is None


@pytest.mark.parametrize("capability", BEYOND)
def test_what_is_beyond_the_suite_is_missing_everywhere(capability: Capability) -> None:
    assert Capabilities(37, {}).lacking((capability,)) == f"{capability}: {BEYOND[capability]}"


@given(
    st.integers(0, 99),
    st.dictionaries(st.sampled_from(list(Capability)), st.text()),
    st.dictionaries(st.text(), st.booleans()),
    st.dictionaries(st.text(), st.integers() | st.text() | st.none()),
)
def test_json_and_back(
    minor: int,
    missing: dict[Capability, str],
    gates: dict[str, bool],
    facts: dict[str, object],
) -> None:
    found = Capabilities(minor, missing, gates, facts)
    assert Capabilities.from_json(json.loads(json.dumps(found.as_json()))) == found


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"minor": 37, "missing": {}, "gates": {}},
        {"minor": 37, "missing": {"teleport": "no"}, "gates": {}, "facts": {}},
    ],
)
def test_what_is_no_record_of_capabilities_is_refused(value: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        Capabilities.from_json(value)
