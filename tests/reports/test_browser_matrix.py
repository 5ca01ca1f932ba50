"""The page of several runs in a real browser, with as many rows and columns as it is made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reports import jsonreport, merge
from reports.model import Level, Verdict
from tests.kit.charts import HOSTILE
from tests.kit.samples import report, result

pytest.importorskip("playwright", reason="playwright is not installed: group browser")

from playwright.sync_api import expect

from tests.kit.browser import MOST, NO_FRAGMENT, SOON, executable, first_paint, opened, violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(
    executable() is None, reason="Chromium is not installed: apt-get install chromium"
)
LABELS = [
    *(f"v1.{minor}.{patch}" for minor in range(28, 38) for patch in (1, 4)),
    *(f"v1.34.4+kubelet-v1.34.{patch}" for patch in (1, 2)),
    "v1.30.4+kubelet-v1.29.7+kube-apiserver-v1.30.5",
    *(f"v1.31.2@{'a-long-name-of-a-context-' * 3}{number}" for number in range(7)),
]
VERDICTS = (*[Verdict.PASS] * 6, *Verdict)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of 250 requirements by 30 runs, each verdict in it, and hostile texts."""
    folder = tmp_path_factory.mktemp("runs")
    for column, label in enumerate(LABELS):
        results = []
        for row in range(250):
            level = list(Level)[row % 3]
            changes = row % 5 == 0 and column % 3 == 0
            verdict = VERDICTS[(row + column) % len(VERDICTS)] if changes else Verdict.PASS
            reason = (
                f"{HOSTILE} {'a reason of some length ' * 8}" if verdict is not verdict.PASS else ""
            )
            one = result(f"area{'abcdefghij'[row % 10]}.row-{row}", verdict, level, reason=reason)
            results.append(one.model_copy(update={"title": f"{'A promise in words ' * 5}{row}."}))
        found = report(*results, label=label, notices=(HOSTILE,))
        jsonreport.write(found, folder / label / "report.json")
        (folder / label / "index.html").write_text("<title>a run</title>", encoding="utf-8")
    (folder / "broken").mkdir()
    (folder / "broken" / "report.json").write_text(
        '{"kind": "ConformanceReport", "apiVersion": "<img src=x onerror=alert(3)>"}'
    )
    merge.merge(folder)
    return folder / "index.html"


def rows(page: Page) -> list[str]:
    found: list[str] = page.locator("#table tbody tr[id]:not([hidden])").evaluate_all(
        "all => all.map(one => one.id)"
    )
    return found


def columns(page: Page) -> list[str]:
    found: list[str] = page.locator("#table thead th.run:not([hidden])").all_inner_texts()
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_all_can_be_read_by_everybody(
    chromium: Browser, matrix: Path, width: int, scheme: str
) -> None:
    with opened(chromium, matrix, width=width, scheme=scheme) as page:
        page.get_by_role("searchbox", name="Text").fill("row-10")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []


def test_it_is_painted_soon_and_is_not_large(chromium: Browser, matrix: Path) -> None:
    assert matrix.stat().st_size < MOST
    with opened(chromium, matrix) as page:
        assert first_paint(page) < SOON
        assert (len(rows(page)), len(columns(page))) == (250, 30)


def test_texts_of_others_do_nothing(chromium: Browser, matrix: Path) -> None:
    with opened(chromium, matrix) as page:
        assert page.locator("script").count() == 1
        assert page.locator("img").count() == 0
        assert page.get_by_text("<script>alert(1)</script>").first.is_visible()
        assert page.get_by_text("<img src=x onerror=alert(3)>").is_visible()


def test_filters_narrow_and_their_state_is_in_the_address(chromium: Browser, matrix: Path) -> None:
    with opened(chromium, matrix) as page:
        assert page.locator("#shown").inner_text() == "250 of 250 promises"
        page.get_by_role("combobox", name="Area").select_option("areaa")
        page.get_by_role("combobox", name="Level").select_option("MUST")
        assert rows(page) == ["areaa.row-0", *(f"areaa.row-{n}" for n in range(120, 241, 30))] + [
            f"areaa.row-{n}" for n in (30, 60, 90)
        ]
        assert page.locator("#table tbody:visible").count() == 1
        page.get_by_role("searchbox", name="Text").fill("row-120")
        assert rows(page) == ["areaa.row-120"]
        assert page.locator("#shown").inner_text() == "1 of 250 promises"
        assert page.url.endswith("#area=areaa&level=MUST&q=row-120")
        page.reload()
        assert rows(page) == ["areaa.row-120"]
        page.get_by_role("button", name="All").click()
        expect(page).to_have_url(NO_FRAGMENT)
        assert len(rows(page)) == 250


def test_only_what_differs_between_the_runs_that_are_shown(chromium: Browser, matrix: Path) -> None:
    with opened(chromium, matrix) as page:
        page.get_by_role("combobox", name="Only").select_option("differs")
        assert len(rows(page)) == 50
        page.get_by_role("searchbox", name="Runs").fill("1.28, v1.34.4+kubelet-v1.34.2")
        assert columns(page) == ["v1.28.1", "v1.28.4", "v1.34.4+kubelet-v1.34.2"]
        of_these = page.locator("#table tbody tr[id]:not([hidden])").evaluate_all(
            "all => all.map(one => new Set([...one.cells].filter(cell => !cell.hidden"
            " && cell.dataset.verdict).map(cell => cell.dataset.verdict)).size)"
        )
        assert 0 < len(of_these) < 50
        assert set(of_these) <= {2, 3}
        assert "only=differs&runs=1.28%2C" in page.url
        page.get_by_role("combobox", name="Only").select_option("")
        page.get_by_role("combobox", name="Verdict of a run").select_option("fail")
        found = page.locator("#table tbody tr[id]:not([hidden]) td:not([hidden]) .verdict-fail")
        assert found.count() >= len(rows(page)) > 0


def test_what_breaks_and_what_is_repaired_can_be_chosen(chromium: Browser, matrix: Path) -> None:
    with opened(chromium, matrix) as page:
        for word in ("broken", "repaired"):
            page.get_by_role("combobox", name="Only").select_option(word)
            shown = page.locator("#table tbody tr[id]:not([hidden])")
            assert 0 < shown.count() < 50
            assert shown.locator(f"td.history .{word}").count() >= shown.count()


def test_heads_stay_in_sight(chromium: Browser, matrix: Path) -> None:
    with opened(chromium, matrix) as page:
        scrolled = page.locator(".matrix").evaluate(
            "box => { box.scrollIntoView(); box.scrollTo(300, 3000);"
            " return [box.scrollLeft, box.scrollTop] }"
        )
        assert scrolled == [300, 3000]
        box = page.locator(".matrix").bounding_box()
        head = page.locator("#table thead th").nth(20).bounding_box()
        first = page.locator("#table tbody th[scope=row]").nth(60).bounding_box()
        assert box
        assert head
        assert first
        assert abs(head["y"] - box["y"]) < 2
        assert abs(first["x"] - box["x"]) < 2


def test_a_cell_leads_to_the_check_and_says_its_verdict(chromium: Browser, matrix: Path) -> None:
    with opened(chromium, matrix) as page:
        cell = page.get_by_role("row", name="areab.row-1 ").get_by_role("link", name="pass").first
        cell.click()
        page.wait_for_url("**/v1.28.1/index.html#areab.row-1")


def test_it_can_be_used_by_keyboard(chromium: Browser, matrix: Path) -> None:
    focus = (
        "[document.activeElement.closest('tr').id, document.activeElement.parentElement.cellIndex]"
    )
    with opened(chromium, matrix) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the matrix"
        assert page.locator("a.cell[tabindex='0']").count() == 1
        page.locator("a.cell[tabindex='0']").focus()
        assert page.evaluate(focus) == ["areaa.row-0", 3]
        for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"):
            page.keyboard.press(key)
        assert page.evaluate(focus) == ["areaa.row-0", 4]
        page.keyboard.press("ArrowUp")
        assert page.evaluate(focus) == ["areaa.row-0", 4]
        page.get_by_role("searchbox", name="Text").fill("row-12")
        page.locator("a.cell[tabindex='0']").focus()
        assert page.evaluate(focus)[0] == "areaa.row-120"
        page.keyboard.press("ArrowDown")
        assert page.evaluate(focus)[0] == "areab.row-121"
        page.get_by_role("searchbox", name="Runs").fill("v1.28.1, v1.29")
        page.locator("a.cell[tabindex='0']").focus()
        page.keyboard.press("ArrowRight")
        assert page.evaluate(focus) == ["areaa.row-120", 5]


def test_a_link_to_a_row_shows_it_whatever_is_chosen(chromium: Browser, matrix: Path) -> None:
    with opened(chromium, matrix) as page:
        page.get_by_role("combobox", name="Area").select_option("areac")
        page.evaluate("location.hash = '#areaa.row-0'")
        page.locator("[id='areaa.row-0']").wait_for(state="visible")


def test_without_javascript_all_is_there_but_the_filters(chromium: Browser, matrix: Path) -> None:
    with opened(chromium, matrix, script=False) as page:
        assert page.locator("#table tbody tr[id]:visible").count() == 250
        assert page.locator("a.cell:visible").count() == 7500
        assert not page.locator("#filters").is_visible()
        assert not page.locator("#keys").is_visible()


def test_on_paper_nothing_is_cut_off(chromium: Browser, matrix: Path) -> None:
    with opened(chromium, matrix, width=1050) as page:
        page.emulate_media(media="print")
        assert not page.locator("#filters").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1050
