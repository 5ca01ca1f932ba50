"""The fields of pods, and what reads their effect on sidecars: `python -m tests.power.fields`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from fixtures.errors import SuiteError
from tests.power.fields import page, served

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the page, or take the list of a version; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.power.fields", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--page", action="store_true", help="print docs/fields.md")
    what.add_argument(
        "--take", metavar="VERSION", help="keep the list of fields of this version: v1.37.2"
    )
    options = parser.parse_args(arguments)
    try:
        for line in page.lines() if options.page else served.keep(options.take):
            print(line)  # noqa: T201 - the answer
    except SuiteError as error:
        print(f"ERROR: {error}", file=sys.stderr)  # noqa: T201 - the answer
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
