"""What changed between two runs is said once, in the right kind, and what regresses is told."""

from __future__ import annotations

import itertools
import json

import jsonschema
import pytest
from hypothesis import given

from fixtures.evidence.evidence import ScenarioTime
from fixtures.evidence.moments import Comparison, Point
from reports import jsonreport, schema
from reports.changes import ChangeKind, Diff, compare
from reports.model import Level, Report, Result, Verdict
from tests.kit.samples import REPORTS, mixed, report, result


def kinds(old: Report, new: Report) -> dict[str, tuple[ChangeKind, bool]]:
    """Return the kind of each change, and whether it is a regression."""
    return {one.id: (one.kind, one.regression) for one in compare(old, new).changes}


WORSE, GONE, NEWLY = ChangeKind.WORSE, ChangeKind.NO_LONGER_JUDGED, ChangeKind.NEWLY_JUDGED
BETTER, NOT = ChangeKind.BETTER, ChangeKind.NOT_JUDGED


@pytest.mark.parametrize(
    ("old", "new", "kind", "regression"),
    [
        ("pass", "fail", WORSE, True),
        ("pass", "known-failure", WORSE, True),
        ("known-failure", "fail", WORSE, True),
        ("pass", "inconclusive", GONE, True),
        ("pass", "error", GONE, True),
        ("known-failure", "error", GONE, True),
        ("fail", "error", GONE, False),
        ("pass", "unsupported", GONE, False),
        ("pass", "skipped", GONE, False),
        ("error", "fail", NEWLY, True),
        ("unsupported", "fail", NEWLY, True),
        ("unsupported", "known-failure", NEWLY, False),
        ("inconclusive", "pass", NEWLY, False),
        ("fail", "pass", BETTER, False),
        ("known-failure", "pass", BETTER, False),
        ("fail", "known-failure", BETTER, False),
        ("inconclusive", "error", NOT, False),
        ("unsupported", "inconclusive", NOT, True),
    ],
)
def test_each_change_has_its_kind(old: str, new: str, kind: ChangeKind, regression: bool) -> None:  # noqa: FBT001
    def of(verdict: str, level: Level) -> Report:
        return report(result("a.b", Verdict(verdict), level), result("a.c"))

    assert kinds(of(old, Level.MUST), of(new, Level.MUST)) == {"a.b": (kind, regression)}
    for level in (Level.SHOULD, Level.OBSERVED):
        assert kinds(of(old, level), of(new, level)) == {"a.b": (kind, False)}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(Verdict, repeat=2)))
def test_a_worse_verdict_of_a_run_is_never_without_a_promise_that_tells_why(
    old: Verdict, new: Verdict
) -> None:
    before, after = (report(result("a.b", one), result("a.c")) for one in (old, new))
    made = compare(before, after)
    assert made.regression is any(change.regression for change in made.changes)
    assert made.unchanged + len(made.changes) == 2


def test_a_cluster_that_lost_its_sidecars_is_a_regression() -> None:
    lost = report(result("a.b", Verdict.UNSUPPORTED), unsupported="the gate is off")
    made = compare(report(result("a.b")), lost)
    assert (made.verdict_worse, made.regression) == (True, True)
    assert not compare(lost, report(result("a.b"))).regression


def test_a_selection_is_no_regression() -> None:
    whole = report(result("a.b"), result("a.c"))
    made = compare(whole, report(result("a.b"), result("a.c", Verdict.SKIPPED)))
    assert (made.old.verdict, made.new.verdict) == ("conformant", "kept")
    assert not made.regression


def test_requirements_of_one_suite_and_its_version_are_said() -> None:
    old = report(result("a.b"), result("a.gone"), suite={"version": "0.1.0", "revision": "a"})
    new = report(result("a.b"), result("a.new"), suite={"version": "0.2.0", "revision": "b"})
    made = compare(old, new)
    assert kinds(old, new) == {
        "a.new": (ChangeKind.ADDED, False),
        "a.gone": (ChangeKind.REMOVED, False),
    }
    told = [(one.name, one.old, one.new) for one in made.differences]
    assert told == [("suite's version", "0.1.0", "0.2.0"), ("suite's commit", "a", "b")]


def test_swapped_components_are_said() -> None:
    facts = {"versions": {"kubelet": "v1.34.1", "kube-apiserver": "v1.34.4"}}
    swap = {"component": "kubelet", "sha256": "0123456789abcdef"}
    old = report(result(), cluster=facts)
    new = report(
        result(), cluster={"versions": {**facts["versions"], "kubelet": "v1.34.2"}, "swaps": [swap]}
    )
    (one,) = compare(old, new).differences
    assert (one.name, one.old) == ("kubelet", "v1.34.1")
    assert one.new == "v1.34.2 (swapped, sha256 01234567)"


def timed(seconds: float, width: float = 0) -> Result:
    """Return a result whose app started so many seconds after an init container was done."""
    ends = (
        Point("init#0 said 'DONE'", "", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        Point(
            "app#0 said 'START'",
            "",
            f"2026-01-01T00:00:{seconds:05.2f}Z",
            f"2026-01-01T00:00:{seconds + width:05.2f}Z",
        ),
    )
    return result("a.b", comparisons=(Comparison("a", "before", "b", 0, 0, "yes", "words", ends),))


@pytest.mark.parametrize(
    ("old", "new", "slower"),
    [(5, 21, True), (5, 19, False), (20, 36, False), (20, 41, True), (21, 5, False)],
)
def test_only_what_is_clearly_slower_is_said(old: float, new: float, slower: bool) -> None:  # noqa: FBT001
    made = compare(report(timed(old)), report(timed(new)))
    assert [(one.what, one.id, one.old_seconds, one.new_seconds) for one in made.slower] == (
        [("app#0 said 'START' after init#0 said 'DONE'", "a.b", old, new)] if slower else []
    )
    scenarios = [(ScenarioTime("one", seconds, "", 0),) for seconds in (old, new)]
    before, after = (report(result(), scenarios=one) for one in scenarios)
    assert len(compare(before, after).slower) == slower
    assert not compare(before, after).regression


def test_a_figure_that_is_not_well_known_is_not_clearly_slower() -> None:
    assert compare(report(timed(5, width=8)), report(timed(21))).slower == ()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            report(result("a.b"), result("a.c"), label="v1.34.1"),
            report(result("a.b", Verdict.FAIL), result("a.c"), label="v1.34.2"),
            "v1.34.2 breaks 1 promise that v1.34.1 kept; has 1 of 2 verdicts unchanged.",
        ),
        (
            report(result("a.b", Verdict.FAIL), result("a.c", Verdict.ERROR)),
            report(result("a.b"), result("a.c", Verdict.FAIL)),
            (
                "The later run of v1.37.2 keeps 1 promise that the earlier run broke; has 1 promise"
                " newly judged (1 broken); has 0 of 2 verdicts unchanged."
            ),
        ),
        (
            report(result("a.b")),
            report(result("a.b")),
            "The later run of v1.37.2 has all 1 verdicts of the earlier run.",
        ),
    ],
)
def test_the_sentence_names_the_run_and_what_changed(
    old: Report, new: Report, sentence: str
) -> None:
    made = compare(old, new)
    assert made.sentence == sentence
    both = Diff(only_old=(), only_new=(), runs=(made, made))
    assert both.sentence.startswith("2 runs were compared: ")


def test_the_published_schema_is_that_of_the_model() -> None:
    made = schema.schema(Diff)
    assert schema.DIFF_FILE.read_bytes() == jsonreport.encode(made), "run 'nox -s docs'"


@given(REPORTS)
def test_any_two_reports_can_be_compared_and_fit_the_schema(found: Report) -> None:
    for one, other in ((found, mixed()), (mixed(), found), (found, found)):
        made = Diff(only_old=("a",), only_new=(), runs=(compare(one, other),))
        value = json.loads(jsonreport.encode(made.model_dump()))
        jsonschema.Draft202012Validator(schema.schema(Diff)).validate(value)
        assert (value["apiVersion"], value["kind"]) == (
            "sidecar-conformance/v1alpha1",
            "ConformanceDiff",
        )
    assert not compare(found, found).changes
