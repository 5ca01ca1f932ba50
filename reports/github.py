"""What a run says in a job of GitHub Actions: its summary on the job's page, and annotations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reports import summary
from reports.markup import command_data, command_property
from reports.model import Level, verdict_words
from reports.terminal import DECIDING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.model import Report


def tell(report: Report, environment: Mapping[str, str]) -> Iterator[str]:
    """Add to the summary of the job; yield the annotations, to be printed. Elsewhere, nothing.

    OSError where the summary cannot be written.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return
    page = environment.get("GITHUB_STEP_SUMMARY")
    if page:
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(summary.text(report))
    yield from commands(report)


def commands(report: Report) -> Iterator[str]:
    """Yield an annotation for each MUST check that keeps the run from being conformant.

    A run that nothing was judged in has one for itself.
    """
    for verdict in DECIDING:
        for r in sorted(report.results, key=lambda r: r.id):
            if r.verdict is verdict and r.level is Level.MUST:
                title = command_property(f"{report.label}: {verdict} {r.id}")
                yield f"::error title={title}::{command_data(f'{r.title} {r.reason}')}"
    if report.exit_status and not any(
        r.verdict in DECIDING and r.level is Level.MUST for r in report.results
    ):
        title = command_property(f"{report.label}: {verdict_words(report)}")
        yield f"::error title={title}::nothing was judged"
