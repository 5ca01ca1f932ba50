"""The verdict of a run as a sentence with figures, the same wherever a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.model import JUDGED, Verdict, counts

if TYPE_CHECKING:
    from reports.model import Report


def headline(report: Report) -> str:
    """Return what was kept of what could be judged, and what became of all the rest."""
    found = counts(report.results)
    judged = sum(found.get(verdict, 0) for verdict in JUDGED)
    if not judged:
        first = f"{report.label} could not be judged"
    else:
        kept = found.get(Verdict.PASS, 0)
        of = f"{kept} of the {judged} promises" if judged > 1 else f"{kept} of 1 promise"
        first = f"{report.label} keeps {of} that could be judged"
    doubtful = found.get(Verdict.INCONCLUSIVE, 0) + found.get(Verdict.ERROR, 0)
    known = found.get(Verdict.KNOWN_FAILURE, 0)
    parts = [
        _count(found.get(Verdict.FAIL, 0), "broken"),
        _count(known, f"broken for {'a reason' if known == 1 else 'reasons'} known upstream"),
        f"{doubtful} could not be decided" if doubtful else "",
        _could(found.get(Verdict.UNSUPPORTED, 0)),
        f"{found[Verdict.SKIPPED]} left out" if Verdict.SKIPPED in found else "",
    ]
    return "; ".join([first, *filter(None, parts)]) + "."


def _count(number: int, words: str) -> str:
    return f"{number} {'is' if number == 1 else 'are'} {words}" if number else ""


def _could(number: int) -> str:
    return f"{number} could not be judged here" if number else ""
