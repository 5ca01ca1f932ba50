"""A run's page by pytest-html shows every check, in the suite's words, the verdict first."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from reports import pytesthtml
from tests.kit.samples import result

pytest_plugins = ["pytester"]

# What the suite's own plugin does, as far as the page sees it.
PLUGIN = """
from pathlib import Path

import pytest
from reports import pytesthtml
from reports.model import Verdict
from tests.kit.samples import mixed

REPORT = mixed()
RESULTS = {result.id: result for result in REPORT.results}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    config.page = pytesthtml.configure(config, Path("out/pytest.html").absolute())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    result = RESULTS.get(item.name[len("test[") : -1])
    if result is None or not (call.when == "call" or report.outcome != "passed"):
        return report
    if result.verdict is Verdict.KNOWN_FAILURE:
        report.outcome, report.wasxfail = "skipped", result.issue
    pytesthtml.attach(report, result)
    return report


def pytest_sessionfinish(session):
    session.config.page.report = REPORT
"""

CHECKS = """
import pytest
from tests.kit.samples import mixed
from reports.model import Verdict


@pytest.fixture
def staged(request):
    if request.param.verdict is Verdict.ERROR:
        raise OSError("not staged")
    if request.param.verdict is Verdict.UNSUPPORTED:
        pytest.skip("unsupported")
    return request.param


@pytest.mark.parametrize(
    "staged",
    [r for r in mixed().results if r.verdict is not Verdict.SKIPPED],
    ids=lambda result: result.id,
    indirect=True,
)
def test(staged):
    assert staged.verdict is Verdict.PASS, "not as promised"
"""


class Page(HTMLParser):
    """The texts and the data of a page, without running its script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.data: dict[str, Any] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the data that the page's script draws the table from."""
        found = dict(attrs).get("data-jsonblob")
        if tag == "div" and found:
            self.data = json.loads(found)

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """The rows by what stands in their requirement column."""
        return {row["requirement"]: row for rows in self.data["tests"].values() for row in rows}


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(PLUGIN)
    pytester.makepyfile(CHECKS)
    (pytester.path / "out" / "recordings").mkdir(parents=True)
    return pytester


def run(suite: pytest.Pytester, *options: str) -> Page:
    suite.runpytest_inprocess("-p", "no:cacheprovider", *options)
    return Page((suite.path / "out" / "pytest.html").read_text(encoding="utf-8"))


def test_every_check_has_one_row_in_our_words(suite: pytest.Pytester) -> None:
    page = run(suite)
    assert {name: (row["level"], row["verdict"]) for name, row in page.rows.items()} == {
        "startup.list-order": ("MUST", "pass"),
        "termination.reverse-order": ("MUST", "fail"),
        "termination.grace": ("MUST", "inconclusive"),
        "jobs.completion": ("MUST", "error"),
        "status.restart-count": ("MUST", "known-failure"),
        "resize.memory": ("MUST", "unsupported"),
        "kubectl.columns": ("SHOULD", "fail"),
        "network.order": ("OBSERVED", "inconclusive"),
    }
    assert all(len(rows) == 1 for rows in page.data["tests"].values())
    row = page.rows["jobs.completion"]
    assert (row["area"], row["since"]) == ("jobs", "1.29")
    assert row["reason"] == "the pod could not be staged"
    # The page's script cannot draw a row without pytest's own word.
    assert {name: row["result"] for name, row in page.rows.items()}["jobs.completion"] == "Error"
    assert page.rows["status.restart-count"]["result"] == "XFailed"


def test_the_verdict_comes_first_and_the_cluster_is_named(suite: pytest.Pytester) -> None:
    page = run(suite)
    assert '<h1 id="title">Kubernetes native sidecars on v1.37.2: not conformant</h1>' in page.text
    assert '<p class="run-verdict verdict-not-conformant">not conformant</p>' in page.text
    assert '<span class="verdict-error">1 error</span>' in page.text
    assert "known failure of status.phase expired on 2026-01-01" in page.text
    assert "nox -s conformance -- --kubernetes v1.37.2" in page.text
    environment = page.data["environment"]
    assert list(environment)[:2] == ["cgroupVersion", "gates"]
    assert environment["serverVersion"] == "v1.37.2"
    assert environment["nodeVersions.sidecars-control-plane"] == "v1.37.2"
    assert environment["suite.revision"] == "c251519"
    assert "2 feature gates" in environment["gates"]
    assert "Python" in environment


def test_a_row_unfolds_to_promise_reason_and_evidence_and_is_markup_of_ours_only(
    suite: pytest.Pytester,
) -> None:
    row = run(suite).rows["termination.reverse-order"]
    (extra,) = row["extras"]
    assert extra["format_type"] == "html"
    assert "<b>The promise of termination.reverse-order.</b>" in extra["content"]
    assert "12.000 s  app: TERM" in extra["content"]
    assert "&lt;b&gt;got&lt;/b&gt; TERM &amp; died" in extra["content"]
    assert row["reason"] == "log-shipper &lt;b&gt;got&lt;/b&gt; TERM &amp; died before app"
    assert "not as promised" in row["log"]


def test_a_row_unfolds_to_what_was_compared_and_where_it_is_known(suite: pytest.Pytester) -> None:
    rows = run(suite).rows
    (extra,) = rows["startup.list-order"]["extras"]
    assert "<li>a (0.500 s wide) before b (1.000 s wide): yes</li>" in extra["content"]
    (extra,) = rows["status.restart-count"]["extras"]
    address = "https://github.com/kubernetes/kubernetes/issues/125880"
    assert f'Known upstream: <a href="{address}">{address}</a>' in extra["content"]


def test_evidence_of_a_check_that_was_never_called_is_kept(suite: pytest.Pytester) -> None:
    rows = run(suite).rows
    for name in ("jobs.completion", "resize.memory"):
        (extra,) = rows[name]["extras"]
        assert f"<b>The promise of {name}.</b>" in extra["content"]


def test_recordings_are_linked_where_they_are(suite: pytest.Pytester) -> None:
    def cell(page: Page) -> str:
        found: str = page.rows["startup.list-order"]["resultsTableRow"][-1]
        return found

    assert cell(run(suite)) == '<td class="col-links">two-sidecars</td>'
    (suite.path / "out" / "recordings" / "two-sidecars.jsonl").touch()
    link = '<a href="recordings/two-sidecars.jsonl">two-sidecars</a>'
    assert cell(run(suite)) == f'<td class="col-links">{link}</td>'


@pytest.mark.parametrize("options", [("--exitfirst",), ("--deselect", "test_every"), ("-k", "no")])
def test_no_verdict_is_lost_when_pytest_stops_early(
    suite: pytest.Pytester, options: tuple[str, ...]
) -> None:
    everything = run(suite)
    page = run(suite, *options)
    assert set(page.rows) == set(everything.rows)
    for name, row in page.rows.items():
        assert row["verdict"] == everything.rows[name]["verdict"]
        assert len(row["resultsTableRow"]) == len(everything.rows[name]["resultsTableRow"])
        assert row["extras"] == everything.rows[name]["extras"]
        assert row["result"]


def test_texts_that_no_file_can_hold_do_not_cost_the_page(suite: pytest.Pytester) -> None:
    hostile = "report(*RAW, label='\\udcff', notices=('\\udcfe<',), reproduce='\\udcfd')"
    suite.makeconftest(
        PLUGIN.replace("import mixed", "import mixed, report, result").replace(
            "mixed()", f"{hostile.replace('RAW', '[result(reason=chr(0xdcfc))]')}", 1
        )
    )
    page = run(suite)
    assert "native sidecars on ?" in page.text
    assert "<li>?&lt;</li>" in page.text


def test_without_a_report_the_page_says_so(suite: pytest.Pytester) -> None:
    suite.makeconftest(PLUGIN.replace("session.config.page.report = REPORT", "pass"))
    page = run(suite)
    assert "The run ended before there was a verdict." in page.text
    assert "no verdict yet" in page.text


def test_what_broke_outside_the_checks_has_a_row_too(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_broken="raise RuntimeError('on import')")
    row = run(suite, "--continue-on-collection-errors").rows["test_broken.py"]
    assert row["verdict"] == "error"
    assert row["reason"].startswith("broke in the collect phase")
    assert "on import" in row["log"]


def test_the_page_is_one_file_and_readable_without_scripts(suite: pytest.Pytester) -> None:
    page = run(suite)
    assert [entry.name for entry in (suite.path / "out").iterdir() if entry.is_file()] == [
        "pytest.html"
    ]
    assert "<link" not in page.text
    (_, _, plain) = page.text.partition("<noscript>")
    assert "<td>termination.grace</td><td>MUST</td><td>inconclusive</td>" in plain


def test_a_result_can_be_replaced_and_survives_a_process_boundary() -> None:
    report = pytest.TestReport("a", ("", None, "a"), {}, "passed", None, "call")
    report.user_properties.append(("mine", 1))
    pytesthtml.attach(report, result("a.first"))
    pytesthtml.attach(report, result("a.second"))
    # What pytest-xdist does.
    sent = json.loads(json.dumps(report._to_json()))  # noqa: SLF001
    back = pytest.TestReport._from_json(sent)  # noqa: SLF001
    properties: dict[str, Any] = dict(back.user_properties)
    assert list(properties) == ["mine", pytesthtml.PROPERTY]
    assert properties[pytesthtml.PROPERTY]["id"] == "a.second"
    assert len(back.extras) == 1
