"""`junit.xml`: the run for continuous integration, red exactly when the exit status is not 0."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from fixtures.host.files import write_whole
from reports.facts import facts
from reports.markup import xml_text
from reports.model import Level, Report, Result, Verdict, counts, exit_status, verdict_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

RED = {Verdict.FAIL: "failure", Verdict.INCONCLUSIVE: "error", Verdict.ERROR: "error"}
"""The element of a MUST check that makes a build red, by verdict."""


FILE = "junit.xml"


def write(report: Report, path: Path) -> None:
    """Write the run as one test suite; the same report gives the same bytes.

    Times are left out: `report.json` has them, and a comparison of two runs has no use for noise.
    OSError where the file cannot be written.
    """
    suites = _suites(report)
    ET.indent(suites)
    text = ET.tostring(suites, encoding="unicode")
    declaration = '<?xml version="1.0" encoding="utf-8"?>\n'
    write_whole(path, (declaration + text + "\n").encode())


def _suites(report: Report) -> ET.Element:
    cases = [_case(result) for result in sorted(report.results, key=lambda r: (r.id, r.scenarios))]
    if exit_status(report) and not any(_has(case, "failure", "error") for case in cases):
        # Nothing was judged: many a CI system takes a suite without a red test for a success.
        case = ET.Element("testcase", classname="conformance", name="run")
        _add(case, "error", f"{report.verdict}: nothing was judged", "\n".join(report.notices))
        cases.append(case)

    suite = ET.Element(
        "testsuite",
        name=xml_text(report.label),
        tests=str(len(cases)),
        failures=str(sum(_has(case, "failure") for case in cases)),
        errors=str(sum(_has(case, "error") for case in cases)),
        skipped=str(sum(_has(case, "skipped") for case in cases)),
    )
    tally = ", ".join(f"{count} {verdict}" for verdict, count in counts(report.results).items())
    _properties(
        suite,
        [
            ("verdict", verdict_words(report)),
            ("counts", tally),
            ("reproduce", report.reproduce),
            *facts("suite", report.suite),
            *facts("cluster", report.cluster),
        ],
    )
    suite.extend(cases)
    if report.notices:
        ET.SubElement(suite, "system-out").text = xml_text("\n".join(report.notices))
    suites = ET.Element("testsuites", name="Kubernetes sidecar conformance")
    suites.append(suite)
    return suites


def _case(result: Result) -> ET.Element:
    case = ET.Element(
        "testcase", classname=xml_text(f"conformance.{result.area}"), name=xml_text(result.id)
    )
    _outcome(case, result)
    # Jenkins' xUnit plugin refuses a file in which a test case has properties.
    ET.SubElement(case, "system-out").text = xml_text("\n".join(_lines(result)))
    return case


def _lines(result: Result) -> Iterator[str]:
    yield f"title: {result.title}"
    yield f"level: {result.level}"
    yield f"since: {result.since}"
    yield f"scenario: {', '.join(result.scenarios)}"
    yield f"verdict: {result.verdict}"
    yield from (f"source: {source}" for source in result.sources)
    if result.issue:
        yield f"issue: {result.issue}"


def _outcome(case: ET.Element, result: Result) -> None:
    if result.verdict is Verdict.PASS:
        return
    body = "\n\n".join(filter(None, (result.title, result.evidence)))
    red = RED.get(result.verdict)
    if red is None:
        reason = f"{result.reason} ({result.issue})" if result.issue else result.reason
        _add(case, "skipped", f"{result.verdict}: {reason}", body)
    elif result.level is Level.MUST:
        _add(case, red, result.reason, body, result.verdict.value)
    else:
        message = f"{result.verdict}, but {result.level} does not decide: {result.reason}"
        _add(case, "skipped", message, body)


def _add(case: ET.Element, tag: str, message: str, body: str, kind: str = "") -> None:
    attributes = {"message": xml_text(message)} | ({"type": kind} if kind else {})
    ET.SubElement(case, tag, attributes).text = xml_text(body) or None


def _properties(parent: ET.Element, pairs: Iterable[tuple[str, str]]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in pairs:
        ET.SubElement(properties, "property", name=xml_text(name), value=xml_text(value))


def _has(case: ET.Element, *tags: str) -> bool:
    return any(case.find(tag) is not None for tag in tags)
