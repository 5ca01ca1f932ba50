"""Declaring promises: what is malformed is refused where it stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.requirements import API_SERVER, KUBELET, SCHEDULED, Requirement, requirement
from fixtures.evidence.capabilities import BEYOND, Capability
from fixtures.evidence.components import Component, Components, Kubelet
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
    assert (found.unpromised_by(Components.of_one_version(f"v1.{minor}.0")) is None) == holds


def test_why_a_promise_is_not_made_is_said() -> None:
    found = declared(since="1.29", until="1.33")
    said = [found.unpromised_by(Components.of_one_version(f"v1.{minor}.0")) for minor in (28, 34)]
    assert said == [
        "promised since 1.29, this cluster is 1.28",
        "promised until 1.33, this cluster is 1.34",
    ]


def half_upgraded(**gates: bool) -> Components:
    """Return an API server of 1.37, and kubelets of 1.34 and 1.37; the latter has the gates."""
    return Components(
        versions={
            Component.API_SERVER: "v1.37.2",
            Component.CONTROLLER_MANAGER: "v1.37.2",
            Component.SCHEDULER: "v1.36.0",
        },
        kubelets={
            "old": Kubelet(version="v1.34.12"),
            "new": Kubelet(version="v1.37.2", gates=gates),
        },
    )


def test_the_oldest_of_its_components_makes_a_promise() -> None:
    found = half_upgraded()
    old = "promised since 1.35, the kubelet is 1.34"
    spread = declared(since="1.35")
    asked = [spread.unpromised_by(found, nodes) for nodes in ((), {"new"}, {"old"}, {"old", "new"})]
    assert asked == [None, None, old, old]
    assert declared(since="1.37", by=API_SERVER).unpromised_by(found, {"old"}) is None
    late = declared(since="1.37", by=SCHEDULED).unpromised_by(found, {"new"})
    assert late == "promised since 1.37, the kube-scheduler is 1.36"
    assert declared(since="1.29", until="1.35", by=KUBELET).unpromised_by(found, {"old"}) is None


def test_a_gate_that_is_off_where_the_pods_ran_takes_the_promise_back() -> None:
    off = half_upgraded(ContainerRestartRules=False)
    gated = declared(since="1.29", gates=("ContainerRestartRules",))
    assert gated.unpromised_by(off, {"new"}) == (
        "feature gate ContainerRestartRules of the kubelet is off"
    )
    assert gated.unpromised_by(off, {"old"}) is None  # it tells of no gates
    assert gated.unpromised_by(half_upgraded(ContainerRestartRules=True), {"new"}) is None


def test_a_gate_that_lifts_a_limit_takes_the_promise_of_the_limit_back() -> None:
    limit = declared(since="1.29", unless=("ContainerRestartRules",))
    lifted = half_upgraded(ContainerRestartRules=True)
    on = "feature gate ContainerRestartRules of the kubelet is on"
    asked = [limit.unpromised_by(lifted, nodes) for nodes in ((), {"new"}, {"old"}, {"old", "new"})]
    assert asked == [on, on, None, on]
    assert limit.unpromised_by(half_upgraded(ContainerRestartRules=False), {"new"}) is None
    assert declared(since="1.29", unless=("Unread",)).unpromised_by(lifted, {"new"}) is None
