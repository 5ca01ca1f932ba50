"""junit.xml says what the run said, to machines that know two colours."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given

from reports import junit
from reports.model import Report, Verdict, exit_status
from tests.kit.samples import REPORTS, mixed, report, result

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).parents[1] / "schemas" / "junit.xsd"))


def suite(found: Report) -> ET.Element:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "junit.xml"
        junit.write(found, path)
        root = ET.parse(path).getroot()  # noqa: S314 - it was written one line above
    assert root.tag == "testsuites"
    (only,) = root
    return only


def case(found: Report, name: str) -> ET.Element:
    (only,) = (case for case in suite(found).iter("testcase") if case.get("name") == name)
    return only


@pytest.mark.parametrize(
    ("verdict", "level", "tag", "words"),
    [
        (Verdict.PASS, "MUST", None, ""),
        (Verdict.FAIL, "MUST", "failure", "because"),
        (Verdict.INCONCLUSIVE, "MUST", "error", "because"),
        (Verdict.ERROR, "MUST", "error", "because"),
        (Verdict.UNSUPPORTED, "MUST", "skipped", "unsupported: because"),
        (Verdict.SKIPPED, "MUST", "skipped", "skipped: because"),
        (Verdict.KNOWN_FAILURE, "MUST", "skipped", "known-failure: because (https://"),
        (Verdict.FAIL, "SHOULD", "skipped", "fail, but SHOULD does not decide: because"),
        (Verdict.ERROR, "SHOULD", "skipped", "error, but SHOULD does not decide: because"),
        (Verdict.FAIL, "OBSERVED", "skipped", "fail, but OBSERVED does not decide: because"),
    ],
)
def test_each_verdict_has_its_element(
    verdict: Verdict, level: str, tag: str | None, words: str
) -> None:
    found = case(report(result("a.b", verdict, level, reason="because"), result("a.c")), "a.b")
    outcome = [child for child in found if child.tag != "system-out"]
    assert [child.tag for child in outcome] == ([tag] if tag else [])
    for child in outcome:
        assert (child.get("message") or "").startswith(words)


@given(REPORTS)
def test_a_build_is_red_exactly_when_the_exit_status_is_not_0(found: Report) -> None:
    element = suite(found)
    red = [*element.iter("failure"), *element.iter("error")]
    assert bool(red) == (exit_status(found) != 0)
    assert len(list(element.iter("failure"))) == int(element.attrib["failures"])
    assert len(list(element.iter("error"))) == int(element.attrib["errors"])
    assert len(list(element.iter("skipped"))) == int(element.attrib["skipped"])
    names = {case.get("name") for case in element.iter("testcase")}
    assert {r.id for r in found.results} <= names
    assert len(list(element.iter("testcase"))) == int(element.attrib["tests"])


@given(REPORTS)
def test_every_reader_takes_it(found: Report) -> None:
    with TemporaryDirectory() as folder:
        junit.write(found, Path(folder) / "junit.xml")
        SCHEMA.validate(str(Path(folder) / "junit.xml"))


@pytest.mark.parametrize("found", [mixed(), report(), report(notices=("note",))])
def test_readers_take_it_with_all_that_can_be_in_it(found: Report, tmp_path: Path) -> None:
    junit.write(found, tmp_path / "junit.xml")
    SCHEMA.validate(str(tmp_path / "junit.xml"))


def test_the_schema_refuses_properties_of_a_test_case(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    junit.write(mixed(), path)
    text = path.read_text(encoding="utf-8")
    assert SCHEMA.is_valid(text)
    assert not SCHEMA.is_valid(text.replace("<system-out>", "<properties/><system-out>", 1))


def test_nothing_judged_is_an_error_that_says_so() -> None:
    found = case(report(notices=("no node became ready",)), "run").find("error")
    assert found is not None
    assert found.get("message") == "undecided: nothing was judged"
    assert found.text == "no node became ready"


def test_a_case_has_its_facts_and_evidence() -> None:
    found = case(mixed(), "termination.reverse-order")
    assert found.find("properties") is None  # Jenkins' xUnit plugin refuses them here
    facts = dict(line.split(": ", 1) for line in str(found.findtext("system-out")).splitlines())
    assert facts["title"] == "The promise of termination.reverse-order."
    assert facts["level"] == "MUST"
    assert facts["since"] == "1.29"
    assert facts["scenario"] == "two-sidecars"
    assert facts["verdict"] == "fail"
    failure = found.find("failure")
    assert failure is not None
    assert failure.get("message") == "log-shipper <b>got</b> TERM & died\nbefore app"
    assert failure.text is not None
    assert failure.text.startswith("The promise of termination.reverse-order.")
    # What XML cannot carry is visibly replaced, everything else survives.
    assert "\ufffd[31m11.250 s\ufffd  log-shipper: TERM ]]> \ufffd" in failure.text


def test_the_suite_says_which_cluster_and_how_to_run_it_again() -> None:
    properties = {
        entry.get("name"): entry.get("value")
        for entry in suite(mixed()).iterfind("properties/property")
    }
    assert properties["verdict"] == "4 of 9 judged: not conformant"
    assert properties["counts"] == (
        "2 fail, 1 error, 2 inconclusive, 1 known-failure, 1 unsupported, 1 skipped, 1 pass"
    )
    assert properties["cluster.nodeVersions.sidecars-control-plane"] == "v1.37.2"
    assert properties["cluster.gates"] == "-InPlacePodVerticalScaling +SidecarContainers"
    assert properties["reproduce"] == "nox -s conformance -- --kubernetes v1.37.2"


def test_times_make_no_noise(tmp_path: Path) -> None:
    junit.write(report(result(seconds=1.0), timing={"stageSeconds": 1.0}), tmp_path / "a")
    junit.write(report(result(seconds=2.0), timing={"stageSeconds": 2.0}), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
