"""From what a check raised to its verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conformance.catalogue import declared
from conformance.judge import (
    PERSISTED,
    NotStagedError,
    already_judged,
    judge,
    unjudged,
    why_failed,
    why_unsupported,
)
from conformance.requirements import Requirement
from fixtures.errors import UsageError
from fixtures.evidence.capabilities import Capabilities, Capability
from fixtures.evidence.control import CONTROL
from fixtures.evidence.errors import (
    ContradictionError,
    CutShortError,
    EvidenceLostError,
    NeverError,
)
from fixtures.evidence.evidence import Evidence
from fixtures.evidence.facts import RunFacts
from fixtures.evidence.moments import Comparison, InconclusiveError
from fixtures.evidence.recording import PAUSE_API_SERVER, read_recording
from reports.model import Level, Verdict
from tests.kit.tapes import Tape, running

if TYPE_CHECKING:
    from pathlib import Path

PROMISE = Requirement(
    id="term.reverse-order",
    title="Sidecars stop in reverse order.",
    level=Level.MUST,
    since="1.29",
    until="1.36",
    sources=("KEP-753",),
    scenarios=("one",),
    needs=(Capability.SIDECARS, Capability.RESIZE),
)


def evidence(
    folder: Path, *, minor: int = 33, outage: bool = False, meant: bool = False
) -> Evidence:
    tape = Tape()
    tape.pod(1, app=running("a", 1))
    tape.log(2, "START")
    if meant:
        tape.action(2.5, PAUSE_API_SERVER, lasts=3)
    if outage:
        tape.add("outage", 3, ended=tape.here(7), reason="connection refused")
    tape.end(8)
    tape.write(folder / "recordings" / "one.jsonl")
    missing = {Capability.RESIZE: "no such subresource"}
    facts = RunFacts(
        label="v1.33.1",
        capabilities=Capabilities(minor=minor, missing=missing),
        versions={},
        cluster={},
        reproduce="",
    )
    return Evidence(facts, folder)


@pytest.mark.parametrize(
    ("raised", "verdict", "reason"),
    [
        (None, Verdict.PASS, ""),
        (AssertionError("TERM came late"), Verdict.FAIL, "TERM came late"),
        (AssertionError(), Verdict.FAIL, "the check's assertion failed"),
        (NeverError("app never said TERM"), Verdict.FAIL, "app never said TERM"),
        (pytest.fail.Exception("DID NOT RAISE"), Verdict.FAIL, "DID NOT RAISE"),
        (InconclusiveError("who knows"), Verdict.INCONCLUSIVE, "who knows"),
        (EvidenceLostError("a gap"), Verdict.ERROR, "a gap"),
        (NotStagedError("no image"), Verdict.ERROR, "no image"),
        (UsageError("not recorded"), Verdict.ERROR, "not recorded"),
        (KeyError("sidecar"), Verdict.ERROR, "the check broke: KeyError: 'sidecar'"),
        (pytest.skip.Exception("resize: no"), Verdict.UNSUPPORTED, "resize: no"),
    ],
)
def test_what_was_raised_is_the_verdict(
    tmp_path: Path, raised: BaseException | None, verdict: Verdict, reason: str
) -> None:
    compared = (Comparison("a", "before", "b", 0.1, 0.1, "yes"),)
    result = judge(PROMISE, raised, evidence(tmp_path), compared)
    assert (result.verdict, result.reason) == (verdict, reason)
    assert result.comparisons == compared
    assert (result.id, result.title, result.level) == (PROMISE.id, PROMISE.title, "MUST")
    assert (result.scenarios, result.seconds, result.sources) == (("one",), 8.0, ("KEP-753",))
    assert bool(result.evidence) == (verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE))


def test_a_failure_shows_what_happened_and_where_it_is_recorded(tmp_path: Path) -> None:
    result = judge(PROMISE, AssertionError("no"), evidence(tmp_path), [])
    first, *lines = result.evidence.splitlines()
    assert first == "one, recorded in recordings/one.jsonl:"
    assert lines[-1] == "    2.00s  app#0: START"


@pytest.mark.parametrize(
    ("raised", "verdict"),
    [
        (AssertionError("no"), Verdict.ERROR),
        (InconclusiveError("no"), Verdict.ERROR),
        (EvidenceLostError("no"), Verdict.ERROR),
        (None, Verdict.PASS),
    ],
)
def test_an_outage_of_the_api_makes_a_failure_an_error(
    tmp_path: Path, raised: BaseException | None, verdict: Verdict
) -> None:
    result = judge(PROMISE, raised, evidence(tmp_path, outage=True), [])
    assert result.verdict is verdict
    if raised:
        assert result.reason == (
            "the API server did not answer for 4.0 s: connection refused; "
            "without that it would be: no"
        )


def test_an_outage_that_the_scenario_means_excuses_nothing(tmp_path: Path) -> None:
    found = evidence(tmp_path, outage=True, meant=True)
    assert judge(PROMISE, AssertionError("no"), found, []).verdict is Verdict.FAIL


def slow_evidence(folder: Path, *, start: float, met: bool = False) -> Evidence:
    """Return evidence of a wait of 120 s, and of a control whose pod took `start` s to start."""
    tape = Tape()
    tape.pod(1, app=running("a", 1))
    tape.log(2, "START")
    tape.add("wait", 10, ended=tape.here(130), what="app to say 'UP'", met=met, saw="nothing")
    tape.end(131)
    tape.write(folder / "recordings" / "one.jsonl")
    control = Tape(scenario=CONTROL)
    control.action(20, "create", name="control-1")
    metadata = {"name": "control-1", "uid": "c", "resourceVersion": "1"}
    spec = {"nodeName": "node", "containers": [{"name": "main"}]}
    status = {"containerStatuses": [{"name": "main", **running("m", 20)}]}
    thing = {"kind": "Pod", "metadata": metadata, "spec": spec, "status": status}
    control.watch(20 + start, "MODIFIED", thing)
    control.end(131)
    control.write(folder / "recordings" / f"{CONTROL}.jsonl")
    return Evidence(evidence(folder / "plain").facts, folder)


def test_what_was_waited_for_in_vain_on_a_slow_node_may_only_have_been_late(
    tmp_path: Path,
) -> None:
    found = slow_evidence(tmp_path, start=48)
    result = judge(PROMISE, NeverError("app never said UP"), found, [])
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.reason == (
        "one waited 120 s in vain for app to say 'UP', but the node was slow: a pod without "
        "sidecars took 48.0 s from its creation to its first container: give --patience 2; "
        "without that it would be: app never said UP"
    )
    assert result.evidence


@pytest.mark.parametrize(("start", "met"), [(2, False), (12.5, False), (36, False), (48, True)])
def test_on_a_fast_node_and_without_a_wait_in_vain_it_fails(
    tmp_path: Path, *, start: float, met: bool
) -> None:
    found = slow_evidence(tmp_path, start=start, met=met)
    result = judge(PROMISE, NeverError("app never said UP"), found, [])
    assert (result.verdict, result.reason) == (Verdict.FAIL, "app never said UP")


@pytest.mark.parametrize(
    ("start", "verdict"), [(2, Verdict.FAIL), (11, Verdict.FAIL), (36, Verdict.INCONCLUSIVE)]
)
def test_what_a_killed_container_never_said_it_may_have_had_no_time_for(
    tmp_path: Path, start: float, verdict: Verdict
) -> None:
    found = slow_evidence(tmp_path, start=start, met=True)
    result = judge(PROMISE, CutShortError("app never said STILL"), found, [])
    assert result.verdict is verdict
    assert result.reason.startswith("app never said STILL")
    if verdict is Verdict.INCONCLUSIVE:
        assert "was killed, and may have had no time for it on a slow node: a pod" in result.reason
    # One that was not killed has said all that it had to say.
    assert judge(PROMISE, NeverError("never"), found, []).verdict is Verdict.FAIL


def test_an_order_that_was_broken_fails_on_a_slow_node_as_well(tmp_path: Path) -> None:
    compared = [Comparison("a", "before", "b", 0.1, 0.1, answer) for answer in ("yes", "no")]
    found = slow_evidence(tmp_path, start=48)
    assert judge(PROMISE, AssertionError("no"), found, compared).verdict is Verdict.FAIL
    assert judge(PROMISE, AssertionError("no"), found, compared[:1]).verdict is not Verdict.FAIL


def test_what_must_never_be_shown_fails_on_a_slow_node_as_well(tmp_path: Path) -> None:
    found = slow_evidence(tmp_path, start=48)
    assert judge(PROMISE, ContradictionError("no"), found, []).verdict is Verdict.FAIL


def test_without_a_control_a_wait_in_vain_excuses_nothing(tmp_path: Path) -> None:
    found = slow_evidence(tmp_path, start=48)
    (tmp_path / "recordings" / f"{CONTROL}.jsonl").unlink()
    assert judge(PROMISE, NeverError("never"), found, []).verdict is Verdict.FAIL


def test_pytests_account_is_left_out_where_it_says_nothing_new(tmp_path: Path) -> None:
    where = " +  where 1 = <run app#0>.exit_code"
    account = f"assert 1 == 2\n{where}\n +    where <run app#0> = <container app>.last\n"
    account += "  +    and   2 = g(<object at 0xdeadbeef>)\n  Use -v to get more\n"
    account += "  more\n" * 9
    found = evidence(tmp_path)
    result = judge(PROMISE, AssertionError(account), found, [])
    assert result.reason.splitlines() == ["assert 1 == 2", where, *["  more"] * 6]
    result = judge(PROMISE, AssertionError("late\nsee there\n" + account), found, [])
    assert result.reason.splitlines() == ["late", "see there"]


def test_a_sentence_stands_where_pytest_has_symbols(tmp_path: Path) -> None:
    def reason(text: str) -> list[str]:
        return judge(PROMISE, AssertionError(text), evidence(tmp_path), []).reason.splitlines()

    sentence = "app#0 said 'A' 2.0 s after it said 'B'; at most 1 s was expected"
    moment = " +  where <'A' of app#0 at 21:40:02.15> = said('A')\n +  and   'one' = <pod one>.name"
    assert reason(f"assert {sentence}\n{moment}") == [sentence]
    assert reason(f"assert not {sentence}") == [sentence]
    assert reason(f"too late\nassert {sentence}\n{moment}") == ["too late:", sentence]
    values = "assert 2 was seen, 1 was expected\n +  where 2 = len([1, 2])"
    assert reason(values) == ["2 was seen, 1 was expected", " +  where 2 = len([1, 2])"]
    assert reason(f"twice\n{values}") == ["twice:", "2 was seen, 1 was expected"]


def test_a_recording_that_is_missing_or_damaged_breaks_only_its_checks(tmp_path: Path) -> None:
    found = evidence(tmp_path)
    path = found.path("one")
    path.write_text(path.read_text(encoding="utf-8") + "\x00\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_recording(path)
    result = judge(PROMISE, caught.value, found, [])
    assert (result.verdict, result.seconds) == (Verdict.ERROR, 0.0)
    assert "is damaged in line" in result.reason
    path.unlink()
    assert judge(PROMISE, UsageError("gone"), found, []).verdict is Verdict.ERROR


def test_that_sidecars_are_dropped_fails_one_check_and_no_other() -> None:
    dropped = Capabilities(minor=37, missing={}, dropped="admission drops it")
    kept = Capabilities(minor=37, missing={})
    persisted = replace(PROMISE, id=PERSISTED)
    assert why_failed(persisted, dropped) == "admission drops it"
    assert why_failed(PROMISE, dropped) is None
    assert why_failed(persisted, kept) is None
    assert PERSISTED in {one.requirement.id for one in declared()}


@pytest.mark.parametrize("verdict", [Verdict.SKIPPED, Verdict.FAIL])
def test_that_sidecars_are_dropped_is_told_also_where_it_was_not_asked(verdict: Verdict) -> None:
    dropped = Capabilities(minor=37, missing={}, dropped="admission drops it")
    result = unjudged(replace(PROMISE, id=PERSISTED), verdict, "left out")
    found = already_judged(result, dropped)
    assert (found.verdict, found.reason) == (Verdict.FAIL, "admission drops it")
    assert found.scenarios == ()
    assert already_judged(result, Capabilities(minor=37, missing={})) == result
    other = unjudged(PROMISE, verdict, "left out")
    assert already_judged(other, dropped) == other


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("ordered-start", "ending-pods: agent was added"),  # Never
        ("job-indexed", "ending-pods: agent was added"),  # a template with OnFailure
        ("term-delete", None),
        ("no-such-manifest", None),
    ],
)
def test_a_pod_that_does_not_end_is_not_judged_by_its_end(
    tmp_path: Path, scenario: str, reason: str | None
) -> None:
    asked = replace(PROMISE, scenarios=(scenario,), needs=())
    given = evidence(tmp_path)
    assert why_unsupported(asked, given) is None
    missing = {Capability.ENDING_PODS: "agent was added"}
    endless = Capabilities(minor=33, missing=missing)
    changed = Evidence(given.facts.model_copy(update={"capabilities": endless}), tmp_path)
    assert why_unsupported(asked, changed) == reason


def test_a_right_that_the_user_lacks_is_named_where_a_scenario_needs_it(tmp_path: Path) -> None:
    given = evidence(tmp_path)
    denied = {"create jobs.batch": "the user may not create jobs.batch"}
    lesser = Capabilities(minor=33, missing={}, denied=denied)
    changed = Evidence(given.facts.model_copy(update={"capabilities": lesser}), tmp_path)
    asked = replace(PROMISE, scenarios=("term-delete", "job-never"), needs=())
    assert why_unsupported(asked, given) is None
    assert why_unsupported(asked, changed) == "the user may not create jobs.batch"
    assert why_unsupported(replace(asked, scenarios=("term-delete",)), changed) is None


def test_the_version_is_asked_for_before_capabilities(tmp_path: Path) -> None:
    reasons = [why_unsupported(PROMISE, evidence(tmp_path, minor=m)) for m in (28, 33, 37)]
    assert reasons == [
        "promised since 1.29, this cluster is 1.28",
        "resize: no such subresource",
        "promised until 1.36, this cluster is 1.37",
    ]


def test_what_the_user_left_out_is_skipped() -> None:
    result = unjudged(PROMISE, Verdict.SKIPPED, "left out by --only x")
    assert (result.verdict, result.reason) == (Verdict.SKIPPED, "left out by --only x")
    assert (result.scenarios, result.seconds, result.level) == (("one",), 0.0, "MUST")
