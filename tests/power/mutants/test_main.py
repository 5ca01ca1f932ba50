from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures.errors import EnvironmentBrokenError
from fixtures.images import releases
from tests.kit.samples import report, result
from tests.power.mutants import __main__ as main
from tests.power.mutants import mutator, results
from tests.power.mutants.samples import place
from tests.power.mutants.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.power.mutants.mutator import Place

PLACES = [place(function=f"f{number}", start=number) for number in range(6)]


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], results.Choice]]:
    """What sessions were asked to judge; none of them judges anything."""
    asked: list[tuple[list[str], results.Choice]] = []

    def judge(_: Session, chosen: Sequence[Place], choice: results.Choice) -> results.Table:
        asked.append(([one.id for one in chosen], choice))
        return results.Table(
            component="kubelet",
            kubernetes="v1.37.2",
            only="",
            choice=choice,
            unchanged=results.of_unchanged(report(result()), 1.0),
            results=(),
        )

    monkeypatch.setattr(Session, "judge", judge)
    monkeypatch.setattr(releases, "resolve_list", lambda _: ["v1.37.2"])
    monkeypatch.setattr(mutator, "places", lambda *_: PLACES)
    return asked


def test_so_many_are_judged_by_a_seed(judged: list[Any]) -> None:
    assert main.main(["--count", "2", "--seed", "7"]) == 0
    assert main.main(["--count", "2", "--seed", "8"]) == 0
    (first, choice), (second, _) = judged
    assert choice == results.Choice(seed=7, places=6)
    assert len(first) == len(second) == 2
    assert first != second


def test_those_that_are_named_are_of_no_seed(judged: list[Any]) -> None:
    wanted = [PLACES[3].id, PLACES[1].id]
    assert main.main(["--mutant", ", ".join(wanted), "--seed", "7"]) == 0
    assert judged == [(wanted, results.Choice(seed=None, places=6))]


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([]) == 0
    assert capsys.readouterr().out.startswith("kubelet v1.37.2, seed 1: 0 of 6 places")


def test_the_chosen_are_listed_and_nothing_is_made(
    judged: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["--list", "--count", "2"]) == 0
    *chosen, total = capsys.readouterr().out.splitlines()
    assert len(chosen) == 2
    assert total == "6 places: 6 condition negated"
    assert not judged


def test_a_component_without_a_place_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mutator, "places", lambda *_: [])
    assert main.main(["--component", "kube-scheduler"]) == 4
    assert "kube-scheduler v1.37.2 has no place to change" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--component", "etcd"], "invalid choice: 'etcd'"),
        (["--count", "0"], "'0' is not a whole number of at least 1"),
        (["--count", "many"], "'many' is not a whole number of at least 1"),
        (["--seed", "x"], "invalid int value: 'x'"),
        (["--mutant", "nosuch"], "there is no mutant 'nosuch'"),
        (["--mutant", ""], "no mutant is named"),
        (["--only", "nosuch"], "no requirement matches 'nosuch'"),
        (
            ["--reach", "/nowhere"],
            "there is no /nowhere/v1.37.2/kubelet.profile: run `nox",
        ),
        (["--such"], "unrecognized arguments: --such"),
    ],
)
def test_bad_input_is_one_line(
    judged: list[Any], capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main.main(words) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ERROR: ")
    assert said in line
    assert not judged


def test_a_broken_machine_is_one_line_and_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: object) -> None:
        raise EnvironmentBrokenError("no room")

    monkeypatch.setattr(Session, "judge", break_down)
    assert main.main([]) == 3
    assert capsys.readouterr().err == "ERROR: no room\n"


def test_a_version_that_cannot_be_had_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    assert main.main(["--kubernetes", "1.27"]) == 4
    assert capsys.readouterr().err.startswith("ERROR: Kubernetes 1.27 is not supported")
