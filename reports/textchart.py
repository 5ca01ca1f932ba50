"""The text alternative of a chart: what happened, a line each, in the order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.chart import Chart


def text(chart: Chart) -> str:
    """Return the lines; what a lane repeats without anything else between is one line."""
    entries = sorted(
        (
            (at, lane.name, words)
            for lane in chart.lanes
            for at, words in (
                *((bar.begin, _lasted(bar.text, bar.begin, bar.end)) for bar in lane.bars),
                *((mark.at, mark.text) for mark in lane.marks),
            )
        ),
        key=lambda entry: entry[0],
    )
    lines: list[str] = []
    repeated: tuple[str, str] | None = None
    first, times = 0.0, 1
    for at, name, words in entries:
        if (name, words) == repeated:
            times += 1
            lines[-1] = f"{_line(first, name, words)} ({times} times until {at:.2f} s)"
            continue
        repeated, times, first = (name, words), 1, at
        lines.append(_line(at, name, words))
    return "\n".join(lines)


def _line(at: float, name: str, words: str) -> str:
    return f"{at:8.2f} s  {name}: {words}"


def _lasted(words: str, begin: float, end: float) -> str:
    return f"{words} (for {end - begin:.2f} s)"
