"""What a run says of a changed component, beside the same run of the unchanged one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from reports.changes import BROKEN
from reports.model import JUDGED, Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.model import Report, Result


FEW = 3
"""So few broken promises may be broken by the machine: those of a busy one take turns."""


class Outcome(StrEnum):
    """What became of a mutant, from what the suite wants to what it does not."""

    KILLED = "killed"
    """A promise is broken that the unchanged component keeps; where they are few, twice."""
    UNDECIDED = "undecided"
    """No promise is broken twice, but one that was kept was broken once or not judged."""
    SURVIVED = "survived"
    """Every promise that was kept still is."""
    BROKEN = "broken"
    """Nothing could be judged: the component, or its node, did not come up."""
    CUT_OFF = "cut off"
    """The run took several times as long as that of the unchanged component, and was ended."""
    NOT_BUILT = "not built"
    """The compiler refuses the change."""
    NOT_REACHED = "not reached"
    """A run of the suite executes nothing of what the change is about: no check can notice it."""


class Model(BaseModel):
    """What is written and read again."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        serialize_by_alias=True,
        validate_by_name=True,
        use_attribute_docstrings=True,
    )


class Witness(Model):
    """A promise whose verdict tells the mutant from the unchanged component."""

    id: str
    level: Level
    verdict: Verdict
    reason: str


class Judgement(Model):
    """What became of a mutant, and by which promises: worst first, then by id."""

    outcome: Outcome
    by: tuple[Witness, ...] = ()


def judge(unchanged: Report, mutant: Report | None) -> Judgement:
    """Compare two runs with the same settings; None is a run that could judge nothing."""
    if mutant is None or not any(one.verdict in JUDGED for one in mutant.results):
        return Judgement(outcome=Outcome.BROKEN)
    broken = tuple(_witnesses(unchanged, mutant, broken=True))
    if broken:
        return Judgement(outcome=Outcome.KILLED, by=broken)
    unknown = tuple(_witnesses(unchanged, mutant, broken=False))
    outcome = Outcome.UNDECIDED if unknown else Outcome.SURVIVED
    return Judgement(outcome=outcome, by=unknown)


def doubtful(judgement: Judgement) -> tuple[str, ...]:
    """Return the promises that have to be broken once more before a mutant counts as killed."""
    if judgement.outcome is not Outcome.KILLED or len(judgement.by) > FEW:
        return ()
    return tuple(one.id for one in judgement.by)


def confirmed(first: Judgement, again: Report | None) -> Judgement:
    """Return what is left of a kill when its promises were judged again."""
    results = again.results if again is not None else ()
    broken = {one.id for one in results if one.verdict in BROKEN}
    by = tuple(one for one in first.by if one.id in broken)
    if by:
        return Judgement(outcome=Outcome.KILLED, by=by)
    return Judgement(outcome=Outcome.UNDECIDED, by=first.by)


def _witnesses(unchanged: Report, mutant: Report, *, broken: bool) -> Iterator[Witness]:
    """Yield promises that are broken now, or else those that are no longer judged."""
    before = {one.id: one for one in unchanged.results}
    order = list(Level)
    for one in sorted(mutant.results, key=lambda one: (order.index(one.level), one.id)):
        if one.id in before and _tells(before[one.id], one) and (one.verdict in BROKEN) is broken:
            yield Witness(id=one.id, level=one.level, verdict=one.verdict, reason=one.reason)


def _tells(old: Result, new: Result) -> bool:
    """Tell whether a promise was kept and is not, or a MUST fails that has not failed before.

    The second makes the verdict of the run worse by a failure.
    """
    if old.verdict is Verdict.PASS:
        return new.verdict is not Verdict.PASS
    fails = new.verdict is Verdict.FAIL and old.verdict is not Verdict.FAIL
    return fails and new.level is Level.MUST
