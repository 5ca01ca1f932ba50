"""The command line of a run: one table of options for the front door and for pytest."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from fixtures.clusters import providers
from fixtures.errors import UsageError
from reports.model import Level

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_OUTPUT = "reports/out"

MOST_PATIENCE = 100.0
"""With more a wait in vain would take hours."""

READY_VARIABLE = "SIDECAR_CONFORMANCE_READY"
"""Names a file that a run makes when its cluster is there, for whoever runs several."""

ARGUMENTS_VARIABLE = "SIDECAR_CONFORMANCE_ARGUMENTS"
"""Holds the words of the person's command line as a JSON list, for the command that reproduces."""


class Parser(argparse.ArgumentParser):
    """Raises UsageError instead of ending the process with a status of its own."""

    hint = "see 'nox -s conformance -- --help'"
    """Where a person finds the options; it ends each message."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with one line. See argparse."""
        raise UsageError(f"{message.removeprefix('argument ')}; {self.hint}")


def add_options(add: Callable[..., object]) -> None:
    """Add the options of a run; `add` takes what argparse's add_argument takes."""
    providers.add_options(add)
    add(
        "--only",
        metavar="ID[,...]",
        help="judge only these requirements: ids, globs (term.*), areas (term) or parts of them"
        " (pattern.envoy), which brings the software that they are about",
    )
    add(
        "--level",
        metavar="LEVEL[,...]",
        help=f"judge only these levels: {', '.join(level.value.lower() for level in Level)}",
    )
    add(
        "--quick",
        action="store_true",
        help="leave out scenarios that take 20 s or more each, or disturb the node",
    )
    add("--replay", metavar="DIR", help="judge the recordings of a run again, without a cluster")
    add(
        "--output",
        metavar="DIR",
        default=DEFAULT_OUTPUT,
        help="where reports go, each in a directory named after its version (default: %(default)s)",
    )
    add("--no-baseline", action="store_true", help="judge without known failures")
    add(
        "--in-flight",
        metavar="N",
        type=positive,
        help="how many pods to have at once (default: as many as the nodes are seen to carry)",
    )
    add(
        "--patience",
        metavar="FACTOR",
        type=factor,
        default=1.0,
        help="wait so many times as long for a slow cluster; of what Kubernetes promises nothing"
        " changes (default: %(default)g)",
    )


def factor(text: str) -> float:
    """Read a number from 1 to 100. Raises argparse's error for anything else."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 1 <= number <= MOST_PATIENCE:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_PATIENCE:g}")
    return number


def positive(text: str) -> int:
    """Read a whole number of at least 1. Raises argparse's error for anything else."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number
