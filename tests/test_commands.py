from __future__ import annotations

import sys
import time

import pytest

from fixtures.commands import CommandError, run

PYTHON = sys.executable


def test_the_value_is_standard_output_alone() -> None:
    text = run("sh", "-c", "echo out; echo err >&2", timeout=10)
    assert text == "out\n"


def test_standard_input_is_fed() -> None:
    assert run("cat", timeout=10, stdin=b"given") == "given"


def test_lines_of_standard_error_are_passed_on() -> None:
    lines: list[str] = []
    run("sh", "-c", "echo one >&2; echo two >&2", timeout=10, on_line=lines.append)
    assert lines == ["one", "two"]


def test_a_failure_tells_command_status_and_last_words() -> None:
    with pytest.raises(CommandError) as caught:
        run("sh", "-c", "echo out; echo words >&2; exit 3", timeout=10)
    assert caught.value.status == 3
    assert caught.value.output == "out\nwords\n"
    assert "exited with status 3" in str(caught.value)
    assert "| words" in str(caught.value)


def test_a_failure_may_be_wanted() -> None:
    assert run("sh", "-c", "echo out; exit 3", timeout=10, check=False) == "out\n"


def test_a_missing_program_is_an_error_of_the_same_kind() -> None:
    with pytest.raises(CommandError, match="cannot run no-such-program"):
        run("no-such-program", timeout=10)


def test_time_runs_out_for_all_that_was_started() -> None:
    begun = time.monotonic()
    with pytest.raises(CommandError, match="did not finish in 1 s"):
        run("sh", "-c", "echo words; sleep 60 & sleep 60", timeout=1)
    assert time.monotonic() - begun < 30


def test_the_environment_is_added_to_ours() -> None:
    text = run("sh", "-c", "echo $MINE; test -n $PATH", timeout=10, env={"MINE": "here"})
    assert text == "here\n"
