"""The last lines say the verdict first and what to do next."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given

from fixtures.evidence.evidence import ScenarioTime
from reports import terminal
from reports.model import Report, Verdict
from tests.kit.samples import REPORTS, mixed, report, result

FOLDER = Path("out") / "v1.37.2"
TALLY = "2 fail, 1 error, 2 inconclusive, 1 known-failure, 1 unsupported, 1 skipped, 1 pass"
LATE = "log-shipper <b>got</b> TERM & died before app"
ISSUE = "https://github.com/kubernetes/kubernetes/issues/125880"


def test_a_mixed_run_line_by_line() -> None:
    assert terminal.summary(mixed(), FOLDER) == [
        "v1.37.2: 4 of 9 judged: NOT CONFORMANT",
        f"9 checks: {TALLY}",
        f"FAIL termination.reverse-order (since 1.29): {LATE}",
        "  evidence: out/v1.37.2/recordings/two-sidecars.jsonl",
        "ERROR jobs.completion (since 1.29): the pod could not be staged",
        "  evidence: out/v1.37.2/recordings/two-sidecars.jsonl",
        "INCONCLUSIVE termination.grace (since 1.29): the moments overlap",
        "  evidence: out/v1.37.2/recordings/two-sidecars.jsonl",
        f"known-failure status.restart-count: {ISSUE}",
        "fail, but does not decide (SHOULD, OBSERVED): kubectl.columns",
        "inconclusive, but does not decide (SHOULD, OBSERVED): network.order",
        "note: known failure of status.phase expired on 2026-01-01",
        "longest scenarios, and what each waited for longest:",
        "     4.5s  two-sidecars  3.2s: phase Running of the pod",
        "staged 1 scenario in 61.0s, 1.22 times the longest (50.0s)",
        "page: out/v1.37.2/index.html",
        "again: nox -s conformance -- --kubernetes v1.37.2",
    ]


def test_a_run_of_nothing_says_so() -> None:
    lines = terminal.summary(report(scenarios=(), timing={}, reproduce=""), FOLDER)
    assert lines == [
        "v1.37.2: UNDECIDED",
        "no checks: nothing was judged",
        "page: out/v1.37.2/index.html",
    ]


def test_a_cluster_without_sidecars_says_why() -> None:
    found = report(result(verdict=Verdict.UNSUPPORTED), unsupported="the gate is off")
    assert terminal.summary(found, FOLDER)[0] == "v1.37.2: UNSUPPORTED: the gate is off"


def test_ten_scenarios_are_named_longest_first() -> None:
    times = [ScenarioTime(f"s{n:02}", float(n), "", 0) for n in range(12)]
    lines = terminal.summary(report(result(), scenarios=times), FOLDER)
    named = [line.split()[1] for line in lines if line.startswith("  ")]
    assert named == [f"s{n:02}" for n in range(11, 1, -1)]


def test_figures_are_given_as_far_as_they_were_measured() -> None:
    timing = {
        "stageSeconds": 90,
        "longestScenarioSeconds": 60,
        "nodeLimitSeconds": 80.0,
        "nodeCpuSeconds": {"etcd": 10.2, "pods": 30.0},
        "suiteCpuSeconds": 11.25,
        "suiteMemoryMiB": 180,
    }
    lines = terminal.summary(report(result(), timing=timing), FOLDER)
    assert (
        "staged 1 scenario in 90.0s, 1.50 times the longest (60.0s);"
        " the node's pod start rate alone needs 80.0s"
    ) in lines
    assert "the nodes used 40s of CPU: 30 pods, 10 etcd" in lines
    assert "the suite itself used 11.2s of CPU and 180 MiB" in lines
    lines = terminal.summary(report(result(), timing={"stageSeconds": 90}), FOLDER)
    assert not any(line.startswith(("staged", "the suite", "the nodes")) for line in lines)


@given(REPORTS)
def test_every_line_is_one_line_and_no_deciding_check_is_missing(found: Report) -> None:
    lines = terminal.summary(found, FOLDER)
    assert all(line.isprintable() for line in lines)
    for r in found.results:
        if r.level == "MUST" and r.verdict in terminal.DECIDING:
            assert any(line.startswith(f"{r.verdict.upper()} {r.id} ") for line in lines)
