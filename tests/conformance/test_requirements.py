"""Declaring promises: what is malformed is refused where it stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.requirements import Requirement, requirement
from fixtures.evidence.capabilities import BEYOND, Capability
from reports.model import Level


def declared(identifier: str = "term.order", **more: Any) -> Requirement:  # noqa: ANN401
    """Return the requirement of a check that is declared with these words."""
    words = {"since": "1.29", "scenario": "one", "source": "KEP-753", **more}

    @requirement(identifier, words.pop("level", Level.MUST), **words)
    def check() -> None:
        """Sidecars stop
        in reverse order.

        More about it.
        """  # noqa: D205 - on purpose

    (mark,) = check.pytestmark  # type: ignore[attr-defined]
    found: Requirement = mark.args[0]
    return found


def test_a_declaration_holds_what_it_says() -> None:
    found = declared(
        scenario=("one", "two"),
        source=("KEP-753", "https://kubernetes.io"),
        needs=(Capability.NODE_ACCESS,),
        until="1.33",
        level=Level.SHOULD,
    )
    assert found == Requirement(
        id="term.order",
        title="Sidecars stop in reverse order.",
        level=Level.SHOULD,
        since="1.29",
        until="1.33",
        sources=("KEP-753", "https://kubernetes.io"),
        scenarios=("one", "two"),
        needs=(Capability.NODE_ACCESS,),
    )
    assert found.area == "term"


def test_one_word_is_a_list_of_one_and_sidecars_are_needed() -> None:
    found = declared()
    assert (found.scenarios, found.sources) == (("one",), ("KEP-753",))
    assert found.needs == (Capability.SIDECARS,)


@pytest.mark.parametrize("identifier", ["term", "Term.order", "term.", "term.a_b", "term.-a", ""])
def test_a_malformed_id_is_refused(identifier: str) -> None:
    with pytest.raises(ValueError, match="is not a requirement id such as"):
        declared(identifier)


@pytest.mark.parametrize("words", [{"since": "v1.29"}, {"since": "1.29.1"}, {"until": "2.0"}])
def test_a_malformed_version_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"is not a minor version such as '1\.29'"):
        declared(**words)


def test_what_nothing_would_judge_is_refused() -> None:
    with pytest.raises(ValueError, match="has no scenario: nothing would judge it"):
        declared(scenario=())
    beyond = next(iter(BEYOND))
    assert declared(scenario=(), needs=(beyond,)).scenarios == ()


def test_a_check_without_its_sentence_is_refused() -> None:
    with pytest.raises(ValueError, match="has no docstring to state the promise"):

        @requirement("term.order", Level.MUST, since="1.29", scenario="one", source="KEP-753")
        def check() -> None:
            pass


@given(st.integers(0, 99), st.integers(0, 99), st.none() | st.integers(0, 99))
def test_a_promise_holds_from_its_minor_to_its_last(
    minor: int, since: int, until: int | None
) -> None:
    found = declared(since=f"1.{since}", until=None if until is None else f"1.{until}")
    holds = since <= minor and (until is None or minor <= until)
    assert (found.unpromised_in(minor) is None) == holds


def test_why_a_promise_is_not_made_is_said() -> None:
    found = declared(since="1.29", until="1.33")
    assert found.unpromised_in(28) == "promised since 1.29, this cluster is 1.28"
    assert found.unpromised_in(34) == "promised until 1.33, this cluster is 1.34"
