"""The page of the documentation that tells what no scenario makes Kubernetes execute."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.versions import newest_first
from tests.power.components import COMPONENTS, SHARED
from tests.power.reach import reasons
from tests.power.reach.measure import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.power.reach.measure import FunctionReach

MEASURED = Path(__file__).with_name("measured")
"""Holds the `reach.json` of a whole run a version, as `v1.37.2.json`."""

INTRODUCTION = """\
# Reach: what no scenario makes Kubernetes execute

A promise can only be judged where some scenario makes Kubernetes do what it promises.
`nox -s reach` compiles components with Go's coverage, puts them in the place of those of a kind
cluster, runs the suite, and reports by function which statements about sidecars were not executed.
It is an instrument of the suite's developers: it says where a scenario is missing, and nothing
about a version of Kubernetes.

    nox -s reach                                          the newest version, all components
    nox -s reach -- --kubernetes 1.37,1.33                several versions, one after the other
    nox -s reach -- --component kubelet --only startup,term
    nox -s reach -- --build-only                          compile, and stop

Options that are not its own go to the suite. It makes its own cluster, so `--context` and such are
refused. `--output DIR` (default `reports/out/reach`) gets a folder a version:

| file | holds |
| --- | --- |
| `reach.txt`, `reach.json` | the report, by component and function |
| `counters/<component>/` | what was executed, in Go's own format; `go tool covdata` reads it |
| `<component>.profile` | the same in Go's text format |
| `run/` | the reports and recordings of the run |
| `run.json` | which run the counters are of |

A component is compiled once for a version, which takes up to an hour where nothing of that version
was compiled before, and lies in the suite's cache. Where the folder has the counters of a run of
the same suite, builds and options, that run is only read again; a suite with changes that are not
committed always runs. An interrupted session goes on with what it has not done.

The exit status is 0 where there is a report, whatever was executed; 3 where the run did not come to
its end, and 4 for a request that cannot be met.

## How it is measured

The main package of a component is compiled together with `tests/power/programs/counters.go`, which
writes the counters once a second, for a component has no end that would do it. While the suite runs
they are gathered on the node (`tests/power/reach/harvest.py`), and copied out before the cluster is
deleted. The last second of a process is not seen, and the last five of a static pod's.

Go's own parser finds the functions that speak of sidecars (`tests/power/programs/functions.go`):
those with an identifier, a string or a comment that has one of the words in
`tests/power/components.py`. Of the controller manager also those count that read whether a pod is
ready or has ended, for that is what Jobs and EndpointSlices know of sidecars. The report has three
shares:

- of all statements in the packages that are counted;
- of those in functions that speak of sidecars;
- of those among them that are *about sidecars*: they have such a word, or a condition or the head
  of a loop with such a word decides whether they are executed. All of a function is, whose name has
  one.

*shared* in the report is code that is linked into every component: what any of them has executed of
it was executed.

That a statement was executed does not say that a check would see it go wrong. That it was not says
that no check can.
"""


def lines() -> Iterator[str]:
    """Yield the lines of the page."""
    yield from INTRODUCTION.splitlines()
    yield ""
    yield "| component | packages that are counted |"
    yield "| --- | --- |"
    for one in (*COMPONENTS, SHARED):
        yield f"| {one.name} | {'<br>'.join(f'`{name}`' for name in one.packages)} |"
    found = measured()
    if found:
        yield ""
        yield "## What was measured"
        yield ""
        yield from _shares(found)
    yield ""
    yield "## Why statements stay unexecuted"
    yield ""
    yield "| kind | it takes |"
    yield "| --- | --- |"
    for kind, about in reasons.ABOUT.items():
        yield f"| {kind} | {about} |"
    yield ""
    yield "| functions | kind | what is not executed |"
    yield "| --- | --- | --- |"
    for reason in reasons.REASONS:
        names = "<br>".join(f"`{pattern}`" for pattern in reason.functions)
        yield f"| {names} | {reason.kind} | {reason.why} |"
    if found:
        yield ""
        yield "## By function"
        yield ""
        yield from _functions(found)


def measured() -> list[Reach]:
    """Return what was measured, the newest version first."""
    files = {path.stem: path for path in MEASURED.glob("*.json")}
    return [
        Reach.model_validate_json(files[version].read_text(encoding="utf-8"))
        for version in newest_first(files)
    ]


def _shares(found: Sequence[Reach]) -> Iterator[str]:
    yield "| version | component | of all | of functions that speak of sidecars | about sidecars |"
    yield "| --- | --- | --- | --- | --- |"
    for reach in found:
        for one in reach.components:
            shares = f"{one.everything} | {one.speaking} | {one.about}"
            yield f"| {reach.kubernetes} | {one.name} | {shares} |"


def _functions(found: Sequence[Reach]) -> Iterator[str]:
    yield "Lines are those of the version."
    for reach in found:
        for component in reach.components:
            yield ""
            yield f"### {component.name} {reach.kubernetes}"
            yield ""
            yield "| function | statements | lines | lines about sidecars | kinds |"
            yield "| --- | --- | --- | --- | --- |"
            for one in component.functions:
                if one.missing:
                    yield _row(one)


def _row(one: FunctionReach) -> str:
    place = f"`{one.file.removeprefix(reasons.PREFIX)}`<br>`{one.name}`"
    kinds = ", ".join(sorted({reason.kind for reason in reasons.of(one.file, one.name)}))
    cells = (
        place,
        f"{one.missing} of {one.whole.statements}",
        ", ".join(one.unexecuted),
        ", ".join(one.unexecuted_about),
        kinds,
    )
    return f"| {' | '.join(cells)} |"
