"""What is told of a requirement: its declaration, where its parts lie, and what is known of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import catalogue, explain
from conformance.known_failures import FILE, load
from fixtures.errors import UsageError

ROOT = Path(__file__).parents[2]


def told(identifier: str) -> str:
    """Return what is told, on one line."""
    return " ".join(" ".join(explain.explain([identifier])).split())


def test_a_requirement_is_told_with_the_places_of_its_parts() -> None:
    text = told("term.reverse-order")
    assert text.startswith("term.reverse-order: MUST, since 1.29 promise ")
    (entry,) = (one for one in catalogue.declared() if one.requirement.id == "term.reverse-order")
    assert entry.requirement.title in text
    assert all(f"source {source}" in text for source in entry.requirement.sources)
    assert "manifest manifests/ordered-start.yaml steps " in text
    assert "a failure Kubernetes does otherwise than it documents for users" in text


@pytest.mark.parametrize("identifier", [one.requirement.id for one in catalogue.declared()])
def test_every_requirement_can_be_explained_and_each_place_is_there(identifier: str) -> None:
    text = told(identifier)
    places = [word for word in text.split() if word.startswith(("manifests/", "conformance/"))]
    assert places
    for place in places:
        name, _, line = place.partition(":")
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        if line:
            assert lines[int(line) - 1].startswith(("@", "def "))
    (check,) = (place for place in places if place.startswith("conformance/checks/"))
    name, _, line = check.partition(":")
    declaration = (ROOT / name).read_text(encoding="utf-8").splitlines()[int(line) - 1 :]
    promise = identifier.rpartition(".")[2]  # all that is declared of a promise about each software
    assert any(f'"{name}"' in line for line in declaration[:2] for name in (identifier, promise))


def test_known_failures_are_told_with_their_issues() -> None:
    ids = [one.requirement.id for one in catalogue.declared()]
    entries = load(FILE, ids).entries
    assert entries
    for entry in entries:
        text = told(entry.requirement)
        assert f"known {entry.component} {' or '.join(entry.versions)}: " in text
        assert entry.issue in text


def test_what_was_seen_before_is_told() -> None:
    text = told("term.nonstarted-sidecar")
    assert "seen With kubelet v1.30.3 in a v1.30.14 cluster" in text


def test_a_promise_that_no_cluster_can_be_held_to_says_so() -> None:
    beyond = next(one for one in catalogue.declared() if not one.requirement.scenarios)
    assert "manifest none: it needs what no cluster" in told(beyond.requirement.id)


def test_a_promise_about_software_says_how_to_have_it_judged() -> None:
    text = told("pattern.envoy.gates-app")
    assert "software run with --only pattern.envoy: no run has it that does not ask" in text
    assert "a failure This software does not work here as a sidecar" in text
    assert " software " not in told("term.reverse-order")


def test_a_promise_that_needs_a_profile_says_how_to_have_it_judged() -> None:
    text = told("api.kubelet-gate-off-rejects")
    assert "profile run with --profile kubelet-gate-off, for Kubernetes 1.29 to 1.32: such" in text
    assert "such a cluster has a second node whose kubelet" in text
    assert " profile " not in told("term.reverse-order")


def test_an_id_there_is_none_of_gets_those_that_are_near() -> None:
    with pytest.raises(UsageError) as caught:
        list(explain.explain(["term.main-first", "term.reverse-ordre"]))
    assert str(caught.value).startswith(
        "no requirement is called 'term.reverse-ordre': did you mean term.reverse-order"
    )
    with pytest.raises(UsageError, match="'0': --list shows all ids"):
        list(explain.explain(["0"]))


def test_paragraphs_and_list_entries_are_lines() -> None:
    page = "# Title\n\nOne\ntwo.\n\n- first\n  goes on\n- second\n\nThree.\n"
    assert explain.paragraphs(page) == ["One two.", "first goes on", "second", "Three."]
