"""The list of digests is one that anybody's tools read, and covers all evidence."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from fixtures.errors import UsageError
from fixtures.host.files import sha256
from reports import digests
from tests.kit.samples import report

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder, with its list."""
    (tmp_path / "recordings").mkdir()
    for name in ("report.json", "run.json", "recordings/one.jsonl", "index.html"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    digests.write(report(), tmp_path / digests.FILE)
    return tmp_path


def test_report_facts_and_recordings_are_covered(folder: Path) -> None:
    listed = digests.read(folder / digests.FILE)
    assert set(listed) == {"report.json", "run.json", "recordings/one.jsonl"}
    assert listed["run.json"] == sha256(folder / "run.json")
    before = (folder / digests.FILE).read_bytes()
    digests.write(report(), folder / digests.FILE)
    assert (folder / digests.FILE).read_bytes() == before


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum")
def test_the_list_is_one_for_sha256sum(folder: Path) -> None:
    command = ["sha256sum", "--check", "--strict", "--quiet", digests.FILE]
    assert subprocess.run(command, cwd=folder, check=False).returncode == 0
    (folder / "recordings" / "one.jsonl").write_text("changed", encoding="utf-8")
    assert subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 1


@pytest.mark.parametrize("text", ["what", f"{'0' * 64}  ../../etc/passwd", f"{'0' * 63}  a"])
def test_what_is_no_list_is_refused(folder: Path, text: str) -> None:
    (folder / digests.FILE).write_text(f"{'0' * 64}  run.json\n{text}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"SHA256SUMS: line 2 is no digest and name of a file"):
        digests.read(folder / digests.FILE)


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"SHA256SUMS: cannot be read: "):
        digests.read(tmp_path / digests.FILE)
