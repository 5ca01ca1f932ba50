"""Choosing requirements, and listing them."""

from __future__ import annotations

import argparse
from dataclasses import replace

import pytest

from conformance.requirements import Requirement
from conformance.selection import Selection
from fixtures.errors import UsageError
from fixtures.evidence.capabilities import Capability
from fixtures.stage.scenario import Scenario, until_finished
from reports.model import Level

PLAIN = Requirement(
    id="term.reverse-order",
    title="Sidecars stop in reverse order.",
    level=Level.MUST,
    since="1.29",
    until=None,
    sources=("KEP-753",),
    scenarios=("one",),
    needs=(),
)
KNOWN = [
    PLAIN,
    replace(PLAIN, id="term.slow-one", level=Level.SHOULD, scenarios=("one", "slow")),
    replace(PLAIN, id="termination.other", level=Level.OBSERVED, since="1.28", until="1.30"),
    replace(PLAIN, id="mesh.istio.mutual-tls"),
    replace(PLAIN, id="mesh.istio-like.mutual-tls"),
]


def chosen(**options: object) -> list[str]:
    given = argparse.Namespace(
        **{"only": None, "level": None, "quick": False, "profile": None, **options}
    )
    selection = Selection.from_options(given, KNOWN)
    return [one.id for one in KNOWN if selection.leaves_out(one) is None]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (None, [0, 1, 2, 3, 4]),
        ("", [0, 1, 2, 3, 4]),
        ("term.reverse-order", [0]),
        ("term", [0, 1]),
        ("term.*", [0, 1]),
        ("*.other", [2]),
        ("term.slow-one, termination", [1, 2]),
        ("term.[r]*,", [0]),
        ("mesh", [3, 4]),
        ("mesh.istio", [3]),
        ("mesh.*.mutual-tls", [3, 4]),
    ],
)
def test_only_takes_ids_globs_and_areas(only: str | None, expected: list[int]) -> None:
    assert chosen(only=only) == [KNOWN[index].id for index in expected]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("must", [0, 3, 4]),
        ("MUST,observed", [0, 2, 3, 4]),
        (" should ", [1]),
        (None, [0, 1, 2, 3, 4]),
    ],
)
def test_levels_are_chosen_in_any_case(level: str | None, expected: list[int]) -> None:
    assert chosen(level=level) == [KNOWN[index].id for index in expected]


@pytest.fixture
def scenarios(monkeypatch: pytest.MonkeyPatch) -> dict[str, Scenario]:
    """The scenarios of KNOWN, to be changed."""
    found = {name: Scenario(name, until_finished) for name in ("one", "slow")}
    found["slow"] = replace(found["slow"], seconds=20)
    monkeypatch.setattr("fixtures.stage.scenario._declared", found)
    return found


def test_quick_leaves_out_what_takes_long_or_disturbs(scenarios: dict[str, Scenario]) -> None:
    left = KNOWN[1].id
    assert left not in chosen(quick=True)
    assert len(chosen(quick=True)) == len(KNOWN) - 1
    scenarios["slow"] = replace(scenarios["slow"], seconds=19)
    assert len(chosen(quick=True)) == len(KNOWN)
    scenarios["slow"] = replace(scenarios["slow"], disturbs=True)
    assert left not in chosen(quick=True)


@pytest.mark.usefixtures("scenarios")
def test_choices_narrow_one_another_and_say_why() -> None:
    assert chosen(only="term", level="should", quick=True) == []
    selection = Selection(("term",), (Level.MUST,), quick=True)
    assert selection.leaves_out(KNOWN[0]) is None
    assert selection.leaves_out(KNOWN[1]) == "left out by --level must"
    assert selection.leaves_out(KNOWN[2]) == "left out by --only term"
    why = "left out by --quick: slow takes long"
    assert Selection(quick=True).leaves_out(KNOWN[1]) == why


def test_a_profile_leaves_what_needs_it_unless_others_are_named() -> None:
    needing = replace(PLAIN, id="res.cpus", needs=(Capability.STATIC_CPUS,))
    given = argparse.Namespace(only=None, level=None, quick=False, profile="static-cpus")
    selection = Selection.from_options(given, [*KNOWN, needing])
    assert selection.leaves_out(needing) is None
    why = "left out by --profile static-cpus, which --only can widen"
    assert selection.leaves_out(PLAIN) == why
    given.only = "term"
    selection = Selection.from_options(given, [*KNOWN, needing])
    assert selection.leaves_out(PLAIN) is None
    assert selection.leaves_out(needing) == "left out by --only term"
    given.profile = "stop-signals"
    given.only = None
    selection = Selection.from_options(given, [*KNOWN, needing])
    assert selection.leaves_out(needing) == why.replace("static-cpus", "stop-signals")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"only": "term.nope"}, "no requirement matches 'term.nope': --list shows all"),
        ({"only": "term,Term"}, "no requirement matches 'Term'"),
        ({"profile": "cpus"}, "there is no profile 'cpus': choose of "),
        ({"level": "must,may"}, "unknown level 'may': choose of must, should, observed"),
    ],
)
def test_what_chooses_nothing_is_refused(options: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        chosen(**options)
    assert "\n" not in str(caught.value)
