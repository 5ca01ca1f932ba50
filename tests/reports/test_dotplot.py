"""A plot shows every value where it lies, from 0 on."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import dotplot
from reports.dotplot import LEFT, RIGHT, WIDTH, Row
from tests.kit.charts import HOSTILE


def found(*rows: Row) -> ET.Element:
    return ET.fromstring(dotplot.svg(rows, "title", "s"))  # noqa: S314 - our own


def row(*values: float, name: str = "native") -> Row:
    return Row(name, values, sorted(values)[len(values) // 2], min(values), max(values))


def test_each_value_is_a_dot_at_its_place() -> None:
    dots = [float(one.attrib["cx"]) for one in found(row(1, 2, 4)).iter("circle")]
    scale = (dots[2] - LEFT) / 4
    assert dots == pytest.approx([LEFT + scale, LEFT + 2 * scale, LEFT + 4 * scale], abs=0.2)


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=20))
def test_all_lies_in_the_picture(values: list[float]) -> None:
    for dot in found(row(*values), row(0.0)).iter("circle"):
        assert LEFT <= float(dot.attrib["cx"]) <= WIDTH - RIGHT + 0.1


def test_a_row_has_its_name_interval_and_median() -> None:
    root = found(row(1, 2, 3), row(2, 3, 4, name="none"))
    classes = [one.attrib.get("class") for one in root.iter("path")]
    assert classes.count("interval") == classes.count("median") == 2
    names = [one.text for one in root.iter("text") if one.attrib["class"] == "name"]
    assert names == ["native", "none"]


def test_texts_of_others_are_text() -> None:
    drawn = dotplot.svg([row(1, name=HOSTILE)], HOSTILE, HOSTILE)
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    assert "<script" not in drawn
    assert {one.tag for one in root.iter()} == {"svg", "title", "path", "text", "circle"}
