"""An API server with one namespace, `given`, in which others have objects as well."""

from __future__ import annotations

import itertools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fixtures.kubeapi import owner
from fixtures.kubeapi.kinds import KINDS
from tests.kit.apiserver import Reply

if TYPE_CHECKING:
    from tests.kit.apiserver import Request

Json = dict[str, Any]

PREFIX = "/namespaces/given/"
BY_PLURAL = {kind.plural: name for name, kind in KINDS.items()}

GONE = Reply({"message": "not found"}, status=HTTPStatus.NOT_FOUND)
FORBIDDEN = Reply({"message": "no"}, status=HTTPStatus.FORBIDDEN)
CONFLICT = Reply({"message": "already exists"}, status=HTTPStatus.CONFLICT)


class Cluster:
    """Keeps objects by kind and name: each goes when it is deleted and nothing holds it.

    A controller's pods stay when it goes, as they do until the garbage collector has come by.
    """

    def __init__(self) -> None:
        self.things: dict[tuple[str, str], Json] = {}
        self.deleted: list[tuple[str, str]] = []
        self.refused: set[tuple[str, str]] = set()
        """The methods and plurals that are forbidden."""
        self.asked: list[tuple[str, str]] = []
        self.level = "restricted"
        """The Pod Security level in force."""
        self._uids = itertools.count(1)

    def add(self, kind: str, name: str, run: str = "") -> Json:
        """Let there be an object, of a run if it is named, and return it."""
        meta: Json = {"name": name, "namespace": "given", "uid": f"u{next(self._uids)}"}
        meta |= owner.metadata(run) if run else {}
        self.things[kind, name] = {"metadata": meta}
        return self.things[kind, name]

    def answer(self, request: Request) -> Reply:
        """Answer as an API server does."""
        self.asked.append((request.method, request.path))
        _, found, rest = request.path.partition(PREFIX)
        if not found:
            # Whatever lies outside of the namespace is none of the user's business.
            return FORBIDDEN
        plural, _, name = rest.partition("/")
        kind = BY_PLURAL[plural]
        if (request.method, plural) in self.refused:
            return FORBIDDEN
        if not name:
            return self._create(request, kind) if request.method == "POST" else self._list(request)
        thing = self.things.get((kind, name))
        if thing is None:
            return GONE
        if request.method == "DELETE":
            return self._delete(request, kind, name)
        if request.method == "PATCH":
            thing["metadata"] |= request.body["metadata"]
            self._go(kind, name)
        return Reply(thing)

    def _list(self, request: Request) -> Reply:
        kind = BY_PLURAL[request.path.rpartition("/")[2]]
        label, _, value = request.query["labelSelector"].partition("=")
        items = [
            thing
            for (found, _), thing in self.things.items()
            if found == kind
            and label in (labels := thing["metadata"].get("labels") or {})
            and value in ("", labels[label])
        ]
        return Reply({"items": items})

    def _create(self, request: Request, kind: str) -> Reply:
        body = request.body
        ports = [port for one in body["spec"]["containers"] for port in one.get("ports") or ()]
        if self.level != "privileged" and any("hostPort" in port for port in ports):
            why = f'pods "x" is forbidden: violates PodSecurity "{self.level}:latest": hostPort'
            return Reply({"message": why}, status=HTTPStatus.FORBIDDEN)
        key = (kind, body["metadata"]["name"])
        if key in self.things:
            return CONFLICT
        if "dryRun" not in request.query:
            body["metadata"] |= {"namespace": "given", "uid": f"u{next(self._uids)}"}
            self.things[key] = body
        return Reply(body, status=HTTPStatus.CREATED)

    def _delete(self, request: Request, kind: str, name: str) -> Reply:
        meta = self.things[kind, name]["metadata"]
        wanted = (request.body.get("preconditions") or {}).get("uid", meta["uid"])
        if wanted != meta["uid"]:
            return CONFLICT
        self.deleted.append((kind, name))
        meta["deletionTimestamp"] = "now"
        self._go(kind, name)
        return Reply({})

    def _go(self, kind: str, name: str) -> None:
        meta = self.things[kind, name]["metadata"]
        if "deletionTimestamp" in meta and not meta.get("finalizers"):
            del self.things[kind, name]
