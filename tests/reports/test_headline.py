"""The sentence of the verdict counts every check once."""

from __future__ import annotations

import re

from hypothesis import given

from reports.headline import headline
from reports.model import Report, Verdict
from tests.kit.samples import REPORTS, report, result


def test_it_tells_what_was_kept_and_what_became_of_the_rest() -> None:
    verdicts = [
        *[Verdict.PASS] * 200,
        *[Verdict.KNOWN_FAILURE] * 2,
        *[Verdict.UNSUPPORTED] * 23,
    ]
    found = report(*(result(f"a.n{n}", verdict) for n, verdict in enumerate(verdicts)))
    assert headline(found) == (
        "v1.37.2 keeps 200 of the 202 promises that could be judged; 2 are broken for reasons known"
        " upstream; 23 could not be judged here."
    )


def test_what_was_left_out_or_broke_is_told() -> None:
    verdicts = [Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.SKIPPED]
    found = report(*(result(f"a.n{n}", verdict) for n, verdict in enumerate(verdicts)))
    assert headline(found) == (
        "v1.37.2 keeps 1 of the 2 promises that could be judged; 1 is broken; 2 could not be"
        " decided; 1 left out."
    )


def test_where_nothing_was_judged_nothing_is_kept() -> None:
    found = report(result(verdict=Verdict.UNSUPPORTED))
    assert headline(found) == "v1.37.2 could not be judged; 1 could not be judged here."


@given(REPORTS)
def test_no_check_is_lost(found: Report) -> None:
    words = headline(found.model_copy(update={"label": "it"}))
    first, *others = words.removesuffix(".").split("; ")
    told = [int(n) for n in re.findall(r"\d+", first)[:1]]
    told += [int(n) for part in others for n in re.findall(r"^\d+", part)]
    assert sum(told) == len(found.results)
