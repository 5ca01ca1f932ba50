"""The folder of a run: it can be written, and no other run writes there at the same time."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from filelock import FileLock, Timeout

from fixtures.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

PROBE = b"\0" * 65536
"""A disk that does not take this much holds no report."""


class Claim:
    """The claim of one run to the folder of its report, until it is given back.

    The system releases the lock of a process that dies, however it dies. The lock lies beside the
    folder, and a second file tells who holds it.
    """

    def __init__(self, lock: FileLock, holder: Path, made: Sequence[Path]) -> None:
        self._lock = lock
        self._holder = holder
        self._made = made

    @classmethod
    def take(cls, folder: Path) -> Self:
        """Claim a folder and make it. Raises UsageError where it cannot be had."""
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        holder = folder.parent / f".{folder.name}.holder"
        lock = FileLock(folder.parent / f".{folder.name}.lock")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
            _probe(folder)
            holder.write_text(str(os.getpid()), encoding="utf-8")
        except Timeout as error:
            raise UsageError(
                f"{folder} is being written by {_named(holder)}: wait until that run has ended, or "
                "give another --output"
            ) from error
        except OSError as error:
            cls(lock, holder, made).give_back()
            raise UsageError(
                f"reports cannot be written to {folder}: {error.strerror or error}: "
                "give another --output"
            ) from error
        return cls(lock, holder, made)

    def give_back(self) -> None:
        """Release the folder; what was made for the claim and holds nothing goes again."""
        for path in (self._holder, Path(self._lock.lock_file)) if self._lock.is_locked else ():
            with suppress(OSError):
                path.unlink()
        self._lock.release()
        for path in self._made:
            with suppress(OSError):
                path.rmdir()


def _probe(folder: Path) -> None:
    """Raise OSError where a run could not write its report and its recordings."""
    for path in (folder, folder / "recordings", folder / "index.html"):
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied", str(path))
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(PROBE)
        file.flush()


def _named(holder: Path) -> str:
    try:
        return f"process {int(holder.read_text(encoding='utf-8'))}"
    except (OSError, ValueError):
        return "another process"
