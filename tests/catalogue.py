"""All requirements with their checks, as the modules in `conformance` declare them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import conformance
from fixtures.timeline import Timeline
from tests import edits

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.requirements import Requirement
    from fixtures.stage.recording import Recording


@dataclass(frozen=True)
class Declared:
    """A requirement, its check, and the module that both stand in."""

    requirement: Requirement
    check: Callable[..., None]
    module: str

    def judge(self, recordings: dict[str, Recording]) -> None:
        """Let the check judge these recordings; what it raises comes through."""
        timelines = {name: Timeline(recording) for name, recording in recordings.items()}
        wanted = inspect.signature(self.check).parameters
        given: dict[str, object] = {}
        if "timeline" in wanted:
            (given["timeline"],) = timelines.values()
        if "timelines" in wanted:
            given["timelines"] = timelines
        self.check(**given)

    def label(self) -> str | None:
        """Return the newest kept run that has all scenarios of the requirement."""
        for label in edits.labels():
            minor = int(label.split(".")[1])
            if self.requirement.unpromised_in(minor) is None and all(
                edits.kept(label, name).is_file() for name in self.requirement.scenarios
            ):
                return label
        return None


@cache
def declared() -> tuple[Declared, ...]:
    """Return all requirements in the order of modules and lines."""
    found: list[Declared] = []
    for info in pkgutil.iter_modules(conformance.__path__):
        if not info.name.startswith("test_"):
            continue
        module = importlib.import_module(f"conformance.{info.name}")
        for name, check in vars(module).items():
            if not name.startswith("test_"):
                continue
            found += [
                Declared(mark.args[0], check, info.name)
                for mark in getattr(check, "pytestmark", [])
                if mark.name == "requirement"
            ]
    return tuple(found)
