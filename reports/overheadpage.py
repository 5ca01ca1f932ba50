"""`index.html` of what sidecars cost: one offline file, the sentences first, a plot a measure.

Templates escape what they show. The page has no script, and its own policy would let none run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from fixtures.host.files import write_whole
from reports import dotplot
from reports.facts import facts
from reports.overhead import ABOUT, shown
from reports.styles import render_page

if TYPE_CHECKING:
    from pathlib import Path

    from reports.estimates import Estimate
    from reports.overhead import Measured, OverheadReport

FILE = "index.html"


class Page:
    """What the template asks for."""

    def __init__(self, report: OverheadReport) -> None:
        self.report = report

    def picture(self, measured: Measured) -> Markup:
        """Return the plot of a measure."""
        about = ABOUT[measured.measure]
        rows = [
            dotplot.Row(
                name,
                [
                    one / about.per_unit
                    for one in self.report.values(measured.measure, name).values()
                ],
                *(one / about.per_unit for one in (found.median, found.low, found.high)),
            )
            for name, found in measured.estimates.items()
        ]
        # The picture is built as a tree, so that nothing of others is markup in it.
        return Markup(dotplot.svg(rows, about.title, about.unit))  # noqa: S704

    def shown(self, measured: Measured, found: Estimate) -> str:
        """Return a median with its interval as people read it."""
        return shown(ABOUT[measured.measure], found)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The facts of cluster and suite as lines of a table."""
        return [*facts("", self.report.cluster), *facts("suite", self.report.suite)]


def write(report: OverheadReport, path: Path) -> None:
    """Write the page; the same report gives the same bytes. Raises OSError."""
    write_whole(path, render(report).encode(errors="replace"))


def render(report: OverheadReport) -> str:
    """Return the page."""
    return render_page("overheadpage.html", (), page=Page(report), report=report)
