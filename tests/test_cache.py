from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from fixtures import cache

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.ROOT_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_an_entry_is_made_once() -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("content")

    first = cache.made_once("shelf", "name", make)
    second = cache.made_once("shelf", "name", make)
    assert first == second
    assert (first / "file").read_text() == "content"
    assert len(made) == 1


def test_what_was_not_finished_is_not_there_and_is_made_anew() -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cache.made_once("shelf", "name", fail)
    assert not (cache.root() / "shelf" / "name").exists()
    place = cache.made_once("shelf", "name", lambda folder: (folder / "whole").mkdir())
    assert [path.name for path in place.iterdir()] == ["whole"]


def test_two_at_once_make_one() -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        time.sleep(0.1)

    threads = [
        threading.Thread(target=cache.made_once, args=("shelf", "name", make)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_keys_depend_on_content_and_not_on_order() -> None:
    assert cache.key({"a": 1, "b": [2]}) == cache.key({"b": [2], "a": 1})
    assert cache.key({"a": 1}) != cache.key({"a": 2})


def test_shelves_tell_their_sizes_largest_first() -> None:
    cache.made_once("small", "x", lambda folder: _write(folder, 10))
    cache.made_once("large", "x", lambda folder: _write(folder, 1000))
    sizes = cache.shelves()
    assert (sizes["large"], sizes["small"]) == (1000, 10)
    assert next(iter(sizes)) == "large"


def test_clean_removes_what_is_read_only(root: Path) -> None:
    place = cache.made_once("go", "mod", lambda folder: _write(folder, 1))
    place.chmod(0o500)
    cache.clean()
    assert not root.exists()
    assert cache.shelves() == {}
    cache.clean()


def _write(folder: Path, size: int) -> None:
    (folder / "file").write_bytes(b"x" * size)
