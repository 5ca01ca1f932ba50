"""From what a check raised to a verdict: the only place where the two are connected."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conformance.checks.bounds import excuse
from conformance.editions import why_older
from fixtures.errors import SuiteError
from fixtures.evidence.errors import ContradictionError, CutShortError, EvidenceLostError
from fixtures.evidence.moments import InconclusiveError
from fixtures.evidence.recording import WaitRecord
from fixtures.stage import manifest
from fixtures.stage.demands import hindrance
from fixtures.stage.scenario import scenario_named
from reports.model import Result, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.requirements import Requirement
    from fixtures.evidence.capabilities import Capabilities
    from fixtures.evidence.evidence import Evidence
    from fixtures.evidence.moments import Comparison
    from fixtures.evidence.timeline import Timeline


HINT = re.compile(r"\s*(Use -v|Omitting|Full diff)")
"""A line of pytest's about pytest."""

ORIGIN = re.compile(r"\s*\+ +(?:where|and) +(?P<value>.*)")
"""A line of pytest's that says where a value comes from."""

PLAIN = re.compile(r"[-\d'\"\[({TFN]")
"""How a number, a text, a list, True, False or None begins."""

OBJECT = re.compile(r"<.+ at \d\d:\d\d:|<from ")
"""How a moment or a duration is shown, after which no origin says anything new."""

SENTENCE = re.compile(r"assert (not )?(?P<words>.*\bexpected\b.*)")
"""What `conformance.assertions` says of a comparison, as pytest shows it."""

ADDRESS = re.compile(r" at 0x[0-9a-f]")

PERSISTED = "api.field-persisted"
"""The requirement that an API server keeps sidecars."""

MANY_STEPS = 5
"""What a scenario waits for may take so many steps that each are as late as the control shows: the
containers of a pod, one after the other. Each may exceed what is usual by as much."""

SHORTEST_GRACE = 2
"""Seconds that a kubelet leaves a container at least between SIGTERM and SIGKILL."""

LINES = 8
"""How many lines an assertion's message may have in a result."""


class NotStagedError(Exception):
    """The scenario of a check could not be staged, for the reason in the message."""


def why_unsupported(requirement: Requirement, evidence: Evidence) -> str | None:
    """Say why a promise cannot be judged on this cluster; None when it can.

    Where kubelets differ, the newest decide whether it is staged, and those that ran its pods
    whether it is judged.
    """
    capabilities = evidence.facts.capabilities
    nodes = evidence.nodes_of(requirement.scenarios)
    unpromised = requirement.unpromised_by(evidence.facts.components, nodes)
    reason = unpromised or capabilities.lacking(requirement.needs)
    if reason is not None:
        return reason
    scenarios = (scenario_named(name) for name in requirement.scenarios if manifest.exists(name))
    return next(filter(None, (hindrance(one, capabilities) for one in scenarios)), None)


def why_failed(requirement: Requirement, capabilities: Capabilities) -> str | None:
    """Say why a promise is known to be broken before anything is staged; None where it is not.

    It is that sidecars are stored: one check fails, and all that need them are unsupported.
    """
    return capabilities.dropped or None if requirement.id == PERSISTED else None


def already_judged(result: Result, capabilities: Capabilities) -> Result:
    """Return a result, or the failure that was found before anything was staged.

    It holds also where the user left the check out: a run that judges a few others on a cluster
    that loses sidecars would say nothing else of it.
    """
    if result.id != PERSISTED or not capabilities.dropped:
        return result
    found = {"verdict": Verdict.FAIL, "reason": capabilities.dropped, "scenarios": ()}
    return result.model_copy(update=found)


def judge(
    requirement: Requirement,
    raised: BaseException | None,
    evidence: Evidence,
    comparisons: Sequence[Comparison],
) -> Result:
    """Return the result of a check that raised this, or nothing.

    What a scenario lacks during which the API server was away says nothing about sidecars: it is an
    error, with that reason.
    """
    timelines = evidence.readable(requirement.scenarios)
    verdict, reason = _verdict(raised)
    older = why_older(raised, evidence, requirement.scenarios)
    if older:
        return unjudged(requirement, Verdict.SKIPPED, older)
    outages = [outage for timeline in timelines for outage in timeline.outages]
    if verdict is Verdict.FAIL and not contradicted(raised, comparisons):
        slow = next(filter(None, map(why_waited_in_vain, timelines)), "")
        if slow:
            more = 2 * evidence.facts.cluster.get("patience", 1)
            verdict = Verdict.INCONCLUSIVE
            reason = f"{slow}: give --patience {more:g}; without that it would be: {reason}"
    if verdict is Verdict.FAIL and isinstance(raised, CutShortError):
        slow = next(filter(None, map(why_cut_short, timelines)), "")
        if slow:
            verdict, reason = Verdict.INCONCLUSIVE, f"{reason}; but {slow}"
    undecided = verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)
    if outages and (undecided or isinstance(raised, EvidenceLostError)):
        verdict, reason = Verdict.ERROR, f"{outages[0]}; without that it would be: {reason}"
    excerpt = ""
    if verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
        excerpt = "\n".join(
            f"{timeline.recording.scenario}, recorded in recordings/{timeline.recording.path.name}:"
            f"\n{timeline.excerpt()}"
            for timeline in timelines
        )
    seconds = sum(timeline.recording.seconds for timeline in timelines)
    return unjudged(requirement, verdict, reason).model_copy(
        update={
            "seconds": round(seconds, 2),
            "evidence": excerpt,
            "comparisons": tuple(comparisons),
        }
    )


def contradicted(raised: BaseException | None, comparisons: Sequence[Comparison]) -> bool:
    """Tell whether a check that failed did so by what no slow node makes of a kept promise.

    That is the order of two moments, where it is beyond doubt, or what must never be shown.
    """
    ordered = bool(comparisons) and comparisons[-1].answer == "no"
    return ordered or isinstance(raised, ContradictionError)


def why_waited_in_vain(timeline: Timeline) -> str:
    """Say what a scenario waited for in vain while its nodes were slow; empty without that.

    What did not happen on a slow node may only have been late.
    """
    for wait in timeline.recording.of(WaitRecord):
        if wait.met:
            continue
        lag = timeline.slowest(wait.at, wait.ended)
        if lag is not None and lag.beyond * MANY_STEPS >= wait.seconds:
            return (
                f"{timeline.recording.scenario} waited {wait.seconds:.0f} s in vain for "
                f"{wait.what}, but the node was slow: {lag}"
            )
    return ""


def why_cut_short(timeline: Timeline) -> str:
    """Say that a container may have been killed before it came to its word; empty without that."""
    lag = excuse(timeline, SHORTEST_GRACE)
    if lag is None:
        return ""
    return f"it was killed, and may have had no time for it on a slow node: {lag}"


def unjudged(requirement: Requirement, verdict: Verdict, reason: str) -> Result:
    """Return a result that rests on no evidence: of a check that was left out, say."""
    return Result(
        id=requirement.id,
        title=requirement.title,
        level=requirement.level,
        since=requirement.since,
        verdict=verdict,
        reason=reason,
        issue="",
        scenarios=requirement.scenarios,
        seconds=0.0,
        sources=requirement.sources,
        evidence="",
        comparisons=(),
    )


def _verdict(raised: BaseException | None) -> tuple[Verdict, str]:
    match raised:
        case None:
            return Verdict.PASS, ""
        case pytest.skip.Exception():
            return Verdict.UNSUPPORTED, str(raised.msg)
        case AssertionError() | pytest.fail.Exception():
            return Verdict.FAIL, _first_lines(str(raised)) or "the check's assertion failed"
        case InconclusiveError():
            return Verdict.INCONCLUSIVE, str(raised)
        case EvidenceLostError() | NotStagedError() | SuiteError():
            return Verdict.ERROR, str(raised)
        case _:
            return Verdict.ERROR, f"the check broke: {type(raised).__name__}: {raised}"


def _first_lines(text: str) -> str:
    """Return what an assertion says, in a few lines.

    Where a check has words of its own, of pytest's only a sentence about the comparison is kept.
    """
    lines = [line for line in text.splitlines() if line.strip() and not HINT.match(line)]
    bare = next((at for at, line in enumerate(lines) if line.startswith("assert ")), len(lines))
    own, told = lines[:bare], lines[bare:]
    if told:
        sentence = SENTENCE.match(told[0])
        told[0] = sentence["words"] if sentence else told[0]
        told = told[:1] + ([] if own else _origins(told[1:]))
        if own and not sentence:
            told = []
        elif own and own[-1][-1].isalnum():
            own[-1] += ":"
    return "\n".join([*own, *told][:LINES])


def _origins(lines: list[str]) -> list[str]:
    """Return the lines that say where plain values come from, and all that are about none.

    Where the first value is an object of the evidence a sentence has told all of it. Addresses of
    objects are others each time.
    """
    kept = []
    for at, line in enumerate(lines):
        origin = ORIGIN.match(line)
        if origin is None or (PLAIN.match(origin["value"]) and not ADDRESS.search(line)):
            kept.append(line)
        elif at == 0 and OBJECT.match(origin["value"]):
            return []
    return kept
