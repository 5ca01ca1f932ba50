"""`SHA256SUMS`: digests of a run's report, facts and recordings, as `sha256sum --check` reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fixtures.errors import UsageError
from fixtures.host.files import sha256, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reports.model import Report

FILE = "SHA256SUMS"
COVERED = ("report.json", "run.json", "recordings/*.jsonl")

_LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>[^/\\]+|recordings/[^/\\]+)")


def write(report: Report, path: Path) -> None:
    """Write the digests of what lies beside `path`. It is the last format that is written.

    OSError where a file cannot be read or written.
    """
    del report
    lines = [f"{sha256(file)}  {name}\n" for name, file in covered(path.parent)]
    write_whole(path, "".join(lines).encode())


def covered(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of a run that are evidence, by the names that they have in the list."""
    for pattern in COVERED:
        for path in sorted(folder.glob(pattern)):
            yield path.relative_to(folder).as_posix(), path


def read(path: Path) -> dict[str, str]:
    """Return the digests of a list, by name. Raises UsageError where it is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    found = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise UsageError(f"{path}: line {number} is no digest and name of a file")
        found[match["name"]] = match["digest"]
    return found
