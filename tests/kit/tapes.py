"""Synthesised recordings, for tests of what reads them: times are seconds since the tape began."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fixtures.evidence.recording import (
    SCHEMA,
    EndRecord,
    Header,
    Record,
    Recording,
    as_json,
    encode,
    from_json,
)
from fixtures.kubeapi.times import SECOND

Json = dict[str, Any]
BEGUN = 1_795_470_000 * SECOND
BOOT = 5_000
"""How long before the tape began the node had booted, in seconds."""


def whole(seconds: float) -> str:
    """Return a status time: whole seconds."""
    at = BEGUN // SECOND + math.floor(seconds)
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def exact(seconds: float) -> str:
    """Return a stamp of the runtime: nanoseconds."""
    fraction = round(seconds % 1 * SECOND)
    return whole(seconds).removesuffix("Z") + f".{fraction:09d}Z"


def running(identity: str, started: float, restarts: int = 0, **more: Any) -> Json:  # noqa: ANN401
    """Return the status of a container that runs."""
    return {
        "containerID": identity,
        "restartCount": restarts,
        "state": {"running": {"startedAt": whole(started)}},
        **more,
    }


def terminated(identity: str, started: float, finished: float, code: int = 0) -> Json:
    """Return the `terminated` state of a container."""
    return {
        "terminated": {
            "containerID": identity,
            "startedAt": whole(started),
            "finishedAt": whole(finished),
            "exitCode": code,
            "reason": "Error" if code else "Completed",
        }
    }


class Tape:
    """A recording in the making. `skew` is how far this suite's clock is before the node's."""

    def __init__(self, *, skew: float = 0.0, **header: Any) -> None:  # noqa: ANN401
        self._skew = skew
        self._version = 0
        given: dict[str, Any] = {
            "at": self.here(0),
            "label": "v1.37.2",
            "minor": 37,
            "shared_clock": not skew,
            "scenario": "one",
            **header,
        }
        self.header = Header(**given)
        self.records: list[Record] = []

    def here(self, seconds: float) -> int:
        """Return the time by the suite's clock."""
        return BEGUN + round((seconds + self._skew) * SECOND)

    def add(self, kind: str, at: float, **fields: Any) -> None:  # noqa: ANN401
        """Add any record."""
        record = from_json({"type": kind, "at": self.here(at), **fields})
        assert record is not None, f"there is no record of type {kind}"
        self.records.append(record)

    def pod(  # noqa: PLR0913 - what a pod is made of
        self,
        at: float,
        *,
        name: str = "one",
        uid: str = "u1",
        node: str = "node",
        event: str = "MODIFIED",
        sidecar: Json | None = None,
        app: Json | None = None,
        phase: str = "Running",
        conditions: dict[str, str] | None = None,
    ) -> None:
        """Add a version of a pod with the containers `init`, `sidecar` and `app`."""
        self._version += 1
        status: Json = {"phase": phase}
        if sidecar:
            status["initContainerStatuses"] = [{"name": "sidecar", **sidecar}]
        if app:
            status["containerStatuses"] = [{"name": "app", **app}]
        status["conditions"] = [
            {"type": kind, "status": value} for kind, value in (conditions or {}).items()
        ]
        self.watch(
            at,
            event,
            {
                "kind": "Pod",
                "apiVersion": "v1",
                "metadata": {"name": name, "uid": uid, "resourceVersion": str(self._version)},
                "spec": {
                    "nodeName": node,
                    "initContainers": [
                        {"name": "init"},
                        {"name": "sidecar", "restartPolicy": "Always"},
                    ],
                    "containers": [{"name": "app"}],
                },
                "status": status,
            },
        )

    def watch(self, at: float, event: str, thing: Json) -> None:
        """Add a watch event."""
        self.add("watch", at, event={"type": event, "object": thing})

    def log(  # noqa: PLR0913 - what a line has
        self,
        at: float,
        text: str,
        *,
        container: str = "app",
        instance: str = "a",
        pod: str = "one",
        uid: str = "u1",
        late: float = 0.001,
        clock: float | None = None,
    ) -> None:
        """Add a line of a log that arrives `late`; `clock` is what its container read."""
        line = text if clock is None else f"{text} {clock + BOOT:.2f}"
        self.add(
            "log",
            at + late,
            pod=pod,
            uid=uid,
            container=container,
            instance=instance,
            stamp=exact(at),
            line=line,
        )

    def log_end(
        self, at: float, *, container: str = "app", instance: str = "a", uid: str = "u1"
    ) -> None:
        """Let a log have been read to its end."""
        self.add("log-end", at, pod="one", uid=uid, container=container, instance=instance)

    def log_gap(
        self, at: float, reason: str, *, container: str = "app", instance: str = "a"
    ) -> None:
        """Let some of a log be lost."""
        about = {"pod": "one", "uid": "u1", "container": container, "instance": instance}
        self.add("log-gap", at, **about, reason=reason)

    def action(self, at: float, name: str, /, *, lasts: float = 0.01, **more: Any) -> None:  # noqa: ANN401
        """Add something that the suite did; `answer` may be given, the rest are arguments."""
        answer = more.pop("answer", {"status": 200, "body": {}, "warnings": []})
        ended = self.here(at + lasts)
        self.add("action", at, ended=ended, name=name, arguments=more, answer=answer)

    def end(self, at: float = 60) -> Recording:
        """End it."""
        self.add("end", at)
        return self.recording()

    def recording(self) -> Recording:
        """Return it as it is, without an end if it was not ended."""
        complete = bool(self.records) and isinstance(self.records[-1], EndRecord)
        return Recording(Path("one.jsonl"), self.header, list(self.records), complete)

    def write(self, path: Path, *, schema: int = SCHEMA) -> None:
        """Write it to a file, as if of this schema."""
        path.parent.mkdir(parents=True, exist_ok=True)
        header = json.dumps({**as_json(self.header), "schema": schema})
        lines = [header, *(encode(record) for record in self.records)]
        text = "".join(f"{line}\n" for line in lines)
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
