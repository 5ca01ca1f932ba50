"""What there is to know of one requirement: `python -m conformance explain term.reverse-order`."""

from __future__ import annotations

import difflib
import inspect
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import catalogue, known_failures
from fixtures.clusters import profiles
from fixtures.errors import UsageError
from fixtures.stage.scenario import scenario_named, until_finished
from reports.model import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.catalogue import Declared
    from conformance.known_failures import KnownFailure

ROOT = Path(__file__).parents[1]
FINDINGS = ROOT / "docs" / "findings.md"
WIDTH = 100
INDENT = " " * 13

MEANING = {
    Level.MUST: "Kubernetes does otherwise than it documents for users: a defect of this version, "
    "or of something between it and the pod. The cluster is not conformant.",
    Level.SHOULD: "Kubernetes does otherwise than an enhancement proposal states, and documents "
    "nothing for users. It decides no verdict.",
    Level.OBSERVED: "Kubernetes does otherwise than its implementation did when the check was "
    "written, which it is free to do. It decides no verdict.",
}
"""What a failure means, by the level of the promise."""

OF_SOFTWARE = (
    "This software does not work here as a sidecar, because of Kubernetes, of what lies between it "
    "and the pod, or of the software. It decides no verdict."
)
"""What a failure means where software of others is judged."""

NO_CAUSE = (
    "A slow machine, a late status or a log that cannot be had never fails a check: it is then "
    "inconclusive, or an error."
)


def explain(identifiers: Sequence[str]) -> Iterator[str]:
    """Yield lines on each requirement. UsageError, before the first, for an id there is none of."""
    entries = {one.requirement.id: one for one in catalogue.declared()}
    for identifier in identifiers:
        if identifier not in entries:
            near = difflib.get_close_matches(identifier, entries, n=3)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise UsageError(f"no requirement is called {identifier!r}: {hint}--list shows all ids")
    catalogue.load_scenarios()
    known = known_failures.load(known_failures.FILE, entries).entries
    findings = paragraphs(FINDINGS.read_text(encoding="utf-8"))
    for identifier in identifiers:
        yield from _lines(entries[identifier], known, findings)


def _lines(
    entry: Declared, known: Sequence[KnownFailure], findings: Sequence[str]
) -> Iterator[str]:
    one = entry.requirement
    until = f" until {one.until}" if one.until else ""
    yield f"{one.id}: {one.level}, since {one.since}{until}"
    yield from _row("promise", one.title)
    for source in one.sources:
        yield from _row("source", source)
    yield from _row("needs", ", ".join(one.needs))
    if one.profile:
        profile = profiles.PROFILES[one.profile]
        yield from _row(
            "profile",
            f"run with --profile {profile.name}, for Kubernetes {profile.versions}: such a cluster "
            f"{profile.does}",
        )
    if one.software:
        yield from _row(
            "software", f"run with --only {one.software}: no run has it that does not ask"
        )
    for name in one.scenarios:
        yield from _row("manifest", f"manifests/{name}.yaml")
        steps = scenario_named(name).steps
        own = "" if steps is until_finished else place(steps)
        yield from _row("steps", own or "none: it is over when all its pods have finished")
    if not one.scenarios:
        yield from _row("manifest", "none: it needs what no cluster of the suite has")
    yield from _row("check", place(entry.check))
    for failure in known:
        if failure.requirement == one.id:
            versions = " or ".join(failure.versions)
            yield from _row("known", f"{failure.component} {versions}: {failure.reason}")
            yield from _row("", f"{failure.issue} (counts until {failure.expires})")
    meaning = OF_SOFTWARE if one.software else MEANING[one.level]
    yield from _row("a failure", f"{meaning} {NO_CAUSE}")
    named = {f"`{name}`" for name in (one.id, *one.scenarios)}
    for paragraph in findings:
        if any(name in paragraph for name in named):
            yield from _row("seen", paragraph)


def place(function: Callable[..., object]) -> str:
    """Return where a function begins, its declaration included: `conformance/....py:12`."""
    function = inspect.unwrap(function)
    path = Path(inspect.getfile(function)).relative_to(ROOT)
    return f"{path.as_posix()}:{inspect.getsourcelines(function)[1]}"


def paragraphs(markdown: str) -> list[str]:
    """Return the paragraphs and list entries of a page, each as one line."""
    found: list[str] = []
    begins = True
    for line in markdown.splitlines():
        if not line.strip() or line.startswith("#"):
            begins = True
        elif begins or line.startswith("- "):
            found.append(line.removeprefix("- ").strip())
            begins = False
        else:
            found[-1] += f" {line.strip()}"
    return found


def _row(name: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"  {name:11}",
        subsequent_indent=INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
