"""Packages and places for the tests of all modules, of Go code that is kept beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fixtures.images.golang import Package
from tests.power.mutants.mutator import Place

FOLDER = Path(__file__).parents[1] / "samples"
NODE = Package("example.org/node", FOLDER, ("node.go",), "example.org/node", FOLDER)
"""Code of a node that starts sidecars."""


def place(**more: Any) -> Place:  # noqa: ANN401 - any field
    """Return a place of the sample, everything that is not given filled in."""
    values: dict[str, Any] = {
        "package": NODE,
        "path": FOLDER / "node.go",
        "function": "node.start",
        "kind": "condition negated",
        "line": 57,
        "start": 1200,
        "end": 1209,
        "before": "c.sidecar",
        "text": "!c.sidecar",
    }
    return Place(**(values | more))
