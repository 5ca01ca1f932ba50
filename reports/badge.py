"""`badge.svg`: the verdict of a run as a small picture for other people's pages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fixtures.host.files import write_whole
from reports.markup import line_of, xml_text
from reports.model import RunVerdict, verdict_words

if TYPE_CHECKING:
    from pathlib import Path

    from reports.model import Report

FILE = "badge.svg"

COLOURS = {
    RunVerdict.CONFORMANT: "#1b7a31",
    RunVerdict.KEPT: "#4a6b52",
    RunVerdict.NOT_CONFORMANT: "#b3261e",
    RunVerdict.UNDECIDED: "#8a5200",
    RunVerdict.UNSUPPORTED: "#555b6e",
}
"""Behind white text; the word stands there, so that nothing depends on colour."""

CHARACTER = 7
"""The width that a character is given, in pixels; the text is fitted to it."""

LONGEST = 60


def write(report: Report, path: Path) -> None:
    """Write the badge; the same report gives the same bytes. OSError where it cannot."""
    write_whole(path, svg(report).encode())


def svg(report: Report) -> str:
    """Return the badge: what was judged on the left, the verdict on the right."""
    left = xml_text(line_of(f"sidecars {report.label}")[:LONGEST])
    right = verdict_words(report)
    sizes = [len(text) * CHARACTER + 12 for text in (left, right)]
    name = escape(f"{left}: {right}")
    texts = "".join(
        f'<text x="{x + size / 2:g}" y="14" textLength="{size - 12}"'
        f' lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
        for text, x, size in ((left, 0, sizes[0]), (right, sizes[0], sizes[1]))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{sum(sizes)}" height="20" role="img"'
        f' aria-label="{name}"><title>{name}</title>'
        f'<rect width="{sizes[0]}" height="20" fill="#3b4256"/>'
        f'<rect x="{sizes[0]}" width="{sizes[1]}" height="20" fill="{COLOURS[report.verdict]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"'
        f' text-anchor="middle">{texts}</g></svg>\n'
    )
