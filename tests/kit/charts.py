"""A recording with all that a chart may show, and with texts that would be markup if they could."""

from __future__ import annotations

from fixtures.evidence.timeline import Timeline
from tests.kit.tapes import Tape, running, terminated, whole

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x1b[31m]]>&amp;"

STARTED, READY = {"started": True}, {"ready": True}


def tape(text: str = "START") -> Tape:
    """Return the tape of a pod whose app is restarted, and says a text."""
    tape = Tape(label="v1.37.2")
    tape.action(0, "create", name="one", answer={"status": 201, "body": {}})
    tape.pod(1, event="ADDED", phase="Pending", conditions={"Ready": "False"})
    tape.pod(4, sidecar=running("s", 2) | STARTED, phase="Pending")
    tape.log(2.5, text, container="sidecar", instance="s")
    tape.pod(
        6,
        sidecar=running("s", 2) | STARTED | READY,
        app=running("a", 5) | STARTED | READY,
        conditions={"Ready": "True"},
    )
    tape.log(5.5, "START", clock=5.5)
    tape.log(8, "TERM", clock=8)
    tape.watch(
        8.5,
        "ADDED",
        {
            "kind": "Event",
            "metadata": {"name": "e", "uid": "e1"},
            "reason": "Unhealthy",
            "message": f"Liveness probe failed: {text}",
            "count": 3,
            "firstTimestamp": whole(7),
            "lastTimestamp": whole(8),
            "involvedObject": {
                "kind": "Pod",
                "name": "one",
                "uid": "u1",
                "fieldPath": "spec.containers{app}",
            },
        },
    )
    crashed = {
        "restartCount": 0,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": text}},
        "lastState": terminated("a", 5, 9, 137),
    }
    tape.pod(10, sidecar=running("s", 2) | STARTED | READY, app=crashed)
    tape.pod(
        14,
        sidecar=running("s", 2) | STARTED | READY,
        app=running("b", 13, restarts=1, lastState=terminated("a", 5, 9, 137)),
    )
    tape.log(13.5, "AGAIN", instance="b")
    tape.action(15, "delete", name="one", lasts=2)
    tape.add("wait", 16, ended=tape.here(18), what=f"the end {text}", met=False, saw=text)
    tape.add("outage", 18, ended=tape.here(19), reason=text)
    tape.pod(20, event="DELETED", sidecar={"state": terminated("s", 2, 19)}, phase="Succeeded")
    return tape


def timeline(text: str = "START") -> Timeline:
    """Return the timeline of that tape."""
    return Timeline(tape(text).end(21))
