"""Choosing requirements by id, area, level and duration."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from fixtures.clusters import profiles
from fixtures.errors import UsageError
from fixtures.stage.scenario import takes_long
from reports.model import Level

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.requirements import Requirement


@dataclass(frozen=True)
class Selection:
    """What --profile, --only, --level and --quick leave. What is empty chooses everything.

    A profile leaves what needs it, where --only does not say what is judged.
    """

    patterns: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    quick: bool = False
    profile: str = ""

    @classmethod
    def from_options(cls, options: argparse.Namespace, known: Sequence[Requirement]) -> Selection:
        """Read the options.

        Raises UsageError for a profile, a level or a requirement there is none of.
        """
        profile = profiles.named(options.profile).name if options.profile else ""
        levels = []
        for word in _words(options.level):
            try:
                levels.append(Level(word.upper()))
            except ValueError as error:
                names = ", ".join(level.value.lower() for level in Level)
                raise UsageError(f"unknown level {word!r}: choose of {names}") from error
        patterns = tuple(_words(options.only))
        for pattern in patterns:
            if not any(_matches(pattern, requirement) for requirement in known):
                raise UsageError(
                    f"no requirement matches {pattern!r}: --list shows all ids and areas"
                )
        return cls(patterns, tuple(levels), options.quick, profile)

    def leaves_out(self, requirement: Requirement) -> str | None:
        """Say why a requirement is left out; None where it is judged."""
        if self.patterns and not any(_matches(p, requirement) for p in self.patterns):
            return f"left out by --only {','.join(self.patterns)}"
        if self.profile and not self.patterns and requirement.profile != self.profile:
            return f"left out by --profile {self.profile}, which --only can widen"
        if self.levels and requirement.level not in self.levels:
            return f"left out by --level {','.join(self.levels).lower()}"
        if self.quick:
            for name in filter(takes_long, requirement.scenarios):
                return f"left out by --quick: {name} takes long"
        return None


def _words(value: str | None) -> list[str]:
    return [word.strip() for word in (value or "").split(",") if word.strip()]


def _matches(pattern: str, requirement: Requirement) -> bool:
    """Tell whether a pattern is a requirement's id, a glob of it, or whole words at its begin."""
    return requirement.id.startswith(f"{pattern}.") or fnmatchcase(requirement.id, pattern)
