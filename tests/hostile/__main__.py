"""The suite on clusters that are changed the way users' clusters are: `nox -s hostile`.

Each cluster is made once, and its cases run on it one after the other. A case changes the cluster,
runs the suite as a user does, and looks at what comes out and at what is left.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fixtures.errors import SuiteError, UsageError
from fixtures.host.progress import Progress
from fixtures.images import releases
from fixtures.kubeapi import belongings
from tests.hostile import clusters
from tests.hostile.cases import ABOUT_SHAPES, CASES, SHAPES
from tests.hostile.changes import Target, kubectl
from tests.hostile.judging import complaints, summary
from tests.hostile.runs import Started

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fixtures.clusters import Cluster
    from fixtures.clusters.nodes import EngineNode
    from tests.hostile.cases import Case
    from tests.hostile.runs import Outcome, Run

OTHERS = (
    *("apiservices", "clusterroles", "clusterrolebindings", "customresourcedefinitions"),
    *("ingressclasses", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"),
    *("mutatingwebhookconfigurations", "namespaces", "nodes", "persistentvolumes"),
    *("priorityclasses", "runtimeclasses", "storageclasses", "validatingadmissionpolicies"),
    *("validatingadmissionpolicybindings", "validatingwebhookconfigurations", "volumeattachments"),
)
"""The kinds without a namespace: none of their objects comes or goes by a run."""

GONE_SECONDS = 60.0
"""What a run has left is gone within this time after the change is undone."""


@dataclass
class Done:
    """What became of a case."""

    case: Case
    seconds: float = 0.0
    exits: list[int | None] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def word(self) -> str:
        """What the table says of it."""
        if self.wrong:
            return f"known: {self.case.known}" if self.case.known else "WRONG"
        return "right, but declared as known" if self.case.known else "right"

    @property
    def is_right(self) -> bool:
        """Whether it is as declared."""
        return bool(self.wrong) == bool(self.case.known)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen cases and print a table; return 1 where one is not as declared."""
    parser = argparse.ArgumentParser(prog="nox -s hostile --", description=__doc__)
    parser.add_argument("--only", metavar="CASE[,...]", help="cases by name or glob")
    parser.add_argument("--full", action="store_true", help="with the cases that run all checks")
    parser.add_argument("--list", action="store_true", help="print the cases and stop")
    parser.add_argument("--page", action="store_true", help="print docs/hostile-clusters.md")
    parser.add_argument("--kubernetes", metavar="VERSION", help="of the clusters (default: newest)")
    parser.add_argument("--output", type=Path, help="where outputs and reports are kept")
    options = parser.parse_args(arguments)
    try:
        if options.page:
            say("\n".join(page()))
            return 0
        cases = chosen(options.only, full=options.full or options.list)
        if options.list:
            for case in cases:
                say(f"{case.name:<32} {case.about}")
            return 0
        version = releases.resolve_list(options.kubernetes)[0]
        if options.output:
            return judge(cases, version, options.output.absolute())
        with tempfile.TemporaryDirectory() as folder:
            return judge(cases, version, Path(folder))
    except SuiteError as error:
        print(f"ERROR: {error}", file=sys.stderr)  # noqa: T201 - the answer
        return error.exit_status


def chosen(names: str | None, *, full: bool) -> list[Case]:
    """Return the cases of some names or globs, all short ones by default, by shape of cluster."""
    wanted = [name.strip() for name in (names or "").split(",") if name.strip()]
    for name in wanted:
        if not any(fnmatch(case.name, name) for case in CASES):
            raise UsageError(f"there is no case {name!r}: see 'nox -s hostile -- --list'")
    found = [
        case
        for case in CASES
        if (any(fnmatch(case.name, name) for name in wanted) if wanted else full or not case.full)
    ]
    return sorted(found, key=lambda case: list(SHAPES).index(case.shape))


def judge(cases: Iterable[Case], version: str, folder: Path) -> int:
    """Run cases on clusters of a version, and keep what came out in a folder."""
    progress = Progress()
    done: list[Done] = []
    begun = time.monotonic()
    try:
        for name, group in groupby(cases, key=lambda case: case.shape):
            shape = shape_of(name, version)
            with clusters.cluster(shape, folder / f"cluster-{name}", progress) as cluster:
                for case in group:
                    progress.line(f"{case.name}: {case.about}")
                    done.append(run_case(case, cluster, folder / case.name))
                    progress.line(f"{case.name}: {done[-1].word}, {done[-1].seconds:.0f}s")
                    for line in done[-1].wrong:
                        progress.line(f"  {line}")
    finally:
        for line in table(done):
            say(line)
        say(f"{len(done)} cases in {time.monotonic() - begun:.0f}s")
    return 0 if all(one.is_right for one in done) else 1


def shape_of(name: str, version: str) -> clusters.Shape:
    """Return the cluster of a name of SHAPES."""
    values = dict(SHAPES[name])
    worker = values.pop("worker_version", None)
    return clusters.Shape(
        version, **values, worker_version=releases.resolve(worker) if worker else None
    )


def run_case(case: Case, cluster: Cluster, folder: Path) -> Done:
    """Change the cluster, run the suite, undo the change, and look at what is left."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = cast("Sequence[EngineNode]", cluster.nodes)
    target = Target(cluster.api, cast("Path", cluster.kubeconfig), nodes, folder)
    done = Done(case)
    begun = time.monotonic()
    try:
        before = others(target)
        _run_changed(target, case, done)
        done.wrong += left(target, before)
    except SuiteError as error:
        # The other cases can still be tried; what is wrong with the cluster shows in them.
        done.wrong.append(f"the case broke: {error}")
    done.seconds = time.monotonic() - begun
    return done


def _run_changed(target: Target, case: Case, done: Done) -> None:
    """Run the suite on the changed cluster; add to `done` what came of it."""
    folder = target.folder
    with case.change.made(target) as values:
        given = {"kubeconfig": str(target.kubeconfig), "folder": str(folder), **values}
        for number, (run, outcome) in enumerate(outcomes(case.runs, given)):
            (folder / f"{number}.txt").write_text(outcome.output, encoding="utf-8")
            done.exits.append(outcome.status)
            say(f"         {summary(outcome)} ({outcome.seconds:.0f}s)")
            done.wrong += complaints(run, outcome)


def outcomes(runs: Sequence[Run], given: dict[str, str]) -> Iterator[tuple[Run, Outcome]]:
    """Run one after the other, or beside the next where that is asked for."""
    waiting: list[tuple[Run, Started]] = []
    for number, run in enumerate(runs):
        output = run.output.format(**given, number=number)
        waiting.append((run, Started(run, {**given, "output": output})))
        if run.beside_the_next:
            time.sleep(3)  # the first is at work when the second begins
            continue
        for each, started in waiting:
            yield each, started.end()
        waiting.clear()


def others(target: Target) -> set[str]:
    """Return the names of all objects that lie in no namespace."""
    return set(kubectl(target.control, "get", ",".join(OTHERS), "--output=name").split())


def left(target: Target, before: set[str]) -> Iterator[str]:
    """Yield what is in the cluster that was not there before, and what is missing."""
    deadline = time.monotonic() + GONE_SECONDS
    while belongings.of_the_suite(target.api) and time.monotonic() < deadline:
        time.sleep(0.5)
    for thing in belongings.of_the_suite(target.api):
        yield f"{belongings.named(thing)} is left"
    after = others(target)
    for name in sorted(before ^ after):
        yield f"{name} {'is new' if name in after else 'is gone'}"


def table(done: Iterable[Done]) -> Iterator[str]:
    """Yield the lines that end a session."""
    yield f"{'case':<32} {'exit':<12} {'seconds':>7}  outcome"
    for one in done:
        exits = ", ".join(map(str, one.exits))
        yield f"{one.case.name:<32} {exits:<12} {one.seconds:>7.0f}  {one.word}"


def page() -> Iterator[str]:
    """Yield the lines of the page that tells of the cases."""
    yield "# Clusters that are not like ours"
    yield ""
    yield "A conformance suite is right only if it is right on every cluster. `nox -s hostile`"
    yield "changes real clusters the way users' clusters are, runs the suite on them, and looks at"
    yield "what comes out: the exit status, the verdicts, what is said and what is left. This page"
    yield "is made from `tests/hostile/cases.py` by `nox -s docs`."
    for shape, about in ABOUT_SHAPES.items():
        yield ""
        yield f"## {about}"
        yield ""
        yield "| case | cluster | what the suite is asked for | exit | what it says |"
        yield "| --- | --- | --- | --- | --- |"
        for case in CASES:
            if case.shape == shape:
                yield from _rows(case)


def _rows(case: Case) -> Iterator[str]:
    """Yield one line a run of a case; the case is named by the first."""
    known = f" (not yet: {case.known})" if case.known else ""
    heads = [(f"`{case.name}`", case.about + known), *[("", "")] * len(case.runs)]
    for (name, about), run in zip(heads, case.runs, strict=False):
        asked = run.options[run.options.index("--only") + 1] if "--only" in run.options else "all"
        asked = "`cleanup`" if run.options[:1] == ("cleanup",) else asked.replace(",", ", ")
        ended = f"{run.stop.number.name}: " if run.stop else ""
        said = " ".join(f"`{pattern}`" for pattern in run.says) or run.verdict or ""
        cells = (name, about, asked.replace("*", r"\*"), f"{ended}{run.exit}", said)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def say(line: str) -> None:
    """Print a line for the person."""
    print(line, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    sys.exit(main())
