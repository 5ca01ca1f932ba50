"""Profiles of Go's coverage: which blocks of statements a program has executed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fixtures.errors import EnvironmentBrokenError
from fixtures.images import golang

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_BLOCK = re.compile(
    r"(?P<file>[^:]+):(?P<begin>\d+\.\d+),(?P<end>\d+\.\d+) (?P<statements>\d+) (?P<count>\d+)"
)
_SECONDS = 900.0


class Position(NamedTuple):
    """A byte of a file: its line, and which of the bytes of that line it is, both from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Block:
    """Statements that are executed one after the other, or not at all.

    `file` begins with the import path of its package; `end` is behind the last byte.
    """

    file: str
    begin: Position
    end: Position
    statements: int
    executed: bool

    @property
    def first(self) -> int:
        """The first line."""
        return self.begin.line

    @property
    def last(self) -> int:
        """The last line."""
        return self.end.line


def read(counters: Sequence[Path], packages: Sequence[str], profile: Path) -> list[Block]:
    """Return what all processes together have executed whose counters lie in some folders.

    `packages` are patterns of Go; blocks of no others are returned. The profile is written as Go
    does. Raises EnvironmentBrokenError where a folder has no counters.
    """
    for folder in counters:
        if not any(folder.glob("covmeta.*")) or not any(folder.glob("covcounters.*")):
            raise EnvironmentBrokenError(
                f"there are no counters of {folder.name} in {folder.parent}: run reach again"
            )
    golang.go(
        *("tool", "covdata", "textfmt", f"-i={','.join(map(str, counters))}"),
        *(f"-pkg={','.join(packages)}", f"-o={profile}"),
        timeout=_SECONDS,
    )
    return list(written(profile))


def written(profile: Path) -> Iterator[Block]:
    """Yield the blocks of a profile that was written. Raises EnvironmentBrokenError, OSError."""
    yield from parsed(profile.read_text(encoding="utf-8"))


def parsed(text: str) -> Iterator[Block]:
    """Yield the blocks of a profile in Go's text format. Raises EnvironmentBrokenError."""
    mode, *lines = text.splitlines() or [""]
    if not mode.startswith("mode: "):
        raise EnvironmentBrokenError(f"no profile of Go's coverage begins with {mode[:60]!r}")
    for line in lines:
        found = _BLOCK.fullmatch(line)
        if found is None:
            raise EnvironmentBrokenError(f"no line of a profile of Go's coverage: {line[:60]!r}")
        yield Block(
            file=found["file"],
            begin=_position(found["begin"]),
            end=_position(found["end"]),
            statements=int(found["statements"]),
            executed=int(found["count"]) > 0,
        )


def _position(text: str) -> Position:
    """Return the position that is written as `line.column`."""
    line, column = map(int, text.split("."))
    return Position(line, column)
