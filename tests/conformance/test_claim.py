"""The folder of a run: it can be written, and by one run at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.claim import Claim
from fixtures.errors import UsageError

ROOT = Path(__file__).parents[2]

HOLD = """
import sys
from pathlib import Path
from conformance.claim import Claim

claim = Claim.take(Path(sys.argv[1]))
print("held", flush=True)
input()
"""


def test_a_claim_makes_the_folder_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "out" / "v1.37.2"
    claim = Claim.take(folder)
    assert folder.is_dir()
    claim.give_back()
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_or_was_written_stays(tmp_path: Path) -> None:
    empty = tmp_path / "out"
    empty.mkdir()
    claim = Claim.take(empty / "v1.37.2")
    (empty / "v1.37.2" / "report.json").touch()
    claim.give_back()
    assert [path.name for path in empty.rglob("*")] == ["v1.37.2", "report.json"]
    Claim.take(empty / "v1.36.1").give_back()
    assert empty.is_dir()


def test_of_two_runs_the_second_is_told_who_writes_there(tmp_path: Path) -> None:
    folder = tmp_path / "v1.37.2"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        for _ in range(2):
            with pytest.raises(UsageError) as caught:
                Claim.take(folder)
            assert str(caught.value) == (
                f"{folder} is being written by process {first.pid}: wait until that run has "
                "ended, or give another --output"
            )
        Claim.take(tmp_path / "v1.36.1").give_back()
        first.kill()
    # However it ended, it holds nothing any more.
    Claim.take(folder).give_back()


def test_a_folder_below_a_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught:
        Claim.take(tmp_path / "file" / "out" / "v1.37.2")
    assert str(caught.value) == (
        f"reports cannot be written to {tmp_path}/file/out/v1.37.2: Not a directory: "
        "give another --output"
    )
    assert [path.name for path in tmp_path.rglob("*")] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("part", ["", "recordings", "index.html"])
def test_what_may_not_be_written_is_refused(tmp_path: Path, part: str) -> None:
    folder = tmp_path / "v1.37.2"
    (folder / "recordings").mkdir(parents=True)
    (folder / "index.html").touch()
    (folder / part).chmod(0o500)
    with pytest.raises(UsageError, match="Permission denied: give another --output"):
        Claim.take(folder)
    (folder / part).chmod(0o700)
