"""`python -m reports nightly DIR`: merge a night's reports, and compare them with the last ones."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

ROOT = Path(__file__).parents[1]
UNREADABLE = 3
"""The status of a merge that has left a report out."""

KEPT = 2
"""So many nights are kept: one that is run again needs the night before it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="holds one folder a run")
    parser.add_argument(
        "--history",
        metavar="DIR",
        type=Path,
        required=True,
        help="holds one folder of reports a night; tonight's are put there",
    )
    parser.add_argument(
        "--night", metavar="NUMBER", type=int, required=True, help="tonight's; later is higher"
    )


def run(options: argparse.Namespace) -> int:
    """Merge, compare and keep; return 1 where a promise is broken that was kept before.

    What is said goes to the page of a job of GitHub Actions as well. A report that cannot be read
    ends with 3, and a night without a report with 4, whatever became of the others.
    """
    status, said = _reports("merge", str(options.folder))
    tell("Tonight", said)
    if status not in (0, UNREADABLE):
        return status
    earlier = last(options.history, options.night)
    compared = 0
    if earlier is None:
        tell("Since the last night", "nothing to compare with: no earlier night is kept")
    else:
        compared, said = _reports("diff", str(earlier), str(options.folder))
        tell("Since the last night", said)
    keep(options.folder, options.history, options.night)
    return max(status, compared)


def last(history: Path, night: int) -> Path | None:
    """Return the folder of the last night before this one; the same night run again is not it."""
    earlier = [path for path in _nights(history) if int(path.name) < night]
    return earlier[-1] if earlier else None


def keep(folder: Path, history: Path, night: int) -> None:
    """Put the reports of a night into the history, and drop all but the last nights of it."""
    place = history / str(night)
    shutil.rmtree(place, ignore_errors=True)
    for path in sorted(folder.glob("*/report.json")):
        target = place / path.parent.name
        target.mkdir(parents=True)
        shutil.copy(path, target)
    for old in _nights(history)[:-KEPT]:
        shutil.rmtree(old)


def tell(title: str, said: str) -> None:
    """Print what was said, and add it to the page of the job as text that means nothing."""
    print(said)  # noqa: T201 - a command's output
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        # A fence is longer than any in the text, so that nothing in the text ends it.
        longest = max((len(found) for found in re.findall("`+", said)), default=0)
        fence = "`" * max(3, longest + 1)
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(f"## {title}\n\n{fence}text\n{said}\n{fence}\n\n")


def _nights(history: Path) -> list[Path]:
    found = [path for path in history.glob("*") if path.name.isdecimal()]
    return sorted(found, key=lambda path: int(path.name))


def _reports(command: str, *words: str) -> tuple[int, str]:
    """Run a command on reports; return its exit status and all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "reports", command, *words],
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    return done.returncode, done.stdout.rstrip("\n")
