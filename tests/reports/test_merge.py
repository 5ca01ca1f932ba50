"""Merging shows every run side by side and hides none."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from fixtures.errors import UsageError
from reports import jsonreport, merge
from reports.model import Report, RunVerdict, Verdict
from tests.kit.samples import REPORTS, mixed, report, result

if TYPE_CHECKING:
    from reports.model import Result


def add(folder: Path, name: str, *results: Result, page: bool = True) -> None:
    found = report(*(results or [result()]), label=name)
    jsonreport.write(found, folder / name / "report.json")
    if page:
        (folder / name / "index.html").write_text("a page", encoding="utf-8")


def text(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


def test_runs_are_ordered_as_versions(tmp_path: Path) -> None:
    names = ["v1.9.0", "v1.37.0-rc.1", "v1.37.0", "v1.37.0+kubelet-v1.36.1", "v1.100.2", "prod"]
    for name in sorted(names):
        add(tmp_path, name)
    assert [run.name for run in merge.merge(tmp_path).runs] == names


def test_the_matrix_has_a_verdict_per_requirement_and_run(tmp_path: Path) -> None:
    add(tmp_path, "v1.30.3", result("a.one"), result("a.two", Verdict.FAIL))
    add(tmp_path, "v1.30.4", result("a.one"), result("a.two"), result("a.three"))
    merge.merge(tmp_path)
    matrix = json.loads((tmp_path / "matrix.json").read_bytes())
    assert matrix["kind"] == "ConformanceMatrix"
    assert matrix["runs"]["v1.30.3"] == {
        "label": "v1.30.3",
        "verdict": "not conformant",
        "exitStatus": 1,
        "counts": {"fail": 1, "pass": 1},
    }
    assert {row["id"]: row["verdicts"] for row in matrix["requirements"]} == {
        "a.one": {"v1.30.3": "pass", "v1.30.4": "pass"},
        "a.three": {"v1.30.4": "pass"},
        "a.two": {"v1.30.3": "fail", "v1.30.4": "pass"},
    }
    assert matrix["unreadable"] == {}


def test_the_same_reports_give_the_same_bytes(tmp_path: Path) -> None:
    add(tmp_path, "v1.30.3", *mixed().results)
    add(tmp_path, "v1.30.4")
    contents = []
    for _ in range(2):
        merge.merge(tmp_path)
        contents.append([(tmp_path / n).read_bytes() for n in ("matrix.json", "index.html")])
    assert contents[0] == contents[1]


def test_every_verdict_and_reason_is_on_the_page_and_nothing_is_markup(tmp_path: Path) -> None:
    evil = result("a.evil", Verdict.KNOWN_FAILURE, issue="javascript:alert(1)")
    add(tmp_path, "v1.30.3+kubelet-v1.29.7", *mixed().results, evil)
    merge.merge(tmp_path)
    page = text(tmp_path)
    for found in mixed().results:
        assert f'<td class="word verdict-{found.verdict}"' in page
        assert f"<code>{found.id}</code>" in page
    assert "log-shipper &lt;b&gt;got&lt;/b&gt; TERM &amp; died" in page
    assert 'href="v1.30.3%2Bkubelet-v1.29.7/index.html"' in page
    assert 'href="javascript' not in page
    assert not re.search(r"<script|<link|src=", page)


def test_a_run_without_a_page_is_not_linked_to_one(tmp_path: Path) -> None:
    add(tmp_path, "v1.30.3", page=False)
    merge.merge(tmp_path)
    assert "v1.30.3/report.json" in text(tmp_path)
    assert "v1.30.3/index.html" not in text(tmp_path)


@pytest.mark.parametrize(
    ("verdicts", "expected", "sentence"),
    [
        ([Verdict.PASS, Verdict.PASS], RunVerdict.CONFORMANT, "2 runs: 2 conformant"),
        (
            [Verdict.PASS, Verdict.ERROR, Verdict.FAIL],
            RunVerdict.NOT_CONFORMANT,
            "3 runs: 1 not conformant, 1 undecided, 1 conformant",
        ),
        ([Verdict.PASS, Verdict.ERROR], RunVerdict.UNDECIDED, "1 undecided, 1 conformant"),
    ],
)
def test_the_headline_is_the_worst_verdict(
    tmp_path: Path, verdicts: list[Verdict], expected: RunVerdict, sentence: str
) -> None:
    for number, verdict in enumerate(verdicts):
        add(tmp_path, f"v1.30.{number}", result(verdict=verdict))
    merge.merge(tmp_path)
    (headline,) = re.findall(r'<p class="headline ([\w-]+)">(.*)</p>', text(tmp_path))
    assert headline[0] == f"verdict-{expected.replace(' ', '-')}"
    assert headline[1].endswith(sentence)


def test_an_unreadable_report_is_shown_and_keeps_the_headline_from_being_green(
    tmp_path: Path,
) -> None:
    add(tmp_path, "v1.30.3")
    (tmp_path / "v1.31.0").mkdir()
    (tmp_path / "v1.31.0" / "report.json").write_text('{"kind": "ConformanceReport"}')
    (tmp_path / "v1.32.0").mkdir()  # a run under way has no report yet
    merged = merge.merge(tmp_path)
    assert [run.name for run in merged.runs] == ["v1.30.3"]
    assert [entry.name for entry in merged.unreadable] == ["v1.31.0"]
    page = text(tmp_path)
    assert "<b>v1.31.0</b>: apiVersion None is unknown" in page
    assert "2 runs: 1 conformant, 1 unreadable" in page
    assert 'class="headline verdict-undecided"' in page
    assert "v1.32.0" not in page
    matrix = json.loads((tmp_path / "matrix.json").read_bytes())
    assert list(matrix["unreadable"]) == ["v1.31.0"]


def test_the_directorys_name_counts_where_the_label_differs(tmp_path: Path) -> None:
    for name in ("before", "after"):
        jsonreport.write(mixed(), tmp_path / name / "report.json")
    assert [run.name for run in merge.merge(tmp_path).runs] == ["after", "before"]
    assert text(tmp_path).count("labelled v1.37.2") == 2


def test_findings_that_are_the_same_in_several_runs_are_told_once(tmp_path: Path) -> None:
    for name in ("v1.30.2", "v1.30.3"):
        add(tmp_path, name, result("a.b", Verdict.FAIL), result("a.a", Verdict.KNOWN_FAILURE))
    findings = merge.merge(tmp_path).findings(must=True)
    assert [(f.result.id, f.runs) for f in findings] == [
        ("a.b", ("v1.30.2", "v1.30.3")),
        ("a.a", ("v1.30.2", "v1.30.3")),
    ]


@given(REPORTS)
def test_any_report_can_be_shown(found: Report) -> None:
    merged = merge.Merged([merge.RunReport("x", found, has_page=True)], [])
    page = merge.page(merged)
    assert page.count('<td class="word verdict-') >= len(found.results)
    assert page.endswith("</html>\n")


def test_nothing_to_merge_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    with pytest.raises(UsageError, match="no run to merge"):
        merge.merge(tmp_path)
    with pytest.raises(UsageError, match="not a directory"):
        merge.merge(tmp_path / "nowhere")
    assert not (tmp_path / "index.html").exists()


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert merge.main([str(tmp_path)]) == 4
    assert "no run to merge" in capsys.readouterr().err
    assert merge.main([]) == 4
    assert merge.main(["--help"]) == 0
    capsys.readouterr()
    add(tmp_path, "v1.30.3")
    assert merge.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        f"v1.30.3: CONFORMANT (1 pass)\npage: {tmp_path / 'index.html'}\n"
    )
    (tmp_path / "v1.30.4").mkdir()
    (tmp_path / "v1.30.4" / "report.json").touch()
    assert merge.main([str(tmp_path)]) == 3
    assert "v1.30.4: UNREADABLE: not JSON" in capsys.readouterr().out


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    add(tmp_path, "v1.30.3")
    done = subprocess.run(
        [sys.executable, "-m", "reports.merge", str(tmp_path)],
        cwd=Path(merge.__file__).parent.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("v1.30.3: CONFORMANT")
    assert done.stderr == ""


def test_a_report_that_is_not_of_its_directory_keeps_all_it_says(tmp_path: Path) -> None:
    found = mixed().model_copy(update={"unsupported": "<gate off>"})
    jsonreport.write(found, tmp_path / "x" / "report.json")
    merge.merge(tmp_path)
    assert "&lt;gate off&gt;" in text(tmp_path)
    assert "known failure of status.phase expired on 2026-01-01" in text(tmp_path)
    assert "nox -s conformance -- --kubernetes v1.37.2" in text(tmp_path)
