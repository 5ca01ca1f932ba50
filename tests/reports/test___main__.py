"""The commands on reports have one front door, with the exit statuses of the suite."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reports.__main__ import COMMANDS, main


def test_every_command_tells_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n    {name} " in told
        assert main([name, "--help"]) == 0


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["timeline"], ["timeline", "a", "b"]])
def test_a_usage_error_is_four(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 4
    assert "usage:" in capsys.readouterr().err


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reports", "timeline", "nowhere"],
        cwd=Path(__file__).parents[2],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "nowhere: cannot be read: No such file or directory\n"
