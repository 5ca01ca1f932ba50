"""Runs as real processes."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.hostile.runs import Run, Started, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, Run], Started]:
    """Start a program in the place of the suite."""

    def started(program: str, run: Run) -> Started:
        def command(_: Run, __: Mapping[str, str]) -> list[str]:
            return [sys.executable, "-c", program]

        monkeypatch.setattr(Run, "command", command)
        return Started(run, {"output": str(tmp_path)})

    return started


def test_a_command_line_is_that_of_a_user() -> None:
    run = Run(options=("--only", "vol"), exit=0)
    _, *words = run.command({"kubeconfig": "K", "output": "O"})
    assert words == [
        *("-m", "conformance", "--only", "vol", "--kubeconfig", "K"),
        *("--image", "localhost/sidecar-conformance/fixture:1", "--output", "O"),
    ]
    cleanup = Run(options=("cleanup", "--kubeconfig", "{kubeconfig}"), exit=0, as_usual=False)
    assert cleanup.command({"kubeconfig": "K"})[3:] == ["cleanup", "--kubeconfig", "K"]


def test_what_came_of_a_run_is_known(start: Callable[[str, Run], Started], tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "report.json").write_text('{"verdict": "conformant"}')
    program = "import time; print('one'); time.sleep(1.2); print('two'); raise SystemExit(3)"
    outcome = start(program, Run(options=(), exit=3)).end()
    assert (outcome.status, outcome.output) == (3, "one\ntwo\n")
    assert outcome.report == {"verdict": "conformant"}
    # The first line may be read late.
    assert outcome.seconds >= outcome.silence >= 0.8


def test_a_run_without_an_end_is_ended(start: Callable[[str, Run], Started]) -> None:
    outcome = start("import time; time.sleep(60)", Run(options=(), exit=0, seconds=0.5)).end()
    assert outcome.status is None
    assert outcome.silence >= 0.5


def test_the_end_of_a_run_is_that_of_its_children(start: Callable[[str, Run], Started]) -> None:
    program = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input(); print(1)'],"
        "stdin=subprocess.Popen(['sleep', '1.5'], stdout=-1).stdout)"
    )
    assert start(program, Run(options=(), exit=0)).end().seconds >= 1.5


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 7), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_run_is_stopped_after_a_line(
    start: Callable[[str, Run], Started], number: signal.Signals, status: int
) -> None:
    program = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7));"
        "print('staging 3 scenarios'); time.sleep(60)"
    )
    run = Run(options=(), exit=0, stop=Stop(number, "staging . scenarios"), seconds=30)
    assert start(program, run).end().status == status
