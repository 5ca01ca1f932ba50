from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.errors import EnvironmentBrokenError
from fixtures.images import golang
from tests.power.reach import profiles
from tests.power.reach.profiles import Block, Position

if TYPE_CHECKING:
    from pathlib import Path

PROFILE = """\
mode: atomic
node.invalid/build/main.go:5.13,7.25 2 1
node.invalid/build/main.go:7.25,9.3 1 0
example.org/kept/kept.go:17.41,18.31 0 12
"""
BLOCKS = [
    Block("node.invalid/build/main.go", Position(5, 13), Position(7, 25), 2, executed=True),
    Block("node.invalid/build/main.go", Position(7, 25), Position(9, 3), 1, executed=False),
    Block("example.org/kept/kept.go", Position(17, 41), Position(18, 31), 0, executed=True),
]


def test_a_profile_is_read() -> None:
    assert list(profiles.parsed(PROFILE)) == BLOCKS
    assert list(profiles.parsed("mode: atomic\n")) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no profile of Go's coverage begins with ''"),
        ("<html>\n", "no profile of Go's coverage begins with '<html>'"),
        ("mode: atomic\nmain.go:5.13,7.25 2\n", "no line of a profile .*: 'main.go:5.13,7.25 2'"),
        ("mode: atomic\nmain.go:5,7 2 1\n", "no line of a profile"),
    ],
)
def test_what_is_no_profile_is_told_in_a_line(text: str, said: str) -> None:
    with pytest.raises(EnvironmentBrokenError, match=said):
        list(profiles.parsed(text))


@pytest.fixture
def counters(tmp_path: Path) -> Path:
    folder = tmp_path / "counters" / "kubelet"
    folder.mkdir(parents=True)
    (folder / "covmeta.1f").touch()
    (folder / "covcounters.1f.7.9").touch()
    return folder


def test_counters_are_read_by_gos_own_tool(
    counters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go(*arguments: str, timeout: float) -> str:
        assert timeout > 60
        assert arguments == (
            *("tool", "covdata", "textfmt", f"-i={counters},{counters}"),
            *("-pkg=example.org/kept,example.org/b/...", f"-o={tmp_path / 'profile'}"),
        )
        (tmp_path / "profile").write_text(PROFILE, encoding="utf-8")
        return ""

    monkeypatch.setattr(golang, "go", go)
    packages = ["example.org/kept", "example.org/b/..."]
    assert profiles.read([counters, counters], packages, tmp_path / "profile") == BLOCKS


@pytest.mark.parametrize("missing", ["covmeta.1f", "covcounters.1f.7.9"])
def test_counters_that_are_missing_are_told(
    counters: Path, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(golang, "go")
    (counters / missing).unlink()
    with pytest.raises(EnvironmentBrokenError, match=r"no counters of kubelet in .*/counters"):
        profiles.read([counters], ["example.org/kept"], tmp_path / "profile")
