"""Text that others wrote stays text, whatever it is put into."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from reports.markup import command_data, command_property, line_of, markdown, xml_text
from tests.kit.samples import TEXT

HOSTILE = [
    "<script>alert(1)</script>",
    "a | b\n| c |",
    "[link](https://example.org) https://example.org @somebody #1 `code` *b* _i_ ~s~",
    "![picture](https://example.org/x.png)",
    "## title\n- entry\n> quote",
    "\x1b[31mred\x00 \udcff \u202e",
    "::error::lie\r\n::set-output name=a::b %0A",
    "]]> --> ]]&gt; &amp;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_has_no_character_that_means_something(text: str) -> None:
    made = markdown(text)
    assert re.fullmatch(r"(?:[^\W_]|[ ,.'-]|&#\d+;)*", made)
    assert html.unescape(made) == line_of(text)


@given(TEXT)
def test_markdown_shows_any_text_as_it_is(text: str) -> None:
    made = markdown(text)
    assert re.fullmatch(r"(?:[^\W_]|[ ,.'-]|&#\d+;)*", made)
    assert html.unescape(made) == line_of(text)


@given(TEXT)
def test_xml_carries_any_text(text: str) -> None:
    element = ET.Element("a")
    element.text = xml_text(text)
    # A parser reads each end of a line as a newline.
    expected = xml_text(text).replace("\r\n", "\n").replace("\r", "\n")
    assert (ET.fromstring(ET.tostring(element)).text or "") == expected  # noqa: S314 - our own


@pytest.mark.parametrize("text", HOSTILE)
def test_a_command_is_one_line_and_one_command(text: str) -> None:
    command = f"::error title={command_property(text)}::{command_data(text)}"
    assert command.isprintable()
    title, message = command.removeprefix("::error title=").split("::", 1)
    assert not set(title) & {":", ","}
    assert message.replace("%25", "%") == line_of(text)
