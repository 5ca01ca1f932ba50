"""A run's page says the verdict first, then all that a reader who was not there needs."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from fixtures.evidence.capabilities import Capabilities
from fixtures.evidence.evidence import Evidence
from fixtures.evidence.facts import RunFacts
from fixtures.evidence.moments import comparisons
from reports import runpage
from reports.model import Level, Report, Verdict
from reports.styles import TEMPLATES
from tests.kit.charts import HOSTILE, tape
from tests.kit.samples import REPORTS, mixed, report, result

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.evidence.moments import Comparison


class Page(HTMLParser):
    """The elements of a page, and the text under each section's heading."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._unread = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element."""
        self.tags.append((tag, dict(attrs)))
        self._unread += tag in ("style", "script", "svg")
        if not self._unread:
            self.words += " "

    def handle_endtag(self, tag: str) -> None:
        """Take note of an end."""
        self._unread -= tag in ("style", "script", "svg")

    def handle_data(self, data: str) -> None:
        """Take note of what a person reads."""
        if not self._unread:
            self.words += data

    @property
    def text(self) -> str:
        """What a person reads, on one line."""
        return " ".join(self.words.split())

    @property
    def ids(self) -> list[str]:
        """The identifiers of elements."""
        return [attributes["id"] or "" for _, attributes in self.tags if "id" in attributes]


def evidence(folder: Path, text: str = "START", name: str = "one") -> Evidence:
    """Return the evidence of one scenario, recorded beside the page."""
    made = tape(text)
    made.header.scenario = name
    made.end(21)
    made.write(folder / "recordings" / f"{name}.jsonl")
    facts = RunFacts(
        label="v1.37.2",
        capabilities=Capabilities(minor=37, missing={}),
        versions={},
        cluster={},
        reproduce="",
    )
    return Evidence(facts, folder)


def late(found: Evidence) -> tuple[str, tuple[Comparison, ...]]:
    """Return the sentence of a comparison that failed on that evidence, and the comparisons."""
    timeline = found.timeline("one")
    with comparisons() as compared:
        duration = timeline["app"].instance(1).said("AGAIN") - timeline["app"].said("TERM")
        assert not duration <= 2
    return duration.against("at most", 2), tuple(compared)


def failing(folder: Path, text: str = "START") -> Page:
    found = evidence(folder, text)
    sentence, compared = late(found)
    broken = result(
        "term.grace", Verdict.FAIL, scenarios=("one",), reason=sentence, comparisons=compared
    )
    others = [result("term.other", scenarios=("one",)), *mixed().results]
    return Page(runpage.render(report(broken, *others, notices=(text,)), found, folder))


def test_a_failing_page_tells_in_this_order(tmp_path: Path) -> None:
    text = failing(tmp_path).text
    order = [
        "v1.37.2 not conformant",
        "v1.37.2 keeps 2 of the 6 promises that could be judged; 3 are broken; 1 is broken for",
        "a reason known upstream; 3 could not be decided; 1 could not be judged here;",
        "1 left out.",
        "nox -s conformance -- --kubernetes v1.37.2",
        "What weakens this verdict",
        "1 MUST promise could not be judged on this cluster",
        "resize.memory resize: the gate is off",
        "1 promise broken, as is known upstream",
        "3 promises could not be decided by the evidence, or the suite broke",
        "1 promise left out",
        "What was not kept",
        "term.grace fail",
        "The promise of term.grace. MUST, promised since 1.29",
        "app#1 said 'AGAIN' 4.5 to 6.5 s after app#0 got SIGTERM; at most 2 s were expected",
        "A app#0 said 'TERM' at 7.00 s, known to 1.00 s (the container's own clock)",
        "B app#1 said 'AGAIN' at 12.50 s, known to 1.00 s (log stamp of the runtime)",
        "--kubernetes v1.37.2 --only term.grace",
        "termination.reverse-order fail",
        "All checks",
        "kubectl.columns The promise of kubectl.columns.",
        "What happened: the scenarios",
        "app: #0 said 'TERM'",
        "Environment",
        "serverVersion v1.37.2",
    ]
    at = 0
    for words in order:
        found = text.find(words, at)
        assert found >= 0, f"{words!r} is not after {text[at - 80 : at]!r}"
        at = found + len(words)


def test_a_picture_is_there_once_and_a_failure_shows_it_with_its_moments(tmp_path: Path) -> None:
    page = failing(tmp_path)
    assert page.ids.count("picture-one") == 1
    assert [a["href"] for tag, a in page.tags if tag == "use"] == ["#picture-one"]
    assert sum(a.get("class") == "band" for tag, a in page.tags if tag == "rect") == 2


def test_every_identifier_is_there_once_and_every_link_of_the_page_leads_somewhere(
    tmp_path: Path,
) -> None:
    page = failing(tmp_path)
    assert len(page.ids) == len(set(page.ids))
    for tag, attributes in page.tags:
        href = attributes.get("href") or ""
        if tag == "a" and href.startswith("#") and "=" not in href:
            assert href[1:] in page.ids, href


def test_a_check_has_a_row_with_its_id(tmp_path: Path) -> None:
    page = failing(tmp_path)
    rows = {a["id"]: a for tag, a in page.tags if tag == "tr" and "id" in a}
    assert len(rows) == len(mixed().results) + 2
    assert rows["kubectl.columns"] == {
        "id": "kubectl.columns",
        "data-area": "kubectl",
        "data-level": "SHOULD",
        "data-verdict": "fail",
    }


def test_patterns_stand_beside_their_classic_form(tmp_path: Path) -> None:
    pairs = [
        result("pattern.job"),
        result("pattern.job-classic", level=Level.OBSERVED),
        result("pattern.lock", Verdict.FAIL, reason="the lock was free"),
        result("pattern.lock-classic", level=Level.OBSERVED),
    ]
    text = Page(runpage.render(report(*pairs), None, tmp_path)).text
    heads = "With sidecars, and without"
    assert f"{heads} Works with sidecars: 1 of 2. Falls short in the classic form: 2 of 2." in text
    rows = (
        "pattern.job works The promise of pattern.job."
        " falls short The promise of pattern.job-classic."
        " pattern.lock fail The promise of pattern.lock. the lock was free"
        " falls short The promise of pattern.lock-classic."
    )
    assert rows in text[text.index(heads) :]


@pytest.mark.parametrize("verdict", [None, Verdict.SKIPPED])
def test_without_its_classic_form_a_pattern_has_no_such_row(
    tmp_path: Path, verdict: Verdict | None
) -> None:
    found = [result("pattern.lock")]
    if verdict is not None:
        found.append(result("pattern.lock-classic", verdict))
    assert "and without" not in Page(runpage.render(report(*found), None, tmp_path)).text


def test_a_conformant_page_has_nothing_to_explain(tmp_path: Path) -> None:
    page = Page(runpage.render(report(result(scenarios=("one",))), evidence(tmp_path), tmp_path))
    assert "v1.37.2 keeps 1 of 1 promise that could be judged." in page.text
    assert "What weakens" not in page.text
    assert "What was not kept" not in page.text


def test_recordings_are_linked_where_they_are(tmp_path: Path) -> None:
    def links(folder: Path) -> list[str | None]:
        page = Page(runpage.render(report(result(scenarios=("one",))), found, folder))
        return [a["href"] for tag, a in page.tags if tag == "a" and "recordings" in str(a["href"])]

    found = evidence(tmp_path)
    assert links(tmp_path) == ["recordings/one.jsonl"]
    assert links(tmp_path / "elsewhere") == []


def test_a_manifest_is_shown_where_the_scenario_has_one(tmp_path: Path) -> None:
    found = evidence(tmp_path, name="ordered-start")
    broken = result(verdict=Verdict.FAIL, scenarios=("ordered-start",))
    page = Page(runpage.render(report(broken), found, tmp_path))
    assert page.text.count("kind: Pod metadata: name: ordered-start") == 2


ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "article"),
    *("a", "p", "h1", "h2", "h3", "span", "b", "br", "ul", "li", "code", "pre", "details"),
    *("summary", "table", "thead", "tbody", "tr", "th", "td", "form", "label", "select", "option"),
    *("input", "button", "output", "figure", "figcaption", "div", "script"),
    *("svg", "g", "path", "rect", "text", "use"),
}


@pytest.mark.parametrize("text", [HOSTILE, "\x00\x1b[31m", "\udcff", "javascript:alert(1)"])
def test_texts_of_others_are_texts(tmp_path: Path, text: str) -> None:
    hostile = result(
        "a.b",
        Verdict.KNOWN_FAILURE,
        title=text,
        reason=text,
        sources=(text,),
        issue=text,
        scenarios=("one",),
    )
    found = report(hostile, notices=(text,), reproduce=text, label=text, unsupported=text)
    page = Page(runpage.render(found, evidence(tmp_path, text), tmp_path))
    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert not (attributes.get("href") or "").startswith("javascript")
        assert "src" not in attributes
    assert not re.search("[\x00\x1b]", page.source)


@given(REPORTS)
def test_any_report_can_be_shown(found: Report) -> None:
    page = Page(runpage.render(found, None, TEMPLATES))
    assert len([a for tag, a in page.tags if tag == "tr" and "id" in a]) == len(found.results)


def test_the_same_report_gives_the_same_bytes_and_fetches_nothing(tmp_path: Path) -> None:
    found = evidence(tmp_path, "\udcff")
    contents = []
    for _ in range(2):
        runpage.write(mixed(), found, tmp_path / runpage.FILE)
        contents.append((tmp_path / runpage.FILE).read_bytes())
    assert contents[0] == contents[1]
    page = Page(contents[0].decode())
    assert not [a for tag, a in page.tags if tag in ("link", "img", "iframe") or "src" in a]
