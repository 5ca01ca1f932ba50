from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fixtures.images import golang
from tests.power.components import SIDECARS
from tests.power.reach import places
from tests.power.reach.places import Function

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE = (
    '{"file":"example.org/a/b.go","name":"(*keeper).stop","first":7,"last":19,'
    '"mentions":[9,12],"decided":[[10,11],[13,15]]}\n'
)
STOP = Function("example.org/a/b.go", "(*keeper).stop", 7, 19, (9, 12), ((10, 11), (13, 15)))

SAMPLE = """\
package kept

import "strings"

// open is about something else.
func open(name string) bool {
	return strings.HasPrefix(name, "x")
}

type keeper struct{ names []string }

// close stops sidecars last.
func (k *keeper) close() int {
	return len(k.names)
}

func (k keeper) count(all bool) (n int) {
	for _, name := range k.names {
		if isSidecar(name) {
			n++
		} else if all {
			n += 2
		}
		switch {
		case open(name):
			n += 3
		case strings.Contains(name, "sidecar"):
			n += 4
		}
	}
	return n
}

func isSidecar(name string) bool {
	return name != ""
}
"""
TEST = """\
package kept

func sidecarOfATest() {}
"""


def test_what_the_parser_prints_is_read() -> None:
    assert list(places.parsed(LINE)) == [STOP]
    assert list(places.parsed("")) == []


def test_functions_come_by_file_and_line(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def go(*arguments: str, timeout: float) -> str:
        assert timeout > 60
        asked.append(arguments)
        later = LINE.replace('"first":7', '"first":3').replace(".stop", ".start")
        return LINE + later + LINE.replace("/a/", "/A/")

    monkeypatch.setattr(golang, "go", go)
    found = places.functions({"example.org/a": Path("/src/a")}, "word")
    assert [(one.file, one.first) for one in found] == [
        ("example.org/A/b.go", 7),
        ("example.org/a/b.go", 3),
        ("example.org/a/b.go", 7),
    ]
    ((run, program, *rest),) = asked
    assert (run, Path(program).name, rest) == (
        "run",
        "functions.go",
        ["word", "example.org/a=/src/a"],
    )


def test_a_function_holds_the_lines_of_its_file() -> None:
    assert [STOP.holds(STOP.file, line) for line in (6, 7, 19, 20)] == [False, True, True, False]
    assert not STOP.holds("example.org/a/c.go", 8)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((9, 9), True),  # holds a word
        ((8, 10), True),
        ((10, 11), True),  # is decided by one
        ((14, 14), True),
        ((16, 18), False),
        ((14, 16), False),  # goes on after what is decided
        ((7, 8), False),
    ],
)
def test_statements_speak_by_a_word_or_by_what_it_decides(
    lines: tuple[int, int], *, expected: bool
) -> None:
    assert STOP.speaks(*lines) is expected


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Path]:
    """A package to be parsed by Go itself, with whatever Go this machine has compiled before."""
    if shutil.which("go") is None:
        pytest.skip("no Go here")

    def go(*arguments: str, timeout: float) -> str:
        done = subprocess.run(
            ["go", *arguments], check=True, capture_output=True, text=True, timeout=timeout
        )
        return done.stdout

    monkeypatch.setattr(golang, "go", go)
    (tmp_path / "kept.go").write_text(SAMPLE, encoding="utf-8")
    (tmp_path / "kept_test.go").write_text(TEST, encoding="utf-8")
    return {"example.org/kept": tmp_path}


def test_go_finds_what_speaks_of_sidecars(sample: Mapping[str, Path]) -> None:
    file = "example.org/kept/kept.go"
    assert places.functions(sample, SIDECARS) == [
        Function(file, "(*keeper).close", 13, 15, (12,), ()),
        # The body of the condition and what is else; the branch of the string.
        Function(file, "(keeper).count", 17, 32, (19, 27), ((19, 21), (21, 23), (27, 28))),
        # A function whose name is a word is about it as a whole.
        Function(file, "isSidecar", 34, 36, (34,), ((34, 36),)),
    ]


def test_other_words_are_other_functions(sample: Mapping[str, Path]) -> None:
    assert [one.name for one in places.functions(sample, "(?i)hasprefix")] == ["open"]
