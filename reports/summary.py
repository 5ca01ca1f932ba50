"""`summary.md`: the run in Markdown, for the page of a job and for comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.host.files import write_whole
from reports.markup import markdown
from reports.model import UNKEPT, Level, counts, verdict_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reports.model import Report, Result

FILE = "summary.md"

SHOWN = 50
"""So many findings are told of each kind: the page of a job takes 1 MiB."""

LONGEST = 500
"""So many characters of a reason are told; `report.json` has all."""


def write(report: Report, path: Path) -> None:
    """Write the run as Markdown; the same report gives the same bytes.

    OSError where the file cannot be written.
    """
    write_whole(path, text(report).encode())


def text(report: Report) -> str:
    """Return the run as Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"## Native sidecars on {markdown(report.label)}: {verdict_words(report)}"
    if report.unsupported:
        yield f"\n{markdown(report.unsupported)}"
    tally = ", ".join(f"{count} {verdict}" for verdict, count in counts(report.results).items())
    yield f"\n{len(report.results)} checks: {tally or 'nothing was judged'}."
    deciding = [r for r in report.results if r.level is Level.MUST]
    others = [r for r in report.results if r.level is not Level.MUST]
    yield from _table("MUST", deciding)
    yield from _table("SHOULD and OBSERVED, which decide nothing", others)
    for notice in report.notices:
        yield f"\n> note: {markdown(notice)}"
    if report.reproduce:
        yield f"\nAgain: {markdown(report.reproduce)}"


def _table(title: str, results: Sequence[Result]) -> Iterator[str]:
    found = sorted(
        (r for r in results if r.verdict in UNKEPT),
        key=lambda r: (UNKEPT.index(r.verdict), r.id),
    )
    if not found:
        return
    yield f"\n### {title}\n"
    yield "| check | verdict | promise | reason |"
    yield "|---|---|---|---|"
    for r in found[:SHOWN]:
        issue = f" ([known]({r.issue}))" if _is_address(r.issue) else ""
        reason = markdown(r.reason[:LONGEST])
        yield f"| {r.id} | {r.verdict}{issue} | {markdown(r.title)} | {reason} |"
    if len(found) > SHOWN:
        yield f"\n{len(found) - SHOWN} more are in report.json."


def _is_address(text: str) -> bool:
    return text.startswith("https://") and not set(text) & set(" ()<>|\\\n")
