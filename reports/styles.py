"""What the pages have in common: colours of verdicts, and templates that escape what they show."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.markup import xml_text

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def render_page(template: str, scripts: Sequence[str], **values: object) -> str:
    """Return a page of a template that extends `page.html`, with scripts of `templates`.

    The page's own policy lets no script run but these.
    """
    script = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in scripts)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = environment().get_template(template)
    # The scripts are the suite's own.
    return xml_text(page.render(script=Markup(script), digest=digest, **values))  # noqa: S704
