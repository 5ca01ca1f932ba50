"""A diff as lines of text: the sentence first, then each change; what others wrote stays a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.changes import ChangeKind
from reports.markup import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.changes import Change, Diff, Judgement, RunDiff


def lines(diff: Diff) -> Iterator[str]:
    """Yield the lines, none of which moves a cursor or holds another."""
    return map(_line, _lines(diff))


def _line(text: str) -> str:
    """Return a text as one line that keeps its indent."""
    return " " * (len(text) - len(text.lstrip(" "))) + line_of(text)


def _lines(diff: Diff) -> Iterator[str]:
    yield diff.sentence
    for words, labels in (("earlier", diff.only_old), ("later", diff.only_new)):
        yield from (f"only among the {words} runs, not compared: {label}" for label in labels)
    for run in diff.runs:
        if len(diff.runs) > 1:
            yield f"{run.old.label} -> {run.new.label}: {run.sentence}"
        yield from _run(run)


def _run(run: RunDiff) -> Iterator[str]:
    if run.old.verdict != run.new.verdict:
        mark = "REGRESSION " if run.verdict_worse else ""
        yield f"  {mark}verdict of the run: {run.old.verdict} -> {run.new.verdict}"
    for one in run.differences:
        yield f"  {one.name}: {one.old or 'none'} -> {one.new or 'none'}"
    for kind in ChangeKind:
        found = [change for change in run.changes if change.kind is kind]
        if found:
            yield f"  {kind} ({len(found)}):"
            yield from (f"    {_change(change)}" for change in found)
    if run.slower:
        yield f"  slower ({len(run.slower)}):"
    for figure in run.slower:
        of = f" ({figure.id})" if figure.id else ""
        yield f"    {figure.what}{of}: {figure.old_seconds:g} s -> {figure.new_seconds:g} s"
    yield f"  unchanged: {run.unchanged} of {run.unchanged + len(run.changes)}"


def _change(change: Change) -> str:
    mark = "REGRESSION " if change.regression else ""
    words = f"{mark}{change.id} {change.level}: {_verdict(change.old)} -> {_verdict(change.new)}"
    one = change.new or change.old
    return f"{words}: {one.reason}" if one and one.reason else words


def _verdict(judgement: Judgement | None) -> str:
    return judgement.verdict if judgement else "none"
