"""The evidence of a run: what is kept of it is read again, or refused in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.capabilities import Capabilities, Capability
from fixtures.errors import UsageError
from fixtures.evidence import Evidence, RunFacts
from reports.model import ScenarioTime
from tests.tapes import Tape

if TYPE_CHECKING:
    from pathlib import Path

FACTS = RunFacts(
    label="v1.37.2",
    capabilities=Capabilities(37, {Capability.NO_SIDECARS: "it keeps them"}, {"AllBeta": False}),
    versions={"kubelet": "v1.37.2"},
    cluster={"nodes": 1},
    reproduce="nox -s conformance",
    timing={"seconds": 12.5},
)


def test_facts_are_read_as_written(tmp_path: Path) -> None:
    FACTS.write(tmp_path)
    assert RunFacts.read(tmp_path) == FACTS


def changed(**more: Any) -> str:  # noqa: ANN401 - JSON values
    value = {"schema": 1, **FACTS.__dict__, "capabilities": FACTS.capabilities.as_json(), **more}
    return json.dumps({key: part for key, part in value.items() if part is not ...})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no run to judge again"),
        ("[]", "is of another schema"),
        ("3", "holds no run to judge again"),
        (changed(schema=2), "is of another schema: judge it with the suite that wrote it"),
        (changed(schema=...), "is of another schema"),
        (changed(versions=...), "is damaged"),
        (changed(capabilities=...), "is damaged"),
        (changed(capabilities={"minor": 37}), "is damaged"),
        (changed(more=1), "is damaged"),
    ],
)
def test_facts_that_cannot_be_read_are_refused_in_one_line(
    tmp_path: Path, content: str, words: str
) -> None:
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=words) as caught:
        RunFacts.read(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_directory_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"give the directory that has run\.json and recordings/"):
        RunFacts.read(tmp_path / "nowhere")


def test_recordings_of_another_schema_are_refused_before_any_is_judged(tmp_path: Path) -> None:
    FACTS.write(tmp_path)
    tape = Tape(schema=99)
    tape.write(tmp_path / "recordings" / "one.jsonl")
    with pytest.raises(UsageError, match="judge it with the suite version that recorded it"):
        RunFacts.read(tmp_path)


def test_timelines_are_read_once_and_only_where_they_are(tmp_path: Path) -> None:
    tape = Tape()
    tape.end()
    tape.write(tmp_path / "recordings" / "one.jsonl")
    evidence = Evidence(FACTS, tmp_path)
    assert evidence.timeline("one") is evidence.timeline("one")
    with pytest.raises(UsageError, match=f"scenario two was not recorded in {tmp_path}"):
        evidence.timeline("two")
    assert evidence.readable(["two", "one"]) == [evidence.timeline("one")]


def test_times_name_the_longest_wait_and_leave_out_what_is_damaged(tmp_path: Path) -> None:
    tape = Tape()
    tape.add("wait", 1, ended=tape.here(3.5), what="one to be ready", met=True, saw="it")
    tape.add("wait", 4, ended=tape.here(5), what="one to finish", met=True, saw="it")
    tape.end(6)
    tape.write(tmp_path / "recordings" / "one.jsonl")
    quiet = Tape(scenario="quiet")
    quiet.end(0.25)
    quiet.write(tmp_path / "recordings" / "quiet.jsonl")
    (tmp_path / "recordings" / "torn.jsonl").write_text("{}\n", encoding="utf-8")
    assert Evidence(FACTS, tmp_path).times() == [
        ScenarioTime("one", 6.0, "one to be ready", 2.5),
        ScenarioTime("quiet", 0.25, "nothing", 0.0),
    ]
