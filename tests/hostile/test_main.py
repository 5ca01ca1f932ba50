from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.hostile import __main__ as main
from tests.hostile.__main__ import Done
from tests.hostile.cases import CASES, SHAPES, Case

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]


def test_the_cases_of_a_cluster_come_one_after_the_other() -> None:
    shapes = [case.shape for case in main.chosen(None, full=True)]
    assert list(dict.fromkeys(shapes)) == list(SHAPES)
    assert shapes == sorted(shapes, key=list(SHAPES).index)


def test_full_runs_are_made_only_where_they_are_asked_for() -> None:
    assert not any(case.full for case in main.chosen(None, full=False))
    assert [case.name for case in main.chosen("ipv6-full", full=False)] == ["ipv6-full"]


def test_a_name_that_is_no_case_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--only", "no-such"]) == 4
    assert "there is no case 'no-such'" in capsys.readouterr().err


def test_the_cases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CASES)


def test_a_case_is_right_as_it_is_declared() -> None:
    case, known = Case("a", "A.", ()), Case("b", "B.", (), known="not yet")
    assert (Done(case).is_right, Done(case, wrong=["x"]).is_right) == (True, False)
    assert (Done(known).is_right, Done(known, wrong=["x"]).is_right) == (False, True)
    assert list(main.table([Done(case, 3.2, [0, 3]), Done(known, wrong=["x"])]))[1:] == [
        f"{'a':<32} {'0, 3':<12} {3:>7}  right",
        f"{'b':<32} {'':<12} {0:>7}  known: not yet",
    ]


def test_the_page_is_the_one_that_stands_in_the_docs() -> None:
    page = (ROOT / "docs" / "hostile-clusters.md").read_text(encoding="utf-8")
    assert page == "\n".join(main.page()) + "\n", "write it again: nox -s docs"
