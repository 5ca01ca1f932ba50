"""The pages in a real browser: light and dark, at the width of a phone, on paper, by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reports import diffpage, overheadpage, runpage
from reports.changes import Diff, compare
from tests.kit.charts import HOSTILE
from tests.kit.overheads import report as costs
from tests.kit.samples import mixed, report, result
from tests.reports.test_diffpage import sides
from tests.reports.test_runpage import evidence, late

pytest.importorskip("playwright", reason="playwright is not installed: group browser")

from playwright.sync_api import expect

from reports.model import Verdict
from tests.kit.browser import MOST, NO_FRAGMENT, SOON, executable, first_paint, opened, violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(
    executable() is None, reason="Chromium is not installed: apt-get install chromium"
)


@pytest.fixture(scope="module")
def page_of_a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    found = evidence(folder, HOSTILE)
    sentence, compared = late(found)
    broken = result(
        "term.grace", Verdict.FAIL, scenarios=("one",), reason=sentence, comparisons=compared
    )
    swapped = f"v1.37.2+kubelet-{'/a/long/way/to/a/kubelet' * 9}"
    others = [result(f"{'abcdefghi'[n % 9]}.n{n}", title=HOSTILE) for n in range(215)]
    runpage.write(
        report(
            broken,
            *others,
            *mixed().results,
            label=swapped,
            reproduce=f"nox -s conformance -- --swap kubelet={'x' * 400}",
            notices=(HOSTILE,),
            cluster={"nodeVersions": {"n" * 90: "v" * 300}},
        ),
        found,
        folder / runpage.FILE,
    )
    return folder / runpage.FILE


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_all_can_be_read_by_everybody(
    chromium: Browser, page_of_a_run: Path, width: int, scheme: str
) -> None:
    with opened(chromium, page_of_a_run, width=width, scheme=scheme) as page:
        for folded in (True, False):
            if not folded:
                unfold(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert violations(page) == []


@pytest.fixture(scope="module")
def page_of_a_diff(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diff")
    old, new = sides(folder, HOSTILE)
    diff = Diff(only_old=(HOSTILE,), only_new=(), runs=(compare(old.report, new.report),))
    path = folder / "diff.html"
    path.write_text(diffpage.render(diff, [(old, new)]), encoding="utf-8", errors="replace")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "columns"), [(390, 1), (1280, 1), (1720, 2)])
def test_a_diff_can_be_read_by_everybody(
    chromium: Browser, page_of_a_diff: Path, width: int, columns: int, scheme: str
) -> None:
    with opened(chromium, page_of_a_diff, width=width, scheme=scheme) as page:
        places = page.locator("article .pair figure").evaluate_all(
            "found => found.map(one => one.getBoundingClientRect().left)"
        )
        assert len(places) == 2
        assert len(set(places)) == columns
        for folded in (True, False):
            if not folded:
                unfold(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_what_sidecars_cost_can_be_read_by_everybody(
    chromium: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    path = tmp_path / overheadpage.FILE
    overheadpage.write(costs(HOSTILE, none=1.0, classic=1.001, native=2.0), path)
    with opened(chromium, path, width=width, scheme=scheme) as page:
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []


def test_texts_of_others_do_nothing(chromium: Browser, page_of_a_run: Path) -> None:
    with opened(chromium, page_of_a_run) as page:
        unfold(page)
        assert page.locator("script").count() == 1
        assert page.locator("img").count() == 0
        assert page.get_by_text("<script>alert(1)</script>").first.is_visible()


def test_filters_narrow_and_their_state_is_in_the_address(
    chromium: Browser, page_of_a_run: Path
) -> None:
    def shown(page: Page) -> int:
        found: int = page.locator("#table tbody tr:visible").count()
        return found

    with opened(chromium, page_of_a_run) as page:
        assert page.locator("#shown").inner_text() == "225 of 225 checks"
        page.get_by_role("combobox", name="Verdict").select_option("fail")
        assert shown(page) == 3
        page.get_by_role("combobox", name="Level").select_option("MUST")
        page.get_by_role("searchbox").fill("grace")
        assert shown(page) == 1
        assert page.locator("#shown").inner_text() == "1 of 225 checks"
        address = page.url
        assert address.endswith("#level=MUST&verdict=fail&q=grace")
        page.reload()
        assert shown(page) == 1
        page.get_by_role("button", name="All").click()
        expect(page).to_have_url(NO_FRAGMENT)
        assert shown(page) == 225
        page.locator(".counts a", has_text="known-failure").click()
        expect(page.locator("#table tbody tr:not([hidden])")).to_have_count(1)


def test_a_link_to_a_check_unfolds_it(chromium: Browser, page_of_a_run: Path) -> None:
    with opened(chromium, page_of_a_run) as page:
        page.evaluate("location.hash = '#termination.grace'")
        row = page.locator("[id='termination.grace']")
        row.locator(".reason").wait_for(state="visible")
        assert row.locator(".reason").inner_text() == "the moments overlap"


def test_it_can_be_used_by_keyboard(chromium: Browser, page_of_a_run: Path) -> None:
    with opened(chromium, page_of_a_run) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to all checks"
        page.locator("#table summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("#table details[open]").count() == 1


def test_without_javascript_all_is_there_but_the_filters(
    chromium: Browser, page_of_a_run: Path
) -> None:
    with opened(chromium, page_of_a_run, script=False) as page:
        assert page.locator("#table tbody tr:visible").count() == 225
        assert not page.locator("#filters").is_visible()
        page.locator("#table summary").first.click()
        assert page.locator("#table details[open]").count() == 1


def test_on_paper_nothing_is_cut_off(chromium: Browser, page_of_a_run: Path) -> None:
    with opened(chromium, page_of_a_run, width=700) as page:
        page.emulate_media(media="print")
        unfold(page)
        assert not page.locator("#filters").is_visible()
        cut = "e => [...e].filter(one => one.scrollWidth > one.clientWidth + 1).length"
        assert page.locator("pre, .scroll").evaluate_all(cut) == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 700


def test_a_page_is_painted_soon_and_is_not_large(chromium: Browser, page_of_a_run: Path) -> None:
    assert page_of_a_run.stat().st_size < MOST
    with opened(chromium, page_of_a_run) as page:
        assert first_paint(page) < SOON
