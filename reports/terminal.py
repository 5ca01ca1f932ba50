"""The last lines of a run on the terminal: the verdict first, then what a person does next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.words import one_line
from reports.model import Level, Verdict, counts, verdict_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reports.model import Report, Result

LONGEST = 10
"""How many scenarios are named with what they waited for."""

DECIDING = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)


def summary(report: Report, folder: Path) -> list[str]:
    """Return the lines that end a run whose files lie in `folder`; each is one line of text."""
    lines = [*_verdict(report), *_deciding(report, folder), *_others(report)]
    lines += [f"note: {one_line(notice)}" for notice in report.notices]
    lines += [*_longest(report), *_timing(report)]
    lines.append(f"page: {folder / 'index.html'}")
    if report.reproduce:
        lines.append(f"again: {report.reproduce}")
    return [_printable(line) for line in lines]


def verdict(report: Report) -> str:
    """Return the verdict as a terminal shows it: `1 of 225 judged: KEPT`."""
    return verdict_words(report).replace(report.verdict, report.verdict.upper())


def _verdict(report: Report) -> Iterator[str]:
    because = f": {one_line(report.unsupported)}" if report.unsupported else ""
    yield f"{report.label}: {verdict(report)}{because}"
    tally = ", ".join(f"{count} {verdict}" for verdict, count in counts(report.results).items())
    yield f"{len(report.results)} checks: {tally}" if tally else "no checks: nothing was judged"


def _deciding(report: Report, folder: Path) -> Iterator[str]:
    """Yield the MUST checks that keep the run from being conformant, worst first."""
    must = [r for r in report.results if r.level is Level.MUST]
    for verdict in DECIDING:
        for result in _by_id(must, verdict):
            yield f"{verdict.upper()} {result.id} (since {result.since}): {one_line(result.reason)}"
            for name in result.scenarios:
                yield f"  evidence: {folder / 'recordings' / name}.jsonl"


def _others(report: Report) -> Iterator[str]:
    """Yield what a reader of a conformant run should still know, one line each."""
    for result in _by_id(report.results, Verdict.KNOWN_FAILURE):
        yield f"known-failure {result.id}: {result.issue}"
    for verdict in DECIDING:
        names = [r.id for r in _by_id(report.results, verdict) if r.level is not Level.MUST]
        if names:
            yield f"{verdict}, but does not decide (SHOULD, OBSERVED): {', '.join(names)}"


def _longest(report: Report) -> Iterator[str]:
    longest = sorted(report.scenarios, key=lambda s: (-s.seconds, s.name))[:LONGEST]
    if not longest:
        return
    yield "longest scenarios, and what each waited for longest:"
    width = max(len(scenario.name) for scenario in longest)
    for scenario in longest:
        waited = f"{scenario.waited_seconds:.1f}s: {one_line(scenario.waited_for)}"
        yield (
            f"  {scenario.seconds:6.1f}s  {scenario.name:<{width}}"
            f"  {waited if scenario.waited_for else ''}"
        ).rstrip()


def _timing(report: Report) -> Iterator[str]:
    """Yield the figures by which the suite's own speed is judged, as far as they were measured."""
    timing = report.timing
    stage, alone = timing.get("stageSeconds"), timing.get("longestScenarioSeconds")
    if stage is not None and alone:
        number = len(report.scenarios)
        noun = "scenario" if number == 1 else "scenarios"
        limit = timing.get("nodeLimitSeconds")
        node = f"; the node's pod start rate alone needs {limit:.1f}s" if limit else ""
        yield (
            f"staged {number} {noun} in {stage:.1f}s, {stage / alone:.2f} times the longest"
            f" ({alone:.1f}s){node}"
        )
    if spent := timing.get("nodeCpuSeconds"):
        most = sorted(spent.items(), key=lambda one: (-one[1], one[0]))
        shares = ", ".join(f"{seconds:.0f} {one_line(name)}" for name, seconds in most)
        yield f"the nodes used {sum(spent.values()):.0f}s of CPU: {shares}"
    if "suiteCpuSeconds" in timing:
        memory = timing.get("suiteMemoryMiB")
        peak = f" and {memory:.0f} MiB" if memory else ""
        yield f"the suite itself used {timing['suiteCpuSeconds']:.1f}s of CPU{peak}"


def _by_id(results: Sequence[Result], verdict: Verdict) -> list[Result]:
    return sorted((r for r in results if r.verdict is verdict), key=lambda r: r.id)


def _printable(text: str) -> str:
    """Replace what would move the cursor or colour the terminal: containers print anything."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
