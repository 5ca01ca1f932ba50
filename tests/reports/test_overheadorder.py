"""Runs agree, or contradict each other, only where both are beyond doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import overhead
from reports.__main__ import main
from tests.kit.overheads import report

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def written(folder: Path, **middles: float) -> Path:
    overhead.write(report("", **middles), folder / overhead.FILE)
    return folder


def test_runs_with_the_same_order_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = written(tmp_path / "one", none=1.0, classic=1.001, native=2.0)
    other = written(tmp_path / "other", none=5.0, classic=5.5, native=6.0)
    assert main(["overhead", str(one), str(other / overhead.FILE)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Time to Ready: all runs order 2 of 3 pairs alike, and no pair the other way"
    assert lines[-1] == "no contradictions"


def test_an_opposite_order_is_a_contradiction(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path / "one", none=1.0, native=2.0)
    other = written(tmp_path / "other", none=2.0, native=1.0)
    assert main(["overhead", str(one), str(other)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Time to Ready: none has less than native in run 1, and more in run 2"
    assert lines[-1] == "8 contradictions"


def test_what_is_not_apart_contradicts_nothing(tmp_path: Path) -> None:
    one = written(tmp_path / "one", none=1.0, native=1.001)
    other = written(tmp_path / "other", none=1.001, native=1.0)
    assert main(["overhead", str(one), str(other)]) == 0


def test_runs_of_other_variants_are_compared_in_those_they_share(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path / "one", none=1.0, native=2.0, proxy=3.0)
    other = written(tmp_path / "other", none=1.0, native=2.0)
    assert main(["overhead", str(one), str(other)]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "Time to Ready: all runs order 1 of 1 pairs alike, and no pair the other way"


def test_one_run_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["overhead", str(written(tmp_path, none=1.0))]) == 4
    assert capsys.readouterr().err == "one run cannot be compared: name two or more\n"
