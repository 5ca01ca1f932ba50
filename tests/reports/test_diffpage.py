"""A diff's page shows both timelines of what changed, and nothing of others is markup in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from reports import diffpage
from reports.changes import Diff, compare
from reports.diffpage import Side
from reports.model import Report, Verdict
from tests.kit.charts import HOSTILE
from tests.kit.samples import REPORTS, mixed, report, result
from tests.reports.test_runpage import ALLOWED, Page, evidence, late

if TYPE_CHECKING:
    from pathlib import Path


def page(old: Side, new: Side) -> Page:
    """Return the page of a diff of one pair."""
    made = compare(old.report, new.report)
    diff = Diff(only_old=(), only_new=(), runs=(made,))
    return Page(diffpage.render(diff, [(old, new)]))


def sides(folder: Path, text: str = "START") -> tuple[Side, Side]:
    """Return a run that kept a promise and one that broke it, with their evidence."""
    before, after = evidence(folder / "old", text), evidence(folder / "new", text)
    sentence, compared = late(after)
    good = result("a.b", scenarios=("one",), comparisons=compared)
    bad = result("a.b", Verdict.FAIL, scenarios=("one",), reason=sentence, comparisons=compared)
    more = (result("a.c", Verdict.UNSUPPORTED, reason=text, title=text),)
    return (
        Side(report(good, result("a.c"), label=text), before),
        Side(report(bad, *more, label=text), after),
    )


def test_both_timelines_are_beside_what_broke_with_the_moments_in_both(tmp_path: Path) -> None:
    found = page(*sides(tmp_path))
    assert [a["href"] for tag, a in found.tags if tag == "use"] == [
        "#picture-run-1-old-one",
        "#picture-run-1-new-one",
    ]
    assert sum(a.get("class") == "band" for tag, a in found.tags if tag == "rect") == 4
    for words in ("breaks 1 promise", "a.b pass → fail regression", "--only a.b"):
        assert words in found.text


def test_identifiers_are_there_once_and_links_lead_somewhere(tmp_path: Path) -> None:
    found = page(*sides(tmp_path))
    assert len(found.ids) == len(set(found.ids))
    for _, attributes in found.tags:
        href = attributes.get("href") or ""
        if href.startswith("#"):
            assert href[1:] in found.ids


def test_without_recordings_the_sentences_stand_alone(tmp_path: Path) -> None:
    old, new = sides(tmp_path)
    found = page(Side.of(old.report, tmp_path / "none"), Side.of(new.report, tmp_path / "none"))
    assert not [tag for tag, _ in found.tags if tag in ("svg", "use")]
    assert "a.b pass → fail regression" in found.text
    one = page(old, Side(new.report, None))
    assert "No recording of one is at hand." in one.text


def test_both_pictures_have_one_time_axis(tmp_path: Path) -> None:
    old, new = sides(tmp_path)
    made = diffpage.Run(1, compare(old.report, new.report), old, new)
    ((_, before, after),) = made.scenarios
    assert before is not None
    assert after is not None
    assert before.chart.seconds == after.chart.seconds


@pytest.mark.parametrize("text", [HOSTILE, "\x00\x1b[31m", "javascript:alert(1)"])
def test_texts_of_others_are_texts(tmp_path: Path, text: str) -> None:
    found = page(*sides(tmp_path, text))
    assert {tag for tag, _ in found.tags} <= {*ALLOWED, "h4"} - {"script"}
    for _, attributes in found.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert not (attributes.get("href") or "").startswith("javascript")
        assert "src" not in attributes
    assert not re.search("[\x00\x1b]", found.source)


@given(REPORTS)
def test_any_diff_can_be_shown(found: Report) -> None:
    page(Side(mixed(), None), Side(found, None))
