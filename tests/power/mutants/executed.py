"""Which changes are of code that a run of the suite has executed, as `nox -s reach` measured it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from fixtures.errors import UsageError
from tests.power.components import SHARED
from tests.power.reach import profiles
from tests.power.reach.profiles import Position

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.power.mutants.mutator import Place
    from tests.power.reach.profiles import Block

NEVER = "false && ("
"""So begins a condition whose branch is removed."""


class Executed:
    """The blocks of statements of a component, and whether they were executed."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks: dict[str, list[Block]] = defaultdict(list)
        for block in sorted(blocks, key=lambda block: block.begin):
            self._blocks[block.file].append(block)

    def reaches(self, place: Place) -> bool:
        """Tell whether something was executed of what a change is about.

        That of a branch which is removed is the branch. A place in no block is taken for executed:
        what a case compares, for one, is in none. OSError where the source is not there.
        """
        source = place.path.read_bytes()
        begin, end = (_position(source, offset) for offset in (place.start, place.end))
        blocks = self._blocks.get(place.file, [])
        if place.text.startswith(NEVER):
            about = [block for block in blocks if block.begin >= end][:1]
        else:
            about = [block for block in blocks if block.begin < end and begin < block.end]
        return not about or any(block.executed for block in about)


def _position(source: bytes, offset: int) -> Position:
    """Return where a byte of a file is."""
    line_begins = source.rfind(b"\n", 0, offset) + 1
    return Position(source.count(b"\n", 0, offset) + 1, offset - line_begins + 1)


def measured(folder: Path | None, component: str, version: str) -> Executed | None:
    """Return what was executed of a component by the profiles of reach; None without a folder.

    UsageError where the folder has none.
    """
    if folder is None:
        return None
    found = [folder / version / f"{name}.profile" for name in (component, SHARED.name)]
    try:
        return Executed(block for path in found for block in profiles.written(path))
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no {error.filename}: run `nox -s reach -- --kubernetes {version} "
            f"--component {component}` first, or leave out --reach"
        ) from error
