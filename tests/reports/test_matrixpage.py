"""The page of several runs says the verdicts first, and links each cell to the check it is of."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from reports import matrixpage, runpage
from reports.matrix import Matrix, RunReport, Unreadable
from reports.model import Report, Verdict
from reports.styles import TEMPLATES
from tests.kit.charts import HOSTILE
from tests.kit.samples import REPORTS, mixed, report, result
from tests.reports.test_matrix import run
from tests.reports.test_runpage import ALLOWED, Page


def page(*runs: RunReport, unreadable: tuple[Unreadable, ...] = ()) -> Page:
    return Page(matrixpage.render(Matrix(runs, unreadable)))


def hrefs(shown: Page) -> list[str]:
    return [attributes["href"] or "" for tag, attributes in shown.tags if tag == "a"]


def test_the_page_tells_in_this_order() -> None:
    broken = [result("a.b", Verdict.FAIL), *mixed().results]
    found = report(*broken, label="v1.31.0", notices=("a notice",), unsupported="the gate is off")
    shown = page(
        run("v1.30.0", result("a.b"), result("a.c")),
        RunReport("v1.31.0", found, has_page=True),
        unreadable=(Unreadable("v1.32.0", "not JSON"),),
    )
    order = [
        "3 runs 1 not conformant 1 conformant 1 unreadable",
        "Of 11 promises 2 are kept wherever judged; 3 are broken; 1 is broken for a reason known",
        "3 could not be decided somewhere; 2 could not be judged by any run.",
        "From version to version 4 are broken.",
        "Reports that cannot be read v1.32.0: not JSON",
        "Runs Run Verdict fail error",
        "v1.30.0 conformant 0 0",
        "v1.31.0 5 of 10 judged: not conformant 3 1 2 1 1 1 1 json",
        "What weakens these verdicts v1.31.0: no sidecars: the gate is off",
        "v1.31.0: a notice",
        "What was not kept",
        "a.b The promise of a.b. MUST, promised since 1.29; made before v1.30.0, broken v1.31.0",
        "fail v1.31.0 the reason of a.b",
        "Requirements by run",
        "Promise Level, since History v1.30.0 v1.31.0",
        "a.b The promise of a.b. MUST 1.29 made before v1.30.0, broken v1.31.0 pass fail",
        "a.c The promise of a.c. MUST 1.29 made before v1.30.0 pass absent",
    ]
    at = 0
    for words in order:
        place = shown.text.find(words, at)
        assert place >= 0, f"{words!r} is not after {shown.text[at - 80 : at + 400]!r}"
        at = place + len(words)


def test_runs_that_are_all_well_have_nothing_to_explain() -> None:
    shown = page(run("v1.30.0", result("a.b")))
    assert "1 run 1 conformant Of 1 promise 1 is kept wherever judged." in shown.text
    for words in ("What weakens", "What was not kept", "cannot be read", "From version"):
        assert words not in shown.text


def test_a_page_of_nothing_but_broken_reports_is_there() -> None:
    shown = page(unreadable=(Unreadable("x", "not JSON"),))
    assert "1 run 1 unreadable No promise was judged." in shown.text


def test_a_cell_leads_to_the_check_on_the_page_of_its_run() -> None:
    labels = ("v1.30.0", "v1.30.0+kubelet-v1.29.7", "what? 100% #1", "javascript:alert(1)")
    found = report(result("a.b-c"), result("x.y"))
    there = Page(runpage.render(found, None, TEMPLATES)).ids
    links = hrefs(page(*(RunReport(name, found, has_page=True) for name in labels)))
    for folder in (
        "v1.30.0",
        "v1.30.0%2Bkubelet-v1.29.7",
        "what%3F%20100%25%20%231",
        "javascript%3Aalert%281%29",
    ):
        for identifier in ("a.b-c", "x.y"):
            assert identifier in there
            assert links.count(f"{folder}/index.html#{identifier}") == 1
        assert f"{folder}/index.html#verdict=pass" in links


def test_a_name_that_is_no_text_can_be_linked() -> None:
    shown = page(run("v1.30.0", result("a.b"), name="\udcff"))
    assert "%FF/index.html#a.b" in hrefs(shown)


def test_a_run_without_a_page_is_not_linked_to_one() -> None:
    links = hrefs(page(run("v1.30.0", result("a.b", Verdict.FAIL), page=False)))
    assert "v1.30.0/report.json" in links
    assert not [link for link in links if "index.html" in link]


def test_every_identifier_is_there_once_and_every_link_of_the_page_leads_somewhere() -> None:
    shown = page(run("v1.30.0", *mixed().results), run("v1.31.0", *mixed().results))
    assert len(shown.ids) == len(set(shown.ids))
    for link in hrefs(shown):
        assert not link.startswith("#") or link[1:] in shown.ids, link


def test_a_row_has_what_it_is_chosen_by() -> None:
    shown = page(
        run("v1.30.0", result("a.b"), result("a.c")),
        run("v1.31.0", result("a.b", Verdict.FAIL), result("a.c")),
        run("v1.32.0", result("a.b"), result("a.c")),
    )
    rows = {a["id"]: a for tag, a in shown.tags if tag == "tr" and "id" in a}
    assert rows["a.b"] == {
        "id": "a.b",
        "data-area": "a",
        "data-level": "MUST",
        "data-only": "differs made before broken repaired",
    }
    assert rows["a.c"]["data-only"] == "made before"


def test_every_verdict_has_a_sign_of_its_own() -> None:
    sheet = (TEMPLATES / "matrix.css").read_text(encoding="utf-8")
    signs = dict(re.findall(r"\.cell\.verdict-([\w-]+)::before { content: \"(.*)\"; }", sheet))
    (other,) = re.findall(r"\.cell::before { content: \"(.*)\"; }", sheet)
    signs[Verdict.PASS] = other
    assert signs.keys() == set(Verdict)
    assert len(set(signs.values())) == len(signs)


def test_a_name_that_is_not_the_label_is_shown_with_it() -> None:
    shown = page(run("v1.37.2", result(), name="before"))
    assert "before labelled v1.37.2" in shown.text


@pytest.mark.parametrize("text", [HOSTILE, "\x00\x1b[31m", "\udcff", "javascript:alert(1)"])
def test_texts_of_others_are_texts(text: str) -> None:
    hostile = result("a.b", Verdict.KNOWN_FAILURE, id=text, title=text, reason=text, issue=text)
    found = report(hostile, notices=(text,), reproduce=text, label=text, unsupported=text)
    shown = page(
        RunReport(text, found, has_page=True),
        RunReport("x", found, has_page=False),
        unreadable=(Unreadable(text, text),),
    )
    assert {tag for tag, _ in shown.tags} <= ALLOWED | {"col", "colgroup", "i"}
    assert sum(tag == "script" for tag, _ in shown.tags) == 1
    for _, attributes in shown.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert not (attributes.get("href") or "").startswith("javascript:")
        assert "src" not in attributes
    assert not re.search("[\x00\x1b]", shown.source)


@given(REPORTS)
def test_any_report_can_be_shown(found: Report) -> None:
    shown = page(RunReport("x", found, has_page=True))
    cells = [a for tag, a in shown.tags if tag == "td" and a.get("data-verdict")]
    assert len(cells) == len(found.results)
    assert shown.source.endswith("</html>\n")


def test_the_same_reports_give_the_same_bytes() -> None:
    assert len({page(run("v1.30.0", *mixed().results)).source for _ in range(2)}) == 1
