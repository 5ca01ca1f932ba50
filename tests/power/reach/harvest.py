"""A pytest plugin of a run: takes the counters of swapped components out of its nodes.

    python -m conformance -p tests.power.reach.harvest --harvest DIR --swap kubelet=PATH

A component writes them into its own file system, which a static pod loses when it is restarted.
So they are gathered on the node every few seconds, and copied into a folder a component below DIR
before the cluster is deleted.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.clusters import Cluster
from fixtures.clusters.nodes import EngineNode
from fixtures.clusters.swap import COMPONENTS, process_of
from fixtures.errors import EnvironmentBrokenError
from fixtures.words import one_line

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

WRITTEN = "/tmp/sidecar-conformance-reach"  # noqa: S108 - the folder of programs/counters.go
GATHERED = "/kind/reach"
INTERVAL_SECONDS = 5.0
"""Often enough: nothing restarts a static pod unless something is wrong."""
_END_SECONDS = 10.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--harvest", metavar="DIR", type=Path, help="where counters go")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Begin once the cluster is there, and end before it is deleted."""
    made = yield
    folder = request.config.option.harvest
    if isinstance(made, Cluster) and folder is not None:
        stack = ExitStack()
        for node in made.nodes:
            if isinstance(node, EngineNode):
                stack.enter_context(harvested(node, folder))
        fixturedef.addfinalizer(stack.close)
    return made


@contextmanager
def harvested(node: EngineNode, folder: Path) -> Iterator[None]:
    """Gather the counters on a node during the block, and copy them into a folder at its end.

    That they cannot be copied is said, and is no failure of the run.
    """
    with node.open("bash", "-c", f"{gather('-n')}\n{until_end()}") as gathering:
        try:
            yield
        finally:
            _end(gathering)
    try:
        # What was cut off by the end is copied again.
        node.execute("bash", "-c", f"mkdir -p {GATHERED}\n{gather()}\ngather")
        node.fetch(GATHERED, folder)
    except EnvironmentBrokenError as error:
        said = f"ERROR: the counters could not be taken: {one_line(error)}"
        print(said, file=sys.stderr)  # noqa: T201 - for the person


def _end(gathering: subprocess.Popen[bytes]) -> None:
    if gathering.stdin is not None:
        gathering.stdin.close()
    try:
        gathering.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        gathering.kill()


def until_end() -> str:
    """Return bash that gathers until its standard input ends."""
    return f"while read -r -t {INTERVAL_SECONDS}; (( $? > 128 )); do gather; done"


def gather(once: str = "") -> str:
    """Return bash that defines `gather`; `once` is the option of cp for what never changes."""
    lines = [
        f"copy {component} /proc/$({process_of(component)})/root{WRITTEN}"
        for component in COMPONENTS
    ]
    return "\n".join(
        [
            "copy() {",
            '    test -d "$2" || return 0',
            f'    mkdir -p "{GATHERED}/$1"',
            f'    cp {once} "$2"/covmeta.* "{GATHERED}/$1/"'.replace("  ", " "),
            f'    cp "$2"/covcounters.* "{GATHERED}/$1/"',
            "}",
            "gather() {",
            *(f"    {line}" for line in lines),
            "}",
        ]
    )
