"""What a run found, as plain values: the one model that every format is written from."""

from __future__ import annotations

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


class RunVerdict(StrEnum):
    """What a run says about its cluster."""

    CONFORMANT = "conformant"
    NOT_CONFORMANT = "not conformant"
    UNDECIDED = "undecided"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Comparison:
    """Two moments that a check compared: what they were, where they come from, how wide they are.

    `left_width` and `right_width` are in seconds; `answer` is `yes`, `no` or `unknown`.
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
    judged = [r for r in results if r.verdict is not Verdict.SKIPPED]
    must = {r.verdict for r in judged if r.level == "MUST"}
    if Verdict.FAIL in must:
        return RunVerdict.NOT_CONFORMANT
    if Verdict.ERROR in must or Verdict.INCONCLUSIVE in must:
        return RunVerdict.UNDECIDED
    if unsupported:
        return RunVerdict.UNSUPPORTED
    if any(r.verdict is not Verdict.UNSUPPORTED for r in judged):
        return RunVerdict.CONFORMANT
    return RunVerdict.UNDECIDED
