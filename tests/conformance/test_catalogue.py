"""The catalogue page and the list of promises agree with the declarations."""

from __future__ import annotations

from pathlib import Path

from conformance.catalogue import declared, lines, markdown
from conformance.requirements import Requirement
from reports.model import Level

ROOT = Path(__file__).parents[2]
PROMISED = Path(__file__).with_name("promised.txt")


def test_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert page == "\n".join(markdown(declared())) + "\n", "run 'nox -s docs'"


def test_every_promise_is_declared() -> None:
    promised = set(PROMISED.read_text(encoding="utf-8").split())
    assert not promised - {one.requirement.id for one in declared()}


def test_ids_are_unique() -> None:
    ids = [one.requirement.id for one in declared()]
    assert sorted(ids) == sorted(set(ids))


def test_an_area_names_its_module() -> None:
    wrong = [one for one in declared() if one.module != f"test_{one.requirement.area}"]
    assert not wrong


def test_the_list_is_sorted_and_counted() -> None:
    known = [
        promise("term.other", Level.OBSERVED, since="1.28", until="1.30"),
        promise("startup.list-order", Level.MUST),
    ]
    assert list(lines(known)) == [
        "startup.list-order  MUST      1.29+       Sidecars keep their order.",
        "term.other          OBSERVED  1.28-1.30   Sidecars keep their order.",
        "2 requirements",
    ]
    assert list(lines([])) == ["0 requirements"]


def promise(
    identifier: str, level: Level, *, since: str = "1.29", until: str | None = None
) -> Requirement:
    return Requirement(
        id=identifier,
        title="Sidecars keep their order.",
        level=level,
        since=since,
        until=until,
        sources=("KEP-753",),
        scenarios=("one",),
        needs=(),
    )
