"""What a run did otherwise than it has to: one sentence each."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hostile.runs import Outcome, Run

SILENCE_SECONDS = 60.0
"""A run says something at least so often."""

NOT_FOR_PEOPLE = ("Traceback (most recent call last)", "INTERNALERROR", "! _pytest")
"""What no user is to see, whatever happens."""

INTERRUPTED = 2
"""The exit status of a run that a signal has ended."""

REFUSED = 4
"""That of one that could not be begun. It writes no report: what lies there is another's."""

DECIDING = ("fail", "error", "inconclusive")

SLOW = "but the node was slow"
"""What a result says where a bound could not be judged for that."""


def complaints(run: Run, outcome: Outcome) -> Iterator[str]:
    """Yield what is wrong with the outcome of a run, in any case and by its declaration."""
    yield from _of_the_end(run, outcome)
    yield from _of_the_output(run, outcome.output)
    if outcome.report is not None and outcome.status != REFUSED:
        yield from _of_the_report(run, outcome, outcome.report)
    elif run.verdict or run.decides:
        yield "there is no report"


def _of_the_end(run: Run, outcome: Outcome) -> Iterator[str]:
    if outcome.status is None:
        yield f"no end after {run.seconds:.0f} s"
    elif outcome.status != run.exit:
        yield f"exit status {outcome.status}, not {run.exit}"
    if outcome.silence > SILENCE_SECONDS:
        yield f"not a line for {outcome.silence:.0f} s"


def _of_the_output(run: Run, output: str) -> Iterator[str]:
    for words in NOT_FOR_PEOPLE:
        if words in output:
            yield f"{words!r} in the output"
    for pattern in run.says:
        if not re.search(pattern, output):
            yield f"{pattern!r} is not in the output"
    for pattern in run.never:
        if re.search(pattern, output):
            yield f"{pattern!r} is in the output"


def _of_the_report(run: Run, outcome: Outcome, report: dict[str, Any]) -> Iterator[str]:
    if run.verdict and report["verdict"] != run.verdict:
        yield f"the report says {report['verdict']!r}, not {run.verdict!r}"
    written = report["exitStatus"]
    if outcome.status not in (written, INTERRUPTED, None):
        yield f"exit status {outcome.status}, but the report says {written}"
    if outcome.status == INTERRUPTED:
        return
    deciding = {one["id"]: one for one in report["results"] if _decides(one)}
    for name, one in deciding.items():
        if not any(fnmatch(name, each) for each in run.decides):
            yield f"{one['verdict']} {name}: {one['reason'][:300]}"
    for each in run.decides:
        if not any(fnmatch(name, each) for name in deciding):
            yield f"{each} does not fail"


def _decides(result: dict[str, Any]) -> bool:
    """Tell whether a result is to be declared; not where it only says that this machine is busy."""
    if result["verdict"] == "inconclusive" and result["level"] != "MUST":
        return SLOW not in result["reason"]
    return result["verdict"] in DECIDING


def summary(outcome: Outcome) -> str:
    """Return what a run came to, in a few words: `exit 0, conformant: 3 pass, 222 skipped`."""
    if outcome.report is None or outcome.status == REFUSED:
        return f"exit {outcome.status}"
    found: dict[str, int] = {}
    for one in outcome.report["results"]:
        found[one["verdict"]] = found.get(one["verdict"], 0) + 1
    counts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(found.items()))
    return f"exit {outcome.status}, {outcome.report['verdict']}: {counts}"
