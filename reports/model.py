"""What a run found, as plain values: the one model that every format is written from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

API_VERSION = "sidecar-conformance/v1alpha1"
KIND = "ConformanceReport"


class Verdict(StrEnum):
    """What became of one check, from best to worst."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    SKIPPED = "skipped"
    UNSUPPORTED = "unsupported"
    KNOWN_FAILURE = "known-failure"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    FAIL = "fail"


JUDGED = frozenset({Verdict.PASS, Verdict.KNOWN_FAILURE, Verdict.FAIL})
"""The verdicts that say something about Kubernetes."""


class RunVerdict(StrEnum):
    """What a run says about its cluster."""

    CONFORMANT = "conformant"
    NOT_CONFORMANT = "not conformant"
    UNDECIDED = "undecided"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Comparison:
    """Two moments that a check compared: what they were, where they come from, how wide they are.

    `left_width` and `right_width` are in seconds (inf: unbounded on a side); `answer` is
    `yes`, `no` or `unknown`.
    """

    left: str
    relation: str
    right: str
    left_width: float
    right_width: float
    answer: str


@dataclass(frozen=True)
class Result:
    """One requirement and its verdict. `seconds` is how long its scenario was staged."""

    id: str
    title: str
    level: str
    since: str
    verdict: Verdict
    reason: str
    scenario: str
    seconds: float
    sources: Sequence[str] = ()
    evidence: str = ""
    comparisons: Sequence[Comparison] = ()
    issue: str = ""
    """Address of the upstream issue of a known failure."""

    @property
    def area(self) -> str:
        """The part of the id before its first dot."""
        return self.id.split(".", 1)[0]

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names in `scenario`, which joins them with ", " where a check read several."""
        return tuple(name for name in self.scenario.split(", ") if name)


@dataclass(frozen=True)
class ScenarioTime:
    """How long a scenario was staged, in seconds, and what it waited for longest."""

    name: str
    seconds: float
    waited_for: str
    waited_seconds: float


@dataclass(frozen=True)
class Report:
    """A whole run. `cluster`, `suite` and `timing` hold JSON values as `report.json` shows them."""

    label: str
    suite: Mapping[str, Any]
    cluster: Mapping[str, Any]
    reproduce: str
    results: Sequence[Result]
    scenarios: Sequence[ScenarioTime] = ()
    timing: Mapping[str, Any] = field(default_factory=dict)
    notices: Sequence[str] = ()
    """Lines for the reader that belong to no check (an expired known failure, say)."""
    unsupported: str = ""
    """Why the cluster has no sidecars at all; empty where it has them."""

    @property
    def verdict(self) -> RunVerdict:
        """The run's verdict, decided by MUST checks alone."""
        return run_verdict(self.results, self.unsupported)


def run_verdict(results: Iterable[Result], unsupported: str = "") -> RunVerdict:
    """Decide a run by its MUST checks.

    Not conformant if one failed; undecided if one is an error or inconclusive, or if nothing was
    judged at all; unsupported if the cluster has no sidecars at all (`unsupported` says why).
    """
    asked = [r for r in results if r.verdict is not Verdict.SKIPPED]
    must = {r.verdict for r in asked if r.level == "MUST"}
    if Verdict.FAIL in must:
        return RunVerdict.NOT_CONFORMANT
    if Verdict.ERROR in must or Verdict.INCONCLUSIVE in must:
        return RunVerdict.UNDECIDED
    # A run of nothing is no statement about a cluster, not even that it lacks sidecars.
    if unsupported and asked:
        return RunVerdict.UNSUPPORTED
    # An error or a doubt of a SHOULD check judged nothing either.
    if any(r.verdict in JUDGED for r in asked):
        return RunVerdict.CONFORMANT
    return RunVerdict.UNDECIDED


def exit_status(report: Report) -> int:
    """Return the process's exit status for a run: 0, 1 or 3 (4, a usage error, has no report).

    0: conformant, or a cluster without sidecars. 1: a MUST check failed or, where none is an error,
    is inconclusive. 3: the suite or the environment broke: a MUST check is an error and none
    failed, or nothing was judged. An error outweighs a doubt, because it has to be mended first.
    """
    if report.verdict in {RunVerdict.CONFORMANT, RunVerdict.UNSUPPORTED}:
        return 0
    must = {r.verdict for r in report.results if r.level == "MUST"}
    if Verdict.FAIL in must:
        return 1
    return 1 if Verdict.INCONCLUSIVE in must and Verdict.ERROR not in must else 3


def counts(results: Iterable[Result]) -> dict[Verdict, int]:
    """Count results by verdict, worst first; verdicts that do not occur are left out."""
    found = Counter(r.verdict for r in results)
    return {verdict: found[verdict] for verdict in reversed(Verdict) if found[verdict]}
