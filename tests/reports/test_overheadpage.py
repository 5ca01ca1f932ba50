"""The page of what sidecars cost: sentences, a plot a measure, and nothing of others as markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import overheadpage
from reports.overhead import ABOUT, LeftOut
from tests.kit.charts import HOSTILE
from tests.kit.overheads import report
from tests.reports.test_runpage import Page

if TYPE_CHECKING:
    from pathlib import Path


def test_each_measure_has_its_sentences_and_its_plot() -> None:
    found = report(none=1.0, classic=1.001, native=2.0)
    page = Page(overheadpage.render(found))
    assert sum(tag == "svg" for tag, _ in page.tags) == len(ABOUT)
    for measured in found.measures:
        assert measured.title in page.text
        for one in measured.comparisons:
            assert one.sentence in page.text
    assert found.reproduce.strip() in page.text


def test_what_was_not_measured_is_told() -> None:
    found = report(none=1.0, native=2.0).model_copy(
        update={
            "left_out": (LeftOut(variant="native", round=3, reason="it was not Ready"),),
            "missing": {"proxy": "there is no Envoy"},
        }
    )
    page = Page(overheadpage.render(found))
    assert "proxy was not measured: there is no Envoy" in page.text
    assert "native of round 3: it was not Ready" in page.text


def test_texts_of_others_are_text() -> None:
    page = Page(overheadpage.render(report(HOSTILE, none=1.0, native=2.0)))
    assert not any(tag in ("script", "img") for tag, _ in page.tags)
    assert "<script>alert(1)</script>" in page.text


def test_identifiers_are_there_once() -> None:
    page = Page(overheadpage.render(report(none=1.0, native=2.0)))
    assert len(page.ids) == len(set(page.ids))


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    found = report(none=1.0, native=2.0)
    overheadpage.write(found, tmp_path / "one.html")
    overheadpage.write(found, tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
