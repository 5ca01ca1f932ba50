"""Blocks of statements for the tests of what is read from them."""

from __future__ import annotations

from tests.power.reach.profiles import Block, Position


def block(file: str, first: int, last: int, statements: int, *, executed: bool) -> Block:
    """Return a block from the begin of a line to the begin of another."""
    return Block(file, Position(first, 1), Position(last, 1), statements, executed)
