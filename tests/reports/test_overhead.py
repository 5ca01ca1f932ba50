"""Sentences claim no more than the data, and what is written is read again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import UsageError
from reports import jsonreport, overhead, schema
from reports.estimates import FEWEST, Estimate, apart
from reports.overhead import ABOUT, Measure, OverheadReport, decimals, order, shown
from tests.kit.overheads import of, report

if TYPE_CHECKING:
    from pathlib import Path

FIGURES = st.lists(
    st.floats(min_value=0, max_value=100, allow_nan=False), min_size=FEWEST, max_size=12
)


def sentence(found: OverheadReport, measure: Measure, of_: str, to: str) -> str:
    measured = next(one for one in found.measures if one.measure is measure)
    return next(one.sentence for one in measured.comparisons if (one.of, one.to) == (of_, to))


def test_a_difference_is_told_with_its_interval() -> None:
    found = report(none=1.0, native=2.1)
    told = sentence(found, Measure.READY, "native", "none")
    assert told == "native became Ready later than none by 1.10 s (95 %: 1.10 to 1.10)."


def test_less_is_told_in_its_own_words() -> None:
    found = report(none=2.0, native=1.0)
    assert sentence(found, Measure.GONE, "native", "none").startswith(
        "native was gone earlier than none by 1.00 s"
    )
    assert sentence(found, Measure.THROUGHPUT, "native", "none").startswith(
        "native answered fewer requests than none by 1 requests/s"
    )


def test_intervals_that_overlap_show_no_difference() -> None:
    # Every pair of a round differs in the same direction, yet the variants are not apart.
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
    found = of({"none": values, "native": [one + 0.5 for one in values]})
    assert sentence(found, Measure.READY, "native", "none") == (
        "Between native and none no difference was seen in the time to Ready:"
        " their intervals overlap, though it was 0.50 to 0.50 s within the rounds."
    )


def test_a_difference_whose_interval_holds_0_is_none() -> None:
    # The intervals of the medians are apart, but two rounds say the opposite.
    low = [9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    high = [2.0, 0.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    measured = of({"none": low, "native": high}).measures[0]
    assert apart(*measured.estimates.values())
    (one,) = measured.comparisons
    assert not one.seen
    assert one.sentence == (
        "Between native and none no difference was seen in the time to Ready"
        " (95 %: -0.50 to 1.00 s)."
    )


@given(FIGURES, FIGURES)
def test_a_claim_is_made_only_where_the_intervals_are_apart(
    low: list[float], high: list[float]
) -> None:
    for measured in of({"none": low, "native": high}).measures:
        for one in measured.comparisons:
            if one.seen:
                assert apart(measured.estimates["none"], measured.estimates["native"])
                assert "no difference" not in one.sentence
            else:
                assert one.sentence.startswith("Between native and none no difference was seen")


def test_each_variant_is_compared_with_the_first_and_the_one_before() -> None:
    found = report(none=1.0, classic=2.0, native=3.0, proxy=4.0)
    pairs = [(one.of, one.to) for one in found.measures[0].comparisons]
    assert pairs == [
        ("classic", "none"),
        ("native", "none"),
        ("native", "classic"),
        ("proxy", "none"),
        ("proxy", "native"),
    ]


def test_only_pods_of_the_same_round_are_compared() -> None:
    found = report(none=1.0, native=2.0)
    fewer = [one for one in found.lives if one.variant == "none" or one.round > 5]
    with pytest.raises(ValueError, match="4 values have no interval"):
        _ = found.model_copy(update={"lives": tuple(fewer)}).measures
    apart_ = [
        one.model_copy(update={"round": one.round + 5}) if one.variant == "native" else one
        for one in found.lives
    ]
    alone = found.model_copy(update={"lives": tuple(apart_)})
    assert alone.measures[0].comparisons == ()


def test_figures_are_shown_in_the_units_of_people() -> None:
    memory = Estimate(median=3 * 2**20, low=2.5 * 2**20, high=4 * 2**20, count=9)
    assert shown(ABOUT[Measure.MEMORY], memory) == "3.00 (2.50 to 4.00) MiB"
    quick = Estimate(median=2e-7, low=1e-7, high=3e-7, count=9)
    assert shown(ABOUT[Measure.P99], quick) == "0.0002 (0.0001 to 0.0003) ms"


@given(st.floats(min_value=1e-4, max_value=1e6))
def test_no_figure_but_0_is_shown_as_0(figure: float) -> None:
    digits = decimals(ABOUT[Measure.READY], figure, 0.0)
    assert float(f"{figure:.{digits}f}") > 0


def test_the_order_has_those_that_are_apart() -> None:
    found = report(none=1.0, classic=1.001, native=2.0).measures[0]
    assert order(found) == {("none", "native"): True, ("classic", "native"): True}


def test_every_measure_has_its_words() -> None:
    assert list(ABOUT) == list(Measure)
    for about in ABOUT.values():
        assert about.more != about.less


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    found = report(none=1.0, native=2.0)
    path = tmp_path / overhead.FILE
    overhead.write(found, path)
    assert overhead.read(path) == found
    assert overhead.read(path).measures == found.measures
    written = path.read_bytes()
    overhead.write(overhead.read(path), path)
    assert path.read_bytes() == written


def test_what_is_written_fits_the_published_schema(tmp_path: Path) -> None:
    made = schema.schema(OverheadReport)
    assert schema.OVERHEAD_FILE.read_bytes() == jsonreport.encode(made), "run 'nox -s docs'"
    validator = jsonschema.Draft202012Validator(made)
    validator.check_schema(made)
    overhead.write(report(none=1.0, native=2.0), tmp_path / overhead.FILE)
    validator.validate(json.loads((tmp_path / overhead.FILE).read_bytes()))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "not JSON"),
        ("[]", "its kind is not OverheadReport: name an overhead.json of 'nox -s overhead'"),
        ('{"kind": "OverheadReport", "apiVersion": "2"}', "apiVersion '2' is not"),
        (
            '{"kind": "OverheadReport", "apiVersion": "sidecar-conformance/v1alpha1"}',
            "not a valid report: label: is missing",
        ),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / overhead.FILE
    path.write_text(content)
    with pytest.raises(UsageError) as caught:
        overhead.read(path)
    assert str(caught.value).startswith(f"{path}: {why}")
    assert "\n" not in str(caught.value)


def test_a_report_without_enough_lives_is_refused(tmp_path: Path) -> None:
    path = tmp_path / overhead.FILE
    overhead.write(report(none=1.0, native=2.0), path)
    value = json.loads(path.read_text())
    value["lives"] = value["lives"][:7]
    path.write_text(json.dumps(value))
    with pytest.raises(UsageError, match="not a valid report: 0 values have no interval"):
        overhead.read(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        overhead.read(tmp_path / "none.json")
