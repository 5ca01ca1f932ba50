"""The front door behind `nox -s conformance`: one pytest process for each Kubernetes version.

The suite's own options are read here, so that a bad one is told in one line. All words go on to
pytest as they are, which takes its own options as well. Only several versions need more: each gets
a process of its own, the next cluster being prepared while one is judged, and the reports of all
are merged at the end.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from conformance import catalogue, cleanup, explain, step, versions
from conformance.options import ARGUMENTS_VARIABLE, READY_VARIABLE, Parser, add_options
from conformance.selection import Selection
from fixtures.clusters import profiles
from fixtures.clusters.kind import find_engine
from fixtures.errors import EnvironmentBrokenError, SuiteError, UsageError, unwritten
from fixtures.host.progress import Progress
from fixtures.images import releases
from fixtures.kubeapi import rights
from fixtures.words import without
from reports import merge

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from types import FrameType

ROOT = Path(__file__).parents[1]
PYTEST = (
    *(sys.executable, "-m", "pytest", "-p", "conformance.plugin", "-s", "-qq", "-rN"),
    "conformance/checks",
    # Warnings are errors in our own tests. In a run they would be verdicts about Kubernetes.
    *("-W", "default", "-p", "no:unraisableexception", "-p", "no:threadexception"),
)
PYTESTS_ERROR = re.compile(r"error: (.*)")
AT_ONCE = 2
"""Two runs may be alive at once: one is judged, the cluster of the next is prepared."""

USAGE = "nox -s conformance -- [options]"
COMMANDS = {
    "cleanup": cleanup.__doc__,
    "explain": "Tell what there is to know of a requirement, and of a failure of it.",
    "rbac": "Print the rights that a run needs, as YAML.",
    "step": step.__doc__,
    "versions": versions.__doc__,
}
EPILOG = """
Options of pytest are taken as well, such as -x or --durations=5; 'python -m pytest --help' lists
them. Exit status: 0 conformant, 1 a failure or a doubt, 3 the suite or its environment broke,
4 a request that cannot be met. `cleanup --context NAME` instead of options removes
what dead runs left in a cluster, `rbac` prints the rights that a run needs on one,
`explain ID` tells what there is to know of a requirement, and `versions` prints the newest
releases.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the suite's own options."""
    own = Parser(
        usage=USAGE,
        description="Judge the native sidecars of a Kubernetes cluster.",
        epilog=EPILOG,
        add_help=False,
        allow_abbrev=False,
    )
    group = own.add_argument_group("options")
    add_options(group.add_argument)
    group.add_argument("--list", action="store_true", help="print all requirements and stop")
    group.add_argument("--help", "-h", action="store_true", help="print this text and stop")
    return own


def main(arguments: Sequence[str]) -> int:
    """Do what was asked for and return the exit status of the contract."""
    try:
        if arguments and arguments[0] in COMMANDS:
            return _command(arguments[0], arguments[1:])
        options, _ = parser().parse_known_args(arguments)
        if options.help:
            _write(f"{parser().format_help()}\n", sys.stdout)
            return 0
        if options.list:
            _write("".join(f"{line}\n" for line in _listed(options)), sys.stdout)
            return 0
        return _judge(options, arguments)
    except SuiteError as error:
        _write(f"ERROR: {error}\n", sys.stderr)
        return error.exit_status


def _listed(options: argparse.Namespace) -> Iterator[str]:
    """Return the lines of the catalogue, of what the options leave of it."""
    catalogue.load_scenarios()
    requirements = [one.requirement for one in catalogue.declared()]
    selection = Selection.from_options(options, requirements)
    return catalogue.lines(one for one in requirements if selection.leaves_out(one) is None)


def _command(name: str, arguments: Sequence[str]) -> int:
    """Do something else than to judge; return the exit status."""
    own = Parser(
        usage=f"python -m conformance {name} [options]",
        description=COMMANDS[name],
        allow_abbrev=False,
    )
    own.hint = f"see 'python -m conformance {name} --help'"
    if name == "rbac":
        own.add_argument("--namespace", metavar="NAME", help="of a run in this namespace only")
        _write(rights.manifest(own.parse_args(arguments).namespace), sys.stdout)
        return 0
    if name == "explain":
        own.add_argument("ids", metavar="ID", nargs="+", help="a requirement, as --list has it")
        lines = "\n".join(explain.explain(own.parse_args(arguments).ids))
        _write(f"{lines}\n", sys.stdout)
        return 0
    if name == "versions":
        versions.add_options(own.add_argument)
        _write(versions.text(own.parse_args(arguments)), sys.stdout)
        return 0
    if name == "step":
        own.parse_args(arguments)
        return step.run(os.environ, main, lambda line: _write(f"{line}\n", sys.stdout))
    cleanup.add_options(own.add_argument)
    return cleanup.cleanup(own.parse_args(arguments), lambda line: _write(f"{line}\n", sys.stdout))


def _write(text: str, target: IO[str]) -> None:
    """Write for the person, if there is somebody yet: `| head -1` has seen enough sooner."""
    try:
        target.write(text)
        target.flush()
    except BrokenPipeError:
        # What is still in its buffer goes there as well when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), target.fileno())


def _judge(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    if "," not in (options.kubernetes or ""):
        status = _run_all([None], arguments)
    else:
        wanted = releases.resolve_list(options.kubernetes)
        if options.profile:
            for version in wanted:
                profiles.named(options.profile).require(version)
        find_engine(options.engine, Progress(), install_missing=options.install_missing)
        status = _run_all(wanted, without(arguments, "--kubernetes"))
    output = Path(options.output)
    if status != UsageError.exit_status and any(output.glob("*/report.json")):
        try:
            merged = merge.merge(output)
        except OSError as error:
            raise unwritten(output, error) from error
        for line in merge.lines(merged, output):
            _write(f"{line}\n", sys.stdout)
    return status


class _Child:
    """One run in a process of its own; beside others its output is prefixed with its version."""

    def __init__(self, version: str | None, arguments: Sequence[str], ready: Path) -> None:
        self._prefix = f"[{version}] " if version else ""
        self._ready = ready
        words = [*(("--kubernetes", version) if version else ()), *arguments]
        self.process = subprocess.Popen(
            [*PYTEST, *words],
            cwd=ROOT,
            env={
                **os.environ,
                READY_VARIABLE: str(ready),
                ARGUMENTS_VARIABLE: json.dumps(words),
            },
            stdin=subprocess.DEVNULL if version else None,
            stdout=subprocess.PIPE if version else None,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._readers = [
            threading.Thread(target=self._copy, args=pair, daemon=True)
            for pair in ((self.process.stdout, sys.stdout), (self.process.stderr, sys.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _copy(self, source: IO[str] | None, target: IO[str]) -> None:
        usage = False
        with source or nullcontext(()) as lines:
            for line in lines:
                # Of pytest's paragraph about a bad option only the line that names it is of use.
                usage = usage or line.startswith("ERROR: usage:")
                match = PYTESTS_ERROR.search(line)
                if usage and match:
                    _write(f"{self._prefix}ERROR: {match[1]}; {Parser.hint}\n", target)
                elif not usage and line.strip():  # pytest puts an empty line after its errors
                    _write(f"{self._prefix}{line}", target)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    @property
    def prepared(self) -> bool:
        """Whether its cluster is there, or never will be."""
        return self._ready.exists() or not self.alive

    def end(self) -> int:
        """Wait for its end and return its exit status."""
        status = self.process.wait()
        for reader in self._readers:
            reader.join()
        # A process that was killed did not get round to saying anything.
        return status if status >= 0 else EnvironmentBrokenError.exit_status


def _run_all(wanted: Sequence[str | None], arguments: Sequence[str]) -> int:
    """Run each version, the next being prepared while one is judged; return the worst status."""
    children: list[_Child] = []
    interrupted = threading.Event()

    def forward(number: int, _: FrameType | None) -> None:
        # A terminal sends Ctrl-C to the children as well; they take the first signal only.
        interrupted.set()
        for child in children:
            if child.alive:
                child.process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, forward)
    waiting = list(wanted)
    with tempfile.TemporaryDirectory() as folder:
        while waiting and not interrupted.is_set():
            alive = [child for child in children if child.alive]
            if len(alive) < AT_ONCE and all(child.prepared for child in alive):
                ready = Path(folder) / str(len(children))
                children.append(_Child(waiting.pop(0), arguments, ready))
            interrupted.wait(0.5 if waiting else 0)
        # Statuses grow worse as they grow: a failure, an interruption, a broken environment, a
        # request that could not be met.
        return max((child.end() for child in children), default=int(pytest.ExitCode.INTERRUPTED))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
