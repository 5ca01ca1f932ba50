from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clusters.engine import Engine
from fixtures.nodeimages import built, parts

if TYPE_CHECKING:
    import pytest

PREFIX = built.PREFIX


def removed(
    monkeypatch: pytest.MonkeyPatch, reference: str, present: dict[str, str]
) -> list[tuple[str, ...]]:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        Engine,
        "images",
        lambda _, prefix: {name: "" for name in present if name.startswith(prefix)},
    )
    monkeypatch.setattr(Engine, "run", lambda _, *arguments, **__: calls.append(arguments))
    built._remove_superseded(reference, Engine("podman"))  # noqa: SLF001 - removes things
    return calls


def test_an_image_of_another_recipe_goes_and_that_of_another_version_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [
        f"{PREFIX}/node:v1.38.0-0123",
        f"{PREFIX}/node:v1.38.0-4567",
        f"{PREFIX}/node:v1.38.0-alpha.1-4567",
        f"{PREFIX}/node:v1.37.2-4567",
        f"{PREFIX}/base:4567",
    ]
    calls = removed(monkeypatch, names[0], dict.fromkeys(names, ""))
    assert calls == [("rmi", names[1])]


def test_an_old_base_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{PREFIX}/base:0123", f"{PREFIX}/base:4567", f"{PREFIX}/node:v1.38.0-4567"]
    calls = removed(monkeypatch, names[0], dict.fromkeys(names, ""))
    assert calls == [("rmi", names[1])]


def test_every_part_is_pinned() -> None:
    pinned = [part for part in vars(parts).values() if isinstance(part, parts.Part)]
    assert len(pinned) >= 7
    assert all(part.version.startswith("v") for part in pinned if part.module)
