"""What the pages have in common: colours of verdicts, and templates that escape what they show."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"
STYLES = (TEMPLATES / "verdicts.css", TEMPLATES / "pytesthtml.css")
"""Style sheets over those of pytest-html."""


def css_class(verdict: str) -> str:
    """Return the class of a check's or run's verdict: `verdict-not-conformant`."""
    return f"verdict-{verdict.replace(' ', '-')}"


@cache
def environment() -> Environment:
    """Return a jinja2 environment in which every value is escaped and none may be missing."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["css_class"] = css_class
    return templates
