"""What became of mutants: one file each in the cache, and the table of those that were chosen."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from fixtures.host import cache
from fixtures.host.files import DIGITS, write_whole
from reports.jsonreport import encode
from reports.model import Level, RunVerdict, Verdict, counts
from tests.power.mutants.builds import DIFF
from tests.power.mutants.judging import Judgement, Model, Outcome, Witness

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reports.model import Report
    from tests.power.mutants.mutator import Place

Kept = TypeVar("Kept", bound=Model)

FILE = "result.json"
TABLE = "mutants"
LIVING = (Outcome.SURVIVED, Outcome.UNDECIDED, Outcome.CUT_OFF, Outcome.NOT_REACHED)
"""What has not been noticed: the table shows the change."""
_LONGEST = 3
"""So many promises are named in a row of the table."""


class Unchanged(Model):
    """What the suite says of the unchanged component in the same settings."""

    verdict: RunVerdict
    counts: dict[Verdict, int]
    suite: str
    """The commit of the suite that judged."""
    run_seconds: float
    against: tuple[Witness, ...]
    """Promises that it does not keep, or that could not be judged: no mutant is killed by them."""


class Result(Model):
    """A mutant, and what became of it."""

    id: str
    file: str
    function: str
    kind: str
    line: int
    before: str
    after: str
    outcome: Outcome
    by: tuple[Witness, ...]
    said: str
    """Why it was not built, or not judged."""
    suite: str
    """The commit of the suite that judged; empty where nothing was."""
    build_seconds: float
    run_seconds: float


class Choice(Model):
    """How the mutants were chosen."""

    seed: int | None
    """None where they were named."""
    places: int
    """How many places there are to choose from."""


class Table(Model):
    """All mutants of one choice."""

    component: str
    kubernetes: str
    only: str
    """What the runs were limited to; empty where all promises were judged."""
    choice: Choice
    unchanged: Unchanged
    results: tuple[Result, ...]


def of_unchanged(report: Report, seconds: float) -> Unchanged:
    """Return what a run of the unchanged component came to."""
    odd = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.KNOWN_FAILURE)
    return Unchanged(
        verdict=report.verdict,
        counts=counts(report.results),
        suite=report.suite["revision"],
        run_seconds=round(seconds, 1),
        against=tuple(
            Witness(id=one.id, level=one.level, verdict=one.verdict, reason=one.reason)
            for one in report.results
            if one.verdict in odd
        ),
    )


def of_place(  # noqa: PLR0913 - what is known of a mutant
    place: Place,
    judgement: Judgement,
    *,
    said: str = "",
    suite: str = "",
    build_seconds: float = 0.0,
    run_seconds: float = 0.0,
) -> Result:
    """Return what became of a place."""
    return Result(
        id=place.id,
        file=place.file,
        function=place.function,
        kind=place.kind,
        line=place.line,
        before=place.before,
        after=place.text,
        outcome=judgement.outcome,
        by=judgement.by,
        said=said,
        suite=suite,
        build_seconds=round(build_seconds, 1),
        run_seconds=round(run_seconds, 1),
    )


def read(model: type[Kept], folder: Path) -> Kept | None:
    """Return what was kept in a folder; None where that is nothing, or of another suite's form."""
    try:
        return model.model_validate_json((folder / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def write(value: Model, path: Path) -> None:
    """Write a value as JSON, whole or not at all."""
    write_whole(path, encode(value.model_dump(mode="json")))


def shelf(component: str, version: str, only: str) -> str:
    """Return the name of the folder of mutants that are judged alike."""
    limited = cache.key({"only": only})[:DIGITS] if only else ""
    return "-".join(filter(None, (component, version, limited)))


def publish(table: Table, kept: Path, output: Path) -> None:
    """Write a table into a folder, with the diff of each mutant; `kept` has a folder for each."""
    write(table, output / f"{TABLE}.json")
    text = "".join(f"{line}\n" for line in lines(table, kept))
    write_whole(output / f"{TABLE}.txt", text.encode())
    for result in table.results:
        write_whole(output / f"{result.id}.diff", (kept / result.id / DIFF).read_bytes())


def lines(table: Table, kept: Path) -> Iterator[str]:
    """Yield a table for people, and the diff of each survivor."""
    judged = f"judged by {table.only}" if table.only else "judged by all promises"
    by = "named" if table.choice.seed is None else f"seed {table.choice.seed}"
    yield (
        f"{table.component} {table.kubernetes}, {by}: {len(table.results)} of "
        f"{table.choice.places} places, {judged}"
    )
    yield from _unchanged(table.unchanged)
    yield ""
    yield f"{'mutant':<10}{'outcome':<12}{'build':>6}{'run':>6}  place"
    for one in table.results:
        where = f"{one.file.removeprefix('k8s.io/')}:{one.line} {one.function}".rstrip()
        yield (
            f"{one.id:<10}{one.outcome:<12}{one.build_seconds:>5.0f}s{one.run_seconds:>5.0f}s  "
            f"{where}: {one.kind}"
        )
        yield from (f"{'':<36}{line}" for line in _why(one, table.unchanged))
    yield ""
    yield summary(table.results)
    for one in table.results:
        if one.outcome in LIVING:
            yield ""
            yield f"{one.id} {one.outcome}:"
            yield from (kept / one.id / DIFF).read_text(encoding="utf-8").splitlines()


def _unchanged(unchanged: Unchanged) -> Iterator[str]:
    numbers = ", ".join(f"{number} {verdict}" for verdict, number in unchanged.counts.items())
    yield f"unchanged: {unchanged.verdict}: {numbers} (suite {unchanged.suite})"
    for one in unchanged.against:
        yield f"  {one.verdict} {one.level} {one.id}"


def _why(one: Result, unchanged: Unchanged) -> Iterator[str]:
    for verdict, group in groupby(one.by, key=lambda each: each.verdict):
        ids = [each.id for each in group]
        more = f" and {len(ids) - _LONGEST} more" if len(ids) > _LONGEST else ""
        yield f"{verdict} {', '.join(ids[:_LONGEST])}{more}"
    if one.said:
        yield one.said.splitlines()[-1].strip()
    if one.suite and one.suite != unchanged.suite:
        yield f"judged by suite {one.suite}: --again judges it anew"


def summary(results: Sequence[Result]) -> str:
    """Return how many mutants came to what, those told apart that no MUST has killed."""
    found = Counter(one.outcome for one in results)
    by_must = sum(
        one.outcome is Outcome.KILLED and any(each.level is Level.MUST for each in one.by)
        for one in results
    )
    words = [f"{found[outcome]} {outcome}" for outcome in Outcome]
    words[0] += f" ({by_must} by a MUST)"
    return ", ".join(words)
