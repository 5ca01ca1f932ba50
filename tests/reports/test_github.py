"""A job of GitHub Actions shows the summary, and an annotation for what decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from reports import github, summary
from reports.model import Report, Verdict
from tests.kit.samples import REPORTS, mixed, report, result
from tests.reports.test_markup import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path


def test_a_job_gets_its_summary_and_annotations(tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.write_text("before\n", encoding="utf-8")
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)}
    said = [line.split("::")[1:] for line in github.tell(mixed(), environment)]
    reasons = {
        "fail termination.reverse-order": "log-shipper <b>got</b> TERM & died before app",
        "error jobs.completion": "the pod could not be staged",
        "inconclusive termination.grace": "the moments overlap",
    }
    assert said == [
        [f"error title=v1.37.2%3A {what}", f"The promise of {what.split()[1]}. {reason}"]
        for what, reason in reasons.items()
    ]
    assert page.read_text(encoding="utf-8") == "before\n" + summary.text(mixed())


@pytest.mark.parametrize("environment", [{}, {"GITHUB_ACTIONS": "false"}])
def test_elsewhere_nothing_is_said(tmp_path: Path, environment: dict[str, str]) -> None:
    page = tmp_path / "page"
    assert list(github.tell(mixed(), {**environment, "GITHUB_STEP_SUMMARY": str(page)})) == []
    assert not page.exists()


@given(REPORTS)
def test_a_job_that_is_red_says_why_and_no_other(found: Report) -> None:
    said = list(github.commands(found))
    assert bool(said) == (found.exit_status != 0)
    assert all(line.startswith("::error title=") and line.isprintable() for line in said)


def test_what_others_wrote_is_no_command() -> None:
    for text in HOSTILE:
        found = report(result("a.b", Verdict.FAIL, reason=text), label=text)
        (line,) = github.commands(found)
        assert line.startswith("::error title=")
        assert len(line.splitlines()) == 1
