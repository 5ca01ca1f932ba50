"""What the pages share: every verdict has its colour, and no value can be more than text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, UndefinedError

from reports.model import RunVerdict, Verdict
from reports.styles import STYLES, TEMPLATES, css_class, environment, render_page

if TYPE_CHECKING:
    from pathlib import Path

VERDICTS = [str(verdict) for verdict in dict.fromkeys([*Verdict, *RunVerdict])]
"""Of checks and of runs; *unsupported* is one of both."""


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_is_one_class(verdict: str) -> None:
    assert re.fullmatch(r"verdict-[a-z]+(-[a-z]+)*", css_class(verdict))


def test_no_two_verdicts_share_a_class() -> None:
    assert len({css_class(verdict) for verdict in VERDICTS}) == len(VERDICTS)
    assert css_class(RunVerdict.NOT_CONFORMANT) == "verdict-not-conformant"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_its_colour(verdict: str) -> None:
    for sheets in (STYLES, (TEMPLATES / "page.css",)):
        text = "".join(path.read_text(encoding="utf-8") for path in sheets)
        assert re.search(rf"\.{css_class(verdict)}(?![\w-])", text)


def test_a_template_names_a_class_by_its_verdict() -> None:
    template = environment().from_string('<b class="{{ verdict | css_class }}">')
    assert template.render(verdict=Verdict.KNOWN_FAILURE) == '<b class="verdict-known-failure">'


class Page(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag and its attributes."""
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        """Take note of text."""
        self.text += data


HOSTILE = st.text() | st.sampled_from(
    ['"><script>', "</p>", "&lt;", "' onclick='x", "]]>", "{{ x }}"]
)


@given(HOSTILE.filter(lambda text: "\0" not in text and "\r" not in text))
def test_a_value_is_shown_as_it_is_and_is_never_markup(value: str) -> None:
    template = environment().from_string('<p title="{{ value }}">{{ value }}</p>')
    page = Page()
    page.feed(template.render(value=value))
    page.close()
    assert page.tags == [("p", [("title", value)])]
    assert page.text == value


def test_a_value_that_is_missing_is_an_error_and_no_empty_text() -> None:
    with pytest.raises(UndefinedError, match="'value' is undefined"):
        environment().from_string("{{ value }}").render()


def test_blocks_leave_no_lines_behind() -> None:
    template = environment().from_string(
        "{% for n in ns %}\n  {% if n %}\n{{ n }}\n  {% endif %}\n{% endfor %}\n"
    )
    assert template.render(ns=[1, 0, 2]) == "1\n2\n"


def test_only_templates_of_the_suite_are_read() -> None:
    assert environment().get_template("page.html").filename == str(TEMPLATES / "page.html")
    for name in ("nowhere.html", "../styles.py", "/etc/passwd"):
        with pytest.raises(TemplateNotFound):
            environment().get_template(name)


def test_the_environment_is_made_once() -> None:
    assert environment() is environment()


@pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_pages_fetch_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("<script>{{ script }}</script>", "")
    assert not re.search(r"@import|url\(|<script|[^-]src=|(href=\"|//)https?:", text)


def test_a_page_lets_no_script_run_but_its_own() -> None:
    page = render_page("page.html", ("filters.js",))
    (policy,) = re.findall(r"script-src '(sha256-[^']+)'", page)
    (script,) = re.findall(r"<script>(.*)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"sha256-{digest}"
    assert script == (TEMPLATES / "filters.js").read_text(encoding="utf-8")
