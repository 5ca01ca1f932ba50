"""Reading logs on a node: a folder of this host, and the shell that runs on nodes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from fixtures.commands import start
from fixtures.stage.containers import ContainerRuns
from fixtures.stage.nodelogs import NodeLogs
from tests.tapes import running, terminated

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.stage.run import Run
    from fixtures.stage.waits import OpenLog

Json = dict[str, Any]
ID = "containerd://"
DAY = "2026-11-23T21:42:"


@dataclass
class Recorded:
    """What a recorder was given, without what is the same everywhere."""

    lines: list[tuple[str, str, str, str]] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)

    def write(self, kind: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """See Recorder."""
        if kind == "log":
            place = f"{fields['pod']}/{fields['uid']}/{fields['container']}"
            self.lines.append((place, fields["instance"], fields["stamp"], fields["line"]))
        else:
            self.ends.append(f"{kind} {fields['instance']}")


@dataclass(eq=False)
class Scenario:
    """A scenario that is being staged, as far as logs are concerned."""

    recorder: Recorded = field(default_factory=Recorded)
    closing: bool = False
    open: list[OpenLog] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def heard(self, pod: str, container: str, line: str) -> None:
        """See Run."""
        self.said.append(f"{pod}/{container}: {line}")

    def log_opened(self, log: OpenLog) -> None:
        """See Run."""
        self.open.append(log)

    def log_closed(self, log: OpenLog) -> None:
        """See Run."""
        self.open.remove(log)


class Node:
    """A node that is this host, with its logs in a folder of the test."""

    name = "node"

    def __init__(self, folder: Path) -> None:
        self.links = folder / "containers"
        self._pods = folder / "pods"
        self.links.mkdir()
        self.shells: list[subprocess.Popen[bytes]] = []
        self.works = True

    def run(
        self, *argv: str, stdin: bytes | None = None, timeout: float = 60.0, check: bool = True
    ) -> str:
        """Run nothing: logs need no command of their own."""
        raise NotImplementedError(argv, stdin, timeout, check)

    def open(self, *argv: str) -> subprocess.Popen[bytes]:
        """Start a command on this host."""
        self.shells.append(start(*argv) if self.works else start("false"))
        return self.shells[-1]

    def log(self, identity: str, text: str, pod: str = "one", uid: str = "u1") -> Path:
        """Append to the log of a container, which is made and linked where there is none."""
        path = self._pods / f"sidecar-run_{pod}_{uid}" / "app" / f"{identity}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
        link = self.links / f"{pod}_sidecar-run_app-{identity}.log"
        if not link.is_symlink():
            link.symlink_to(path)
        return path


class Theatre:
    """The reader of a node's logs, and the scenario that wants them."""

    def __init__(self, folder: Path) -> None:
        self.node = Node(folder)
        self.scenario = Scenario()
        self.runs = ContainerRuns()
        self.broke = ""
        self.logs = NodeLogs(
            self.node, "sidecar-run", self.runs, self._broken, folder=str(self.node.links)
        )

    def _broken(self, reason: str) -> None:
        self.broke = reason

    def pod(self, *, uid: str = "u1", annotations: Json | None = None, **app: Any) -> None:  # noqa: ANN401
        """Let the watch tell of a pod."""
        metadata = {"name": "one", "uid": uid, "annotations": annotations or {}}
        status = {"containerStatuses": [{"name": "app", **app}]} if app else {}
        event: Json = {"type": "MODIFIED", "object": {"metadata": metadata, "status": status}}
        self.logs.saw(cast("Run", self.scenario), event["object"], self.runs.saw(event))

    def look(self, times: int = 3) -> None:
        """Wait until the shell has looked at all logs so often."""
        wanted = self.logs.looks + times
        deadline = time.monotonic() + 20
        while self.logs.looks < wanted:
            assert time.monotonic() < deadline, "the shell does not look"
            time.sleep(0.01)

    @property
    def lines(self) -> list[str]:
        """What was recorded of all logs."""
        return [line for *_, line in self.scenario.recorder.lines]


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Theatre]:
    made = Theatre(tmp_path)
    yield made
    made.logs.stop()
    assert all(shell.poll() is not None for shell in made.node.shells)


def line(second: int, text: str) -> str:
    return f"{DAY}{second:02}.5Z stdout F {text}\n"


def test_lines_come_with_the_run_that_wrote_them(theatre: Theatre) -> None:
    theatre.pod(**running(f"{ID}a", 1))
    theatre.node.log("a", line(1, "START 1") + line(2, ""))
    theatre.node.log("b", line(3, "START 2"))
    theatre.look()
    assert sorted(theatre.scenario.recorder.lines) == [
        ("one/u1/app", f"{ID}a", f"{DAY}01.5Z", "START 1"),
        ("one/u1/app", f"{ID}a", f"{DAY}02.5Z", ""),
        ("one/u1/app", f"{ID}b", f"{DAY}03.5Z", "START 2"),
    ]
    assert theatre.scenario.said == ["one/app: START 1", "one/app: "]


def test_steps_hear_a_line_when_a_status_has_told_of_its_run(theatre: Theatre) -> None:
    theatre.pod()
    theatre.node.log("a", line(1, "START"))
    theatre.look()
    assert theatre.lines == ["START"]
    assert theatre.scenario.said == []
    theatre.pod(**running(f"{ID}a", 1))
    assert theatre.scenario.said == ["one/app: START"]
    theatre.node.log("a", line(2, "UP"))
    theatre.look()
    assert theatre.scenario.said == ["one/app: START", "one/app: UP"]


def test_a_line_may_come_in_pieces(theatre: Theatre) -> None:
    theatre.pod()
    whole = line(1, r"a \n b  c ")
    theatre.node.log("a", whole[:30])
    theatre.look()
    assert theatre.lines == []
    theatre.node.log("a", whole[30:])
    theatre.look()
    assert theatre.lines == [r"a \n b  c "]


def test_a_log_that_is_removed_is_read_to_its_end(theatre: Theatre) -> None:
    theatre.pod(**running(f"{ID}a", 1))
    path = theatre.node.log("a", line(1, "START"))
    theatre.look()
    with path.open("a", encoding="utf-8") as file:
        path.unlink()
        file.write(line(2, "END"))
    theatre.look()
    assert theatre.lines == ["START", "END"]
    theatre.pod(containerID=f"{ID}a", state=terminated(f"{ID}a", 1, 2))
    theatre.look()
    assert theatre.scenario.recorder.ends == [f"log-end {ID}a"]


def test_lines_of_a_pod_that_no_watch_has_told_of_wait(theatre: Theatre) -> None:
    theatre.node.log("a", line(1, "START"))
    theatre.look()
    assert theatre.lines == []
    theatre.pod()
    assert theatre.lines == ["START"]


def test_a_static_pod_has_another_uid_on_its_node(theatre: Theatre) -> None:
    theatre.node.log("a", line(1, "START"), uid="hash")
    theatre.pod(annotations={"kubernetes.io/config.hash": "hash"})
    theatre.look()
    (found,) = theatre.scenario.recorder.lines
    assert found[0] == "one/u1/app"


def test_a_log_is_whole_when_it_was_looked_at_after_the_end(theatre: Theatre) -> None:
    theatre.node.log("a", line(1, "START"))
    theatre.pod(**running(f"{ID}a", 1))
    (log,) = theatre.scenario.open
    theatre.look()
    assert log.settled()
    assert theatre.scenario.recorder.ends == []
    theatre.pod(containerID=f"{ID}a", state=terminated(f"{ID}a", 1, 2))
    assert not log.settled()
    theatre.look()
    assert theatre.scenario.recorder.ends == [f"log-end {ID}a"]
    assert theatre.scenario.open == []


def test_a_scenario_that_closes_takes_what_there_is(theatre: Theatre) -> None:
    theatre.pod(**running(f"{ID}a", 1))
    (log,) = theatre.scenario.open
    theatre.scenario.closing = True
    theatre.node.log("a", line(1, "START"))
    assert not log.settled()
    theatre.look()
    assert log.settled()
    assert theatre.lines == ["START"]


def test_a_log_that_never_was_there_is_lost(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fixtures.stage.nodelogs.PATIENCE", 2)
    theatre.pod(containerID=f"{ID}a", state=terminated(f"{ID}a", 1, 2))
    theatre.look(4)
    assert theatre.scenario.recorder.ends == [f"log-gap {ID}a"]
    assert theatre.scenario.open == []


def test_a_shell_that_dies_is_started_again_and_no_line_comes_twice(theatre: Theatre) -> None:
    theatre.pod(**running(f"{ID}a", 1))
    theatre.node.log("a", line(1, "START"))
    theatre.look()
    theatre.node.shells[0].kill()
    theatre.node.log("a", line(2, "END"))
    theatre.look()
    assert len(theatre.node.shells) == 2
    assert theatre.lines == ["START", "END"]
    assert theatre.broke == ""


def test_a_node_that_cannot_be_read_breaks_the_run(theatre: Theatre) -> None:
    theatre.node.works = False
    theatre.node.shells[0].kill()
    deadline = time.monotonic() + 20
    while not theatre.broke and time.monotonic() < deadline:
        time.sleep(0.01)
    assert theatre.broke == "the logs on node node cannot be read"


def test_what_the_shell_never_says_is_a_defect(theatre: Theatre) -> None:
    theatre.pod()
    theatre.node.log("a", "nonsense\n")
    deadline = time.monotonic() + 20
    while not theatre.broke and time.monotonic() < deadline:
        time.sleep(0.01)
    assert theatre.broke.startswith("defect in the reader of logs: ")
