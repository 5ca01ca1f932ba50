"""The harvest, with a node that is this host."""

from __future__ import annotations

import argparse
import subprocess
import time
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from fixtures.clusters import Cluster
from fixtures.clusters.nodes import EngineNode
from fixtures.errors import EnvironmentBrokenError
from fixtures.host.commands import execute, start
from fixtures.host.engine import Engine
from tests.power.reach import harvest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GATHERED_SECONDS = 30.0


class HostNode(EngineNode):
    """A node that is this host."""

    def execute(
        self,
        *argv: str,
        stdin: bytes | None = None,
        timeout: float | None = None,
        check: bool = True,
    ) -> str:
        """Run a command on this host."""
        return execute(*argv, stdin=stdin, timeout=timeout or 60.0, check=check)

    def open(self, *argv: str) -> subprocess.Popen[bytes]:
        """Start a command on this host."""
        return start(*argv)

    def fetch(self, source: str, target: Path) -> None:
        """Copy what lies in a folder of this host."""
        target.mkdir(parents=True, exist_ok=True)
        execute("cp", "-r", f"{source}/.", str(target), timeout=60.0)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a kubelet, which is a process of ours, writes its counters."""
    folder = tmp_path / "written"
    folder.mkdir()
    gathered = tmp_path / "gathered"
    monkeypatch.setattr(harvest, "WRITTEN", str(folder))
    monkeypatch.setattr(harvest, "GATHERED", str(gathered))
    monkeypatch.setattr(harvest, "INTERVAL_SECONDS", 0.1)
    process = subprocess.Popen(["sleep", "600"])
    found = {"kubelet": f"echo {process.pid}"}
    monkeypatch.setattr(harvest, "process_of", lambda name: found.get(name, "true"))
    try:
        yield folder
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def node() -> HostNode:
    return HostNode("node", Engine("none", {}))


def until(path: Path, text: str) -> None:
    deadline = time.monotonic() + GATHERED_SECONDS
    while not path.is_file() or path.read_text(encoding="utf-8") != text:
        assert time.monotonic() < deadline, f"{path} is not {text!r}"
        time.sleep(0.05)


def test_counters_are_gathered_and_taken_at_the_end(
    written: Path, node: HostNode, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    (written / "covmeta.1f").write_text("meta", encoding="utf-8")
    (written / "covcounters.1f.1.2").write_text("old", encoding="utf-8")
    with harvest.harvested(node, target):
        until(tmp_path / "gathered" / "kubelet" / "covcounters.1f.1.2", "old")
        # The container of a component is gone with its files.
        (written / "covcounters.1f.1.2").unlink()
        (written / "covcounters.1f.1.3").write_text("new", encoding="utf-8")
        assert not target.exists()
    assert {path.name: path.read_text(encoding="utf-8") for path in target.glob("*/*")} == {
        "covmeta.1f": "meta",
        "covcounters.1f.1.2": "old",
        "covcounters.1f.1.3": "new",
    }
    assert [path.name for path in target.iterdir()] == ["kubelet"]


def test_a_cluster_without_counters_gives_none(
    node: HostNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvest, "GATHERED", str(tmp_path / "gathered"))
    monkeypatch.setattr(harvest, "process_of", lambda _: "true")
    with harvest.harvested(node, tmp_path / "target"):
        pass
    assert list((tmp_path / "target").iterdir()) == []


def test_a_node_that_is_gone_is_told(
    written: Path,
    node: HostNode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    del written

    def broken(*_: object) -> None:
        raise EnvironmentBrokenError("no such\ncontainer")

    monkeypatch.setattr(HostNode, "fetch", broken)
    with harvest.harvested(node, tmp_path / "target"):
        pass
    assert capsys.readouterr().err == (
        "ERROR: the counters could not be taken: no such container\n"
    )


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the plugin begins and ends."""
    found: list[str] = []

    @contextmanager
    def harvested(node: EngineNode, folder: Path) -> Iterator[None]:
        found.append(f"begin {node.name} {folder}")
        yield
        found.append(f"end {node.name}")

    monkeypatch.setattr(harvest, "harvested", harvested)
    return found


def set_up(made: object, folder: Path | None) -> tuple[object, ExitStack]:
    """Set a fixture up under the plugin; return its value, and what ends it."""
    ending = ExitStack()
    fixture = SimpleNamespace(addfinalizer=ending.callback)
    option = argparse.Namespace(harvest=folder)
    request = SimpleNamespace(config=SimpleNamespace(option=option))
    wrapper = harvest.pytest_fixture_setup(cast("Any", fixture), cast("Any", request))
    next(wrapper)
    with pytest.raises(StopIteration) as stopped:
        wrapper.send(made)
    return stopped.value.value, ending


def cluster(*nodes: EngineNode) -> Cluster:
    unknown = cast("Any", None)
    return Cluster("v1", unknown, None, None, "", "", True, unknown, nodes=nodes)  # noqa: FBT003


def test_a_cluster_is_harvested_from_its_beginning_to_its_end(
    events: list[str], tmp_path: Path
) -> None:
    made = cluster(HostNode("one", Engine("none", {})), HostNode("two", Engine("none", {})))
    value, ending = set_up(made, tmp_path)
    assert value is made
    assert events == [f"begin one {tmp_path}", f"begin two {tmp_path}"]
    ending.close()
    assert events[2:] == ["end two", "end one"]


def test_nothing_else_is_harvested(events: list[str], tmp_path: Path) -> None:
    assert set_up("evidence", tmp_path)[0] == "evidence"
    set_up(cluster(HostNode("one", Engine("none", {}))), None)
    assert events == []
