"""The rules by which a run is decided."""

from __future__ import annotations

import pytest
from hypothesis import given

from reports.model import (
    RUN_VERDICTS,
    Report,
    Result,
    RunVerdict,
    Verdict,
    counts,
    exit_status,
    verdict_words,
)
from tests.kit.samples import REPORTS, mixed, report, result


@pytest.mark.parametrize(
    ("results", "verdict", "status"),
    [
        ([], RunVerdict.UNDECIDED, 3),
        ([("MUST", Verdict.SKIPPED)], RunVerdict.UNDECIDED, 3),
        ([("MUST", Verdict.UNSUPPORTED)], RunVerdict.UNDECIDED, 3),
        ([("SHOULD", Verdict.ERROR)], RunVerdict.UNDECIDED, 3),
        ([("OBSERVED", Verdict.INCONCLUSIVE)], RunVerdict.UNDECIDED, 3),
        ([("MUST", Verdict.PASS)], RunVerdict.CONFORMANT, 0),
        ([("MUST", Verdict.PASS), ("MUST", Verdict.KNOWN_FAILURE)], RunVerdict.CONFORMANT, 0),
        ([("MUST", Verdict.PASS), ("SHOULD", Verdict.FAIL)], RunVerdict.CONFORMANT, 0),
        ([("MUST", Verdict.PASS), ("SHOULD", Verdict.ERROR)], RunVerdict.CONFORMANT, 0),
        ([("MUST", Verdict.PASS), ("MUST", Verdict.SKIPPED)], RunVerdict.KEPT, 0),
        ([("MUST", Verdict.PASS), ("OBSERVED", Verdict.SKIPPED)], RunVerdict.KEPT, 0),
        ([("MUST", Verdict.FAIL), ("MUST", Verdict.SKIPPED)], RunVerdict.NOT_CONFORMANT, 1),
        ([("MUST", Verdict.ERROR), ("MUST", Verdict.SKIPPED)], RunVerdict.UNDECIDED, 3),
        ([("MUST", Verdict.PASS), ("MUST", Verdict.FAIL)], RunVerdict.NOT_CONFORMANT, 1),
        ([("MUST", Verdict.ERROR), ("MUST", Verdict.FAIL)], RunVerdict.NOT_CONFORMANT, 1),
        ([("MUST", Verdict.PASS), ("MUST", Verdict.INCONCLUSIVE)], RunVerdict.UNDECIDED, 1),
        ([("MUST", Verdict.PASS), ("MUST", Verdict.ERROR)], RunVerdict.UNDECIDED, 3),
        ([("MUST", Verdict.ERROR), ("MUST", Verdict.INCONCLUSIVE)], RunVerdict.UNDECIDED, 3),
    ],
)
def test_must_checks_decide(
    results: list[tuple[str, Verdict]], verdict: RunVerdict, status: int
) -> None:
    found = report(*(result(f"a.b{n}", v, level) for n, (level, v) in enumerate(results)))
    assert (found.verdict, exit_status(found)) == (verdict, status)


@pytest.mark.parametrize(
    ("verdicts", "verdict", "status"),
    [
        ([], RunVerdict.UNDECIDED, 3),
        ([Verdict.SKIPPED], RunVerdict.UNDECIDED, 3),
        ([Verdict.UNSUPPORTED], RunVerdict.UNSUPPORTED, 0),
        ([Verdict.UNSUPPORTED, Verdict.PASS], RunVerdict.UNSUPPORTED, 0),
        ([Verdict.UNSUPPORTED, Verdict.FAIL], RunVerdict.NOT_CONFORMANT, 1),
        ([Verdict.UNSUPPORTED, Verdict.ERROR], RunVerdict.UNDECIDED, 3),
    ],
)
def test_a_cluster_without_sidecars_is_unsupported_unless_it_breaks_what_it_does_promise(
    verdicts: list[Verdict], verdict: RunVerdict, status: int
) -> None:
    found = report(
        *(result(f"a.b{n}", v) for n, v in enumerate(verdicts)), unsupported="the gate is off"
    )
    assert (found.verdict, exit_status(found)) == (verdict, status)


@given(REPORTS)
def test_only_a_run_that_judged_something_ends_well(found: Report) -> None:
    if exit_status(found) == 0:
        assert any(r.verdict is not Verdict.SKIPPED for r in found.results)
        assert not any(
            r.level == "MUST" and r.verdict in {Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE}
            for r in found.results
        )


@given(REPORTS)
def test_a_selection_is_never_called_conformant(found: Report) -> None:
    left_out = any(r.verdict is Verdict.SKIPPED for r in found.results)
    if left_out:
        assert found.verdict is not RunVerdict.CONFORMANT
    assert (" judged: " in verdict_words(found)) == left_out


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ([Verdict.PASS, Verdict.PASS], "conformant"),
        ([Verdict.PASS, Verdict.UNSUPPORTED], "conformant"),
        ([Verdict.PASS, Verdict.SKIPPED, Verdict.SKIPPED], "1 of 3 judged: kept"),
        ([Verdict.PASS, Verdict.UNSUPPORTED, Verdict.SKIPPED], "1 of 3 judged: kept"),
        ([Verdict.FAIL, Verdict.SKIPPED], "1 of 2 judged: not conformant"),
        ([Verdict.SKIPPED, Verdict.SKIPPED], "0 of 2 judged: undecided"),
        ([], "undecided"),
    ],
)
def test_a_verdict_in_words_says_of_how_many_checks(verdicts: list[Verdict], words: str) -> None:
    assert verdict_words(report(*(result(f"a.b{n}", v) for n, v in enumerate(verdicts)))) == words


def test_every_verdict_of_a_run_has_its_place() -> None:
    assert set(RUN_VERDICTS) == set(RunVerdict)


def test_counts_are_worst_first_and_leave_nothing_out() -> None:
    found = counts(mixed().results)
    assert list(found) == [v for v in reversed(Verdict) if v in found]
    assert found[Verdict.FAIL] == 2
    assert sum(found.values()) == len(mixed().results)


def test_a_result_knows_its_area_and_scenarios() -> None:
    several = result("jobs.index.retry", scenarios=("job-a", "job-b"))
    assert several.area == "jobs"
    for known, text in ((several, "job-a, job-b"), (result(scenarios=()), "")):
        value = known.model_dump()
        assert value["scenario"] == text
        assert Result.model_validate(value) == known
