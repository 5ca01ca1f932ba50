"""The mutants that were chosen, built and judged one after the other; what is known stays so."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from filelock import Timeout

from conformance.session import revision
from fixtures.errors import EnvironmentBrokenError, UsageError, unwritten
from fixtures.host import cache
from fixtures.host.progress import Progress
from fixtures.images import kubernetes
from reports import jsonreport
from tests.power.mutants import builds, judging, results, runs
from tests.power.mutants.judging import Judgement, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reports.model import Report
    from tests.power.mutants.executed import Executed
    from tests.power.mutants.mutator import Place
    from tests.power.mutants.results import Choice, Result, Table

SHELF = "mutants"
UNCHANGED = "unchanged"
AGAIN = "again"
LONGEST = 3
"""So many times as long as that of the unchanged component a run may take.

A kubelet that starts nothing keeps a run waiting for each of its scenarios.
"""
UNCHANGED_WORDS = "the unchanged {}"


class Session:
    """The mutants of one component and version, judged one after the other."""

    def __init__(  # noqa: PLR0913 - the options of a session
        self,
        component: str,
        version: str,
        only: str,
        output: Path,
        *,
        executed: Executed | None = None,
        again: bool = False,
    ) -> None:
        self._component = component
        self._version = version
        self._only = only
        self._output = output
        self._executed = executed
        self._again = again
        self._progress = Progress()
        name = results.shelf(component, version, only)
        self._lock = cache.lock(f"{SHELF}-{name}")
        self.kept = cache.root() / SHELF / name
        """A folder for each mutant that was judged."""

    def judge(self, chosen: Sequence[Place], choice: Choice) -> Table:
        """Judge mutants that were not judged before; the table is written after each.

        UsageError while another session is at it; EnvironmentBrokenError where nothing can be
        judged or written.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UsageError(
                f"mutants of {self._component} {self._version} are judged by another session: "
                "wait for it to end"
            ) from None
        try:
            return self._judge(chosen, choice)
        except OSError as error:
            raise unwritten(self._output, error) from error
        finally:
            self._lock.release()

    def _judge(self, chosen: Sequence[Place], choice: Choice) -> Table:
        self._output.mkdir(parents=True, exist_ok=True)
        unchanged, report = self._unchanged()
        done: list[Result] = []
        for place in chosen:
            self._progress.line(f"{len(done) + 1} of {len(chosen)}: {place.id} {place.words}")
            done.append(self._of(place, report, LONGEST * unchanged.run_seconds))
            self._progress.line(f"{place.id}: {done[-1].outcome}")
            table = results.Table(
                component=self._component,
                kubernetes=self._version,
                only=self._only,
                choice=choice,
                unchanged=unchanged,
                results=tuple(done),
            )
            results.publish(table, self.kept, self._output)
        return table

    def _unchanged(self) -> tuple[results.Unchanged, Report]:
        """Return the run of the unchanged component, by this commit of the suite."""
        folder = self.kept / UNCHANGED
        known = results.read(results.Unchanged, folder)
        if known is None or known.suite != revision():
            self._empty(folder)
            built = kubernetes.binaries(self._version, self._progress, components=[self._component])
            what = UNCHANGED_WORDS.format(self._component)
            ran = self._run(built / self._component, folder, what)
            if ran.report is None:
                raise EnvironmentBrokenError(f"{what} {self._version} cannot be judged: {ran.said}")
            known = results.of_unchanged(ran.report, ran.seconds)
            results.write(known, folder / results.FILE)
        (path,) = (folder / runs.REPORTS).glob("*/report.json")
        return known, jsonreport.read(path)

    def _of(self, place: Place, unchanged: Report, limit: float) -> Result:
        """Return what became of a mutant, now or before, by runs of so many seconds at most."""
        folder = self.kept / place.id
        known = results.read(results.Result, folder)
        if known is not None and not self._again:
            return known
        self._empty(folder)
        if self._executed is not None and not self._executed.reaches(place):
            builds.change(place, folder)
            # It is not kept: another run may reach it.
            return results.of_place(place, Judgement(outcome=Outcome.NOT_REACHED))
        built = builds.build(place, self._component, self._version, folder, self._progress)
        if built.program is None:
            refused = Judgement(outcome=Outcome.NOT_BUILT)
            result = results.of_place(
                place, refused, said=built.refused, build_seconds=built.seconds
            )
        else:
            ran = self._run(built.program, folder, place.id, limit=limit)
            judgement = (
                Judgement(outcome=Outcome.CUT_OFF)
                if ran.cut_off
                else judging.judge(unchanged, ran.report)
            )
            seconds = ran.seconds
            if few := judging.doubtful(judgement):
                again = folder / AGAIN
                again.mkdir()
                name = f"{place.id} again"
                second = self._run(built.program, again, name, ",".join(few), limit=limit)
                judgement = judging.confirmed(judgement, second.report)
                seconds += second.seconds
            result = results.of_place(
                place,
                judgement,
                said=ran.said,
                suite=revision(),
                build_seconds=built.seconds,
                run_seconds=seconds,
            )
            shutil.rmtree(built.program.parent)  # a hundred megabytes each
        results.write(result, folder / results.FILE)
        return result

    def _run(
        self, program: Path, folder: Path, what: str, only: str = "", *, limit: float | None = None
    ) -> runs.Run:
        words = runs.command(
            program, self._component, self._version, only or self._only, folder / runs.REPORTS
        )
        return runs.run(words, folder, self._progress, what, limit)

    @staticmethod
    def _empty(folder: Path) -> None:
        """Make an empty folder: what was begun before is begun anew."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
