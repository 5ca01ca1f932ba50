"""A run of the suite on a cluster with a component swapped for a program."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.errors import EnvironmentBrokenError
from reports import jsonreport

if TYPE_CHECKING:
    from fixtures.host.progress import Progress
    from reports.model import Report

ROOT = Path(__file__).parents[3]
OUTPUT = "run.txt"
REPORTS = "run"
_CLEAN_UP_SECONDS = 120.0


@dataclass(frozen=True)
class Run:
    """What came of a run. `said` is its last line, where it has no report.

    It is `cut_off` where it was ended because it took too long.
    """

    report: Report | None
    seconds: float
    said: str = ""
    cut_off: bool = False


def command(program: Path, component: str, version: str, only: str, output: Path) -> list[str]:
    """Return the command line of a run, as a user would write it."""
    words = ["--kubernetes", version, "--swap", f"{component}={program}", "--output", str(output)]
    return [sys.executable, "-m", "conformance", *words, *(["--only", only] if only else [])]


def run(
    words: list[str], folder: Path, progress: Progress, what: str, limit: float | None = None
) -> Run:
    """Run the suite; its output and its report go below a folder.

    A run that takes longer than the limit, in seconds, is ended. That is an answer, and so is one
    that ends without a report because the component does not come up, or its node.
    EnvironmentBrokenError for any other.
    """
    begun = time.monotonic()
    with progress.step(f"judging {what}"), (folder / OUTPUT).open("wb") as output:
        status = _status(words, output.fileno(), limit)
    seconds = time.monotonic() - begun
    if status is None:
        return Run(None, seconds, f"it took more than {limit:.0f} s", cut_off=True)
    found = sorted((folder / REPORTS).glob("*/report.json"))
    if found:
        return Run(jsonreport.read(found[0]), seconds)
    said = last_words((folder / OUTPUT).read_text(encoding="utf-8", errors="replace"))
    if status != EnvironmentBrokenError.exit_status:
        raise EnvironmentBrokenError(
            f"the run of {what} ended with status {status} and no report: {said}; "
            f"see {folder / OUTPUT}"
        )
    return Run(None, seconds, said)


def _status(words: list[str], output: int, limit: float | None) -> int | None:
    """Run a command to its end, or to the limit (None). One that is ended removes its cluster."""
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    ) as process:
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            _end(process)
            return None
        except BaseException:
            _end(process)
            raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a run to end, and wait until it has removed its cluster."""
    process.send_signal(signal.SIGTERM)
    process.wait(_CLEAN_UP_SECONDS)


def last_words(text: str) -> str:
    """Return the last line that says something."""
    lines = [line.strip("! \t") for line in text.splitlines()]
    return next((line for line in reversed(lines) if line), "nothing was said")
