"""A chart as SVG: one picture a scenario, and what a check compared as another layer over it.

Nothing is markup that others wrote: the document is built as a tree. Colours are classes, so that
one style sheet (`templates/chart.css`) serves light, dark and print; no meaning rests on a colour.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from reports.markup import xml_text
from reports.styles import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fixtures.evidence.moments import Point
    from reports.chart import Bar, Chart, Lane, Mark

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 1000, 190, 24, 34, 8
BAR = 12
LANE = 30
THIN = 17
"""The height of a lane without labels: of a condition."""

CHARACTER = 5.3
"""About how wide a character of a label is."""

NEAR = 3.0
"""Marks of one kind that are no further apart are one mark."""

TITLE = 240
"""How many characters a tip may have."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

STYLE = TEMPLATES / "chart.css"

SHAPES = {
    "ready": "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
    "unready": "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
    "started": "M-4,0L0,-5L4,0L0,5z",
    "stopped": "M-4,0L0,-5L4,0L0,5z",
    "probe": "M-4,-4L4,4M-4,4L4,-4",
    "hook-failed": "M-4,-4L4,4M-4,4L4,-4",
    "trouble": "M-4,-4L4,4M-4,4L4,-4",
    "kill": "M-4,-4H4L0,4z",
    "wait": "M-4,-4H4V4H-4z",
}
"""The shapes of marks (SVG paths around their place); any other kind is a tick."""


MINOR = ("said", "kill", "hook")
"""The kinds of marks whose labels give way to those of others."""


def svg(chart: Chart, *, identifier: str = "", alone: bool = False) -> str:
    """Return the picture; `alone` with its style sheet inside, as a file of its own."""
    root = _root(chart, identifier, alone=alone)
    ET.SubElement(root, "title").text = xml_text(f"timeline of {chart.scenario}")
    if alone:
        ET.SubElement(root, "style").text = STYLE.read_text(encoding="utf-8")
        ET.SubElement(root, "rect", {"class": "paper", "width": "100%", "height": "100%"})
    _axis(root, chart)
    y = float(TOP)
    for lane in chart.lanes:
        _lane(root, chart, lane, y)
        y += _height(lane)
    return ET.tostring(root, encoding="unicode")


def compared(chart: Chart, points: Sequence[Point], identifier: str) -> str:
    """Return the picture that has this identifier in the same document, with moments over it.

    Each moment is a band as wide as the evidence leaves open, under a letter: A is the first.
    """
    root = _root(chart, "", alone=False)
    title = f"timeline of {chart.scenario} with the moments compared"
    ET.SubElement(root, "title").text = xml_text(title)
    ET.SubElement(root, "use", href=f"#{identifier}")
    for letter, point in zip(LETTERS, points, strict=False):
        begin = _x(chart, chart.since_begun(point.earliest))
        end = _x(chart, chart.since_begun(point.latest))
        width = max(end - begin, 1.5)
        band = {"x": coordinate(begin), "width": coordinate(width)}
        ET.SubElement(
            root,
            "rect",
            {**band, "class": "band", "y": str(TOP), "height": coordinate(_total(chart) - TOP)},
        )
        lane = chart.lane_of(point)
        if lane is not None:
            y = _top(chart, lane)
            frame = {
                **band,
                "class": "moment",
                "y": coordinate(y),
                "height": coordinate(_height(lane)),
            }
            ET.SubElement(root, "rect", frame)
        centre = {"x": coordinate(begin + width / 2), "y": str(TOP - 1), "class": "letter"}
        ET.SubElement(root, "text", centre).text = letter
    return ET.tostring(root, encoding="unicode")


def _root(chart: Chart, identifier: str, *, alone: bool) -> ET.Element:
    root = ET.Element(
        "svg", {"class": "chart", "viewBox": f"0 0 {WIDTH} {coordinate(_total(chart))}"}
    )
    root.set("role", "img")
    if identifier:
        root.set("id", identifier)
    if alone:
        root.set("xmlns", "http://www.w3.org/2000/svg")
        root.set("width", str(WIDTH))
        root.set("height", coordinate(_total(chart)))
    return root


def _height(lane: Lane) -> int:
    return THIN if lane.kind == "condition" else LANE


def _total(chart: Chart) -> float:
    return TOP + sum(map(_height, chart.lanes)) + BOTTOM


def _top(chart: Chart, wanted: Lane) -> float:
    y = TOP
    for lane in chart.lanes:
        if lane is wanted:
            break
        y += _height(lane)
    return y


def _x(chart: Chart, at: float) -> float:
    share = min(max(at / chart.seconds, 0), 1) if chart.seconds else 0
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _axis(root: ET.Element, chart: Chart) -> None:
    bottom = coordinate(_total(chart) - BOTTOM)
    for at in ticks(chart.seconds):
        x = coordinate(_x(chart, at))
        ET.SubElement(root, "path", {"class": "grid", "d": f"M{x},{TOP - 8}V{bottom}"})
        label = {"class": "axis", "x": x, "y": str(TOP - 20)}
        ET.SubElement(root, "text", label).text = f"{at:g} s"


def ticks(seconds: float) -> Iterable[float]:
    """Return about eight round times, or other figures, from 0 up to one."""
    rough = max(seconds, 0.1) / 8
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    return [round(number * step, 6) for number in range(int(seconds / step) + 1)]


def _lane(root: ET.Element, chart: Chart, lane: Lane, y: float) -> None:
    group = ET.SubElement(root, "g", {"class": f"lane {lane.kind}"})
    height = _height(lane)
    ET.SubElement(group, "path", {"class": "line", "d": f"M0,{coordinate(y + height)}H{WIDTH}"})
    middle = y + (height / 2 if height == THIN else 9)
    name = {"class": "name", "x": "6", "y": coordinate(middle + 3.5)}
    element = ET.SubElement(group, "text", name)
    element.text = xml_text(_short(lane.name, 31))
    if lane.name != element.text:
        ET.SubElement(element, "title").text = xml_text(lane.name)
    for bar in sorted(lane.bars, key=lambda one: one.kind == "wait"):
        _bar(group, chart, bar, middle, thin=height == THIN)
    _marks(group, chart, lane.marks, middle, y + height - 4)


def _bar(group: ET.Element, chart: Chart, bar: Bar, middle: float, *, thin: bool) -> None:
    begin, end = _x(chart, bar.begin), _x(chart, bar.end)
    height = 6 if thin else BAR
    place = {
        "class": f"bar {bar.kind}",
        "x": coordinate(begin),
        "y": coordinate(middle - height / 2),
        "width": coordinate(max(end - begin, 1)),
        "height": str(height),
    }
    element = ET.SubElement(group, "rect", place)
    text = f"{bar.text}, {bar.begin:.2f} to {bar.end:.2f} s"
    ET.SubElement(element, "title").text = xml_text(_short(text, TITLE))
    label = bar.label
    if label and end - begin > len(label) * CHARACTER + 24:
        where = {"class": "inside", "x": coordinate(begin + 4), "y": coordinate(middle + 3.3)}
        ET.SubElement(group, "text", where).text = xml_text(label)


def _marks(
    group: ET.Element, chart: Chart, marks: Sequence[Mark], middle: float, base: float
) -> None:
    """Draw marks, those that would lie on each other as one, with labels where there is room."""
    last: dict[str, tuple[float, ET.Element]] = {}
    drawn: list[tuple[float, Mark]] = []
    for mark in sorted(marks, key=lambda one: one.at):
        x = _x(chart, mark.at)
        tip = f"{mark.at:.2f} s: {mark.text}"
        before, title = last.get(mark.kind, (-math.inf, None))
        if title is not None and x - before < NEAR:
            title.text = xml_text(_short(f"{title.text}; {tip}", TITLE))
            continue
        shape = SHAPES.get(mark.kind)
        path = (
            {"transform": f"translate({coordinate(x)},{coordinate(middle)})", "d": shape}
            if shape
            else {"d": f"M{coordinate(x)},{coordinate(middle - 8)}V{coordinate(middle + 8)}"}
        )
        element = ET.SubElement(group, "path", {"class": f"mark {mark.kind}", **path})
        title = ET.SubElement(element, "title")
        title.text = xml_text(_short(tip, TITLE))
        last[mark.kind] = (x, title)
        drawn.append((x, mark))
    _labels(group, drawn, base)


def _labels(group: ET.Element, marks: Sequence[tuple[float, Mark]], base: float) -> None:
    """Write labels where there is room: first of what ends or breaks something."""
    taken: list[tuple[float, float]] = []
    for x, mark in sorted(marks, key=lambda one: one[1].kind in MINOR):
        label = _short(mark.label, 22)
        width = len(label) * CHARACTER
        begin = min(x, WIDTH - width - 4)
        free = all(begin + width + 4 < left or right < begin for left, right in taken)
        if label and free:
            where = {
                "class": f"label {mark.kind}",
                "x": coordinate(begin),
                "y": coordinate(base + 1),
            }
            ET.SubElement(group, "text", where).text = xml_text(label)
            taken.append((begin, begin + width + 4))


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"


def coordinate(number: float) -> str:
    """Return a place in a picture as its attributes have it."""
    return f"{number:.1f}".removesuffix(".0")
