"""The plugin: verdicts, reports and exit statuses of small runs that are judged again."""

from __future__ import annotations

import json
import os
import resource
import signal
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from conformance import catalogue, plugin
from conformance.claim import Claim
from conformance.session import Session
from fixtures.errors import EnvironmentBrokenError
from fixtures.evidence.capabilities import Capabilities, Capability
from fixtures.evidence.facts import RunFacts
from fixtures.evidence.recording import SCHEMA
from tests.kit.tapes import Tape, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest_plugins = ["pytester"]

Json = dict[str, Any]

# What pytester runs in this process forgets what it has imported; a scenario is declared once.
catalogue.load_scenarios()

HEAD = """
import pytest
from conformance.requirements import requirement
from reports.model import Level
from fixtures.evidence.capabilities import Capability

def promise(identifier, level=Level.MUST, scenario="one", **more):
    return requirement(
        identifier, level, since=more.pop("since", "1.29"), scenario=scenario, source="KEP-753",
        **more,
    )
"""

PASSES = '''
@promise("order.passes")
def test_passes(timeline):
    """The app starts before it is up."""
    assert timeline["app"].said("START") < timeline["app"].said("UP")
'''
FAILS = '''
@promise("order.fails")
def test_fails(timeline):
    """The app is up before it starts."""
    assert timeline["app"].said("UP") < timeline["app"].said("START"), "up too late"
'''
INCONCLUSIVE = '''
@promise("order.doubtful")
def test_doubtful(timeline):
    """The app starts before it starts."""
    assert timeline["app"].said("START") < timeline["app"].started
'''
BREAKS = '''
@promise("order.breaks")
def test_breaks(timeline):
    """The app has a container that it has not."""
    assert timeline["nobody"].started
'''
UNSUPPORTED = '''
@promise("order.resized", needs=(Capability.RESIZE,))
def test_resized(timeline):
    """The app can be resized."""
    raise RuntimeError("judged in spite of it")

@promise("order.later", since="1.99")
def test_later(timeline):
    """The app will do more one day."""
    raise RuntimeError("judged in spite of it")
'''
UNSTAGED = '''
@promise("order.unstaged", scenario="unstaged")
def test_unstaged(timeline):
    """The other app starts."""
    assert timeline["app"].started

@promise("order.both", scenario=("one", "unstaged"))
def test_both(timelines):
    """Both apps start."""
    assert timelines["one"]["app"].started < timelines["unstaged"]["app"].started
'''
SHOULD_FAIL = '''
@promise("order.should", Level.SHOULD)
def test_should(timeline):
    """The app should do more."""
    assert timeline["app"].ever_said("MORE"), "it did not"
'''

OF_EACH = '''
@promise("order.other", scenario="unstaged")
@promise("order.one")
def test_each(timeline):
    """The app starts before it is up."""
    assert timeline["app"].said("START") < timeline["app"].said("UP")
'''

KNOWN = """
[[known-failure]]
requirement = "order.fails"
component = "kubelet"
versions = ["1.37.2"]
issue = "https://github.com/kubernetes/kubernetes/issues/125880"
reason = "it is up late"
expires = 2999-12-31
"""


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put back what the plugin does with signals."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


class Project:
    """A small conformance suite, a run to be judged again, and what came of it."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pytester = pytester
        self.folder = pytester.path
        self.known = self.folder / "known-failures.toml"
        self.known.write_text("", encoding="utf-8")
        monkeypatch.setattr(plugin, "KNOWN_FAILURES", self.known)
        self.kept = self.folder / "kept"
        self.tape = Tape()
        self.schema = SCHEMA
        self.tape.pod(1, app=running("a", 2))
        self.tape.log(2.2, "START", clock=2.2)
        self.tape.log(3.2, "UP", clock=3.2)
        self.other = Tape(scenario="unstaged")
        self.other.add("failure", 1, reason="no such image")
        self.missing = {Capability.RESIZE: "no such subresource"}
        self.dropped = ""
        self.scenarios: dict[str, str] | None = {"one": "1", "unstaged": "2"}
        self.output = ""

    def record(self) -> None:
        """Write the run that is to be judged again."""
        recordings = self.kept / "recordings"
        for tape, name in ((self.tape, "one"), (self.other, "unstaged")):
            tape.end()
            tape.write(recordings / f"{name}.jsonl", schema=self.schema)
        RunFacts(
            label="v1.37.2",
            capabilities=Capabilities(minor=37, missing=self.missing, dropped=self.dropped),
            versions={"kubelet": "v1.37.2", "kube-apiserver": "v1.37.2"},
            cluster={"nodes": 1},
            reproduce="nox -s conformance -- --kubernetes v1.37.2",
            scenarios=self.scenarios,
        ).write(self.kept)

    def run(self, checks: str, *options: str, replay: Path | None = None) -> int:
        """Judge with these checks and options; return the exit status."""
        if not self.kept.exists():
            self.record()
        path = self._pytester.makepyfile(test_promises=HEAD + checks)
        arguments = ["-p", "conformance.plugin", "-p", "no:pytest-kind", "-p", "no:cacheprovider"]
        done = self._pytester.runpytest_inprocess(
            *arguments,
            str(path),
            *("--replay", str(replay or self.kept), "--output", "out"),
            *options,
            no_reraise_ctrlc=True,
        )
        self.output = f"{done.stdout.str()}\n{done.stderr.str()}"
        return int(done.ret)

    @property
    def directory(self) -> Path:
        """Where the report lies."""
        return self.folder / "out" / "v1.37.2"

    def report(self) -> Json:
        """Return the report."""
        found: Json = json.loads((self.directory / "report.json").read_bytes())
        return found

    def verdicts(self) -> dict[str, str]:
        """Return the verdicts of the report, by id."""
        return {result["id"]: result["verdict"] for result in self.report()["results"]}

    def result(self, identifier: str) -> Json:
        """Return one result of the report."""
        (found,) = [r for r in self.report()["results"] if r["id"] == identifier]
        return dict(found)

    def case(self, identifier: str) -> dict[str, str]:
        """Return the JUnit elements of a check and their messages."""
        tree = ET.parse(self.directory / "junit.xml")  # noqa: S314 - written by the suite itself
        (case,) = [case for case in tree.iter("testcase") if case.get("name") == identifier]
        return {child.tag: child.get("message", "") for child in case if child.tag != "system-out"}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(pytester, monkeypatch)


def test_a_conformant_run(project: Project) -> None:
    assert project.run(PASSES) == 0
    assert project.report()["verdict"] == "conformant"
    assert project.verdicts() == {"order.passes": "pass"}
    assert project.case("order.passes") == {}
    (compared,) = project.result("order.passes")["comparisons"]
    assert compared["relation"] == "before"
    assert compared["left"] == "app#0 said 'START' (the container's own clock)"
    assert compared["leftWidth"] == compared["rightWidth"] == 0.01
    assert "v1.37.2: CONFORMANT" in project.output
    assert (project.directory / "index.html").is_file()


def test_a_check_of_several_requirements_judges_each_by_its_own_scenario(project: Project) -> None:
    assert project.run(OF_EACH, "--only", "order") == 3
    assert project.verdicts() == {"order.one": "pass", "order.other": "error"}
    assert project.run(OF_EACH, "--only", "order.one") == 0
    assert project.verdicts() == {"order.one": "pass", "order.other": "skipped"}


def test_a_failure_tells_promise_evidence_and_place(project: Project) -> None:
    assert project.run(PASSES + FAILS) == 1
    assert project.verdicts() == {"order.fails": "fail", "order.passes": "pass"}
    result = project.result("order.fails")
    assert result["reason"] == (
        "up too late:\napp#0 came up 1.0 s after it started; the opposite order was expected"
    )
    assert result["title"] == "The app is up before it starts."
    assert "recorded in recordings/one.jsonl" in result["evidence"]
    assert "2.20s  app#0: START" in result["evidence"]
    assert "up too late" in project.case("order.fails")["failure"]
    assert "FAIL order.fails" in project.output


def test_a_known_failure_is_excused_unless_the_baseline_is_left_out(project: Project) -> None:
    project.known.write_text(KNOWN, encoding="utf-8")
    assert project.run(PASSES + FAILS) == 0
    assert project.verdicts()["order.fails"] == "known-failure"
    assert project.result("order.fails")["issue"].endswith("/125880")
    assert "known-failure" in project.case("order.fails")["skipped"]
    assert project.run(PASSES + FAILS, "--no-baseline") == 1
    assert project.verdicts()["order.fails"] == "fail"


def test_a_known_failure_that_passes_is_reported(project: Project) -> None:
    project.known.write_text(KNOWN.replace("order.fails", "order.passes"), encoding="utf-8")
    assert project.run(PASSES) == 0
    (notice,) = project.report()["notices"]
    assert "no longer fails" in notice


def test_a_mistake_in_known_failures_is_a_usage_error(project: Project) -> None:
    project.known.write_text(KNOWN.replace("order.fails", "order.nope"), encoding="utf-8")
    assert project.run(PASSES) == 4
    assert "'order.nope' is no requirement" in one_line(project.output)


def test_a_doubt_is_inconclusive_and_keeps_a_must_from_passing(project: Project) -> None:
    assert project.run(PASSES + INCONCLUSIVE) == 1
    assert project.report()["verdict"] == "undecided"
    result = project.result("order.doubtful")
    assert result["verdict"] == "inconclusive"
    assert "app#0 said 'START'" in result["reason"]
    assert "app#0 started" in result["reason"]
    assert result["comparisons"][0]["answer"] == "unknown"
    assert "error" in project.case("order.doubtful")


def test_a_check_that_breaks_is_an_error(project: Project) -> None:
    assert project.run(PASSES + BREAKS) == 3
    result = project.result("order.breaks")
    assert (result["verdict"], result["reason"]) == (
        "error",
        "the check broke: KeyError: 'nobody'",
    )
    assert "KeyError" in project.case("order.breaks")["error"]


def test_what_a_cluster_lacks_is_unsupported_with_the_reason(project: Project) -> None:
    assert project.run(PASSES + UNSUPPORTED) == 0
    assert project.result("order.resized")["verdict"] == "unsupported"
    assert project.result("order.resized")["reason"] == "resize: no such subresource"
    assert project.result("order.later")["reason"] == ("promised since 1.99, this cluster is 1.37")
    assert "unsupported: resize" in project.case("order.resized")["skipped"]


def test_a_run_in_which_nothing_could_be_judged_is_no_pass(project: Project) -> None:
    assert project.run(UNSUPPORTED) == 3
    assert project.report()["verdict"] == "undecided"


def test_a_cluster_without_sidecars_is_unsupported_as_a_whole(project: Project) -> None:
    project.missing[Capability.SIDECARS] = "the gate is off"
    assert project.run(PASSES) == 0
    assert project.report()["verdict"] == "unsupported"
    assert project.verdicts() == {"order.passes": "unsupported"}


PERSISTED = '''
@promise("api.field-persisted", scenario="never-recorded")
def test_persisted(timeline):
    """The field is kept."""
    raise RuntimeError("judged in spite of it")
'''


@pytest.mark.parametrize("options", [(), ("--only", "order")], ids=["all", "some"])
def test_a_cluster_that_loses_sidecars_is_not_conformant_whatever_was_asked(
    project: Project, options: tuple[str, ...]
) -> None:
    project.dropped = "admission drops it"
    project.missing = {Capability.SIDECARS: project.dropped}
    assert project.run(PERSISTED + PASSES, *options) == 1
    assert project.report()["verdict"] == "not conformant"
    assert project.report()["unsupported"] == ""
    expected = {"api.field-persisted": "fail", "order.passes": "unsupported"}
    assert project.verdicts() == expected
    assert project.result("api.field-persisted")["reason"] == "admission drops it"
    assert project.case("api.field-persisted") == {"failure": "admission drops it"}
    assert "FAIL api.field-persisted (since 1.29): admission drops it" in project.output


def test_a_scenario_that_was_not_staged_makes_its_checks_errors(project: Project) -> None:
    assert project.run(PASSES + UNSTAGED) == 3
    for identifier in ("order.unstaged", "order.both"):
        result = project.result(identifier)
        assert result["verdict"] == "error"
        assert result["reason"] == "unstaged could not be staged: no such image"
    assert project.verdicts()["order.passes"] == "pass"


def test_a_recording_that_breaks_off_makes_its_checks_errors(project: Project) -> None:
    project.record()
    path = project.kept / "recordings" / "one.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert project.run(PASSES + FAILS) == 3
    assert set(project.verdicts().values()) == {"error"}
    assert "the run was interrupted" in project.result("order.passes")["reason"]


def test_a_scenario_that_was_never_recorded_makes_its_checks_errors(project: Project) -> None:
    project.record()
    (project.kept / "recordings" / "unstaged.jsonl").unlink()
    assert project.run(PASSES + UNSTAGED) == 3
    reason = project.result("order.unstaged")["reason"]
    assert reason == f"scenario unstaged was not recorded in {project.kept}"


def test_a_scenario_that_the_run_did_not_know_makes_its_checks_skipped(project: Project) -> None:
    project.scenarios = None
    project.record()
    (project.kept / "recordings" / "unstaged.jsonl").unlink()
    assert project.run(PASSES + UNSTAGED) == 0
    result = project.result("order.unstaged")
    assert result["verdict"] == "skipped"
    assert result["reason"] == "recorded before there was this scenario: unstaged"
    assert project.verdicts()["order.passes"] == "pass"


def test_a_damaged_recording_makes_its_checks_errors(project: Project) -> None:
    project.record()
    path = project.kept / "recordings" / "unstaged.jsonl"
    path.write_bytes(path.read_bytes() + b"what\n")
    assert project.run(PASSES + UNSTAGED) == 3
    assert "is damaged in line" in project.result("order.unstaged")["reason"]
    assert project.verdicts()["order.passes"] == "pass"


def test_an_outage_of_the_api_makes_failures_errors(project: Project) -> None:
    project.tape.add("outage", 2, ended=project.tape.here(12), reason="connection refused")
    assert project.run(PASSES + FAILS + INCONCLUSIVE) == 3
    assert project.verdicts() == {
        "order.passes": "pass",
        "order.fails": "error",
        "order.doubtful": "error",
    }
    assert project.result("order.fails")["reason"].startswith(
        "the API server did not answer for 10.0 s: connection refused; without that it would be: "
    )


def test_what_only_should_be_decides_nothing(project: Project) -> None:
    assert project.run(PASSES + SHOULD_FAIL) == 0
    assert project.verdicts()["order.should"] == "fail"
    assert "failure" not in project.case("order.should")


def test_what_the_user_leaves_out_is_skipped_with_the_reason(project: Project) -> None:
    assert project.run(PASSES + FAILS + SHOULD_FAIL, "--only", "order.passes,order.should") == 0
    assert project.verdicts() == {
        "order.passes": "pass",
        "order.should": "fail",
        "order.fails": "skipped",
    }
    assert "--only" in project.result("order.fails")["reason"]
    assert project.run(PASSES + FAILS + SHOULD_FAIL, "--level", "should") == 0
    assert project.verdicts()["order.fails"] == "skipped"


@pytest.mark.parametrize("options", [("--only", "order.passes"), ("-k", "passes")])
def test_a_selection_is_kept_and_never_conformant(
    project: Project, options: tuple[str, ...]
) -> None:
    assert project.run(PASSES + FAILS, *options) == 0
    assert project.report()["verdict"] == "kept"
    assert project.verdicts() == {"order.passes": "pass", "order.fails": "skipped"}
    assert "v1.37.2: 1 of 2 judged: KEPT" in project.output
    assert "CONFORMANT" not in project.output


def test_a_run_that_stops_at_a_failure_judges_nothing_it_has_not_seen(project: Project) -> None:
    assert project.run(SHOULD_FAIL + PASSES, "-x") == 3
    assert project.verdicts() == {"order.should": "fail", "order.passes": "error"}
    assert project.report()["verdict"] == "undecided"


def test_a_report_names_the_promises_that_pytest_was_not_pointed_at(project: Project) -> None:
    declared = catalogue.declared()
    project.run(PASSES + "\nfrom conformance.checks.test_cond import *\n")
    results = project.report()["results"]
    assert len(results) == len(declared) + 1
    asked = {one.requirement.id for one in declared if one.module == "test_cond"}
    left_out = "left out: pytest was not asked for it"
    assert {one["id"] for one in results if one["reason"] != left_out} == {*asked, "order.passes"}


def test_judging_twice_gives_the_same_bytes(project: Project) -> None:
    checks = PASSES + FAILS + INCONCLUSIVE + BREAKS + UNSUPPORTED + UNSTAGED + SHOULD_FAIL
    assert project.run(checks) == 1
    first = {name: (project.directory / name).read_bytes() for name in ("report.json", "junit.xml")}
    assert len(project.verdicts()) == 9
    assert project.run(checks) == 1
    for name, content in first.items():
        assert (project.directory / name).read_bytes() == content


def test_a_replay_leaves_what_it_judges_as_it_was(project: Project) -> None:
    project.record()
    before = {path: path.read_bytes() for path in project.kept.rglob("*") if path.is_file()}
    project.run(PASSES + FAILS)
    after = {path: path.read_bytes() for path in project.kept.rglob("*") if path.is_file()}
    assert after == before


def one_line(output: str) -> str:
    """Return the only line that speaks of an error; there is no traceback."""
    assert "Traceback" not in output
    assert "INTERNALERROR" not in output
    (line,) = [line for line in output.splitlines() if line.upper().startswith("ERROR")]
    return line


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--only", "order.nope"], "no requirement matches 'order.nope'"),
        (["--level", "may"], "unknown level 'may': choose of must, should, observed"),
    ],
)
def test_what_cannot_be_chosen_is_a_usage_error(
    project: Project, options: list[str], words: str
) -> None:
    assert project.run(PASSES, *options) == 4
    assert words in one_line(project.output)
    assert not (project.directory / "report.json").exists()


def test_an_unknown_option_is_a_usage_error(project: Project) -> None:
    assert project.run(PASSES, "--onyl", "order") == 4
    assert "unrecognized arguments: --onyl" in project.output


def test_a_directory_without_a_run_is_a_usage_error(project: Project) -> None:
    assert project.run(PASSES, replay=project.folder / "nowhere") == 4
    line = one_line(project.output)
    assert "holds no run to judge again" in line
    assert "give the directory that has run.json and recordings/" in line


def test_recordings_of_another_schema_are_a_usage_error(project: Project) -> None:
    project.schema = 99
    assert project.run(PASSES) == 4
    assert "judge it with the suite version that recorded it" in one_line(project.output)
    assert not project.directory.exists()


# A run that ends before its time.


def test_what_broke_a_run_is_one_line(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise EnvironmentBrokenError("the roof fell in: mend it")

    monkeypatch.setattr(Session, "read_evidence", broken)
    assert project.run(PASSES) == 3
    assert one_line(project.output) == "ERROR: the roof fell in: mend it"
    assert "Exit" not in project.output
    assert "!!!" not in project.output


def test_an_interruption_is_one_line(project: Project) -> None:
    interrupts = "\ndef test_interrupts():\n    raise KeyboardInterrupt\n"
    assert project.run(PASSES + interrupts) == 2
    assert one_line(project.output) == "ERROR: the run was interrupted"
    assert "KeyboardInterrupt" not in project.output
    assert project.verdicts() == {"order.passes": "pass"}


def test_a_disk_that_is_full_costs_only_what_it_cannot_hold(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.claim.PROBE", b"")
    project.record()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Longer than the report, and shorter than the page.
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        status = project.run(PASSES)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert status == 3
    assert one_line(project.output) == (
        "ERROR: cannot write to out/v1.37.2: File too large: make room, or give another --output"
    )
    assert project.verdicts() == {"order.passes": "pass"}


def test_the_folder_of_a_run_is_free_again_after_it(project: Project) -> None:
    assert project.run(PASSES) == 0
    assert sorted(path.name for path in (project.folder / "out").iterdir()) == ["v1.37.2"]


def test_a_folder_that_another_run_writes_is_refused(project: Project) -> None:
    claim = Claim.take(project.directory)
    assert project.run(PASSES) == 4
    assert f"is being written by process {os.getpid()}: wait" in one_line(project.output)
    assert not (project.directory / "report.json").exists()
    claim.give_back()
    assert not project.directory.exists()
    assert project.run(PASSES) == 0
