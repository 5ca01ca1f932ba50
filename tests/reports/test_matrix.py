"""A matrix has all runs in order, and tells of each promise what became of it by version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reports.matrix import Change, Event, Matrix, RunReport, Unreadable, as_json
from reports.model import Level, RunVerdict, Verdict
from tests.kit.samples import report, result

if TYPE_CHECKING:
    from reports.model import Result

PASS, FAIL, KNOWN = Verdict.PASS, Verdict.FAIL, Verdict.KNOWN_FAILURE
UNSUPPORTED, SKIPPED = Verdict.UNSUPPORTED, Verdict.SKIPPED
INCONCLUSIVE, ERROR = Verdict.INCONCLUSIVE, Verdict.ERROR


def run(label: str, *results: Result, name: str = "", page: bool = True) -> RunReport:
    return RunReport(name or label, report(*results, label=label), has_page=page)


def line(*verdicts: Verdict | None, first: int = 30) -> Matrix:
    """Return the matrix of one promise, a minor version a column; None where it is not known."""
    return Matrix(
        [
            run(f"v1.{minor}.1", *([result("a.b", verdict)] if verdict else []))
            for minor, verdict in enumerate(verdicts, first)
        ]
    )


def told(matrix: Matrix) -> str:
    return ", ".join(map(str, matrix.history(matrix.requirements[-1])))


@pytest.mark.parametrize(
    ("verdicts", "history"),
    [
        ((PASS, PASS), "made before v1.30.1"),
        ((UNSUPPORTED, PASS, PASS), "made v1.31.1"),
        ((UNSUPPORTED, UNSUPPORTED), ""),
        ((UNSUPPORTED, INCONCLUSIVE, PASS), "made v1.31.1"),
        ((None, UNSUPPORTED, PASS), "made v1.32.1"),
        ((PASS, FAIL, PASS), "made before v1.30.1, broken v1.31.1, repaired v1.32.1"),
        ((PASS, KNOWN, FAIL, KNOWN), "made before v1.30.1, broken v1.31.1"),
        ((UNSUPPORTED, KNOWN, PASS), "made v1.31.1, broken v1.31.1, repaired v1.32.1"),
        ((PASS, UNSUPPORTED), "made before v1.30.1, unsupported v1.31.1"),
        ((PASS, UNSUPPORTED, PASS), "made before v1.30.1, unsupported v1.31.1, made v1.32.1"),
        ((FAIL, UNSUPPORTED, PASS), "made before v1.30.1, broken v1.30.1,"),
        ((PASS, SKIPPED, FAIL), "made before v1.30.1, broken v1.32.1"),
        ((PASS, ERROR, None, INCONCLUSIVE, PASS), "made before v1.30.1"),
        ((FAIL, INCONCLUSIVE, ERROR, SKIPPED, None, FAIL), "made before v1.30.1, broken v1.30.1"),
        ((ERROR, SKIPPED), ""),
    ],
)
def test_the_history_of_a_promise(verdicts: tuple[Verdict | None, ...], history: str) -> None:
    found = told(line(*verdicts))
    if history.endswith(","):
        history += " unsupported v1.31.1, made v1.32.1"
    assert found == history


def test_a_promise_as_old_as_the_first_version_is_made_there() -> None:
    assert told(line(PASS, first=29)) == "made v1.29.1"


def test_swapped_components_and_existing_clusters_are_not_on_the_line_of_versions() -> None:
    matrix = Matrix(
        [
            run("v1.34.4", result("a.b")),
            run("v1.34.4+kubelet-v1.34.1", result("a.b", FAIL)),
            run("v1.34.4@staging-5b6a7988", result("a.b", FAIL)),
            run("prod", result("a.b", FAIL)),
            run("v1.35.0-rc.1", result("a.b", FAIL)),
            run("v1.35.0", result("a.b")),
        ]
    )
    assert matrix.history(result("a.b")) == [
        Change(Event.MADE_BEFORE, "v1.34.4"),
        Change(Event.BROKEN, "v1.35.0-rc.1"),
        Change(Event.REPAIRED, "v1.35.0"),
    ]


def test_a_requirement_has_the_words_of_the_last_run_that_has_it() -> None:
    matrix = Matrix([run("v1.30.1", result("a.b", title="old")), run("v1.31.1", result("a.b"))])
    assert [one.title for one in matrix.requirements] == ["The promise of a.b."]


def test_a_reason_that_several_runs_have_is_told_once_and_the_worst_first() -> None:
    both = [result("a.b", FAIL), result("a.a", KNOWN), result("a.c", FAIL, Level.SHOULD)]
    other = result("a.b", FAIL, reason="another")
    matrix = Matrix([run("v1", *both), run("v2", *both), run("v3", other, result("a.d"))])
    assert [
        (f.result.id, f.result.reason, [one.name for one in f.runs]) for f in matrix.findings()
    ] == [
        ("a.b", "the reason of a.b", ["v1", "v2"]),
        ("a.b", "another", ["v3"]),
        ("a.c", "the reason of a.c", ["v1", "v2"]),
        ("a.a", "the reason of a.a", ["v1", "v2"]),
    ]


def test_the_verdicts_of_runs_are_counted_the_worst_first() -> None:
    matrix = Matrix([run("v1", result()), run("v2", result(verdict=FAIL)), run("v3", result())])
    assert list(matrix.run_verdicts()) == [
        (RunVerdict.NOT_CONFORMANT, 1),
        (RunVerdict.CONFORMANT, 2),
    ]


def test_the_json_has_verdicts_and_history() -> None:
    matrix = Matrix(
        [
            run("v1.30.3", result("a.one"), result("a.two", FAIL), name="before"),
            run("v1.30.4", result("a.one"), result("a.two"), result("a.three")),
        ],
        [Unreadable("x", "not JSON")],
    )
    value = json.loads(json.dumps(as_json(matrix)))
    assert (value["kind"], value["unreadable"]) == ("ConformanceMatrix", {"x": "not JSON"})
    assert value["runs"]["before"] == {
        "label": "v1.30.3",
        "verdict": "not conformant",
        "exitStatus": 1,
        "counts": {"fail": 1, "pass": 1},
    }
    assert {row["id"]: row["verdicts"] for row in value["requirements"]} == {
        "a.one": {"before": "pass", "v1.30.4": "pass"},
        "a.three": {"v1.30.4": "pass"},
        "a.two": {"before": "fail", "v1.30.4": "pass"},
    }
    assert value["requirements"][2]["history"] == [
        {"event": "made before", "run": "before"},
        {"event": "broken", "run": "before"},
        {"event": "repaired", "run": "v1.30.4"},
    ]
