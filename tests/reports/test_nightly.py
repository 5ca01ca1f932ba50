"""A night's reports: merged, compared with those of the night before, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reports import __main__ as front
from reports import jsonreport, nightly
from tests.kit.samples import report, result

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tonight(tmp_path: Path) -> Path:
    """The reports of a night, with a recording and a folder that is no run's."""
    folder = tmp_path / "matrix"
    (folder / "v1.37.2" / "recordings").mkdir(parents=True)
    (folder / "unfinished").mkdir()
    jsonreport.write(report(result()), folder / "v1.37.2" / "report.json")
    return folder


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, str]]:
    """What the commands answer, by their first word."""
    told = {"merge": (0, "merged"), "diff": (0, "nothing changed")}
    monkeypatch.setattr(nightly, "_reports", lambda command, *_: told[command])
    return told


def run(folder: Path, night: int) -> int:
    history = folder.parent / "nights"
    return front.main(["nightly", str(folder), "--history", str(history), "--night", str(night)])


def test_the_first_night_is_merged_and_kept_without_its_recordings(
    tonight: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tonight, 7) == 0
    assert (tonight / "index.html").is_file()
    assert "nothing to compare with" in capsys.readouterr().out
    kept = tonight.parent / "nights"
    assert [p.relative_to(kept).as_posix() for p in kept.rglob("*") if p.is_file()] == [
        "7/v1.37.2/report.json"
    ]


@pytest.mark.parametrize(
    ("merged", "compared", "expected"), [(0, 0, 0), (0, 1, 1), (3, 0, 3), (3, 1, 3), (0, 4, 4)]
)
def test_the_worst_status_counts(
    tonight: Path,
    answers: dict[str, tuple[int, str]],
    merged: int,
    compared: int,
    expected: int,
) -> None:
    assert run(tonight, 7) == 0
    answers["merge"] = (merged, "merged")
    answers["diff"] = (compared, "compared")
    assert run(tonight, 8) == expected
    assert (tonight.parent / "nights" / "8").is_dir()


@pytest.mark.usefixtures("answers")
def test_a_night_is_compared_with_the_last_one_and_never_with_itself(tonight: Path) -> None:
    history = tonight.parent / "nights"
    assert nightly.last(history, 9) is None
    for night in (8, 9, 10, 10):
        run(tonight, night)
    assert sorted(path.name for path in history.iterdir()) == ["10", "9"]
    assert nightly.last(history, 11) == history / "10"
    assert nightly.last(history, 10) == history / "9"
    assert nightly.last(history, 9) is None


def test_a_night_without_a_report_takes_no_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "matrix").mkdir()
    assert run(tmp_path / "matrix", 7) == 4
    assert "no run to merge" in capsys.readouterr().out
    assert not (tmp_path / "nights").exists()


def test_the_page_of_the_job_shows_text_as_text(
    tonight: Path,
    answers: dict[str, tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = tonight.parent / "page"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    run(tonight, 7)
    answers["diff"] = (1, "worse: term.reverse-order\n````\n<img src=x>")
    assert run(tonight, 8) == 1
    _, _, last = page.read_text().rpartition("## Since the last night\n\n")
    opening, *lines = last.strip().splitlines()
    assert opening == "`````text"
    assert lines[-1] == "`````"
    assert lines.count("`````") == 1
    assert "worse: term.reverse-order" in lines
