"""The badge says what was judged and the verdict, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from reports import badge
from reports.model import Report, RunVerdict, Verdict, verdict_words
from tests.kit.samples import REPORTS, report, result
from tests.reports.test_markup import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


def texts(found: Report) -> list[str]:
    root = ET.fromstring(badge.svg(found))  # noqa: S314 - our own
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {
        "svg",
        "title",
        "rect",
        "g",
        "text",
    }
    shown = [each.text or "" for each in root.iter(f"{SVG}text")]
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == ": ".join(shown)
    return shown


def test_the_verdict_is_said_in_words(tmp_path: Path) -> None:
    badge.write(report(result()), tmp_path / "badge.svg")
    assert b"conformant" in (tmp_path / "badge.svg").read_bytes()
    assert texts(report(result())) == ["sidecars v1.37.2", "conformant"]


def test_a_selection_says_of_how_many() -> None:
    found = report(result("a.b"), result("a.c", Verdict.SKIPPED))
    assert texts(found) == ["sidecars v1.37.2", "1 of 2 judged: kept"]


@given(REPORTS)
def test_a_badge_is_whole_whatever_the_label_is(found: Report) -> None:
    assert texts(found)[1] == verdict_words(found)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_is_no_markup(text: str) -> None:
    assert len(texts(report(result(), label=text))) == 2


@pytest.mark.parametrize("verdict", RunVerdict)
def test_white_text_can_be_read_on_every_colour(verdict: RunVerdict) -> None:
    """The contrast is at least 4.5:1 (WCAG 2, AA)."""
    colour = badge.COLOURS[verdict].removeprefix("#")
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    luminance = sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5
