from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from fixtures import cache
from fixtures.clusters import leftovers
from fixtures.clusters.leftovers import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = """
import sys, time
from fixtures.clusters.leftovers import Record, registered
with registered(Record("dead", "cluster-of-the-dead", "podman", {"NAME": "value"})):
    print("registered", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.ROOT_VARIABLE, str(tmp_path))


@pytest.fixture
def other_run() -> Iterator[subprocess.Popen[str]]:
    """Another process that has registered a cluster and lives."""
    process = subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "registered\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_nothing_to_sweep() -> None:
    assert leftovers.sweep(lambda _: pytest.fail("there is none")) == []


def test_a_run_that_lives_is_left_alone(other_run: subprocess.Popen[str]) -> None:
    assert leftovers.sweep(lambda _: pytest.fail("it is alive")) == []
    assert [record.cluster for record in leftovers.alive()] == ["cluster-of-the-dead"]
    assert leftovers.alive()[0].pid == other_run.pid
    assert leftovers.dead() == []


def test_a_killed_run_is_swept_once(other_run: subprocess.Popen[str]) -> None:
    other_run.send_signal(signal.SIGKILL)
    other_run.wait()
    assert [record.run for record in leftovers.dead()] == ["dead"]
    deleted: list[Record] = []
    assert leftovers.sweep(deleted.append) == deleted
    assert [(r.cluster, r.engine, r.environment) for r in deleted] == [
        ("cluster-of-the-dead", "podman", {"NAME": "value"})
    ]
    assert leftovers.sweep(deleted.append) == []
    assert leftovers.dead() == []


def test_a_record_stays_until_its_cluster_could_be_deleted(
    other_run: subprocess.Popen[str],
) -> None:
    other_run.kill()
    other_run.wait()

    def fail(_: Record) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        leftovers.sweep(fail)
    assert len(leftovers.sweep(lambda _: None)) == 1


def test_a_record_goes_when_it_is_void() -> None:
    with leftovers.registered(Record("mine", "cluster", "docker")) as mine:
        (mine.folder / "kubeconfig").write_text("")
        assert [record.run for record in leftovers.alive()] == ["mine"]
        assert leftovers.sweep(lambda _: pytest.fail("it is mine")) == []
        mine.forget()
        assert not mine.folder.exists()
    assert leftovers.dead() == []


def test_a_record_stays_when_the_run_breaks() -> None:
    with pytest.raises(RuntimeError), leftovers.registered(Record("mine", "cluster", "docker")):
        raise RuntimeError
    assert [record.cluster for record in leftovers.dead()] == ["cluster"]


def test_run_ids_differ() -> None:
    assert leftovers.new_run_id() != leftovers.new_run_id()
