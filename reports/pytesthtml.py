"""`pytest.html` of one run, by pytest-html: for those who are used to its pages and filters.

How the suite's pytest plugin uses it:

1. In its `pytest_configure`, marked `tryfirst` (pytest-html reads its options in its own), call
   `page = pytesthtml.configure(config, folder / pytesthtml.FILE)`.
2. In its own `pytest_runtest_makereport` wrapper call `pytesthtml.attach(report, result)` on the
   report of the phase that settled the check: `call`, or `setup` where that failed or skipped.
   Set `report.outcome` (and `wasxfail` for a known failure) there, too: pytest-html filters by it.
3. In its `pytest_sessionfinish` set `page.report` to the finished `Report`. pytest-html writes its
   file after that, in a `trylast` hook.

What pytest-html would lose is added at the end from `page.report`: a check that has a verdict but
no row (its test never reached its teardown) gets one. Checks that the user left out have none;
`report.json` has them. Subtests would be lost too, so checks have none. Without JavaScript the
page shows a plain table instead.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pytest
from pytest_html import extras
from pytest_metadata.plugin import metadata_key  # type: ignore[import-untyped]

from fixtures.words import one_line
from reports.facts import facts
from reports.model import Report, Result, RunVerdict, Verdict, counts
from reports.styles import STYLES, css_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableSequence
    from pathlib import Path

    from fixtures.evidence.moments import Comparison

FILE = "pytest.html"

PROPERTY = "conformance"
"""The user property of a test report that carries its result, as JSON values."""

OUTCOMES = {
    Verdict.PASS: "Passed",
    Verdict.SKIPPED: "Skipped",
    Verdict.UNSUPPORTED: "Skipped",
    Verdict.KNOWN_FAILURE: "XFailed",
    Verdict.INCONCLUSIVE: "Failed",
    Verdict.ERROR: "Error",
    Verdict.FAIL: "Failed",
}
"""pytest-html's word for a verdict; its set of words is closed."""

FILTERS = {
    "passed": "passed",
    "failed": "failed or inconclusive",
    "error": "errors",
    "xfailed": "known failures",
    "xpassed": "unexpected passes",
    "skipped": "unsupported or skipped",
    "rerun": "re-run",
    "retried": "retried",
}
"""What stands beside pytest-html's filter boxes."""

COLUMNS = ("requirement", "area", "level", "since", "verdict", "reason")


def configure(config: pytest.Config, path: Path) -> PytestPage:
    """Have pytest-html write its page to `path`, as ours; call it before pytest-html configures.

    Returns the registered plugin. Recordings are looked for in `recordings` beside the page.
    """
    config.option.htmlpath = str(path)
    config.option.self_contained_html = True
    config.option.css = [*config.option.css, *map(str, STYLES)]
    page = PytestPage(path.parent)
    config.pluginmanager.register(page, "sidecar-conformance-page")
    return page


def attach(report: pytest.TestReport, result: Result) -> None:
    """Put a result on a pytest report, for its row on the page; a second call replaces the first.

    Everything is JSON values, so that a report which crosses a process boundary keeps it.
    """
    value = result.model_dump(mode="json")
    report.user_properties = [
        *(pair for pair in report.user_properties if pair[0] != PROPERTY),
        (PROPERTY, value),
    ]
    others = [extra for extra in getattr(report, "extras", []) if extra.get("name") != PROPERTY]
    report.extras = [*others, extras.html(_details(result)) | {"name": PROPERTY}]  # type: ignore[attr-defined]


class PytestPage:
    """The hooks that turn pytest-html's page into ours. `report` is set before it is written."""

    def __init__(self, folder: Path) -> None:
        self.report: Report | None = None
        self._folder = folder
        self._data: Any = None
        self._shown: set[str] = set()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:  # noqa: ANN401 - pytest-html's own
        """Keep the page's data: title, labels and late rows are set when the verdict is known."""
        self._data = report
        report.title = "Kubernetes native sidecars: no verdict yet"
        # What needs no attention is folded.
        report.set_data("renderCollapsed", ["passed", "skipped", "xfailed"])
        for outcome, label in FILTERS.items():
            report.outcomes[outcome]["label"] = label

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: MutableSequence[str]) -> None:
        """Replace pytest's columns by ours; the first stays, because the filters read it."""
        cells[1:] = [_header(name) for name in COLUMNS] + ["<th>Recordings</th>"]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(
        self, report: pytest.TestReport, cells: MutableSequence[str]
    ) -> None:
        """Show the check in our words; a row without a result shows what pytest knows."""
        result = _attached(report)
        if result is None:
            cells[1:] = self._cells(_bare(report), ())
            return
        # Passed set-ups and tear-downs come by, too, but pytest-html gives them no row.
        if report.when == "call" or report.outcome != "passed":
            self._shown.add(result.id)
        cells[1:] = self._cells(_row(result), result.scenarios)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(
        self, report: pytest.TestReport, data: MutableSequence[str]
    ) -> None:
        """Leave pytest-html's remark about absent output away: the evidence stands there."""
        if _attached(report) is not None and data == ["No log output captured."]:
            data.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(
        self, prefix: list[str], postfix: list[str], session: pytest.Session
    ) -> None:
        """Put the verdict first, the cluster into the environment, and missing checks in rows."""
        if self.report is None:
            prefix.append("<p>The run ended before there was a verdict.</p>")
            return
        verdict = self.report.verdict
        # pytest-html escapes it, but for what UTF-8 lacks.
        label = self.report.label.encode(errors="replace").decode()
        self._data.title = f"Kubernetes native sidecars on {label}: {verdict}"
        prefix.extend(_summary(self.report))
        postfix.append(self._plain_table(self.report.results))
        environment = session.config.stash[metadata_key]
        theirs = dict(environment)
        environment.clear()
        environment.update(_environment(self.report))
        # Values are markup to the page.
        environment |= {key: _markup(value) for key, value in theirs.items()}
        for result in self.report.results:
            if result.verdict is not Verdict.SKIPPED and result.id not in self._shown:
                self._add_row(result)

    def _add_row(self, result: Result) -> None:
        """Add a row for a check whose test never came to its end."""
        outcome = OUTCOMES[result.verdict]
        report = pytest.TestReport(
            nodeid=result.id,
            location=("", None, result.id),
            keywords={},
            outcome="passed" if outcome == "Passed" else "failed",
            longrepr=None,
            when="call",
        )
        attach(report, result)
        row = _row(result)
        self._data.add_test(
            {
                "extras": report.extras,
                "result": outcome,
                **{name: _cell_text(row[name]) for name in COLUMNS},
                "resultsTableRow": [
                    f'<td class="col-result">{outcome}</td>',
                    *self._cells(row, result.scenarios),
                ],
            },
            report,
            outcome,
            [],
        )

    def _cells(self, row: Mapping[str, str], scenarios: Iterable[str]) -> list[str]:
        cells = []
        for name in COLUMNS:
            colour = f" {css_class(row[name])}" if name == "verdict" else ""
            cells.append(f'<td class="col-{name}{colour}">{_cell_text(row[name])}</td>')
        return [*cells, f'<td class="col-links">{self._links(scenarios)}</td>']

    def _links(self, scenarios: Iterable[str]) -> str:
        links = []
        for name in scenarios:
            place = f"recordings/{name}.jsonl"
            # A replay has its recordings elsewhere, a scenario that was never staged has none.
            there = (self._folder / place).is_file()
            text = _escape(name)
            links.append(f'<a href="{_escape(place)}">{text}</a>' if there else text)
        return "<br>".join(links)

    def _plain_table(self, results: Iterable[Result]) -> str:
        rows = "".join(
            f"<tr><td>{_escape(r.id)}</td><td>{r.level}</td><td>{r.verdict}</td>"
            f"<td>{_escape(r.reason)}</td></tr>"
            for r in sorted(results, key=lambda r: r.id)
        )
        return f"<noscript><table>{rows}</table></noscript>"


def _attached(report: pytest.TestReport) -> Result | None:
    # Collection reports have no properties at all.
    value = dict(getattr(report, "user_properties", ())).get(PROPERTY)
    return None if value is None else Result.model_validate(value)


def _row(result: Result) -> dict[str, str]:
    return {
        "requirement": result.id,
        "area": result.area,
        "level": result.level,
        "since": result.since,
        "verdict": result.verdict,
        "reason": result.reason,
    }


def _bare(report: pytest.TestReport) -> dict[str, str]:
    when = getattr(report, "when", None) or "collect"
    return {
        "requirement": report.nodeid,
        "area": "",
        "level": "",
        "since": "",
        "verdict": "error" if report.failed else report.outcome,
        "reason": f"broke in the {when} phase, outside any check; the details say how",
    }


def _escape(text: str) -> str:
    """Return a text as markup that any file can hold: containers print what is not UTF-8."""
    return html.escape(text.encode(errors="replace").decode())


def _cell_text(text: str) -> str:
    # One line and no elements inside: pytest-html sorts by the text of the cell, and a click on an
    # element inside would not unfold the row.
    return _escape(one_line(text))


def _header(name: str) -> str:
    return f'<th class="sortable" data-column-type="{name}">{name.capitalize()}</th>'


def _details(result: Result) -> str:
    """Return what a row unfolds to: the promise, what was seen, and where to read on."""
    parts = [f"<p><b>{_escape(result.title)}</b></p>"]
    if result.reason:
        parts.append(f"<p>{result.verdict}: {_escape(result.reason)}</p>")
    if result.evidence:
        parts.append(f"<pre>{_escape(result.evidence)}</pre>")
    if result.comparisons:
        compared = "".join(f"<li>{_escape(_compared(one))}</li>" for one in result.comparisons)
        parts.append(f"<p>Compared:</p><ul>{compared}</ul>")
    if result.issue:
        parts.append(f"<p>Known upstream: {_link(result.issue)}</p>")
    if result.sources:
        parts.append(f"<p>Promised in: {', '.join(map(_link, result.sources))}</p>")
    return f'<div class="evidence">{"".join(parts)}</div>'


def _compared(comparison: Comparison) -> str:
    return comparison.words or (
        f"{comparison.left} ({comparison.left_width:.3f} s wide) {comparison.relation}"
        f" {comparison.right} ({comparison.right_width:.3f} s wide): {comparison.answer}"
    )


def _link(address: str) -> str:
    text = _escape(address)
    return f'<a href="{text}">{text}</a>' if address.startswith("https://") else text


def _summary(report: Report) -> list[str]:
    verdict = report.verdict
    because = f": {_escape(report.unsupported)}" if verdict is RunVerdict.UNSUPPORTED else ""
    tally = "".join(
        f'<span class="{css_class(word)}">{count} {word}</span>'
        for word, count in counts(report.results).items()
    )
    lines = [
        f'<p class="run-verdict {css_class(verdict)}">{verdict}{because}</p>',
        f'<p class="run-counts">{tally}</p>',
        "<p>MUST checks alone decide the verdict; SHOULD and OBSERVED are reported.</p>",
    ]
    if report.notices:
        notices = "".join(f"<li>{_escape(notice)}</li>" for notice in report.notices)
        lines.append(f'<ul class="run-notices">{notices}</ul>')
    if report.reproduce:
        lines.append(f'<pre class="run-command">{_escape(report.reproduce)}</pre>')
    return lines


def _environment(report: Report) -> dict[str, str]:
    pairs = [*facts("", report.cluster), *facts("suite", report.suite)]
    return {key: _folded(key, text) for key, text in pairs}


def _folded(key: str, text: str) -> str:
    if not key.endswith("gates"):
        return _escape(text)
    words = text.split()
    return f"<details><summary>{len(words)} feature gates</summary>{_escape(text)}</details>"


def _markup(value: object) -> object:
    if isinstance(value, dict):
        return {_escape(str(key)): _escape(str(entry)) for key, entry in value.items()}
    return _escape(str(value))
