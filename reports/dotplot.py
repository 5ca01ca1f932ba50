"""A plot of medians: a row for each group, a dot for each value, a bar for the interval.

The axis begins at 0, so that lengths compare as the figures do. It is built as a tree, like the
chart of a scenario, and takes its colours from the same style sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from reports.markup import xml_text
from reports.svgchart import coordinate, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 1000, 90, 40, 26, 8
ROW = 34
DOT = 3.2
ROOM = 1.05
"""So much longer than the largest value the axis is."""


@dataclass(frozen=True)
class Row:
    """A group of values, with their median and its interval, all in the unit of the plot."""

    name: str
    values: Sequence[float]
    median: float
    low: float
    high: float


def svg(rows: Sequence[Row], title: str, unit: str) -> str:
    """Return the plot as an SVG element."""
    height = TOP + ROW * len(rows) + BOTTOM
    root = ET.Element("svg", {"class": "chart plot", "viewBox": f"0 0 {WIDTH} {height}"})
    root.set("role", "img")
    ET.SubElement(root, "title").text = xml_text(title)
    most = max((max(*row.values, row.high) for row in rows), default=0) * ROOM or 1.0

    def x(value: float) -> str:
        return coordinate(LEFT + value / most * (WIDTH - LEFT - RIGHT))

    for at in ticks(most):
        path = {"class": "grid", "d": f"M{x(at)},{TOP - 8}V{height - BOTTOM}"}
        ET.SubElement(root, "path", path)
        label = {"class": "axis", "x": x(at), "y": str(TOP - 14)}
        ET.SubElement(root, "text", label).text = xml_text(f"{at:g} {unit}")
    for index, row in enumerate(rows):
        middle = TOP + ROW * index + ROW / 2
        _row(root, row, middle, [x(one) for one in (row.low, row.median, row.high)])
        for value in row.values:
            dot = {"class": "dot", "cx": x(value), "cy": coordinate(middle + 7), "r": str(DOT)}
            ET.SubElement(root, "circle", dot)
    return ET.tostring(root, encoding="unicode")


def _row(root: ET.Element, row: Row, middle: float, places: Sequence[str]) -> None:
    low, median, high = places
    line = coordinate(middle + ROW / 2)
    ET.SubElement(root, "path", {"class": "line", "d": f"M0,{line}H{WIDTH}"})
    name = {"class": "name", "x": "6", "y": coordinate(middle + 3.5)}
    ET.SubElement(root, "text", name).text = xml_text(row.name)
    top, bar = coordinate(middle - 10), coordinate(middle - 6)
    ends = f"M{low},{top}v8M{high},{top}v8M{low},{bar}H{high}"
    ET.SubElement(root, "path", {"class": "interval", "d": ends})
    ET.SubElement(root, "path", {"class": "median", "d": f"M{median},{coordinate(middle - 12)}v12"})
