"""What is asked for wrongly is said in one line, before anything is made."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

import pytest

from conformance.overhead import __main__ as front
from conformance.overhead.measuring import Measurement, Place
from conformance.overhead.variants import variants
from fixtures.errors import EnvironmentBrokenError
from reports import overheadpage
from reports.overhead import ABOUT, LeftOut, Life

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--rounds", "5"], "--rounds: 5 rounds have no interval of 95 %: 6 are the fewest"),
        (["--rounds", "many"], "--rounds: 'many' is not a whole number of at least 1"),
        (["--seed", "0"], "--seed: '0' is not a whole number of at least 1"),
        (["--kubernetes", "v1.28.15"], "v1.28.15 has no native sidecars by default: measure 1.29"),
        (["--kubernetes", "v1.36.5,v1.37.2"], "one version is measured at a time"),
        (["--onyl", "x"], "unrecognized arguments: --onyl x; see 'nox -s overhead -- --help'"),
    ],
)
def test_a_bad_request_is_one_line(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert front.main(words) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ERROR: {line}")
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_told_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    words = ["--kubernetes", "v1.37.2", "--output", str(tmp_path / "file")]
    assert front.main(words) == 4
    assert capsys.readouterr().err == (
        f"ERROR: cannot write to {tmp_path / 'file' / 'v1.37.2' / 'overhead'}: Not a directory: "
        "give another --output\n"
    )


def measurement(*counts: int) -> Measurement:
    found = Measurement(cast("Place", None), variants(proxy=False), rounds=9, seed=4711)
    for variant, count in zip(found.variants, counts, strict=True):
        for number in range(1, 10):
            if number <= count:
                values = dict.fromkeys(ABOUT, float(number))
                life = Life(variant=variant.name, round=number, place=1, values=values)
                found.lives.append(life)
            else:
                left = LeftOut(variant=variant.name, round=number, reason=f"reason {number}")
                found.left_out.append(left)
    return found


def test_the_report_can_be_made_again_by_its_command() -> None:
    found = front.made("v1.37.2", measurement(9, 9, 8), {}, {"proxy": "there is none"})
    words = found.reproduce.split()
    assert words[:4] == ["nox", "-s", "overhead", "--"]
    options = front.parser().parse_args(words[4:])
    assert (options.kubernetes, options.rounds, options.seed) == ("v1.37.2", 9, 4711)
    assert isinstance(options, argparse.Namespace)


def test_too_few_pods_end_it_with_a_reason() -> None:
    with pytest.raises(
        EnvironmentBrokenError,
        match="only 5 pods of native could be measured, which are too few: reason 9",
    ):
        front.made("v1.37.2", measurement(9, 9, 5), {}, {})


def test_all_sentences_are_told_and_where_the_page_is(tmp_path: Path) -> None:
    found = front.made("v1.37.2", measurement(9, 9, 8), {}, {"proxy": "there is none"})
    lines = front.told(found, tmp_path)
    for measured in found.measures:
        assert f"{measured.title}:" in lines
        assert {f"  {one.sentence}" for one in measured.comparisons} <= set(lines)
    assert "proxy was not measured: there is none" in lines
    assert "left out: native of round 9: reason 9" in lines
    assert lines[-1] == f"all figures are in {tmp_path / overheadpage.FILE}"
