from __future__ import annotations

import pytest

from reports.model import Level, Report, Verdict
from tests.kit.samples import report, result
from tests.power.mutants.judging import FEW, Judgement, Outcome, confirmed, doubtful, judge

BEFORE = report(
    result("term.a"),
    result("term.b", level=Level.SHOULD),
    result("term.c", Verdict.FAIL),
    result("term.d", Verdict.INCONCLUSIVE),
    result("term.e", Verdict.KNOWN_FAILURE),
    result("term.f", Verdict.UNSUPPORTED),
    result("term.g", Verdict.INCONCLUSIVE, Level.SHOULD),
)


def outcome(**verdicts: Verdict) -> tuple[Outcome, list[str]]:
    """Judge a mutant whose verdicts are those of the unchanged component but for some."""
    results = [
        one.model_copy(update={"verdict": verdicts.get(one.id[-1], one.verdict)})
        for one in BEFORE.results
    ]
    found = judge(BEFORE, report(*results))
    return found.outcome, [one.id for one in found.by]


def test_a_mutant_with_the_same_verdicts_survives() -> None:
    assert outcome() == (Outcome.SURVIVED, [])


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.KNOWN_FAILURE])
def test_a_promise_that_is_broken_now_kills(verdict: Verdict) -> None:
    assert outcome(a=verdict) == (Outcome.KILLED, ["term.a"])
    assert outcome(b=verdict) == (Outcome.KILLED, ["term.b"])


def test_the_must_is_named_first() -> None:
    assert outcome(b=Verdict.FAIL, a=Verdict.FAIL) == (Outcome.KILLED, ["term.a", "term.b"])


@pytest.mark.parametrize("name", ["d", "e", "f"])
def test_a_must_that_fails_where_it_did_not_makes_the_run_worse(name: str) -> None:
    assert outcome(**{name: Verdict.FAIL}) == (Outcome.KILLED, [f"term.{name}"])


def test_what_failed_before_or_was_in_doubt_kills_nothing() -> None:
    assert outcome(c=Verdict.FAIL, g=Verdict.FAIL, d=Verdict.KNOWN_FAILURE) == (
        Outcome.SURVIVED,
        [],
    )


@pytest.mark.parametrize(
    "verdict", [Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.UNSUPPORTED, Verdict.SKIPPED]
)
def test_a_kept_promise_that_is_not_judged_any_more_decides_nothing(verdict: Verdict) -> None:
    assert outcome(a=verdict) == (Outcome.UNDECIDED, ["term.a"])


def test_doubts_beside_a_broken_promise_are_not_named() -> None:
    assert outcome(a=Verdict.FAIL, b=Verdict.ERROR) == (Outcome.KILLED, ["term.a"])


def test_a_promise_that_is_kept_now_is_no_matter() -> None:
    assert outcome(c=Verdict.PASS, d=Verdict.PASS) == (Outcome.SURVIVED, [])


def test_a_run_that_judged_nothing_is_broken_and_never_killed() -> None:
    errors = [one.model_copy(update={"verdict": Verdict.ERROR}) for one in BEFORE.results]
    assert judge(BEFORE, report(*errors)).outcome is Outcome.BROKEN
    assert judge(BEFORE, None).outcome is Outcome.BROKEN


def test_a_promise_of_another_suite_is_not_compared() -> None:
    later = report(*BEFORE.results, result("term.new", Verdict.FAIL))
    assert judge(BEFORE, later).outcome is Outcome.SURVIVED


def judgement(*names: str) -> Judgement:
    """Return that these promises are broken, of as many that were kept."""
    kept = [result(name) for name in names]
    broken = [one.model_copy(update={"verdict": Verdict.FAIL}) for one in kept]
    return judge(report(*kept), report(*broken))


def test_few_broken_promises_are_judged_again() -> None:
    names = [f"term.{number}" for number in range(FEW + 1)]
    assert doubtful(judgement(*names[:FEW])) == tuple(names[:FEW])
    assert doubtful(judgement(*names)) == ()
    assert doubtful(Judgement(outcome=Outcome.SURVIVED)) == ()


def test_a_kill_is_what_was_broken_both_times() -> None:
    first = judgement("term.a", "term.b")
    again = report(result("term.a", Verdict.FAIL), result("term.b"))
    found = confirmed(first, again)
    assert (found.outcome, [one.id for one in found.by]) == (Outcome.KILLED, ["term.a"])


@pytest.mark.parametrize(
    "again", [None, report(result("term.a"), result("term.b", Verdict.INCONCLUSIVE))]
)
def test_what_was_broken_once_decides_nothing(again: Report | None) -> None:
    found = confirmed(judgement("term.a", "term.b"), again)
    assert (found.outcome, [one.id for one in found.by]) == (
        Outcome.UNDECIDED,
        ["term.a", "term.b"],
    )
