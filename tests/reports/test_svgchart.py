"""A picture is whole, is drawn to scale, and holds no markup but the suite's own."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.evidence.moments import Moment
from fixtures.kubeapi.times import SECOND
from reports.chart import Bar, Chart, Lane, Mark, chart
from reports.svgchart import LEFT, RIGHT, WIDTH, compared, svg
from tests.kit.charts import HOSTILE, timeline
from tests.kit.samples import TEXT
from tests.kit.tapes import BEGUN

ALLOWED = {"svg", "title", "g", "path", "rect", "text", "use", "style"}


def tree(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 - written by the suite itself


def tags(root: ET.Element) -> set[str]:
    return {element.tag.rsplit("}", 1)[-1] for element in root.iter()}


def test_it_is_drawn_to_scale() -> None:
    lane = Lane("app", "regular", [Bar(5, 10, "run", "#0", "ran")], [Mark(10, "exit", "x", "y")])
    root = tree(svg(Chart("one", 10, 0, [lane])))
    (bar,) = [e for e in root.iter("rect") if e.get("class") == "bar run"]
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    assert float(bar.get("x", "")) == middle
    assert float(bar.get("width", "")) == (WIDTH - LEFT - RIGHT) / 2
    (mark,) = [e for e in root.iter("path") if e.get("class") == "mark exit"]
    assert mark.get("d", "").startswith(f"M{WIDTH - RIGHT},")


def test_every_bar_and_mark_has_a_tip_with_its_time() -> None:
    root = tree(svg(chart(timeline())))
    tips = [e.text or "" for e in root.iter("title")]
    for tip in (
        "8.00 s: #0 said 'TERM'",
        "9.00 s: #0 ended with exit code 137 Error",
        "waits: CrashLoopBackOff, 10.00 to 14.00 s",
    ):
        assert any(tip in one for one in tips), tip


def test_marks_that_would_lie_on_each_other_are_one_with_all_tips() -> None:
    marks = [Mark(at, "said", "TICK", f"n{at}") for at in (5.0, 5.01, 9.0)]
    root = tree(svg(Chart("one", 10, 0, [Lane("app", "regular", marks=marks)])))
    tips = [e.findtext("title") for e in root.iter("path") if e.get("class") == "mark said"]
    assert tips == ["5.00 s: n5.0; 5.01 s: n5.01", "9.00 s: n9.0"]


def test_what_ends_something_has_its_label_where_there_is_no_room_for_both() -> None:
    marks = [Mark(5, "said", "CHATTER", ""), Mark(5.1, "failed", "exit 137", "")]
    root = tree(svg(Chart("one", 10, 0, [Lane("app", "regular", marks=marks)])))
    labels = [e.text for e in root.iter("text") if (e.get("class") or "").startswith("label")]
    assert labels == ["exit 137"]


def test_moments_that_were_compared_lie_over_the_picture_as_wide_as_they_are() -> None:
    drawn = chart(timeline())
    second = Moment("app#0 ended", BEGUN + 9 * SECOND, BEGUN + 10 * SECOND, "status").point
    nowhere = Moment("phase became Running", BEGUN + 6 * SECOND, BEGUN + 6 * SECOND, "watch").point
    root = tree(compared(drawn, [second, nowhere], "picture-one"))
    assert [e.get("href") for e in root.iter("use")] == ["#picture-one"]
    bands = [e for e in root.iter("rect") if e.get("class") == "band"]
    scale = (WIDTH - LEFT - RIGHT) / drawn.seconds
    assert float(bands[0].get("width", "")) == pytest.approx(scale, abs=0.1)
    assert float(bands[1].get("width", "")) == 1.5
    assert len([e for e in root.iter("rect") if e.get("class") == "moment"]) == 1
    assert [e.text for e in root.iter("text")] == ["A", "B"]
    assert root.get("viewBox") == tree(svg(drawn)).get("viewBox")


def test_alone_it_is_a_file_of_its_own() -> None:
    picture = svg(chart(timeline()), alone=True)
    root = tree(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme" in picture
    assert not re.search(r"url\(|@import|https?:(?!//www\.w3\.org/2000/svg)", picture)


@pytest.mark.parametrize("text", [HOSTILE, "\x00\x1b[31m", "]]>", "\udcff"])
def test_texts_of_others_are_texts(text: str) -> None:
    drawn = chart(timeline(text))
    for picture in (svg(drawn), svg(drawn, alone=True)):
        assert tags(tree(picture.encode(errors="replace").decode())) <= ALLOWED


@given(TEXT, st.text(max_size=5))
def test_any_text_is_a_document(text: str, name: str) -> None:
    lane = Lane(name, "regular", [Bar(0, 9, "run", text, text)], [Mark(1, "said", text, text)])
    picture = svg(Chart(text, 10, 0, [lane]), identifier="x")
    assert tags(tree(picture.encode(errors="replace").decode())) <= ALLOWED
