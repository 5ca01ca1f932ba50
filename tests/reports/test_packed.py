"""Recordings are packed the same each time, and nothing but recordings is ever unpacked."""

from __future__ import annotations

import io
import lzma
import tarfile
from typing import TYPE_CHECKING

import pytest

from fixtures.errors import UsageError
from reports import packed

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_packed_is_unpacked(tmp_path: Path) -> None:
    source = tmp_path / "recordings"
    source.mkdir()
    for name in ("b", "a"):
        (source / f"{name}.jsonl").write_bytes(name.encode() * 1000)
    (source / "other").write_bytes(b"no recording")
    (tmp_path / packed.FILE).write_bytes(packed.pack(source))
    assert packed.pack(source) == (tmp_path / packed.FILE).read_bytes()
    packed.unpack(tmp_path / packed.FILE, tmp_path / "out")
    assert {one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()} == {
        "a.jsonl": b"a" * 1000,
        "b.jsonl": b"b" * 1000,
    }


@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [
        ("../a.jsonl", tarfile.REGTYPE, 1),
        ("/recordings/a.jsonl", tarfile.REGTYPE, 1),
        ("recordings/../a.jsonl", tarfile.REGTYPE, 1),
        ("recordings/a.jsonl", tarfile.SYMTYPE, 0),
        ("recordings/a.jsonl", tarfile.DIRTYPE, 0),
        ("recordings/a.jsonl", tarfile.REGTYPE, 11),
    ],
)
def test_nothing_else_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: bytes, size: int
) -> None:
    monkeypatch.setattr(packed, "LARGEST", 10)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.size, member.linkname = kind, size, "/etc/passwd"
        archive.addfile(member, io.BytesIO(b"x" * size))
    (tmp_path / packed.FILE).write_bytes(lzma.compress(made.getvalue()))
    with pytest.raises(UsageError, match="is no recording of a usual size"):
        packed.unpack(tmp_path / packed.FILE, tmp_path / "out")
    assert [one.name for one in tmp_path.rglob("*.jsonl")] == []


@pytest.mark.parametrize("content", [b"", b"what", lzma.compress(b"what")[:-9]])
def test_a_damaged_file_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / packed.FILE).write_bytes(content)
    with pytest.raises(UsageError, match="cannot be unpacked"):
        packed.unpack(tmp_path / packed.FILE, tmp_path / "out")
