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

from reports import digests, jsonreport, packed, verify
from reports.__main__ import main
from reports.model import Verdict
from tests.kit.samples import report, result

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
    told = capsys.readouterr().out.splitlines()
    return [line.removeprefix("refused: ") for line in told if not line.startswith("note: ")]


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
    monkeypatch.setattr(verify, "_judged_again", lambda *_: None)
    monkeypatch.setattr(verify, "_suite", lambda *_: "")


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


def other_suite(value: Json) -> None:
    """Let the report be of an earlier suite, which lacked a requirement and had another."""
    value["suite"]["revision"] = "0123456789ab"
    first, second, third, *_ = value["results"]
    value["results"].remove(first)
    second["id"] = "api.no-such-promise"
    third["title"], third["since"] = "In other words.", "1.28"


def test_what_only_one_of_two_suites_has_is_said_and_refuses_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [one["id"] for one in json.loads((folder / "report.json").read_bytes())["results"]]
    change(folder, other_suite)
    shutil.rmtree(folder / "recordings")
    digests.write(report(), folder / digests.FILE)
    listed = (folder / digests.FILE).read_text(encoding="utf-8")
    (folder / digests.FILE).write_text(
        f"{listed}{'0' * 64}  recordings/api-gate.jsonl\n", encoding="utf-8"
    )
    assert main(["verify", str(folder)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == [
        f"note: it does not have 2 requirements of this suite: {ids[0]}, {ids[1]}",
        "note: this suite does not have 1 of its requirements: api.no-such-promise",
    ]
    assert told[2].endswith("are not at hand, and were not judged again")


def test_a_report_of_this_very_suite_has_all_its_requirements(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    again = jsonreport.read(folder / "report.json")
    monkeypatch.setattr(verify, "_judged_again", lambda *_: again)
    gone = []
    change(folder, lambda value: gone.append(value["results"].pop(0)["id"]))
    digests.write(report(), folder / digests.FILE)
    assert refused(folder, capsys) == [f"{gone[0]} is missing"]


def test_a_promise_that_another_suite_lacked_is_told_where_it_is_broken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = result("a.new", Verdict.FAIL)
    monkeypatch.setattr(verify, "_judged_again", lambda *_: report(broken))
    monkeypatch.setattr(verify, "_suite", lambda *_: "a.new MUST\n1 requirement\n")
    assert verify.verify(folder).notes[0] == (
        "a.new, which the report does not have, is fail by its recordings"
    )


def test_an_id_is_there_once(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_judged_again", lambda *_: None)
    ids = []

    def edit(value: Json) -> None:
        second = value["results"][1]
        ids.append(second["id"])
        value["results"].append(second)

    change(folder, edit)
    digests.write(report(), folder / digests.FILE)
    assert refused(folder, capsys)[0] == f"{ids[0]} is there 2 times"


def test_a_level_that_another_suite_has_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_judged_again", lambda *_: None)
    change(folder, lambda value: only(value).update(level="OBSERVED"))
    digests.write(report(), folder / digests.FILE)
    found = verify.verify(folder)
    assert "api.gate-removed was OBSERVED, and is MUST now" in found.notes
    assert not any("MUST" in problem for problem in found.problems)


def test_a_lower_level_does_not_hide_what_would_decide(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_judged_again", lambda *_: None)
    lowered = {"level": "OBSERVED", "verdict": "fail", "reason": "so"}
    change(folder, lambda value: only(value).update(lowered))
    digests.write(report(), folder / digests.FILE)
    words = "api.gate-removed is MUST, not OBSERVED, and its verdict is fail"
    assert words in verify.verify(folder).problems


def pack(folder: Path) -> None:
    """Let the recordings lie packed beside the report, as in the registry."""
    (folder / packed.FILE).write_bytes(packed.pack(folder / "recordings"))
    shutil.rmtree(folder / "recordings")


def test_packed_recordings_are_judged_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack(folder)
    change(folder, lambda value: only(value).update(verdict="unsupported", reason="no"))
    change(folder, lambda value: value.update(verdict="undecided", exitStatus=3))
    digests.write(report(), folder / digests.FILE)
    told = refused(folder, capsys)
    assert "api.gate-removed is unsupported in the report, and judged again pass" in told


@pytest.mark.usefixtures("unjudged")
def test_a_line_taken_from_packed_recordings_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(folder)
    pack(folder)
    assert refused(folder, capsys)[0].startswith("recordings/api-gate.jsonl was changed: ")
    (folder / packed.FILE).write_bytes(b"what")
    assert "cannot be unpacked" in refused(folder, capsys)[0]


def test_a_folder_without_a_report_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(tmp_path)]) == 4
    assert capsys.readouterr().err == (
        f"{tmp_path} holds no report.json: name the folder of a run\n"
    )
    (tmp_path / "report.json").touch()
    assert main(["verify", str(tmp_path), "--recordings", str(tmp_path / "none")]) == 4
