"""What a run found: the one model that every format is written from, `report.json` as it stands.

`python -m reports.schema` makes the JSON Schema of it, with the docstrings as descriptions.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StrictInt,
    computed_field,
    with_config,
)
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict  # pydantic reads that of typing only since Python 3.12

from fixtures.evidence.evidence import ScenarioTime
from fixtures.evidence.moments import Comparison, Figure

if TYPE_CHECKING:
    from collections.abc import Iterable

API_VERSION: Final = "sidecar-conformance/v1alpha1"
KIND: Final = "ConformanceReport"


class Level(StrEnum):
    """How binding a promise is; only MUST decides a run's verdict.

    MUST: documented for users, a changelog fix, or asserted by an upstream test.
    SHOULD: stated in an enhancement proposal only.
    OBSERVED: read from the implementation, and free to change without notice.
    """

    MUST = "MUST"
    SHOULD = "SHOULD"
    OBSERVED = "OBSERVED"


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


UNKEPT = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.KNOWN_FAILURE)
"""The verdicts that a reader wants to know the reasons of, worst first."""


class RunVerdict(StrEnum):
    """What a run says about its cluster."""

    CONFORMANT = "conformant"
    KEPT = "kept"
    """A selection of checks was judged, and nothing in it is broken: no claim of conformance."""
    NOT_CONFORMANT = "not conformant"
    UNDECIDED = "undecided"
    UNSUPPORTED = "unsupported"


RUN_VERDICTS = (
    RunVerdict.NOT_CONFORMANT,
    RunVerdict.UNDECIDED,
    RunVerdict.KEPT,
    RunVerdict.CONFORMANT,
    RunVerdict.UNSUPPORTED,
)
"""Worst first; a cluster without sidecars beside a conformant one takes nothing from it."""


ExitStatus = Literal[0, 1, 3]


class Model(BaseModel):
    """What the models of a report have in common: their schema says what their docstrings say."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )


def _names(value: object) -> object:
    """Split the names that a report has in one text."""
    return tuple(filter(None, value.split(", "))) if isinstance(value, str) else value


Names = Annotated[
    tuple[str, ...],
    Field(strict=True),
    BeforeValidator(_names),
    PlainSerializer(", ".join, return_type=str),
]
"""Names that a report has in one text, joined by comma and space."""


class Result(Model):
    """One requirement and its verdict."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"verdict": {"const": Verdict.KNOWN_FAILURE.value}}},
            "then": {"properties": {"issue": {"pattern": "^https://"}}},
        }
    )

    id: str = Field(pattern=r"^[a-z]+(\.[a-z0-9]+(-[a-z0-9]+)*)+$")
    title: str
    """The promise, one sentence."""
    level: Level
    since: str = Field(pattern=r"^1\.[0-9]+$")
    """The minor whose release made the promise."""
    verdict: Verdict
    reason: str
    """Why the verdict is what it is; may be empty for a pass."""
    issue: str
    """Address of the upstream issue of a known failure, else empty."""
    scenarios: Names = Field(alias="scenario")
    """The scenario that was read; several are joined by comma and space.

    Its recording is recordings/SCENARIO.jsonl beside this file.
    """
    seconds: Figure
    """How long the scenario was staged."""
    sources: tuple[str, ...]
    evidence: str
    """An excerpt of the timeline, lines separated by newlines."""
    comparisons: tuple[Comparison, ...]

    @property
    def area(self) -> str:
        """The part of the id before its first dot."""
        return self.id.split(".", 1)[0]


# Facts may be any; named here are those that a reader asks for.
FACTS = ConfigDict(extra="allow", use_attribute_docstrings=True)


@with_config(FACTS)
class Suite(TypedDict):
    """What judged."""

    version: str
    revision: str
    """The commit of the checkout; empty where it is not known."""


@with_config(FACTS)
class ClusterFacts(TypedDict, total=False):
    """What was judged; a fact that could not be found is absent."""

    serverVersion: str
    """As the API server reports it."""
    nodeVersions: dict[str, str]
    """The kubelet's version by node name."""
    runtime: str
    """Container runtime and version, as the node reports it."""
    kernel: str
    cgroupVersion: str | StrictInt
    gates: dict[str, StrictBool]
    """Feature gates by name, where component metrics could be read."""


@with_config(FACTS)
class Timing(TypedDict, total=False):
    """Figures of the run."""

    clusterSeconds: Figure
    """Until the cluster was ready; 0 or absent for an existing one."""
    stageSeconds: Figure
    """From the first pod created until the last scenario was over, disturbing ones included."""
    longestScenarioSeconds: Figure
    """The longest scenario's own time."""
    nodeLimitSeconds: Figure
    """What the node's measured pod start rate would need for these pods."""
    nodeCpuSeconds: dict[str, Figure]
    """CPU time of the nodes while scenarios were staged, by what it was spent on; absent where
    the suite has no access to nodes.
    """
    suiteCpuSeconds: Figure
    """CPU time of the suite's own process."""
    suiteMemoryMiB: Figure
    """Peak resident memory of the suite's own process."""


class Document(Model):
    """What is written as a file of its own."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def api_version(self) -> Literal["sidecar-conformance/v1alpha1"]:
        """Of the format, in which changes are only additive."""
        return API_VERSION


class Report(Document):
    """One run of the sidecar conformance suite on one cluster.

    Within an apiVersion changes are only additive: a reader must ignore keys that it does not know.
    """

    model_config = ConfigDict(title=KIND)

    label: str = Field(min_length=1)
    """Names the run and its directory: the version, with +COMPONENT-VERSION for a swapped
    component.
    """
    unsupported: str
    """Why the cluster has no sidecars at all; empty where it has them."""
    reproduce: str
    """The command that makes such a run again."""
    suite: Suite
    cluster: ClusterFacts
    notices: tuple[str, ...]
    """Lines for the reader that belong to no check (an expired known failure, say)."""
    timing: Timing
    results: tuple[Result, ...]
    """One entry a requirement, by id; requirements that were left out are there as skipped."""
    scenarios: tuple[ScenarioTime, ...]
    """By name."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def kind(self) -> Literal["ConformanceReport"]:
        """Tells a report from other files of the suite."""
        return KIND

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> RunVerdict:
        """Decided by the MUST results alone."""
        return run_verdict(self.results, self.unsupported)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def exit_status(self) -> ExitStatus:
        """0: conformant, kept or unsupported; 1: a MUST failed or is inconclusive.

        3: the suite or the environment broke.
        """
        return exit_status(self)


def run_verdict(results: Iterable[Result], unsupported: str = "") -> RunVerdict:
    """Decide a run by its MUST checks.

    Not conformant if one failed; undecided if one is an error or inconclusive, or if nothing was
    judged at all; unsupported if the cluster has no sidecars at all (`unsupported` says why). What
    would be conformant is only kept where the user left checks out.
    """
    found = list(results)
    asked = [r for r in found if r.verdict is not Verdict.SKIPPED]
    must = {r.verdict for r in asked if r.level is Level.MUST}
    if Verdict.FAIL in must:
        return RunVerdict.NOT_CONFORMANT
    if Verdict.ERROR in must or Verdict.INCONCLUSIVE in must:
        return RunVerdict.UNDECIDED
    # A run of nothing is no statement about a cluster, not even that it lacks sidecars.
    if unsupported and asked:
        return RunVerdict.UNSUPPORTED
    # An error or a doubt of a SHOULD check judged nothing either.
    if any(r.verdict in JUDGED for r in asked):
        return RunVerdict.CONFORMANT if asked == found else RunVerdict.KEPT
    return RunVerdict.UNDECIDED


def exit_status(report: Report) -> ExitStatus:
    """Return the process's exit status for a run: 0, 1 or 3 (4, a usage error, has no report).

    0: conformant or kept, or a cluster without sidecars. 1: a MUST check failed or, where none is
    an error, is inconclusive. 3: the suite or the environment broke: a MUST check is an error and
    none failed, or nothing was judged. An error outweighs a doubt, because it has to be mended
    first.
    """
    if report.verdict in {RunVerdict.CONFORMANT, RunVerdict.KEPT, RunVerdict.UNSUPPORTED}:
        return 0
    must = {r.verdict for r in report.results if r.level is Level.MUST}
    if Verdict.FAIL in must:
        return 1
    return 1 if Verdict.INCONCLUSIVE in must and Verdict.ERROR not in must else 3


def verdict_words(report: Report) -> str:
    """Return the verdict as it is said to people: `conformant`, or `1 of 225 judged: kept`.

    Of a selection the number of its checks is always said, whatever the verdict.
    """
    total = len(report.results)
    if all(r.verdict is not Verdict.SKIPPED for r in report.results):
        return report.verdict
    judged = sum(r.verdict in JUDGED for r in report.results)
    return f"{judged} of {total} judged: {report.verdict}"


def counts(results: Iterable[Result]) -> dict[Verdict, int]:
    """Count results by verdict, worst first; verdicts that do not occur are left out."""
    found = Counter(r.verdict for r in results)
    return {verdict: found[verdict] for verdict in reversed(Verdict) if found[verdict]}
