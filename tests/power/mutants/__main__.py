"""Small mechanical changes of Kubernetes, and whether the suite notices: `nox -s mutants`.

A change is made in code that deals with sidecars, the component is compiled and judged in a kind
cluster, and what the suite says is compared with what it says of the unchanged component.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import catalogue
from conformance.options import Parser, positive
from conformance.selection import Selection
from fixtures.clusters.swap import COMPONENTS
from fixtures.errors import SuiteError, UsageError
from fixtures.host.progress import Progress
from fixtures.images import releases
from tests.power.mutants import choice, executed, mutator, results
from tests.power.mutants.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

HINT = "see 'nox -s mutants -- --help'"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    own = Parser(prog="nox -s mutants --", description=__doc__, allow_abbrev=False)
    own.hint = HINT
    own.add_argument("--component", choices=COMPONENTS, default="kubelet", help="what is changed")
    own.add_argument("--kubernetes", metavar="VERSION", help="of all components (default: newest)")
    own.add_argument("--count", type=positive, default=20, metavar="N", help="how many mutants")
    own.add_argument("--seed", type=int, default=1, metavar="S", help="which ones are chosen")
    own.add_argument("--mutant", metavar="ID[,...]", help="these instead, wherever they are")
    own.add_argument("--only", metavar="ID[,...]", default="", help="judge by these promises only")
    own.add_argument(
        "--reach",
        type=Path,
        metavar="DIR",
        help="what `nox -s reach` wrote there was not executed is not judged",
    )
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
        seed = options.seed if ids is None else None
        session = Session(
            options.component,
            version,
            options.only,
            options.output,
            executed=executed.measured(options.reach, options.component, version),
            again=options.again,
        )
        table = session.judge(chosen, results.Choice(seed=seed, places=len(places)))
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
    wanted = argparse.Namespace(only=only, level=None, quick=False, profile=None)
    Selection.from_options(wanted, [one.requirement for one in catalogue.declared()])


def say(line: str) -> None:
    """Print a line for the person."""
    print(line, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    # As after Ctrl-C, the run that is under way removes its cluster first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
