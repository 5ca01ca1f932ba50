"""A report that was changed, or does not follow from its recordings, is refused with the reason."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports import digests, verify
from reports.__main__ import main
from tests.kit.samples import report

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "tests" / "recordings" / "v1.37.2"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was judged by this suite, of one scenario."""
    folder = tmp_path_factory.mktemp("runs") / "v1.37.2"
    (folder / "recordings").mkdir(parents=True)
    shutil.copy(RECORDINGS / "run.json", folder)
    content = gzip.decompress((RECORDINGS / "api-gate.jsonl.gz").read_bytes())
    (folder / "recordings" / "api-gate.jsonl").write_bytes(content)
    words = ["--replay", str(folder), "--output", str(folder.parent), "--only", "api.gate-removed"]
    subprocess.run(
        [sys.executable, "-m", "conformance", *words], cwd=ROOT, check=True, capture_output=True
    )
    return folder


@pytest.fixture
def folder(judged: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(judged, tmp_path / "copy"))


def change(folder: Path, edit: Callable[[Json], object]) -> None:
    """Change the report."""
    path = folder / "report.json"
    value = json.loads(path.read_bytes())
    edit(value)
    path.write_text(json.dumps(value), encoding="utf-8")


def cut(folder: Path) -> None:
    """Take one line of the recording away."""
    path = folder / "recordings" / "api-gate.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:5] + lines[6:]))


def only(value: Json) -> Json:
    """Return the result that was judged."""
    (found,) = [one for one in value["results"] if one["verdict"] != "skipped"]
    result: Json = found
    return result


def refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Verify, and return what is wrong."""
    assert main(["verify", str(folder)]) == verify.REFUSED
    return [line.removeprefix("refused: ") for line in capsys.readouterr().out.splitlines()]


def test_a_report_as_it_was_made_is_verified(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(folder)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("v1.37.2: 1 of ")
    assert said.endswith("judged: kept; verified: its recordings, judged again, say the same\n")


def test_recordings_may_be_kept_elsewhere(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = (folder / "recordings").rename(tmp_path / "elsewhere")
    assert main(["verify", str(folder)]) == 0
    assert "were not judged again" in capsys.readouterr().out
    assert main(["verify", str(folder), "--recordings", str(elsewhere)]) == 0
    assert "judged again, say the same" in capsys.readouterr().out


def test_a_verdict_that_was_changed_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder, lambda value: only(value).update(verdict="unsupported", reason="no"))
    change(folder, lambda value: value.update(verdict="undecided", exitStatus=3))
    assert refused(folder, capsys) == [
        "report.json was changed: it has not the digest that SHA256SUMS has",
        "api.gate-removed is unsupported in the report, and judged again pass",
    ]
    # Nobody has to trust the list.
    digests.write(report(), folder / digests.FILE)
    assert refused(folder, capsys) == [
        "api.gate-removed is unsupported in the report, and judged again pass"
    ]


def test_a_line_of_a_recording_that_was_taken_away_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(folder)
    problems = refused(folder, capsys)
    assert problems[0] == (
        "recordings/api-gate.jsonl was changed: it has not the digest that SHA256SUMS has"
    )


@pytest.fixture
def unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the recordings alone, and the catalogue: this is about the files."""
    monkeypatch.setattr(verify, "_judged_again", lambda *_: iter(()))
    monkeypatch.setattr(verify, "_ids", lambda *_: iter(()))


@pytest.mark.usefixtures("unjudged")
@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda value: value.update(verdict="conformant"), "its verdict is 'conformant', but"),
        (lambda value: value.update(exitStatus=1), "its exitStatus is 1, but its results make it"),
        (lambda value: value.update(apiVersion="v9"), "apiVersion 'v9' is unknown"),
        (lambda value: only(value).update(verdict="kept"), "not a valid report: results"),
    ],
)
def test_what_does_not_follow_is_refused(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    edit: Callable[[Json], object],
    words: str,
) -> None:
    change(folder, edit)
    assert words in refused(folder, capsys)[0]


@pytest.mark.usefixtures("unjudged")
def test_what_is_missing_or_was_added_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings = folder / "recordings"
    (recordings / "api-gate.jsonl").rename(recordings / "other.jsonl")
    assert refused(folder, capsys) == [
        "recordings/api-gate.jsonl is missing",
        "recordings/other.jsonl is not in SHA256SUMS",
    ]
    (folder / digests.FILE).unlink()
    assert "SHA256SUMS: cannot be read" in refused(folder, capsys)[0]


def test_ids_are_those_of_the_suite(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def edit(value: Json) -> None:
        first, second, third, *_ = value["results"]
        edit.ids = (first["id"], second["id"], third["id"])  # type: ignore[attr-defined]
        first["id"] = "api.no-such-promise"
        second["level"] = "OBSERVED" if second["level"] != "OBSERVED" else "MUST"
        value["results"].append(third)

    (folder / "recordings").rename(folder.parent / "away")
    change(folder, edit)
    digests.write(report(), folder / digests.FILE)
    problems = refused(folder, capsys)
    first, second, third = edit.ids  # type: ignore[attr-defined]
    assert f"{third} is there 2 times" in problems
    assert "api.no-such-promise is no requirement of this suite" in problems
    assert f"{first} is missing" in problems
    assert any(problem.startswith(f"{second} is ") for problem in problems)


def test_a_folder_without_a_report_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(tmp_path)]) == 4
    assert capsys.readouterr().err == (
        f"{tmp_path} holds no report.json: name the folder of a run\n"
    )
    (tmp_path / "report.json").touch()
    assert main(["verify", str(tmp_path), "--recordings", str(tmp_path / "none")]) == 4
