from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fixtures.errors import EnvironmentBrokenError, UsageError
from fixtures.host import cache
from fixtures.images import kubernetes
from reports import jsonreport
from reports.model import Verdict
from tests.kit.samples import report, result
from tests.power.mutants import builds, mutator, runs, session
from tests.power.mutants.executed import Executed
from tests.power.mutants.results import Choice
from tests.power.mutants.samples import place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fixtures.host.progress import Progress
    from reports.model import Report
    from tests.power.mutants.mutator import Place

    Judge = Callable[..., dict[str, str]]

PLACES = [place(function=f"f{number}", start=number) for number in range(4)]
GOOD = report(result("term.a"), result("term.b"))
BAD = report(result("term.a", Verdict.FAIL), result("term.b"))
AGAIN = " again"
UNCHANGED = session.UNCHANGED_WORDS.format("kubelet")


class Stub:
    """Builds and runs that are told what they come to, and remembered."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.judged: list[str] = []
        self.only: list[str] = []
        """What was judged once more, each time."""
        self.reports: dict[str, Report | None] = {}
        self.refused: set[str] = set()
        self.endless: set[str] = set()
        self.revision = GOOD.suite["revision"]
        self.stops_at = ""

    def build(
        self, place: Place, component: str, _: str, folder: Path, __: Progress
    ) -> builds.Built:
        """Take the place of `builds.build`."""
        self.built.append(place.id)
        (folder / builds.DIFF).write_text(f"--- {place.id}\n", encoding="utf-8")
        if place.id in self.refused:
            return builds.Built(None, 5.0, "# package\nx declared and not used")
        (folder / "bin").mkdir()
        (folder / "bin" / component).touch()
        return builds.Built(folder / "bin" / component, 60.0)

    def run(
        self, words: list[str], folder: Path, _: Progress, what: str, limit: float | None
    ) -> runs.Run:
        """Take the place of `runs.run`."""
        if what == self.stops_at:
            raise KeyboardInterrupt
        self.judged.append(what)
        assert limit == (None if what == UNCHANGED else session.LONGEST * 200.0)
        if what in self.endless:
            return runs.Run(None, 600.0, "it took more than 600 s", cut_off=True)
        (swap,) = [word for word in words if "=" in word]
        assert swap.startswith("kubelet=/")
        if what.endswith(AGAIN):
            self.only.append(words[words.index("--only") + 1])
        found = self.reports.get(what, self.reports.get(what.removesuffix(AGAIN), GOOD))
        if found is None:
            return runs.Run(None, 130.0, "kubelet does not run")
        jsonreport.write(found, folder / runs.REPORTS / "v1.37.2" / "report.json")
        return runs.Run(found, 200.0)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stub:
    made = Stub()
    monkeypatch.setenv(cache.ROOT_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(kubernetes, "binaries", lambda *_, **__: tmp_path / "plain")
    monkeypatch.setattr(builds, "build", made.build)
    monkeypatch.setattr(runs, "run", made.run)
    monkeypatch.setattr(mutator, "program", lambda: tmp_path / "mutator")
    monkeypatch.setattr(mutator, "mutated", lambda *_: "package node\n")
    monkeypatch.setattr(session, "revision", lambda: made.revision)
    return made


@pytest.fixture
def judge(stub: Stub, tmp_path: Path) -> Judge:
    """Judge places in a session of its own; the outcomes by id."""
    assert stub.judged == []

    def judged(
        places: Sequence[Place],
        only: str = "",
        *,
        executed: Executed | None = None,
        again: bool = False,
    ) -> dict[str, str]:
        made = session.Session(
            "kubelet", "v1.37.2", only, tmp_path / "output", executed=executed, again=again
        )
        table = made.judge(places, Choice(seed=1, places=3000))
        return {one.id: one.outcome.value for one in table.results}

    return judged


def written(tmp_path: Path) -> list[str]:
    text = (tmp_path / "output" / "mutants.json").read_text(encoding="utf-8")
    return [one["id"] for one in json.loads(text)["results"]]


def test_each_mutant_is_told_by_what_came_of_it(stub: Stub, judge: Judge, tmp_path: Path) -> None:
    killed, broken, refused, survived = [one.id for one in PLACES]
    stub.reports = {killed: BAD, broken: None}
    stub.refused = {refused}
    assert judge(PLACES) == {
        killed: "killed",
        broken: "broken",
        refused: "not built",
        survived: "survived",
    }
    assert refused not in stub.judged
    assert written(tmp_path) == [killed, broken, refused, survived]


def test_programs_are_removed_when_they_are_judged(judge: Judge, tmp_path: Path) -> None:
    judge(PLACES)
    assert not list((tmp_path / "cache").rglob("bin"))


def test_what_was_judged_is_not_judged_twice(stub: Stub, judge: Judge) -> None:
    judge(PLACES[:2])
    assert len(judge(PLACES[:3])) == 3
    assert stub.judged == [UNCHANGED, *(one.id for one in PLACES[:3])]


def test_an_interrupted_session_is_taken_up_where_it_was(
    stub: Stub, judge: Judge, tmp_path: Path
) -> None:
    first, second = [one.id for one in PLACES[:2]]
    stub.stops_at = second
    with pytest.raises(KeyboardInterrupt):
        judge(PLACES[:2])
    assert written(tmp_path) == [first]
    stub.stops_at = ""
    assert list(judge(PLACES[:2])) == [first, second]
    assert stub.built == [first, second, second]
    assert stub.judged == [UNCHANGED, first, second]


def test_what_is_asked_for_again_is_judged_again(stub: Stub, judge: Judge) -> None:
    name = PLACES[0].id
    assert judge(PLACES[:1]) == {name: "survived"}
    stub.reports = {name: BAD}
    assert judge(PLACES[:1]) == {name: "survived"}
    assert judge(PLACES[:1], again=True) == {name: "killed"}


def test_a_run_that_is_cut_off_is_told_and_not_made_again(stub: Stub, judge: Judge) -> None:
    name = PLACES[0].id
    stub.endless = {name}
    assert judge(PLACES[:1]) == {name: "cut off"}
    assert judge(PLACES[:1]) == {name: "cut off"}
    assert stub.judged == [UNCHANGED, name]


@pytest.mark.parametrize(("second", "outcome"), [(BAD, "killed"), (GOOD, "undecided")])
def test_what_breaks_a_promise_has_to_break_it_twice(
    stub: Stub, judge: Judge, second: Report, outcome: str
) -> None:
    name = PLACES[0].id
    stub.reports = {name: BAD, name + AGAIN: second}
    assert judge(PLACES[:1]) == {name: outcome}
    assert stub.only == ["term.a"]


class AllBut(Executed):
    """All was executed but for one place."""

    def __init__(self, one: Place) -> None:
        super().__init__([])
        self._one = one

    def reaches(self, place: Place) -> bool:
        """Tell whether a place is another one."""
        return place != self._one


def test_what_no_run_executes_is_neither_built_nor_judged(
    stub: Stub, judge: Judge, tmp_path: Path
) -> None:
    first, second = [one.id for one in PLACES[:2]]
    outcomes = judge(PLACES[:2], executed=AllBut(PLACES[0]))
    assert outcomes == {first: "not reached", second: "survived"}
    assert stub.built == [second]
    assert written(tmp_path) == [first, second]
    assert f"{first} not reached:" in (tmp_path / "output" / "mutants.txt").read_text("utf-8")


def test_what_was_not_reached_is_judged_by_a_session_that_does_not_ask(
    stub: Stub, judge: Judge
) -> None:
    name = PLACES[0].id
    judge(PLACES[:1], executed=AllBut(PLACES[0]))
    assert judge(PLACES[:1]) == {name: "survived"}
    assert judge(PLACES[:1], executed=AllBut(PLACES[0])) == {name: "survived"}
    assert stub.built == [name]


def test_another_suite_judges_the_unchanged_component_itself(stub: Stub, judge: Judge) -> None:
    judge(PLACES[:1])
    stub.revision = "5d6e7f8"
    judge(PLACES[:1])
    assert stub.judged == [UNCHANGED, PLACES[0].id, UNCHANGED]


def test_other_promises_are_another_judgement(stub: Stub, judge: Judge) -> None:
    judge(PLACES[:1])
    judge(PLACES[:1], "term")
    assert stub.judged == [UNCHANGED, PLACES[0].id] * 2


def test_an_unchanged_component_that_cannot_be_judged_ends_it(stub: Stub, judge: Judge) -> None:
    stub.reports = {UNCHANGED: None}
    with pytest.raises(EnvironmentBrokenError) as caught:
        judge(PLACES)
    assert str(caught.value) == (
        "the unchanged kubelet v1.37.2 cannot be judged: kubelet does not run"
    )
    assert stub.built == []


def test_two_sessions_do_not_judge_the_same(stub: Stub, judge: Judge) -> None:
    with (
        cache.lock("mutants-kubelet-v1.37.2"),
        pytest.raises(UsageError, match="judged by another session"),
    ):
        judge(PLACES)
    assert stub.judged == []


def test_an_output_that_cannot_be_written_is_found_out_before_hours_of_work(
    stub: Stub, judge: Judge, tmp_path: Path
) -> None:
    (tmp_path / "output").touch()
    with pytest.raises(EnvironmentBrokenError, match="give another --output"):
        judge(PLACES)
    assert stub.judged == []
