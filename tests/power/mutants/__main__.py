"""Small mechanical changes of Kubernetes, and whether the suite notices: `nox -s mutants`.

A change is made in code that deals with sidecars, the component is compiled and judged in a kind
cluster, and what the suite says is compared with what it says of the unchanged component.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from filelock import Timeout

from conformance import catalogue
from conformance.options import positive
from conformance.selection import Selection
from conformance.session import revision
from fixtures.clusters.swap import COMPONENTS
from fixtures.errors import EnvironmentBrokenError, SuiteError, UsageError, unwritten
from fixtures.host import cache
from fixtures.host.progress import Progress
from fixtures.images import kubernetes, releases
from reports import jsonreport
from tests.power.mutants import builds, choice, judging, mutator, results, runs
from tests.power.mutants.judging import Judgement, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.model import Report
    from tests.power.mutants.mutator import Place
    from tests.power.mutants.results import Result, Table

HINT = "see 'nox -s mutants -- --help'"
UNCHANGED = "unchanged"
UNCHANGED_WORDS = "the unchanged {}"
_SHELF = "mutants"


class _Parser(argparse.ArgumentParser):
    """Raises UsageError instead of ending the process with a status of its own."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message.removeprefix('argument ')}; {HINT}")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    own = _Parser(prog="nox -s mutants --", description=__doc__, allow_abbrev=False)
    own.add_argument("--component", choices=COMPONENTS, default="kubelet", help="what is changed")
    own.add_argument("--kubernetes", metavar="VERSION", help="of all components (default: newest)")
    own.add_argument("--count", type=positive, default=20, metavar="N", help="how many mutants")
    own.add_argument("--seed", type=int, default=1, metavar="S", help="which ones are chosen")
    own.add_argument("--mutant", metavar="ID[,...]", help="these instead, wherever they are")
    own.add_argument("--only", metavar="ID[,...]", default="", help="judge by these promises only")
    own.add_argument("--again", action="store_true", help="judge anew what was judged before")
    own.add_argument("--list", action="store_true", help="print the chosen mutants and stop")
    own.add_argument(
        "--output",
        type=Path,
        default=Path("reports/out/mutants"),
        metavar="DIR",
        help="where the table and the diffs go (default: %(default)s)",
    )
    return own


def main(arguments: Sequence[str] | None = None) -> int:
    """Make and judge the chosen mutants, and print the table; return the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(int(128 + signal.SIGTERM)))
    try:
        options = parser().parse_args(arguments)
        require_known(options.only)
        version = releases.resolve_list(options.kubernetes)[0]
        ids = named(options.mutant)
        places = mutator.places(options.component, version, Progress())
        chosen = (
            choice.chosen(places, options.count, options.seed)
            if ids is None
            else choice.named(places, ids)
        )
        if options.list:
            for place in chosen:
                say(f"{place.id}  {place.words}")
            say(f"{len(places)} places: {mutator.counts(places)}")
            return 0
        if not chosen:
            raise UsageError(f"{options.component} {version} has no place to change")
        session = _Session(options, version)
        table = session.judge(chosen, len(places))
        for line in results.lines(table, session.kept):
            say(line)
    except SuiteError as error:
        print(f"ERROR: {error}", file=sys.stderr)  # noqa: T201 - the answer
        return error.exit_status
    return 0


def named(text: str | None) -> list[str] | None:
    """Return the ids of a comma-separated list; None where there is none. Raises UsageError."""
    if text is None:
        return None
    ids = [name.strip() for name in text.split(",") if name.strip()]
    if not ids:
        raise UsageError("no mutant is named: give --mutant ids as --list has them")
    return ids


def require_known(only: str) -> None:
    """Raise UsageError where no promise is of that name: a run would say so an hour later."""
    catalogue.load_scenarios()
    wanted = argparse.Namespace(only=only, level=None, quick=False)
    Selection.from_options(wanted, [one.requirement for one in catalogue.declared()])


class _Session:
    """The mutants of one component and version, judged one after the other."""

    def __init__(self, options: argparse.Namespace, version: str) -> None:
        self._options = options
        self._version = version
        self._component: str = options.component
        self._progress = Progress()
        name = results.shelf(self._component, version, options.only)
        self._lock = cache.lock(f"{_SHELF}-{name}")
        self.kept = cache.root() / _SHELF / name
        """A folder for each mutant that was judged."""

    def judge(self, chosen: Sequence[Place], number: int) -> Table:
        """Judge mutants that were not judged before; the table is written after each."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UsageError(
                f"mutants of {self._component} {self._version} are judged by another session: "
                "wait for it to end"
            ) from None
        try:
            return self._judge(chosen, number)
        except OSError as error:
            raise unwritten(self._options.output, error) from error
        finally:
            self._lock.release()

    def _judge(self, chosen: Sequence[Place], number: int) -> Table:
        self._options.output.mkdir(parents=True, exist_ok=True)
        unchanged, report = self._unchanged()
        done: list[Result] = []
        for place in chosen:
            self._progress.line(f"{len(done) + 1} of {len(chosen)}: {place.id} {place.words}")
            result = self._of(place, report)
            self._progress.line(f"{place.id}: {result.outcome}")
            done.append(result)
            table = results.Table(
                component=self._component,
                kubernetes=self._version,
                only=self._options.only,
                seed=self._options.seed,
                places=number,
                unchanged=unchanged,
                results=tuple(done),
            )
            results.publish(table, self.kept, self._options.output)
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

    def _of(self, place: Place, unchanged: Report) -> Result:
        """Return what became of a mutant, now or before."""
        folder = self.kept / place.id
        known = results.read(results.Result, folder)
        if known is not None and not self._options.again:
            return known
        self._empty(folder)
        built = builds.build(place, self._component, self._version, folder, self._progress)
        if built.program is None:
            refused = Judgement(outcome=Outcome.NOT_BUILT)
            result = results.of_place(
                place, refused, said=built.refused, build_seconds=built.seconds
            )
        else:
            ran = self._run(built.program, folder, place.id)
            result = results.of_place(
                place,
                judging.judge(unchanged, ran.report),
                said=ran.said,
                suite=revision(),
                build_seconds=built.seconds,
                run_seconds=ran.seconds,
            )
            shutil.rmtree(built.program.parent)  # a hundred megabytes each
        results.write(result, folder / results.FILE)
        return result

    def _run(self, program: Path, folder: Path, what: str) -> runs.Run:
        words = runs.command(
            program, self._component, self._version, self._options.only, folder / runs.REPORTS
        )
        return runs.run(words, folder, self._progress, what)

    @staticmethod
    def _empty(folder: Path) -> None:
        """Make an empty folder: what was begun before is begun anew."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)


def say(line: str) -> None:
    """Print a line for the person."""
    print(line, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    sys.exit(main())
