"""Commands on reports and recordings: `python -m reports COMMAND --help`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Protocol

from fixtures.errors import SuiteError, UsageError
from reports import (
    diff,
    merge,
    nightly,
    overheadorder,
    register,
    registry,
    timeline,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Command(Protocol):
    """A module that is a command; its docstring is its help."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments of the command."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it, and return the exit status. Raises SuiteError with one line for the person."""


COMMANDS: Mapping[str, Command] = {
    "diff": diff,
    "merge": merge,
    "nightly": nightly,
    "overhead": overheadorder,
    "register": register,
    "registry": registry,
    "timeline": timeline,
    "verify": verify,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; 4 for a usage error."""
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        words = (command.__doc__ or "").split(": ", 1)[-1].splitlines()[0]
        command.add_arguments(commands.add_parser(name, help=words, description=words))
    try:
        options = parser.parse_args(arguments)
    except SystemExit as problem:
        # argparse says 2 for a usage error, the suite says 4 everywhere.
        return UsageError.exit_status if problem.code else 0
    try:
        return COMMANDS[options.command].run(options)
    except SuiteError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - a command's output
        return problem.exit_status


if __name__ == "__main__":
    sys.exit(main())
