from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reports.model import Level, Verdict
from tests.kit.samples import report, result
from tests.power.mutants import results
from tests.power.mutants.builds import DIFF
from tests.power.mutants.judging import Judgement, Outcome, Witness
from tests.power.mutants.samples import place

if TYPE_CHECKING:
    from pathlib import Path

MUST = Witness(id="term.a", level=Level.MUST, verdict=Verdict.FAIL, reason="r")
SHOULD = Witness(id="term.b", level=Level.SHOULD, verdict=Verdict.FAIL, reason="r")
UNCHANGED = results.of_unchanged(
    report(result(), result("term.k", Verdict.KNOWN_FAILURE), result("term.s", Verdict.SKIPPED)),
    61.24,
)


def of(number: int, outcome: Outcome, *by: Witness, **more: object) -> results.Result:
    values = {"suite": UNCHANGED.suite, "build_seconds": 60.04, "run_seconds": 200.0} | more
    judgement = Judgement(outcome=outcome, by=by)
    return results.of_place(place(start=number), judgement, **values)  # type: ignore[arg-type]


def table(*found: results.Result, only: str = "") -> results.Table:
    return results.Table(
        component="kubelet",
        kubernetes="v1.37.2",
        only=only,
        choice=results.Choice(seed=7, places=3000),
        unchanged=UNCHANGED,
        results=found,
    )


def keep(folder: Path, *found: results.Result) -> None:
    for one in found:
        (folder / one.id).mkdir()
        (folder / one.id / DIFF).write_text(f"--- the diff of {one.id}\n", encoding="utf-8")


def said(folder: Path, *found: results.Result, only: str = "") -> str:
    return "\n".join(results.lines(table(*found, only=only), folder))


def test_the_unchanged_component_stands_beside_with_what_it_does_not_keep(tmp_path: Path) -> None:
    text = said(tmp_path)
    assert "unchanged: kept: 1 known-failure, 1 skipped, 1 pass (suite c251519)" in text
    assert "  known-failure MUST term.k" in text


def test_the_table_says_what_was_chosen_of_what(tmp_path: Path) -> None:
    assert said(tmp_path).startswith("kubelet v1.37.2, seed 7: 0 of 3000 places, judged by all")
    assert "judged by term,job" in said(tmp_path, only="term,job")


def test_only_mutants_that_live_are_shown_with_their_diffs(tmp_path: Path) -> None:
    found = [
        of(1, Outcome.KILLED, MUST),
        of(2, Outcome.SURVIVED),
        of(3, Outcome.UNDECIDED, MUST.model_copy(update={"verdict": Verdict.ERROR})),
        of(4, Outcome.NOT_BUILT, said="# package\nnode.go:7:2: x declared and not used"),
        of(5, Outcome.BROKEN, said="kubelet does not run"),
    ]
    keep(tmp_path, *found)
    text = said(tmp_path, *found)
    shown = [one.id for one in found if f"--- the diff of {one.id}" in text]
    assert shown == [found[1].id, found[2].id]
    assert "node.go:7:2: x declared and not used" in text
    assert "kubelet does not run" in text


def test_a_row_names_some_of_the_promises_and_counts_the_rest(tmp_path: Path) -> None:
    many = [MUST.model_copy(update={"id": f"term.{letter}"}) for letter in "abcde"]
    text = said(tmp_path, of(1, Outcome.KILLED, *many))
    assert "fail term.a, term.b, term.c and 2 more" in text


def test_a_mutant_that_another_suite_judged_is_told(tmp_path: Path) -> None:
    assert "--again" not in said(tmp_path, of(1, Outcome.KILLED, MUST))
    assert "judged by suite 0123456: --again" in said(
        tmp_path, of(1, Outcome.KILLED, MUST, suite="0123456")
    )


def test_the_summary_tells_a_must_from_the_rest() -> None:
    found = [of(1, Outcome.KILLED, MUST, SHOULD), of(2, Outcome.KILLED, SHOULD)]
    assert results.summary([*found, of(3, Outcome.BROKEN)]) == (
        "2 killed (1 by a MUST), 0 undecided, 0 survived, 1 broken, 0 cut off, 0 not built, "
        "0 not reached"
    )


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    one = of(1, Outcome.KILLED, MUST)
    results.write(one, tmp_path / results.FILE)
    assert results.read(results.Result, tmp_path) == one
    assert results.read(results.Unchanged, tmp_path) is None
    assert results.read(results.Result, tmp_path / "nowhere") is None


def test_a_result_that_was_cut_off_is_none(tmp_path: Path) -> None:
    (tmp_path / results.FILE).write_text('{"id": "1f', encoding="utf-8")
    assert results.read(results.Result, tmp_path) is None


def test_the_output_has_the_table_twice_and_a_diff_for_each(tmp_path: Path) -> None:
    kept, output = tmp_path / "kept", tmp_path / "output"
    kept.mkdir()
    found = [of(1, Outcome.KILLED, MUST), of(2, Outcome.SURVIVED)]
    keep(kept, *found)
    results.publish(table(*found), kept, output)
    assert {path.name for path in output.iterdir()} == {
        *("mutants.json", "mutants.txt"),
        *(f"{one.id}.diff" for one in found),
    }
    value = json.loads((output / "mutants.json").read_text(encoding="utf-8"))
    assert [one["outcome"] for one in value["results"]] == ["killed", "survived"]
    assert value["results"][0]["buildSeconds"] == 60.0
    assert "1 killed (1 by a MUST)" in (output / "mutants.txt").read_text(encoding="utf-8")


def test_mutants_that_are_judged_otherwise_lie_elsewhere() -> None:
    names = {
        results.shelf("kubelet", "v1.37.2", ""),
        results.shelf("kubelet", "v1.37.2", "term"),
        results.shelf("kubelet", "v1.37.2", "term.*"),
        results.shelf("kubelet", "v1.36.5", ""),
    }
    assert len(names) == 4
    assert results.shelf("kubelet", "v1.37.2", "") == "kubelet-v1.37.2"
