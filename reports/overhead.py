"""What sidecars cost: the model of `overhead.json`, and the sentences that follow from it.

A sentence claims a difference of two variants only where the intervals of their medians have
nothing in common, and where the interval of the differences within the rounds leaves out 0 as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import ConfigDict, Field, StrictInt, ValidationError, computed_field

from fixtures.errors import UsageError, first_problem
from fixtures.evidence.moments import Figure
from fixtures.host.files import write_whole
from reports.estimates import FEWEST, Estimate, apart, estimate, is_different
from reports.jsonreport import decoded, encode
from reports.model import API_VERSION, Document, Model, Suite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

KIND: Final = "OverheadReport"
FILE = "overhead.json"


class Measure(StrEnum):
    """What is measured of each pod."""

    READY = "ready"
    """Seconds from the request that creates the pod until it was seen to be Ready."""
    GONE = "gone"
    """Seconds from the request that deletes the pod until it was seen to be gone."""
    START_CPU = "startCpu"
    """Seconds of CPU that the pod's cgroup has used when it is Ready."""
    MEMORY = "memory"
    """Bytes: the working set of the pod's cgroup when it is Ready."""
    P50 = "p50"
    """Seconds that half of the requests took at most, at a steady rate."""
    P99 = "p99"
    """Seconds that 99 % of these requests took at most."""
    REQUEST_CPU = "requestCpu"
    """Seconds of CPU of the pod for each request."""
    THROUGHPUT = "throughput"
    """Requests a second that were answered to some connections without a pace."""


@dataclass(frozen=True)
class About:
    """The words of a measure: `{more}` than another variant, `{less}`, and of nothing seen."""

    title: str
    unit: str
    per_unit: float
    """How much of what is stored makes one unit that people read."""
    digits: int
    more: str
    less: str
    noun: str
    more_costs: bool = True


ABOUT: Mapping[Measure, About] = {
    Measure.READY: About(
        "Time to Ready",
        "s",
        1,
        2,
        "became Ready later",
        "became Ready earlier",
        "the time to Ready",
    ),
    Measure.GONE: About(
        "Time to gone", "s", 1, 2, "was gone later", "was gone earlier", "the time to gone"
    ),
    Measure.START_CPU: About(
        "CPU until Ready",
        "ms",
        1e-3,
        1,
        "used more CPU until it was Ready",
        "used less CPU until it was Ready",
        "the CPU until Ready",
    ),
    Measure.MEMORY: About(
        "Memory of the idle pod", "MiB", 2**20, 2, "held more memory", "held less memory", "memory"
    ),
    Measure.P50: About(
        "Request latency, p50",
        "ms",
        1e-3,
        3,
        "had a longer p50 latency",
        "had a shorter p50 latency",
        "the p50 latency",
    ),
    Measure.P99: About(
        "Request latency, p99",
        "ms",
        1e-3,
        2,
        "had a longer p99 latency",
        "had a shorter p99 latency",
        "the p99 latency",
    ),
    Measure.REQUEST_CPU: About(
        "CPU of a request",
        "µs",
        1e-6,
        1,
        "used more CPU a request",
        "used less CPU a request",
        "the CPU of a request",
    ),
    Measure.THROUGHPUT: About(
        "Throughput",
        "requests/s",
        1,
        0,
        "answered more requests",
        "answered fewer requests",
        "throughput",
    ),
}
"""What people read of each measure, in the order of the page."""


class Variant(Model):
    """A form of the pod."""

    name: str = Field(min_length=1)
    about: str
    """What it is, in a sentence."""
    objects: StrictInt = Field(ge=1)
    containers: StrictInt = Field(ge=1)
    """Of its pod, sidecars included."""
    lines: StrictInt = Field(ge=1)
    """Of its manifest."""
    manifest: str
    """The objects as YAML, all written in one way so that their lines can be compared."""


class Life(Model):
    """One pod that was measured."""

    variant: str
    round: StrictInt = Field(ge=1)
    place: StrictInt = Field(ge=1)
    """Which of its round it was."""
    values: dict[Measure, Figure]


class LeftOut(Model):
    """A pod that could not be measured."""

    variant: str
    round: StrictInt
    reason: str


class Comparison(Model):
    """How much more one variant has of a measure than another, in pairs of the same round."""

    of: str
    to: str
    difference: Estimate
    seen: bool
    """Whether the data shows a difference at all."""
    sentence: str


class Measured(Model):
    """What was found for one measure."""

    measure: Measure
    title: str
    unit: str
    """What people read it in; figures here are in seconds, bytes and requests a second."""
    estimates: dict[str, Estimate]
    """By variant."""
    comparisons: tuple[Comparison, ...]
    """Each variant to the first one, and each to the one before it."""


class OverheadReport(Document):
    """What sidecars cost on one cluster.

    Within an apiVersion changes are only additive: a reader must ignore keys that it does not know.
    """

    model_config = ConfigDict(title=KIND)

    label: str = Field(min_length=1)
    """The Kubernetes version."""
    reproduce: str
    """The command that measures in the same order again."""
    seed: StrictInt
    """Of the order of the variants within the rounds."""
    rounds: StrictInt = Field(ge=FEWEST)
    suite: Suite
    cluster: dict[str, Any]
    """Facts about the cluster and its node, and how requests were sent."""
    variants: tuple[Variant, ...] = Field(min_length=1)
    lives: tuple[Life, ...]
    """In the order in which they were measured."""
    left_out: tuple[LeftOut, ...]
    missing: dict[str, str]
    """By its name why a variant was not measured."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def kind(self) -> Literal["OverheadReport"]:
        """Tells it from other files of the suite."""
        return KIND

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def measures(self) -> tuple[Measured, ...]:
        """All that was found, a measure each."""
        return tuple(self._measured(measure) for measure in ABOUT)

    def values(self, measure: Measure, variant: str) -> dict[int, float]:
        """Return what was measured of a variant, by round."""
        return {life.round: life.values[measure] for life in self.lives if life.variant == variant}

    def _measured(self, measure: Measure) -> Measured:
        names = [variant.name for variant in self.variants]
        values = {name: self.values(measure, name) for name in names}
        estimates = {name: estimate(list(found.values())) for name, found in values.items()}
        comparisons = []
        for of, to in _pairs(names):
            shared = values[of].keys() & values[to].keys()
            if len(shared) < FEWEST:
                continue
            difference = estimate([values[of][one] - values[to][one] for one in sorted(shared)])
            seen = is_different(difference) and apart(estimates[of], estimates[to])
            sentence = _sentence(ABOUT[measure], of, to, difference, seen=seen)
            made = Comparison(of=of, to=to, difference=difference, seen=seen, sentence=sentence)
            comparisons.append(made)
        about = ABOUT[measure]
        return Measured(
            measure=measure,
            title=about.title,
            unit=about.unit,
            estimates=estimates,
            comparisons=tuple(comparisons),
        )


def _pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what is compared: each with the first, and with the one before it."""
    for number, name in enumerate(names[1:], 1):
        yield name, names[0]
        if number > 1:
            yield name, names[number - 1]


def _sentence(about: About, of: str, to: str, difference: Estimate, *, seen: bool) -> str:
    low, high = difference.low / about.per_unit, difference.high / about.per_unit
    if not seen:
        digits = decimals(about, low, high)
        span = f"{low:.{digits}f} to {high:.{digits}f} {about.unit}"
        words = f"Between {of} and {to} no difference was seen in {about.noun}"
        if is_different(difference):
            return f"{words}: their intervals overlap, though it was {span} within the rounds."
        return f"{words} (95 %: {span})."
    less = difference.high < 0
    if less:
        low, high = -high, -low
    median = abs(difference.median) / about.per_unit
    digits = decimals(about, low, high)
    span = f"{low:.{digits}f} to {high:.{digits}f}"
    verb = about.less if less else about.more
    return f"{of} {verb} than {to} by {median:.{digits}f} {about.unit} (95 %: {span})."


def decimals(about: About, *figures: float) -> int:
    """Return so many decimals that no figure but 0 is shown as 0, those of the measure at least."""
    digits = about.digits
    while digits < about.digits + 4 and any(one and round(one, digits) == 0 for one in figures):
        digits += 1
    return digits


def shown(about: About, found: Estimate) -> str:
    """Return a median with its interval as people read it: `1.92 (1.88 to 1.97) s`."""
    figures = [one / about.per_unit for one in (found.median, found.low, found.high)]
    digits = decimals(about, *figures)
    median, low, high = (f"{one:.{digits}f}" for one in figures)
    return f"{median} ({low} to {high}) {about.unit}"


def order(measured: Measured) -> dict[tuple[str, str], bool]:
    """Return for two variants whether the first has less, where their intervals are apart."""
    return {
        (one, other): first.high < second.low
        for (one, first), (other, second) in combinations(measured.estimates.items(), 2)
        if apart(first, second)
    }


def write(report: OverheadReport, path: Path) -> None:
    """Write `overhead.json`; the same report gives the same bytes. Raises OSError."""
    write_whole(path, encode(report.model_dump(mode="json")))


def read(path: Path) -> OverheadReport:
    """Read what `write` wrote. Raises UsageError, with one line that names the file."""
    value = decoded(path)
    if not isinstance(value, dict) or value.get("kind") != KIND:
        raise UsageError(f"{path}: its kind is not {KIND}: name an {FILE} of 'nox -s overhead'")
    if value.get("apiVersion") != API_VERSION:
        raise UsageError(f"{path}: apiVersion {value.get('apiVersion')!r} is not {API_VERSION!r}")
    try:
        found = OverheadReport.model_validate(value)
        found.measures  # noqa: B018 - it follows from the lives, or they are too few
    except ValidationError as problem:
        raise UsageError(f"{path}: not a valid report: {first_problem(problem)}") from problem
    except (ValueError, KeyError) as problem:
        raise UsageError(f"{path}: not a valid report: {problem}") from problem
    return found
