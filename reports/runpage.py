"""`index.html` of one run: one offline file, the verdict first, a picture for each scenario.

Templates escape what they show, and the page's own policy lets no script run but the one that it
was written with. Without JavaScript all of it can be read; only the filters need it.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from fixtures.host.files import write_whole
from reports import pictures
from reports.facts import facts
from reports.headline import headline
from reports.model import UNKEPT, Level, Report, Result, Verdict, counts
from reports.styles import render_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from fixtures.evidence.evidence import Evidence
    from reports.pictures import Figure, Scenario

FILE = "index.html"

LEVELS = tuple(Level)
CLASSIC = "-classic"
"""How ids end of what is judged of a pod's classic form, where sidecars are regular containers."""


class Page:
    """What the template asks for."""

    def __init__(self, report: Report, evidence: Evidence | None, folder: Path) -> None:
        self.report = report
        self._evidence = evidence
        self._folder = folder

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        return headline(self.report)

    @cached_property
    def results(self) -> list[Result]:
        """All results, by id."""
        return sorted(self.report.results, key=lambda result: result.id)

    @property
    def broken(self) -> list[Result]:
        """The results that need an explanation, those that decide first."""
        found = [result for result in self.results if result.verdict in UNKEPT]
        return sorted(found, key=lambda r: (UNKEPT.index(r.verdict), LEVELS.index(r.level), r.id))

    @property
    def weak(self) -> list[tuple[str, list[Result]]]:
        """What takes from the verdict: a sentence each, and the results that it is about."""
        must = [result for result in self.results if result.level is Level.MUST]

        def having(results: Sequence[Result], *verdicts: Verdict) -> list[Result]:
            return [result for result in results if result.verdict in verdicts]

        groups = [
            (having(must, Verdict.UNSUPPORTED), "MUST {} could not be judged on this cluster"),
            (having(self.results, Verdict.KNOWN_FAILURE), "{} broken, as is known upstream"),
            (
                having(self.results, Verdict.INCONCLUSIVE, Verdict.ERROR),
                "{} could not be decided by the evidence, or the suite broke",
            ),
            (having(self.results, Verdict.SKIPPED), "{} left out"),
        ]
        return [
            (f"{len(found)} {words.format('promise' if len(found) == 1 else 'promises')}", found)
            for found, words in groups
            if found
        ]

    @cached_property
    def scenarios(self) -> Mapping[str, Scenario]:
        """The scenarios that were recorded, by name."""
        names = {name for result in self.results for name in result.scenarios}
        return pictures.scenarios(self._evidence, names, self._folder)

    def figures(self, result: Result) -> Iterator[Figure]:
        """Yield the pictures of a result, with the moments of the comparison that decided it."""
        return pictures.figures(result, self.scenarios, pictures.deciding(result))

    def commands(self, result: Result) -> Iterator[str]:
        """Yield the command that stages one requirement again, and the one that only judges it."""
        yield f"{self.report.reproduce} --only {result.id}"
        if self._evidence is not None and any(name in self.scenarios for name in result.scenarios):
            yield f"nox -s conformance -- --replay {self._evidence.directory} --only {result.id}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The facts of cluster, suite and timing as lines of a table."""
        report = self.report
        return [
            *facts("", report.cluster),
            *facts("suite", report.suite),
            *facts("timing", report.timing),
        ]

    @property
    def forms(self) -> Sequence[tuple[Result, Result]]:
        """What was judged of the same pods with sidecars and in their classic form, in pairs."""
        found = {one.id: one for one in self.results if one.verdict is not Verdict.SKIPPED}
        return [
            (native, found[native.id + CLASSIC])
            for native in found.values()
            if native.id + CLASSIC in found
        ]

    @property
    def gain(self) -> str:
        """What sidecars change, in figures: how many patterns work with them, and fail without."""
        natives, classics = zip(*self.forms, strict=True)

        def passed(results: Sequence[Result]) -> str:
            good = sum(one.verdict is Verdict.PASS for one in results)
            return f"{good} of {len(results)}"

        return (
            f"Works with sidecars: {passed(natives)}. "
            f"Falls short in the classic form: {passed(classics)}."
        )

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many results have each verdict, worst first."""
        return counts(self.report.results)

    @property
    def areas(self) -> Mapping[str, int]:
        """How many results each area has."""
        return Counter(result.area for result in self.results)

    @property
    def levels(self) -> Sequence[Level]:
        """The levels that occur."""
        return [level for level in Level if any(r.level is level for r in self.results)]


def write(report: Report, evidence: Evidence | None, path: Path) -> None:
    """Write the page; the same report and recordings give the same bytes.

    OSError where it cannot be written. The file is whole or absent.
    """
    # Containers print what is not UTF-8; a page shows that as it can.
    write_whole(path, render(report, evidence, path.parent).encode(errors="replace"))


def render(report: Report, evidence: Evidence | None, folder: Path) -> str:
    """Return the page, as it is to lie in a folder."""
    page = Page(report, evidence, folder)
    return render_page("runpage.html", ("filters.js",), page=page, report=report)
