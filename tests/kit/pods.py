"""Answers of an API server to the self-test, on a cluster that runs its pods, or does not."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from fixtures.stage import selftest
from tests.kit.apiserver import Ran, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

CLOCK = "2026-11-26T20:00:{second}.5Z CLOCK {up}\n"


class Cluster:
    """A cluster that runs the pods of the self-test in one namespace.

    The attributes are what may go wrong on it.

    `status` makes the status of a pod, by its name; `answers` are what is answered instead, by
    method and path; `logs` are what is answered instead of the log of a container.
    """

    def __init__(self, namespace: str = "here") -> None:
        self._pods = f"/api/v1/namespaces/{namespace}/pods"
        self.pods: dict[str, Json] = {}
        self.deleted: list[str] = []
        self.asked: list[str] = []
        self.answers: dict[tuple[str, str], object] = {}
        self.logs: dict[str, Reply] = {}
        self.status: Callable[[str], Json] = running
        self.admit: Callable[[Json], object] = lambda _: None
        self.address = "10.0.0.7"
        self.exec = Ran()
        self.unreachable: tuple[str, ...] = ()
        self.written = True

    def answer(self, request: Request) -> Reply | Ran:
        """Answer as an API server does."""
        if request.method == "DELETE":
            self.deleted.append(request.path)
        special = self.answers.get((request.method, request.path))
        if isinstance(special, Exception):
            raise special
        if isinstance(special, Reply):
            return special
        if request.method == "POST":
            return self._store(deepcopy(request.body))
        return self._get(request)

    def _store(self, thing: Json) -> Reply:
        self.admit(thing)
        if thing["kind"] == "Service":
            thing["spec"]["clusterIP"] = "10.96.0.1"
        else:
            thing["metadata"]["creationTimestamp"] = "2026-11-26T20:00:01Z"
            self.pods[thing["metadata"]["name"]] = thing
        return Reply(thing, status=201)

    def _get(self, request: Request) -> Reply | Ran:
        name = request.path.removeprefix(self._pods).strip("/").partition("/")[0]
        if request.path.endswith("/exec"):
            return self._run(request)
        if request.path.endswith("/log"):
            assert request.query["timestamps"] == "true"
            container = request.query["container"]
            return self.logs.get(container) or Reply(self._log(container))
        if name in self.pods and request.path == f"{self._pods}/{name}":
            return Reply({**self.pods[name], "status": self.status(name)})
        return Reply({"items": []})

    def _run(self, request: Request) -> Ran:
        script = request.query["command"]
        if "wget" not in script:
            return self.exec
        self.asked.append(script.split("'")[1])
        return Ran(code=int(any(host in script for host in self.unreachable)))

    def _log(self, container: str) -> str:
        second = {"sidecar": 2, "init": 3, "main": 4}[container]
        text = CLOCK.format(second=f"{second:02}", up=5000 + second)
        if container == "main" and self.written:
            text += "2026-11-26T20:00:05.1Z WRITTEN\n"
        return text


def running(name: str) -> Json:
    container = {"name": selftest.MAIN[name], "state": {"running": {}}}
    ready = {"type": "Ready", "status": "True"}
    return {"podIP": "10.0.0.7", "containerStatuses": [container], "conditions": [ready]}
