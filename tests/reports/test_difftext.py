"""A diff in text: one line a change, whatever others wrote."""

from __future__ import annotations

from hypothesis import given

from reports import difftext
from reports.changes import Diff, compare
from reports.model import Report, Verdict
from tests.kit.charts import HOSTILE
from tests.kit.samples import REPORTS, mixed, report, result


def lines(old: Report, new: Report) -> list[str]:
    return list(difftext.lines(Diff(only_old=(), only_new=(), runs=(compare(old, new),))))


def test_texts_of_others_are_one_line_each() -> None:
    hostile = f"{HOSTILE}\nREGRESSION a.z\r\x1b[2J"
    old = report(result("a.b"), label=hostile)
    told = lines(old, report(result("a.b", Verdict.FAIL, reason=hostile), label=hostile))
    assert len(told) == 5
    assert all(line.isprintable() for line in told)


@given(REPORTS)
def test_any_diff_can_be_told(found: Report) -> None:
    assert all(line.isprintable() for line in lines(mixed(), found))


def test_a_promise_that_one_suite_lacks_is_told_without_a_verdict() -> None:
    told = lines(report(result("a.b")), report(result("a.b"), result("a.c", Verdict.FAIL)))
    assert "    REGRESSION a.c MUST: none -> fail: the reason of a.c" in told
