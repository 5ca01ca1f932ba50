"""One run of the suite as its users start it, and what came of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fixtures.images import busybox

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
OUTSIDE = ("--image", busybox.REFERENCE, "--output", "{output}")
"""What a run needs on any of these clusters, whichever way it is named."""
AS_USUAL = ("--kubeconfig", "{kubeconfig}", *OUTSIDE)
"""What a run is started with where it says nothing else."""
DYING_SECONDS = 10.0
"""Processes that were killed are gone after so long, also on a busy machine."""


@dataclass(frozen=True)
class Stop:
    """A signal to the run, once a line of its output matches `after`.

    SIGKILL goes to all of its processes, any other signal to the front door as a person's does.
    """

    number: signal.Signals
    after: str


@dataclass(frozen=True)
class Run:
    """How the suite is run, and what has to come out.

    `options` may have `{kubeconfig}`, `{output}` and `{folder}`, and what the change gives. `says`
    are patterns that the output has, `never` such that it has not. `decides` are the ids (globs) of
    the checks that may and have to fail, be inconclusive or an error; there are no others.
    """

    options: tuple[str, ...]
    exit: int
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    verdict: str | None = None
    decides: tuple[str, ...] = ()
    as_usual: bool = True
    output: str = "{folder}/{number}"
    environment: Mapping[str, str] = field(default_factory=dict)
    stop: Stop | None = None
    beside_the_next: bool = False
    seconds: float = 900.0

    def command(self, values: Mapping[str, str]) -> list[str]:
        """Return the command line; `values` fill the braces."""
        usual = AS_USUAL if self.as_usual else ()
        words = [word.format(**values) for word in (*self.options, *usual)]
        return [sys.executable, "-m", "conformance", *words]


@dataclass
class Outcome:
    """What came of a run. `status` is None where it had no end; times are in seconds."""

    status: int | None
    seconds: float
    silence: float
    output: str
    report: dict[str, Any] | None


class Started:
    """A run that is under way."""

    def __init__(self, run: Run, values: Mapping[str, str]) -> None:
        self._run = run
        self._values = values
        self._lines: list[str] = []
        self._silence = 0.0
        self._begun = self._last = time.monotonic()
        environment = {name: text.format(**values) for name, text in run.environment.items()}
        self._process = subprocess.Popen(
            run.command(values),
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        stop = self._run.stop
        for line in self._process.stdout or ():
            now = time.monotonic()
            self._silence, self._last = max(self._silence, now - self._last), now
            self._lines.append(line)
            if stop is not None and re.search(stop.after, line):
                self._signal(stop.number)
                stop = None

    def _signal(self, number: signal.Signals) -> None:
        if number is signal.SIGKILL:
            os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)

    def end(self) -> Outcome:
        """Wait for the end, and return what came of it."""
        try:
            status: int | None = self._process.wait(self._run.seconds)
        except subprocess.TimeoutExpired:
            status = None
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._await_children()
        ended = time.monotonic()
        self._reader.join(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return Outcome(
            status=status,
            seconds=ended - self._begun,
            silence=max(self._silence, ended - self._last),
            output="".join(self._lines),
            report=_report(Path(self._values["output"])),
        )

    def _await_children(self) -> None:
        """Wait until what the run has started is gone too: killed, it may take its time to die."""
        deadline = time.monotonic() + DYING_SECONDS
        with suppress(ProcessLookupError):
            while time.monotonic() < deadline:
                os.killpg(self._process.pid, 0)
                time.sleep(0.1)


def _report(folder: Path) -> dict[str, Any] | None:
    """Return the only report below a folder, None without one."""
    found = sorted(folder.glob("*/report.json")) if folder.is_dir() else []
    if not found:
        return None
    text: dict[str, Any] = json.loads(found[-1].read_text(encoding="utf-8"))
    return text
