"""The run in Markdown: the verdict first, then what a reader should look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given

from reports import summary
from reports.markup import markdown
from reports.model import Report, Verdict
from tests.kit.samples import REPORTS, mixed, report, result
from tests.reports.test_markup import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path


def test_a_mixed_run_line_by_line(tmp_path: Path) -> None:
    summary.write(mixed(), tmp_path / "summary.md")
    lines = (tmp_path / "summary.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "## Native sidecars on v1.37.2: 4 of 9 judged: not conformant"
    assert lines[2].startswith("9 checks: 2 fail, 1 error, ")
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| check")]
    assert [row.split(" ")[1:4:2] for row in rows] == [
        ["termination.reverse-order", "fail"],
        ["jobs.completion", "error"],
        ["termination.grace", "inconclusive"],
        ["status.restart-count", "known-failure"],
        ["kubectl.columns", "fail"],
        ["network.order", "inconclusive"],
    ]
    assert "([known](https://github.com/kubernetes/kubernetes/issues/125880))" in rows[3]
    assert "### SHOULD and OBSERVED, which decide nothing" in lines
    assert "> note: known failure of status.phase expired on 2026-01-01" in lines
    assert lines[-1] == "Again: nox -s conformance -- --kubernetes v1.37.2"


def test_a_conformant_run_has_no_table() -> None:
    text = summary.text(report(result()))
    assert text.startswith("## Native sidecars on v1.37.2: conformant\n")
    assert "|" not in text


def test_a_cluster_without_sidecars_says_why() -> None:
    found = report(result(verdict=Verdict.UNSUPPORTED), unsupported="the gate is off")
    assert "\nthe gate is off\n" in summary.text(found)


def test_a_long_list_is_cut_and_says_so() -> None:
    found = report(*(result(f"a.b{n}", Verdict.FAIL, reason="r" * 9999) for n in range(60)))
    text = summary.text(found)
    assert "10 more are in report.json." in text
    assert len(text) < 2**16


@given(REPORTS)
def test_each_line_is_one_of_ours(found: Report) -> None:
    ours = ("## Native", "### ", "| ", "|---", "> note: ", "Again: ")
    unsupported = markdown(found.unsupported)
    for line in summary.text(found).split("\n"):
        told = not line or line.startswith(ours) or line == unsupported or " more are in " in line
        assert told or line.startswith(f"{len(found.results)} checks: ")


def test_what_others_wrote_adds_no_cell_and_no_tag() -> None:
    for text in HOSTILE:
        found = report(
            result("a.b", Verdict.FAIL, reason=text, title=text),
            label=text,
            notices=(text,),
            reproduce=text,
        )
        made = summary.text(found)
        assert "<" not in made
        (row,) = [line for line in made.splitlines() if line.startswith("| a.b ")]
        assert row.count("|") == 5


def test_an_address_that_is_none_is_no_link() -> None:
    bad = result("a.b", Verdict.KNOWN_FAILURE, issue="https://example.org/) <b>")
    assert "example.org" not in summary.text(report(bad))
