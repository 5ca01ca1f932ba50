from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fixtures.host import cache
from fixtures.images import kubernetes, releases
from reports import jsonreport
from reports.model import Verdict
from tests.kit.samples import report, result
from tests.power.mutants import __main__ as main
from tests.power.mutants import builds, mutator, runs
from tests.power.mutants.samples import place

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.host.progress import Progress
    from reports.model import Report
    from tests.power.mutants.mutator import Place

PLACES = [place(function=f"f{number}", start=number) for number in range(6)]
GOOD = report(result("term.a"), result("term.b"))
BAD = report(result("term.a", Verdict.FAIL), result("term.b"))


class Stub:
    """Builds and runs that are told what they come to, and count."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.judged: list[str] = []
        self.reports: dict[str, Report | None] = {}
        self.refused: set[str] = set()
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

    def run(self, words: list[str], folder: Path, _: Progress, what: str) -> runs.Run:
        """Take the place of `runs.run`."""
        if what == self.stops_at:
            raise KeyboardInterrupt
        self.judged.append(what)
        (swap,) = [word for word in words if "=" in word]
        assert swap.startswith("kubelet=/")
        found = self.reports.get(what, GOOD)
        if found is None:
            return runs.Run(None, 130.0, "kubelet does not run")
        jsonreport.write(found, folder / runs.REPORTS / "v1.37.2" / "report.json")
        return runs.Run(found, 200.0)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stub:
    made = Stub()
    monkeypatch.setenv(cache.ROOT_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(releases, "resolve_list", lambda _: ["v1.37.2"])
    monkeypatch.setattr(mutator, "places", lambda *_: PLACES)
    monkeypatch.setattr(kubernetes, "binaries", lambda *_, **__: tmp_path / "plain")
    monkeypatch.setattr(builds, "build", made.build)
    monkeypatch.setattr(runs, "run", made.run)
    monkeypatch.setattr(main, "revision", lambda: made.revision)
    return made


def judge(tmp_path: Path, *words: str) -> int:
    return main.main(["--output", str(tmp_path / "output"), *words])


def outcomes(tmp_path: Path) -> dict[str, str]:
    text = (tmp_path / "output" / "mutants.json").read_text(encoding="utf-8")
    return {one["id"]: one["outcome"] for one in json.loads(text)["results"]}


def test_each_mutant_is_told_by_what_came_of_it(stub: Stub, tmp_path: Path) -> None:
    killed, broken, refused, *_ = [one.id for one in PLACES]
    stub.reports = {killed: BAD, broken: None}
    stub.refused = {refused}
    assert judge(tmp_path, "--mutant", ",".join(one.id for one in PLACES[:4])) == 0
    assert list(outcomes(tmp_path).values()) == ["killed", "broken", "not built", "survived"]
    assert refused not in stub.judged


def test_programs_are_removed_when_they_are_judged(stub: Stub, tmp_path: Path) -> None:
    assert judge(tmp_path, "--count", "2") == 0
    assert len(stub.judged) == 3
    assert not list((tmp_path / "cache").rglob("bin"))


def test_what_was_judged_is_not_judged_twice(stub: Stub, tmp_path: Path) -> None:
    judge(tmp_path, "--count", "2")
    assert judge(tmp_path, "--count", "3") == 0
    assert len(stub.judged) == 4
    assert len(set(stub.judged)) == 4
    assert len(outcomes(tmp_path)) == 3


def test_an_interrupted_session_is_taken_up_where_it_was(stub: Stub, tmp_path: Path) -> None:
    judge(tmp_path, "--list")
    first, second = PLACES[:2]
    stub.stops_at = second.id
    both = f"{first.id},{second.id}"
    with pytest.raises(KeyboardInterrupt):
        judge(tmp_path, "--mutant", both)
    assert list(outcomes(tmp_path)) == [first.id]
    stub.stops_at = ""
    assert judge(tmp_path, "--mutant", both) == 0
    assert stub.built == [first.id, second.id, second.id]
    assert stub.judged == [main.UNCHANGED_WORDS.format("kubelet"), first.id, second.id]


def test_what_is_asked_for_again_is_judged_again(stub: Stub, tmp_path: Path) -> None:
    judge(tmp_path, "--mutant", PLACES[0].id)
    stub.reports = {PLACES[0].id: BAD}
    judge(tmp_path, "--mutant", PLACES[0].id, "--again")
    assert outcomes(tmp_path) == {PLACES[0].id: "killed"}
    assert stub.judged.count(PLACES[0].id) == 2


def test_another_suite_judges_the_unchanged_component_itself(stub: Stub, tmp_path: Path) -> None:
    judge(tmp_path, "--count", "1")
    stub.revision = "5d6e7f8"
    judge(tmp_path, "--count", "1")
    assert len(stub.judged) == 3


def test_other_promises_are_another_judgement(stub: Stub, tmp_path: Path) -> None:
    judge(tmp_path, "--count", "1")
    judge(tmp_path, "--count", "1", "--only", "term")
    assert len(stub.judged) == 4


def test_an_unchanged_component_that_cannot_be_judged_ends_it(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.reports = {main.UNCHANGED_WORDS.format("kubelet"): None}
    assert judge(tmp_path) == 3
    assert capsys.readouterr().err == (
        "ERROR: the unchanged kubelet v1.37.2 cannot be judged: kubelet does not run\n"
    )
    assert stub.built == []


def test_the_chosen_are_listed_and_nothing_is_made(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(tmp_path, "--list", "--count", "2") == 0
    *chosen, total = capsys.readouterr().out.splitlines()
    assert len(chosen) == 2
    assert total == "6 places: 6 condition negated"
    assert not stub.judged


def test_two_sessions_do_not_judge_the_same(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with cache.lock("mutants-kubelet-v1.37.2"):
        assert judge(tmp_path) == 4
    assert "judged by another session" in capsys.readouterr().err
    assert not stub.judged


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
        (["--such"], "unrecognized arguments: --such"),
    ],
)
def test_bad_input_is_one_line(
    stub: Stub,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    assert judge(tmp_path, *words) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ERROR: ")
    assert said in line
    assert not stub.built


def test_a_version_that_cannot_be_had_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--kubernetes", "1.27"]) == 4
    assert capsys.readouterr().err.startswith("ERROR: Kubernetes 1.27 is not supported")


def test_an_output_that_cannot_be_written_is_one_line(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "output").touch()
    assert judge(tmp_path, "--count", "1") == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "give another --output" in line
    assert stub.judged == [], "found out before the hours that it takes"
