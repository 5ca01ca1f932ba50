"""Reports for the tests of every format: one with all verdicts in it, and any that can be."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fixtures.evidence.evidence import ScenarioTime
from fixtures.evidence.moments import Comparison
from reports.model import ClusterFacts, Level, Report, Result, Verdict


def result(
    identifier: str = "startup.list-order",
    verdict: Verdict = Verdict.PASS,
    level: str = Level.MUST,
    **more: Any,  # noqa: ANN401 - any field
) -> Result:
    """Return a result of these words, everything else filled in."""
    plain = Result(
        id=identifier,
        title=f"The promise of {identifier}.",
        level=level,
        since="1.29",
        verdict=verdict,
        reason="" if verdict is Verdict.PASS else f"the reason of {identifier}",
        scenarios=("two-sidecars",),
        seconds=4.5,
        sources=("https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/",),
        issue="https://github.com/kubernetes/kubernetes/issues/125880"
        if verdict is Verdict.KNOWN_FAILURE
        else "",
        evidence="",
        comparisons=(),
    )
    return plain.model_copy(update=more)


def report(*results: Result, **more: Any) -> Report:  # noqa: ANN401 - any field
    """Return a report with these results, everything else filled in."""
    plain = Report(
        label="v1.37.2",
        suite={"version": "0.1.0", "revision": "c251519"},
        cluster={
            "serverVersion": "v1.37.2",
            "nodeVersions": {"sidecars-control-plane": "v1.37.2"},
            "runtime": "containerd://2.2.1",
            "kernel": "6.1.0-41-amd64",
            "cgroupVersion": "2",
            "gates": {"SidecarContainers": True, "InPlacePodVerticalScaling": False},
        },
        reproduce="nox -s conformance -- --kubernetes v1.37.2",
        results=results,
        scenarios=(ScenarioTime("two-sidecars", 4.5, "phase Running of the pod", 3.25),),
        timing={"stageSeconds": 61.0, "longestScenarioSeconds": 50.0},
        notices=(),
        unsupported="",
    )
    return plain.model_copy(update=more)


def mixed() -> Report:
    """Return a report in which each verdict occurs, and hostile texts with it."""
    return report(
        result("startup.list-order", comparisons=(Comparison("a", "before", "b", 0.5, 1, "yes"),)),
        result(
            "termination.reverse-order",
            Verdict.FAIL,
            reason="log-shipper <b>got</b> TERM & died\nbefore app",
            evidence="12.000 s  app: TERM\n\x1b[31m11.250 s\x00  log-shipper: TERM ]]> \udcff",
        ),
        result("termination.grace", Verdict.INCONCLUSIVE, reason="the moments overlap"),
        result("jobs.completion", Verdict.ERROR, reason="the pod could not be staged"),
        result("status.restart-count", Verdict.KNOWN_FAILURE),
        result("resize.memory", Verdict.UNSUPPORTED, reason="resize: the gate is off"),
        result("probes.startup-gate", Verdict.SKIPPED, reason="not selected"),
        result("kubectl.columns", Verdict.FAIL, "SHOULD", reason="shows 1/2"),
        result("network.order", Verdict.INCONCLUSIVE, "OBSERVED", reason="no answer"),
        notices=("known failure of status.phase expired on 2026-01-01",),
    )


# Control characters included, and what Python makes of bytes that are not UTF-8.
CHARACTERS = st.characters(codec="utf-8") | st.characters(
    categories=["Cs"], min_codepoint=0xDC80, max_codepoint=0xDCFF
)
TEXT = st.text(CHARACTERS, max_size=20)
SECONDS = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
NAMES = TEXT.filter(lambda name: name and ", " not in name)
IDS = st.from_regex(r"[a-z]{1,6}\.[a-z0-9]{1,4}(-[a-z0-9]{1,4})?", fullmatch=True)
# Facts that the model names have a type of their own.
FACTS = st.dictionaries(
    st.text(max_size=20).filter(lambda name: name not in ClusterFacts.__annotations__),
    st.recursive(
        st.none() | st.booleans() | st.integers() | SECONDS | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)
COMPARISONS = st.builds(
    Comparison,
    TEXT,
    TEXT,
    TEXT,
    SECONDS | st.just(float("inf")),
    SECONDS | st.just(float("inf")),
    st.sampled_from(["yes", "no", "unknown"]),
)


@st.composite
def results(draw: st.DrawFn) -> Result:
    """Any result that the suite may make."""
    verdict = draw(st.sampled_from(Verdict))
    address = st.just("https://github.com/kubernetes/kubernetes/issues/1")
    return Result(
        id=draw(IDS),
        title=draw(TEXT),
        level=draw(st.sampled_from(Level)),
        since=draw(st.sampled_from(["1.28", "1.29", "1.37"])),
        verdict=verdict,
        reason=draw(TEXT),
        scenarios=tuple(draw(st.lists(NAMES, max_size=2))),
        seconds=draw(SECONDS),
        sources=tuple(draw(st.lists(TEXT, max_size=2))),
        evidence=draw(TEXT),
        comparisons=tuple(draw(st.lists(COMPARISONS, max_size=2))),
        issue=draw(address) if verdict is Verdict.KNOWN_FAILURE else "",
    )


SCENARIO_TIMES = st.builds(ScenarioTime, TEXT, SECONDS, TEXT, SECONDS)
REPORTS = st.builds(
    Report,
    label=st.text(min_size=1, max_size=20),
    suite=st.just({"version": "1.0.0", "revision": ""}),
    cluster=st.dictionaries(st.sampled_from(["zone", "provider"]), TEXT),
    reproduce=TEXT,
    results=st.lists(results(), max_size=5, unique_by=lambda r: r.id).map(
        lambda found: tuple(sorted(found, key=lambda r: r.id))
    ),
    scenarios=st.lists(SCENARIO_TIMES, max_size=3, unique_by=lambda s: s.name).map(
        lambda found: tuple(sorted(found, key=lambda s: s.name))
    ),
    timing=FACTS.map(lambda value: {"more": value}),
    notices=st.lists(TEXT, max_size=2).map(tuple),
    unsupported=TEXT,
)
"""Any report, its results and scenarios in the order in which they are written."""
