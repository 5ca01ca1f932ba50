from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from fixtures.errors import EnvironmentBrokenError
from fixtures.host.progress import Progress
from reports import jsonreport
from tests.kit.samples import report, result
from tests.power.mutants import runs


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_a_run_is_started_as_a_user_starts_it() -> None:
    words = runs.command(Path("/x/kubelet"), "kubelet", "v1.37.2", "", Path("/out"))
    assert words[1:] == [
        *("-m", "conformance", "--kubernetes", "v1.37.2"),
        *("--swap", "kubelet=/x/kubelet", "--output", "/out"),
    ]
    words = runs.command(Path("/x/kubelet"), "kubelet", "v1.37.2", "term,job", Path("/out"))
    assert words[-2:] == ["--only", "term,job"]


def test_a_report_is_read_whatever_the_status(tmp_path: Path) -> None:
    path = tmp_path / runs.REPORTS / "v1.37.2+kubelet-12345678" / "report.json"
    jsonreport.write(report(result()), path)
    ran = runs.run(script("raise SystemExit(1)"), tmp_path, Progress(), "a mutant")
    assert ran.report is not None
    assert ran.report.label == "v1.37.2"
    assert ran.said == ""


def test_a_component_that_does_not_come_up_is_an_answer(tmp_path: Path) -> None:
    text = "print('!!!! kubelet does not run in node !!!!'); print(); raise SystemExit(3)"
    ran = runs.run(script(text), tmp_path, Progress(), "a mutant")
    assert ran.report is None
    assert ran.said == "kubelet does not run in node"
    assert "does not run" in (tmp_path / runs.OUTPUT).read_text(encoding="utf-8")


@pytest.mark.parametrize("status", [0, 2, 4])
def test_any_other_end_without_a_report_is_none(tmp_path: Path, status: int) -> None:
    text = f"import sys; print('no engine', file=sys.stderr); sys.exit({status})"
    with pytest.raises(EnvironmentBrokenError, match=f"status {status} and no report: no engine"):
        runs.run(script(text), tmp_path, Progress(), "a mutant")


def cleaning_up(tmp_path: Path) -> str:
    """Return a program that writes `here`, and `gone` where it is asked to end."""
    return (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep(0.5)\n"
        f"    pathlib.Path({str(tmp_path / 'gone')!r}).touch()\n"
        "    sys.exit(2)\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"pathlib.Path({str(tmp_path / 'here')!r}).touch()\n"
        "time.sleep(60)\n"
    )


def test_a_run_that_takes_too_long_is_ended_and_may_clean_up(tmp_path: Path) -> None:
    ran = runs.run(script(cleaning_up(tmp_path)), tmp_path, Progress(), "a mutant", 2.0)
    assert (ran.report, ran.cut_off) == (None, True)
    assert ran.said == "it took more than 2 s"
    assert (tmp_path / "gone").exists()


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_run_may_clean_up(tmp_path: Path) -> None:
    def interrupt() -> None:
        while not (tmp_path / "here").exists():
            time.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        runs.run(script(cleaning_up(tmp_path)), tmp_path, Progress(), "a mutant")
    assert (tmp_path / "gone").exists()


def test_nothing_said_is_said() -> None:
    assert runs.last_words(" \n!!!\n") == "nothing was said"
