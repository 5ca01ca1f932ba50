from __future__ import annotations

from typing import Any

import pytest

from tests.hostile.judging import complaints, summary
from tests.hostile.runs import Outcome, Run

PASS = {"id": "vol.subpath", "verdict": "pass", "reason": ""}
FAIL = {"id": "term.gap", "verdict": "fail", "reason": "too late"}
OPEN = {"id": "term.force", "verdict": "inconclusive", "level": "SHOULD", "reason": "who knows"}
LATE = {**OPEN, "reason": "20 s; but the node was slow: a pod took 30 s"}


def report(*results: dict[str, Any], verdict: str = "conformant", status: int = 0) -> Any:  # noqa: ANN401 - JSON
    return {"verdict": verdict, "exitStatus": status, "results": list(results)}


def outcome(**changed: Any) -> Outcome:  # noqa: ANN401 - fields of an outcome
    values = {"status": 0, "seconds": 9.0, "silence": 3.0, "output": "CONFORMANT\n"}
    return Outcome(**{**values, "report": report(PASS), **changed})


def run(**changed: Any) -> Run:  # noqa: ANN401 - fields of a run
    return Run(**{"options": (), "exit": 0, "verdict": "conformant", **changed})


def test_nothing_is_wrong_with_what_was_expected() -> None:
    assert list(complaints(run(says=("^CONF",), never=("UNDECIDED",)), outcome())) == []


@pytest.mark.parametrize(
    ("expected", "seen", "complaint"),
    [
        ({}, {"status": None}, "no end after 900 s"),
        ({"exit": 3}, {}, "exit status 0, not 3"),
        ({}, {"silence": 61.0}, "not a line for 61 s"),
        ({}, {"output": "Traceback (most recent call last):"}, "'Traceback (most recent"),
        ({}, {"output": "INTERNALERROR> x"}, "'INTERNALERROR' in the output"),
        ({}, {"output": "! _pytest.outcomes.Exit: x !"}, "'! _pytest' in the output"),
        ({"says": ("taint",)}, {}, "'taint' is not in the output"),
        ({"never": ("CONF",)}, {}, "'CONF' is in the output"),
        ({}, {"report": None}, "there is no report"),
        ({"verdict": "undecided"}, {}, "the report says 'conformant', not 'undecided'"),
        ({"exit": 3}, {"status": 3}, "exit status 3, but the report says 0"),
        ({}, {"report": report(PASS, FAIL)}, "fail term.gap: too late"),
        ({}, {"report": report(PASS, OPEN)}, "inconclusive term.force: who knows"),
        ({}, {"report": report(PASS, {**LATE, "level": "MUST"})}, "inconclusive term.force: 20 s"),
        ({"decides": ("term.*",)}, {}, "term.* does not fail"),
    ],
)
def test_what_is_otherwise_is_said(
    expected: dict[str, Any], seen: dict[str, Any], complaint: str
) -> None:
    assert any(one.startswith(complaint) for one in complaints(run(**expected), outcome(**seen)))


def test_a_failure_that_has_to_be_is_no_complaint() -> None:
    told = run(decides=("term.*",), verdict=None)
    assert list(complaints(told, outcome(report=report(PASS, FAIL)))) == []


def test_a_busy_machine_is_no_complaint() -> None:
    assert list(complaints(run(), outcome(report=report(PASS, LATE)))) == []


def test_a_run_that_was_refused_has_not_written_the_report_that_lies_there() -> None:
    told = run(exit=4, verdict=None)
    refused = outcome(status=4, report=report(PASS, FAIL))
    assert list(complaints(told, refused)) == []
    assert summary(refused) == "exit 4"


def test_a_run_that_was_interrupted_has_judged_nothing() -> None:
    told = run(exit=2, verdict=None)
    assert list(complaints(told, outcome(status=2, report=report(FAIL, status=3)))) == []


def test_an_outcome_is_told_in_a_few_words() -> None:
    assert summary(outcome(report=report(PASS, FAIL))) == "exit 0, conformant: 1 fail, 1 pass"
    assert summary(outcome(status=4, report=None)) == "exit 4"
