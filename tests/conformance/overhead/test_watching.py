"""Pods are seen to be Ready once, and to be gone, whatever else is told of them."""

from __future__ import annotations

import json
import queue
from typing import TYPE_CHECKING, Any

import pytest

from conformance.overhead.watching import Watching
from fixtures import patience
from fixtures.errors import EnvironmentBrokenError
from tests.kit.apiserver import Reply, Request, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.kubeapi.client import Api

Json = dict[str, Any]


class Told:
    """What a server tells of pods: events are put, and come over the watch."""

    def __init__(self) -> None:
        self._events: queue.Queue[str | None] = queue.Queue()
        self._version = 1

    def put(self, kind: str, name: str, *, ready: bool = False) -> None:
        """Tell of a pod."""
        self._version += 1
        condition = {"type": "Ready", "status": str(ready)}
        pod = {
            "metadata": {"name": name, "uid": name, "resourceVersion": str(self._version)},
            "status": {"phase": "Running", "conditions": [condition]},
        }
        self._events.put(json.dumps({"type": kind, "object": pod}) + "\n")

    def end(self) -> None:
        """End the watch."""
        self._events.put(None)

    def answer(self, request: Request) -> Reply:
        """Answer a list, or a watch."""
        if "watch" in request.query:
            return Reply(self._stream())
        return Reply({"items": [], "metadata": {"resourceVersion": "1"}})

    def _stream(self) -> Iterator[str]:
        while (line := self._events.get()) is not None:
            yield line


@pytest.fixture
def told() -> Iterator[Told]:
    found = Told()
    yield found
    found.end()


@pytest.fixture
def api(told: Told, tmp_path: Path) -> Iterator[Api]:
    with serving(told.answer, tmp_path) as (_, api):
        yield api
        told.end()


def test_a_pod_is_ready_when_it_was_seen_so_first(api: Api, told: Told) -> None:
    with Watching(api, "somewhere") as watching:
        told.put("ADDED", "one")
        told.put("MODIFIED", "one", ready=True)
        first, pod = watching.until_ready("one")
        assert pod["metadata"]["resourceVersion"] == "3"
        told.put("MODIFIED", "one", ready=False)
        told.put("MODIFIED", "one", ready=True)
        told.put("DELETED", "one", ready=True)
        assert watching.until_gone("one") > first
        assert watching.until_ready("one") == (first, pod)
        told.end()


def test_a_pod_that_is_deleted_was_not_made_ready_by_that(
    api: Api, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_chosen", [0.001])
    with Watching(api, "somewhere") as watching:
        told.put("DELETED", "one", ready=True)
        with pytest.raises(EnvironmentBrokenError, match="pod one is not Ready after 0 s: Running"):
            watching.until_ready("one")
        told.end()


def test_what_is_never_seen_is_told(api: Api, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    with Watching(api, "somewhere") as watching:
        monkeypatch.setattr(patience, "_chosen", [0.001])
        with pytest.raises(EnvironmentBrokenError, match="pod one is not gone after 0 s: it was"):
            watching.until_gone("one")
        told.end()
