"""The catalogue page and the list of promises agree with the declarations."""

from __future__ import annotations

from pathlib import Path

from fixtures.catalogue import declared, markdown

ROOT = Path(__file__).parents[1]
PROMISED = Path(__file__).parent / "promised.txt"


def test_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert page == "\n".join(markdown(declared())) + "\n", "run 'nox -s docs'"


def test_every_promise_is_declared() -> None:
    promised = set(PROMISED.read_text(encoding="utf-8").split())
    assert not promised - {one.requirement.id for one in declared()}


def test_ids_are_unique() -> None:
    ids = [one.requirement.id for one in declared()]
    assert sorted(ids) == sorted(set(ids))
