"""The place of a run's files: an earlier report stays until a whole one takes its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conformance.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place with the report of an earlier run, and a note of somebody's."""
    made = Place(tmp_path / "out" / "v1.37.2", ("report.json", "page.html", "recordings"))
    (made.final / "recordings").mkdir(parents=True)
    for name in ("report.json", "page.html", "recordings/old.jsonl", "notes.txt"):
        (made.final / name).write_text("old", encoding="utf-8")
    return made


def files(folder: Path) -> dict[str, str]:
    """Return the texts of all files in a folder, by path."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def record(place: Place) -> None:
    place.begin()
    (place.work / "recordings").mkdir()
    for name in ("report.json", "recordings/new.jsonl"):
        (place.work / name).write_text("new", encoding="utf-8")


OLD = {
    "notes.txt": "old",
    "page.html": "old",
    "recordings/old.jsonl": "old",
    "report.json": "old",
}
NEW = {"notes.txt": "old", "recordings/new.jsonl": "new", "report.json": "new"}


def test_an_earlier_report_stays_until_there_is_another(place: Place) -> None:
    record(place)
    assert files(place.final) == OLD
    place.publish()
    assert files(place.final) == NEW
    place.tidy()
    assert [path.name for path in place.final.parent.iterdir()] == ["v1.37.2"]


def test_what_a_killed_run_recorded_stays_until_the_next_records(place: Place) -> None:
    record(place)
    place.recover()
    place.tidy()
    assert files(place.final) == OLD
    assert files(place.work) == {"recordings/new.jsonl": "new", "report.json": "new"}
    place.begin()
    assert files(place.work) == {}


def test_a_first_report_takes_the_folder_that_a_claim_has_made(tmp_path: Path) -> None:
    place = Place(tmp_path / "v1.37.2", ())
    place.final.mkdir()
    record(place)
    place.publish()
    assert sorted(files(place.final)) == ["recordings/new.jsonl", "report.json"]


class Killed(BaseException):
    """What a run meets that is killed."""


@pytest.mark.parametrize("survived", [0, 1, 2, 3])
def test_a_run_that_is_killed_while_it_publishes_loses_no_report(
    place: Place, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    record(place)
    renamed: list[Path] = []
    rename = os.rename

    def killed(path: Path, target: Path) -> Path:
        if len(renamed) == survived:
            raise Killed
        renamed.append(path)
        rename(path, target)
        return target

    def removed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", killed)
        patched.setattr("shutil.rmtree", removed)
        with pytest.raises(Killed):
            place.publish()
    # The next run claims the folder, which makes it.
    place.final.mkdir(exist_ok=True)
    place.recover()
    assert files(place.final) == (OLD if survived < 2 else NEW)
    # What was not published yet can be judged still.
    assert (place.work / "recordings").is_dir() == (survived < 2)
    place.recover()
    assert files(place.final) == (OLD if survived < 2 else NEW)


def test_of_two_runs_each_has_its_own_place(tmp_path: Path) -> None:
    first, second = Place(tmp_path / "v1.36.1", ()), Place(tmp_path / "v1.37.2", ())
    record(first)
    record(second)
    first.publish()
    assert (second.work / "report.json").is_file()
    first.tidy()
    assert second.work.is_dir()
