"""Editions: which scenarios a suite knows, and whether a recording is of the same steps.

A run writes the editions of all scenarios into its facts. A later suite tells by them what was
recorded before it had a scenario or a step of it, from what was lost.
"""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.evidence.errors import NotDoneError
from fixtures.stage import manifest
from fixtures.stage.scenario import scenario_named, until_finished

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fixtures.evidence.evidence import Evidence


class OlderError(Exception):
    """A recording is older than what a check asks of it, as the message says."""


def editions(names: Iterable[str]) -> dict[str, str]:
    """Return the edition of each scenario: a digest of its manifest and of its area's steps."""
    return {name: _edition(name) for name in sorted(set(names)) if manifest.exists(name)}


def _edition(name: str) -> str:
    found = hashlib.sha256(manifest.text(name).encode())
    steps = scenario_named(name).steps
    if steps is not until_finished:
        found.update(Path(inspect.getfile(steps)).read_bytes())
    return found.hexdigest()[:16]


def require_known(evidence: Evidence, scenarios: Iterable[str]) -> None:
    """Raise OlderError where a run was recorded before there was one of the scenarios.

    Of a run that does not tell its scenarios nobody knows why it lacks one: it is older, too. So is
    one that left a scenario out: to its suite none of the checks was promised there.
    """
    known, staged = evidence.facts.scenarios, evidence.facts.staged
    for name in scenarios:
        if evidence.has(name):
            continue
        if name not in (known or {}):
            raise OlderError(f"recorded before there was this scenario: {name}")
        if staged is not None and name not in staged:
            raise OlderError(f"recorded without this scenario: {name}")


def why_older(raised: BaseException | None, evidence: Evidence, scenarios: Iterable[str]) -> str:
    """Say what the recording is too old for; empty where that is not what the check raised."""
    if isinstance(raised, OlderError):
        return str(raised)
    if not isinstance(raised, NotDoneError):
        return ""
    known: Mapping[str, str] = evidence.facts.scenarios or {}
    now = editions(scenarios)
    if all(known.get(name) == edition for name, edition in now.items()):
        return ""
    return f"recorded before there was this step: {raised}"
