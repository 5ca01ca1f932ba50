"""The session: what it asks of the suite, and what it keeps."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.errors import EnvironmentBrokenError, UsageError
from fixtures.host.progress import Progress
from fixtures.images import kubernetes, releases
from fixtures.images.golang import Package
from tests.power.components import SHARED, Component
from tests.power.reach import __main__ as main
from tests.power.reach import builds, places, profiles
from tests.power.reach.__main__ import Run
from tests.power.reach.places import Function
from tests.power.reach.samples import block

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.power.reach.profiles import Block

ROOT = Path(__file__).parents[3]
VERSION = "v1.37.2"
KUBELET = Component("kubelet", ("example.org/kept/...",))
KUBELET_LINKS = ("example.org/kept", *SHARED.packages, "example.org/kept/cmd")
RUN = Run("1f2e3d4c5b6a", ("--only", "term"), ("kubelet-v1.37.2-77",), status=0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--component", "kubelt"], "there is no component 'kubelt'"),
        (["--kubernetes", "1.2"], "Kubernetes 1.2 is not supported"),
        (["--context", "kind"], "reach makes its own cluster .*: leave out --context"),
        (["--only", "term", "--replay=DIR"], "leave out --replay"),
        (["--swap=kubelet=v1.29.7"], "leave out --swap"),
    ],
)
def test_a_bad_request_gets_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(arguments) == 4
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert re.search(said, captured.err)


def test_the_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--page"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "reach.md").read_text(encoding="utf-8")


def test_a_run_swaps_what_was_compiled_and_is_harvested(tmp_path: Path) -> None:
    built = {"kubelet": Path("/built/kubelet"), "kube-scheduler": Path("/built/scheduler")}
    python, *words = main.command(("--only", "term"), built, VERSION, tmp_path)
    assert python == sys.executable
    assert words == [
        *("-m", "conformance", "--kubernetes=v1.37.2"),
        "--swap=kubelet=/built/kubelet/bin/kubelet-reach",
        "--swap=kube-scheduler=/built/scheduler/bin/kube-scheduler-reach",
        *("-p", "tests.power.reach.harvest", f"--harvest={tmp_path}/counters"),
        *(f"--output={tmp_path}/run", "--only", "term"),
    ]


@pytest.mark.parametrize(
    ("change", "serves"),
    [
        ({}, True),
        ({"status": 1}, True),
        ({"status": 3}, False),
        ({"options": ()}, False),
        ({"builds": ("kubelet-v1.37.2-78",)}, False),
        ({"suite": "000000000000"}, False),
    ],
)
def test_counters_serve_where_nothing_else_would_come_of_a_run(
    change: dict[str, Any], *, serves: bool
) -> None:
    wanted = Run(RUN.suite, RUN.options, RUN.builds)
    earlier = Run(**{**vars(RUN), **change})
    assert earlier.serves(wanted) is serves


@pytest.mark.parametrize("suite", ["1f2e3d4c5b6a+", "unknown"])
def test_a_changed_suite_runs_again(suite: str) -> None:
    earlier = Run(suite, RUN.options, RUN.builds, status=0)
    assert not earlier.serves(Run(suite, RUN.options, RUN.builds))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"suite": "x", "options": 3}'])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    assert main.read(tmp_path / "run.json") is None
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    assert main.read(tmp_path / "run.json") is None


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[list[str]]]:
    """Put a suite that ends with a status in the place of ours; return how it was called."""

    def ended(status: int, *files: str) -> list[list[str]]:
        called: list[list[str]] = []

        def waited_for(words: Sequence[str]) -> int:
            called.append(list(words))
            for file in files:
                path = tmp_path / "counters" / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            return status

        monkeypatch.setattr(main, "waited_for", waited_for)
        return called

    return ended


COUNTERS = "kubelet/covcounters.1f.1.2"
WANTED = Run(RUN.suite, RUN.options, RUN.builds)
BUILT = {"kubelet": Path("/built")}


def test_a_run_is_made_once(run: Callable[..., list[list[str]]], tmp_path: Path) -> None:
    called = run(0, COUNTERS)
    assert main.ran(WANTED, BUILT, VERSION, tmp_path, Progress()) == RUN
    assert main.ran(WANTED, BUILT, VERSION, tmp_path, Progress()) == RUN
    assert len(called) == 1
    assert called[0][-2:] == ["--only", "term"]


def test_counters_of_another_run_are_removed(
    run: Callable[..., list[list[str]]], tmp_path: Path
) -> None:
    run(0, COUNTERS, "kubelet/covcounters.old")
    main.ran(WANTED, BUILT, VERSION, tmp_path, Progress())
    called = run(1, COUNTERS)
    other = Run("000000000000", (), ())
    assert main.ran(other, BUILT, VERSION, tmp_path, Progress()).status == 1
    assert len(called) == 1
    assert [path.name for path in (tmp_path / "counters" / "kubelet").iterdir()] == [
        "covcounters.1f.1.2"
    ]


@pytest.mark.parametrize(
    ("status", "files", "error"),
    [
        (4, (), UsageError),
        (0, (), EnvironmentBrokenError),
        (2, (COUNTERS,), EnvironmentBrokenError),  # interrupted
        (-9, (COUNTERS,), EnvironmentBrokenError),
    ],
)
def test_a_run_that_came_to_nothing_is_none(
    run: Callable[..., list[list[str]]],
    tmp_path: Path,
    status: int,
    files: tuple[str, ...],
    error: type[Exception],
) -> None:
    run(status, *files)
    with pytest.raises(error, match="see what it said above"):
        main.ran(WANTED, BUILT, VERSION, tmp_path, Progress())
    assert not (tmp_path / "run.json").exists()


def test_a_command_is_waited_for() -> None:
    assert main.waited_for([sys.executable, "-c", "raise SystemExit(3)"]) == 3


def test_a_signal_goes_on_to_the_run(tmp_path: Path) -> None:
    there = tmp_path / "there"
    program = (
        "import pathlib, signal, sys, time;"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7));"
        f"pathlib.Path({str(there)!r}).touch();"
        "time.sleep(60)"
    )

    def interrupt() -> None:
        while not there.exists():
            time.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=interrupt)
    thread.start()
    assert main.waited_for([sys.executable, "-c", program]) == 7
    thread.join()
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_version_is_measured_and_written(
    run: Callable[..., list[list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(0, COUNTERS)
    scheduler = Component("kube-scheduler", ("example.org/planned",), words="planned")
    monkeypatch.setattr(builds, "counting", lambda one, *_: tmp_path / f"{one.name}-{VERSION}-77")
    monkeypatch.setattr(main, "revision", lambda: RUN.suite)

    def read(counters: Sequence[Path], packages: Sequence[str], profile: Path) -> list[Block]:
        names = [place.relative_to(tmp_path / "counters").name for place in counters]
        asked.append((*names, *packages, profile.name))
        file = f"{packages[0].removesuffix('/...')}/kept.go"
        return [block(file, 5, 6, 2, executed=True), block(file, 7, 9, 3, executed=False)]

    def packages(component: str, module: Path) -> list[Package]:
        assert module == tmp_path / f"{component}-{VERSION}-77" / "module"
        names = ("example.org/planned",) if component == "kube-scheduler" else KUBELET_LINKS
        return [Package(name, Path("/src") / component, (), "", Path()) for name in names]

    def functions(folders: dict[str, Path], words: str) -> list[Function]:
        ((name, folder),) = folders.items()
        spoken.append((folder.name, words))
        return [Function(f"{name}/kept.go", "isSidecar", 5, 10, (7,))]

    asked: list[tuple[str, ...]] = []
    spoken: list[tuple[str, str]] = []
    monkeypatch.setattr(profiles, "read", read)
    monkeypatch.setattr(kubernetes, "packages", packages)
    monkeypatch.setattr(places, "functions", functions)
    found = main.reach(VERSION, [KUBELET, scheduler], RUN.options, tmp_path, Progress())
    assert asked == [
        ("kubelet", *KUBELET.packages, "kubelet.profile"),
        ("kube-scheduler", "example.org/planned", "kube-scheduler.profile"),
        # What any of them has executed of what they share was executed.
        ("kubelet", "kube-scheduler", *SHARED.packages, "shared.profile"),
    ]
    assert spoken == [
        ("kubelet", KUBELET.words),
        ("kube-scheduler", "planned"),
        ("kubelet", SHARED.words),
    ]
    assert [one.name for one in found.components] == ["kubelet", "kube-scheduler", "shared"]
    assert str(found.components[0].everything) == "40.0 % of 5"
    assert [one.unexecuted for one in found.components[0].functions] == [("7-9",)]
    assert (tmp_path / "reach.txt").read_text().startswith(f"Kubernetes {VERSION}, suite 1f2e3d")
    assert json.loads((tmp_path / "reach.json").read_text())["components"][0]["name"] == "kubelet"


def test_components_are_only_compiled_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[tuple[str, str]] = []

    def counting(component: Component, version: str, _: Progress) -> Path:
        compiled.append((version, component.name))
        return tmp_path

    monkeypatch.setattr(builds, "counting", counting)
    monkeypatch.setattr(releases, "resolve_list", lambda _: ["v1.37.2", "v1.33.13"])
    monkeypatch.setattr(subprocess, "Popen", None)
    assert main.main(["--build-only", "--component", "kubelet,kube-scheduler"]) == 0
    assert compiled == [
        ("v1.37.2", "kubelet"),
        ("v1.37.2", "kube-scheduler"),
        ("v1.33.13", "kubelet"),
        ("v1.33.13", "kube-scheduler"),
    ]


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(builds, "counting", lambda *_: tmp_path)
    monkeypatch.setattr(releases, "resolve_list", lambda _: [VERSION])
    assert main.main(["--output", str(tmp_path / "file")]) == 3
    assert capsys.readouterr().err.startswith(f"ERROR: cannot write to {tmp_path}/file")
