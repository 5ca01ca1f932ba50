"""`recordings.tar.xz`: the recordings of a run in one file, of a fiftieth of their size."""

from __future__ import annotations

import io
import lzma
import re
import tarfile
from typing import TYPE_CHECKING

from fixtures.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "recordings.tar.xz"

LARGEST = 256 * 2**20
"""So many bytes may be unpacked; those of a whole run are 14 MB."""

_NAME = re.compile(r"recordings/[A-Za-z0-9][A-Za-z0-9._-]*\.jsonl")


def pack(folder: Path) -> bytes:
    """Return the recordings in a folder, packed; the same recordings give the same bytes.

    OSError where one cannot be read.
    """
    buffer = io.BytesIO()
    with (
        lzma.open(buffer, "wb") as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for path in sorted(folder.glob("*.jsonl")):
            content = path.read_bytes()
            member = tarfile.TarInfo(f"recordings/{path.name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def unpack(path: Path, folder: Path) -> None:
    """Write the recordings that are packed in a file into a folder.

    Raises UsageError where the file holds anything else: others may have made it.
    """
    folder.mkdir(parents=True)
    left = LARGEST
    try:
        with lzma.open(path) as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                left -= member.size
                if content is None or not _NAME.fullmatch(member.name) or left < 0:
                    raise UsageError(f"{path}: {member.name!r} is no recording of a usual size")
                (folder / member.name.rpartition("/")[2]).write_bytes(content.read())
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError) as error:
        raise UsageError(f"{path}: cannot be unpacked: {error}") from error
