"""What changed from one run to another: one model, the file of `diff --format json` as it stands.

`python -m reports.schema diff` makes the JSON Schema of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from pydantic import ConfigDict, Field, computed_field

from fixtures.evidence.moments import Figure
from fixtures.host.files import DIGITS
from fixtures.kubeapi.times import SECOND, parse_time
from reports.model import JUDGED, Document, Level, Model, Report, Result, RunVerdict, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fixtures.evidence.moments import Comparison

KIND: Final = "ConformanceDiff"

TIMES, SECONDS = 2, 15
"""A figure is slower that is so many times the earlier one, and so many seconds more."""


class ChangeKind(StrEnum):
    """What became of one promise, those that a reader looks for first."""

    WORSE = "worse"
    """Broken now. It was kept before, or its failure was known upstream."""
    NO_LONGER_JUDGED = "no longer judged"
    """Kept or broken before. Now it is inconclusive, an error, unsupported or left out."""
    NEWLY_JUDGED = "newly judged"
    """Kept or broken now. Before it was inconclusive, an error, unsupported or left out."""
    BETTER = "better"
    """Kept now and broken before, or broken for a reason that is known upstream by now."""
    NOT_JUDGED = "not judged, for another reason"
    ADDED = "only in the later suite"
    REMOVED = "only in the earlier suite"


class Judgement(Model):
    """What a run says of one promise."""

    verdict: Verdict
    reason: str
    issue: str


class Change(Model):
    """One promise whose verdicts differ, or that only one of the suites has."""

    id: str
    title: str
    level: Level
    kind: ChangeKind
    regression: bool
    """Whether it is a MUST that broke, or that can no longer be decided."""
    old: Judgement | None
    """Null where the earlier suite does not have it."""
    new: Judgement | None
    """Null where the later suite does not have it."""


class Slower(Model):
    """A figure that is clearly larger: at least twice the earlier one, and 15 s more."""

    what: str
    """A scenario, the whole stage, or a thing that happened after another."""
    id: str
    """The requirement whose check compared the two moments; empty for all others."""
    old_seconds: Figure
    """What it took before; of two moments the most that it can have been."""
    new_seconds: Figure
    """What it takes now; of two moments the least that it can have been."""


class Difference(Model):
    """A fact that differs: `kubelet`, the suite's `version`. Empty where a run has it not."""

    name: str
    old: str
    new: str


class Side(Model):
    """One of the two runs."""

    label: str
    verdict: RunVerdict


class RunDiff(Model):
    """What changed from one run to another."""

    old: Side
    new: Side
    sentence: str
    """What changed, for people."""
    regression: bool
    """Whether a promise is a regression, or the verdict of the run is worse."""
    verdict_worse: bool
    differences: tuple[Difference, ...]
    """Of components, by name, and of the suite."""
    changes: tuple[Change, ...]
    """Regressions first, then by kind and by id."""
    slower: tuple[Slower, ...]
    unchanged: int = Field(ge=0)
    """How many promises have the verdict that they had."""


class Diff(Document):
    """What changed from one run to another, or from some runs to others, label by label.

    Within an apiVersion changes are only additive: a reader must ignore keys that it does not know.
    """

    model_config = ConfigDict(title=KIND)

    only_old: tuple[str, ...]
    """Labels of earlier runs that no later one can be compared with."""
    only_new: tuple[str, ...]
    runs: tuple[RunDiff, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def kind(self) -> Literal["ConformanceDiff"]:
        """Tells a diff from other files of the suite."""
        return KIND

    @computed_field  # type: ignore[prop-decorator]
    @property
    def regression(self) -> bool:
        """Whether any of the runs is one; the exit status is 1 then."""
        return any(run.regression for run in self.runs)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sentence(self) -> str:
        """What changed, for people."""
        if len(self.runs) == 1:
            return self.runs[0].sentence
        worse = [run.new.label for run in self.runs if run.regression]
        names = f" ({', '.join(worse)})" if worse else ""
        changed = sum(bool(run.changes) for run in self.runs)
        return (
            f"{len(self.runs)} runs were compared: {_some(len(worse), 'has', 'have')} a regression"
            f"{names};"
            f" {_some(changed, 'has', 'have')} verdicts that changed."
        )


BROKEN = frozenset({Verdict.FAIL, Verdict.KNOWN_FAILURE})

_HARM = {Verdict.INCONCLUSIVE: 1, Verdict.ERROR: 1, Verdict.FAIL: 2}
"""What a MUST takes from the verdict of its run; all other verdicts take nothing."""

_RUNS = {
    RunVerdict.CONFORMANT: 0,
    RunVerdict.KEPT: 0,
    RunVerdict.UNSUPPORTED: 1,
    RunVerdict.UNDECIDED: 2,
    RunVerdict.NOT_CONFORMANT: 3,
}
"""From best to worst. To have left checks out is neither."""


def compare(old: Report, new: Report) -> RunDiff:
    """Return what changed from one run to another."""
    before = {result.id: result for result in old.results}
    after = {result.id: result for result in new.results}
    names = sorted(before.keys() | after.keys())
    found = [_change(before.get(name), after.get(name)) for name in names]
    order = list(ChangeKind)
    changes = sorted(
        filter(None, found), key=lambda one: (not one.regression, order.index(one.kind), one.id)
    )
    worse = _RUNS[new.verdict] > _RUNS[old.verdict]
    slower = tuple(_slower(old, new))
    return RunDiff(
        old=Side(label=old.label, verdict=old.verdict),
        new=Side(label=new.label, verdict=new.verdict),
        sentence=_sentence(old, new, changes, len(slower), found.count(None)),
        regression=worse or any(change.regression for change in changes),
        verdict_worse=worse,
        differences=tuple(_differences(old, new)),
        changes=tuple(changes),
        slower=slower,
        unchanged=found.count(None),
    )


def regresses(old: Result | None, new: Result | None) -> bool:
    """Tell whether a MUST takes more from the verdict of its run, or broke as is known upstream."""
    if new is None or new.level is not Level.MUST:
        return False
    was = old.verdict if old else Verdict.SKIPPED
    known = was is Verdict.PASS and new.verdict is Verdict.KNOWN_FAILURE
    return known or _HARM.get(new.verdict, 0) > _HARM.get(was, 0)


def _change(old: Result | None, new: Result | None) -> Change | None:
    one = new or old
    if one is None or (old and new and old.verdict is new.verdict):
        return None
    return Change(
        id=one.id,
        title=one.title,
        level=one.level,
        kind=_kind(old, new),
        regression=regresses(old, new),
        old=_judgement(old),
        new=_judgement(new),
    )


def _kind(old: Result | None, new: Result | None) -> ChangeKind:
    if old is None or new is None:
        return ChangeKind.ADDED if old is None else ChangeKind.REMOVED
    match old.verdict in JUDGED, new.verdict in JUDGED:
        case True, True:
            worst = list(Verdict)
            worse = worst.index(new.verdict) > worst.index(old.verdict)
            return ChangeKind.WORSE if worse else ChangeKind.BETTER
        case True, False:
            return ChangeKind.NO_LONGER_JUDGED
        case False, True:
            return ChangeKind.NEWLY_JUDGED
    return ChangeKind.NOT_JUDGED


def _judgement(result: Result | None) -> Judgement | None:
    if result is None:
        return None
    return Judgement(verdict=result.verdict, reason=result.reason, issue=result.issue)


def _differences(old: Report, new: Report) -> Iterator[Difference]:
    before, after = _components(old), _components(new)
    before |= {"suite's version": old.suite["version"], "suite's commit": old.suite["revision"]}
    after |= {"suite's version": new.suite["version"], "suite's commit": new.suite["revision"]}
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield Difference(name=name, old=before.get(name, ""), new=after.get(name, ""))


def _components(report: Report) -> dict[str, str]:
    """Return the version of each component, and the program that it was swapped for."""
    facts = cast("Mapping[str, Any]", report.cluster)
    versions, swaps = facts.get("versions"), facts.get("swaps")
    found = {
        str(name): str(version)
        for name, version in (sorted(versions.items()) if isinstance(versions, dict) else ())
    }
    for swap in swaps if isinstance(swaps, list) else ():
        if isinstance(swap, dict) and "component" in swap:
            name, digest = str(swap["component"]), str(swap.get("sha256", ""))[:DIGITS]
            found[name] = f"{found.get(name, 'unknown')} (swapped, sha256 {digest})"
    return found


def _slower(old: Report, new: Report) -> Iterator[Slower]:
    """Yield the figures that are clearly larger: the stage, scenarios, then between moments."""
    figures = [
        (
            "the whole stage",
            old.timing.get("stageSeconds", 0),
            new.timing.get("stageSeconds", 0),
        )
    ]
    before = {one.name: one.seconds for one in old.scenarios}
    figures += [
        (f"scenario {one.name}", before[one.name], one.seconds)
        for one in sorted(new.scenarios, key=lambda one: one.name)
        if one.name in before
    ]
    for what, earlier, later in figures:
        if earlier and _clearly(earlier, later):
            yield Slower(what=what, id="", old_seconds=earlier, new_seconds=later)
    told = set()
    results = {result.id: result for result in old.results}
    for result in sorted(new.results, key=lambda one: one.id):
        other = results.get(result.id)
        for one, twin in _pairs(other, result) if other else ():
            (_, earlier), (later, _) = _seconds(one), _seconds(twin)
            start, end = (point.what for point in twin.moments)
            what = f"{end} after {start}"
            if earlier > 0 and _clearly(earlier, later) and what not in told:
                told.add(what)
                yield Slower(what=what, id=result.id, old_seconds=earlier, new_seconds=later)


def _clearly(earlier: float, later: float) -> bool:
    return later >= TIMES * earlier and later - earlier >= SECONDS


def _pairs(old: Result, new: Result) -> Iterator[tuple[Comparison, Comparison]]:
    for one in new.comparisons:
        twin = twin_of(one, old.comparisons)
        if twin is not None:
            yield twin, one


def twin_of(one: Comparison, among: Sequence[Comparison]) -> Comparison | None:
    """Return the comparison of the same two things in another run; None where there is none."""
    ends = [point.what for point in one.moments]
    if len(ends) != 2:  # noqa: PLR2004 - suites before had none
        return None
    return next(
        (
            twin
            for twin in among
            if twin.relation == one.relation and [point.what for point in twin.moments] == ends
        ),
        None,
    )


def _seconds(comparison: Comparison) -> tuple[float, float]:
    """Return the least and the most seconds that lie between the two moments."""
    start, end = comparison.moments
    least = parse_time(end.earliest) - parse_time(start.latest)
    most = parse_time(end.latest) - parse_time(start.earliest)
    return round(least / SECOND, 2), round(most / SECOND, 2)


def _sentence(
    old: Report, new: Report, changes: Sequence[Change], slower: int, unchanged: int
) -> str:
    alike = old.label == new.label
    earlier = "the earlier run" if alike else old.label
    subject = f"The later run of {new.label}" if alike else new.label
    total = unchanged + len(changes)

    def count(kind: ChangeKind, *, passed: bool) -> int:
        sides = [(one.old if kind is ChangeKind.WORSE else one.new, one) for one in changes]
        return sum(
            one.kind is kind and side is not None and (side.verdict is Verdict.PASS) is passed
            for side, one in sides
        )

    broken = count(ChangeKind.WORSE, passed=True)
    mended = count(ChangeKind.BETTER, passed=True)
    unknown = count(ChangeKind.WORSE, passed=False)
    known = count(ChangeKind.BETTER, passed=False)
    newly = [one for one in changes if one.kind is ChangeKind.NEWLY_JUDGED]
    among = sum(one.new is not None and one.new.verdict in BROKEN for one in newly)
    gone = sum(one.kind is ChangeKind.NO_LONGER_JUDGED for one in changes)
    kept = f"breaks {_some(broken, 'promise', 'promises')} that {earlier} kept" if broken else ""
    parts = [
        f"keeps {_some(mended, 'promise', 'promises')} that {earlier} broke" if mended else "",
        f"no longer has {_some(unknown, 'failure', 'failures')} known upstream" if unknown else "",
        f"has {_some(known, 'failure', 'failures')} that {_be(known)} known upstream by now"
        if known
        else "",
        f"has {_some(gone, 'promise', 'promises')} no longer judged" if gone else "",
        f"has {_some(len(newly), 'promise', 'promises')} newly judged"
        + (f" ({among} broken)" if among else "")
        if newly
        else "",
        f"has {_some(slower, 'figure', 'figures')} that {_be(slower)} clearly slower"
        if slower
        else "",
    ]
    told = [part for part in (kept, *parts) if part]
    if not changes and not told:
        return f"{subject} has all {total} verdicts of {earlier}."
    told.append(f"has {unchanged} of {total} verdicts unchanged")
    return f"{subject} {'; '.join(told)}."


def _some(number: int, one: str, more: str) -> str:
    return f"{number or 'no'} {one if number == 1 else more}"


def _be(number: int) -> str:
    return "is" if number == 1 else "are"
