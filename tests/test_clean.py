from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures import cache, clean
from fixtures.clusters import leftovers
from fixtures.clusters.leftovers import Record

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, and no engine."""
    monkeypatch.setenv(cache.ROOT_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/nonexistent")


def test_where_there_is_nothing_and_no_engine_it_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert clean.main([]) == 0
    assert capsys.readouterr().out == "The suite has made nothing here.\n"


def test_the_list_comes_with_sizes_and_removes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    place = cache.made_once("shelf", "x", _write)
    assert clean.main(["--list"]) == 0
    assert f"{cache.root() / 'shelf'}: 2 KiB\n" in capsys.readouterr().out
    assert place.exists()


def test_what_was_listed_is_removed() -> None:
    cache.made_once("shelf", "x", _write)
    assert clean.main([]) == 0
    assert not cache.root().exists()


def test_a_run_that_is_under_way_is_not_disturbed(capsys: pytest.CaptureFixture[str]) -> None:
    with leftovers.registered(Record("run", "its-cluster", "podman")):
        assert clean.main([]) == 4
    assert "a run is under way" in capsys.readouterr().err
    assert cache.root().exists()


def test_sizes_are_in_words() -> None:
    assert [clean.in_words(size) for size in (12, 2048, 5 << 20, 3 << 29)] == [
        "12 B",
        "2 KiB",
        "5 MiB",
        "1.5 GiB",
    ]


def _write(folder: Path) -> None:
    (folder / "file").write_bytes(b"x" * 2048)
