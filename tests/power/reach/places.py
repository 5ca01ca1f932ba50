"""The places in Go code that speak of sidecars: functions, and what they decide about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.images import golang

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FUNCTIONS = Path(__file__).parents[1] / "programs" / "functions.go"
_SECONDS = 900.0


@dataclass(frozen=True)
class Function:
    """A function that mentions one of some words in its code or its comments.

    `file` begins with the import path of its package. Lines begin with 1, and each pair is the
    first and the last of some. `mentions` are the lines of the words, `decided` those of what a
    condition with such a word decides, of the whole function where its name is one.
    """

    file: str
    name: str
    first: int
    last: int
    mentions: tuple[int, ...] = ()
    decided: tuple[tuple[int, int], ...] = ()

    def holds(self, file: str, line: int) -> bool:
        """Tell whether a line is one of the function's."""
        return self.file == file and self.first <= line <= self.last

    def speaks(self, first: int, last: int) -> bool:
        """Tell whether lines hold one of the words, or lie in what is decided by one."""
        return any(first <= line <= last for line in self.mentions) or any(
            begin <= first and last <= end for begin, end in self.decided
        )


def functions(packages: Mapping[str, Path], words: str) -> list[Function]:
    """Return the functions of Go packages that mention a word, by file and line.

    `packages` are folders by import path; tests in them are left out. Go's own parser reads them.
    """
    pairs = [f"{name}={folder}" for name, folder in packages.items()]
    return sorted(
        parsed(golang.go("run", str(_FUNCTIONS), words, *pairs, timeout=_SECONDS)),
        key=lambda one: (one.file, one.first),
    )


def parsed(text: str) -> Iterator[Function]:
    """Yield the functions that `programs/functions.go` prints, one JSON object a line."""
    for line in text.splitlines():
        value = json.loads(line)
        value["mentions"] = tuple(value["mentions"])
        value["decided"] = tuple((first, last) for first, last in value["decided"])
        yield Function(**value)
