from __future__ import annotations

from pathlib import Path

from tests.power.fields import page, served
from tests.power.fields.table import UNCOVERED

ROOT = Path(__file__).parents[3]


def test_the_page_is_the_one_that_stands_in_the_docs() -> None:
    written = (ROOT / "docs" / "fields.md").read_text(encoding="utf-8")
    assert written == "\n".join(page.lines()) + "\n", "write it again: nox -s docs"


def test_every_field_stands_there_or_below_one_that_does() -> None:
    text = "\n".join(page.lines())
    for field in served.kept()[1]:
        parts = field.split(".")
        above = [".".join(parts[:length]) for length in range(2, len(parts))]
        whole = any(f"`{one}` and all below it" in text for one in above)
        assert whole or f"`{field}`" in text, field


def test_every_reason_stands_there() -> None:
    text = "\n".join(page.lines())
    assert all(one.why in text for one in UNCOVERED)
