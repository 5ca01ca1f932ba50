"""Merging shows every run of a folder side by side and hides none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fixtures.errors import UsageError
from reports import jsonreport, merge
from reports.__main__ import main
from tests.kit.samples import mixed, report, result

if TYPE_CHECKING:
    from reports.model import Result


def add(folder: Path, name: str, *results: Result) -> None:
    found = report(*(results or [result()]), label=name)
    jsonreport.write(found, folder / name / "report.json")
    (folder / name / "index.html").write_text("a page", encoding="utf-8")


def test_runs_are_ordered_as_versions(tmp_path: Path) -> None:
    names = [
        *("v1.9.0", "v1.37.0-rc.1", "v1.37.0", "v1.37.0+kubelet-v1.36.1"),
        *("v1.37.0@staging-5b6a7988", "v1.100.2", "prod"),
    ]
    for name in sorted(names):
        add(tmp_path, name)
    assert [run.name for run in merge.merge(tmp_path).runs] == names


def test_a_directory_of_another_name_is_ordered_by_its_label(tmp_path: Path) -> None:
    add(tmp_path, "v1.36.0")
    add(tmp_path, "v1.38.0")
    for name in ("b", "a"):
        jsonreport.write(mixed(), tmp_path / name / "report.json")
    assert [run.name for run in merge.merge(tmp_path).runs] == ["v1.36.0", "a", "b", "v1.38.0"]


def test_a_run_without_a_page_is_known_to_have_none(tmp_path: Path) -> None:
    add(tmp_path, "v1.30.3")
    jsonreport.write(mixed(), tmp_path / "v1.30.4" / "report.json")
    assert [run.has_page for run in merge.collect(tmp_path).runs] == [True, False]


def test_the_same_reports_give_the_same_bytes(tmp_path: Path) -> None:
    add(tmp_path, "v1.30.3", *mixed().results)
    add(tmp_path, "v1.30.4")
    contents = []
    for _ in range(2):
        merge.merge(tmp_path)
        contents.append([(tmp_path / n).read_bytes() for n in ("matrix.json", "index.html")])
    assert contents[0] == contents[1]
    assert json.loads(contents[0][0])["kind"] == "ConformanceMatrix"


def test_an_unreadable_report_is_shown(tmp_path: Path) -> None:
    add(tmp_path, "v1.30.3")
    (tmp_path / "v1.31.0").mkdir()
    (tmp_path / "v1.31.0" / "report.json").write_text('{"kind": "ConformanceReport"}')
    (tmp_path / "v1.32.0").mkdir()  # a run under way has no report yet
    merged = merge.merge(tmp_path)
    assert [run.name for run in merged.runs] == ["v1.30.3"]
    assert [entry.name for entry in merged.unreadable] == ["v1.31.0"]
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<b>v1.31.0</b>: apiVersion None is unknown" in page
    assert "v1.32.0" not in page
    assert list(json.loads((tmp_path / "matrix.json").read_bytes())["unreadable"]) == ["v1.31.0"]


def test_nothing_to_merge_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    with pytest.raises(UsageError, match="no run to merge"):
        merge.merge(tmp_path)
    with pytest.raises(UsageError, match="not a directory"):
        merge.merge(tmp_path / "nowhere")
    assert not (tmp_path / "index.html").exists()


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["merge", str(tmp_path)]) == 4
    assert "no run to merge" in capsys.readouterr().err
    add(tmp_path, "v1.30.3")
    assert main(["merge", str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        f"v1.30.3: CONFORMANT (1 pass)\npage: {tmp_path / 'index.html'}\n"
    )
    (tmp_path / "v1.30.4").mkdir()
    (tmp_path / "v1.30.4" / "report.json").touch()
    assert main(["merge", str(tmp_path)]) == 3
    assert "v1.30.4: UNREADABLE: not JSON" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(tmp_path, "v1.30.3")
    (tmp_path / "matrix.json").mkdir()
    assert main(["merge", str(tmp_path)]) == 4
    assert capsys.readouterr().err == f"{tmp_path}: cannot be written: Is a directory\n"


def test_scripts_that_call_the_module_go_on_working(tmp_path: Path) -> None:
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
