"""Debugging: looking into a sidecar while its pod is still being initialised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.logs import text_of
from conformance.requirements import OBSERVED, requirement
from conformance.sources import DEBUG_INIT, DEBUG_RUNNING, DOCS
from fixtures.evidence.capabilities import Capability
from fixtures.kubeapi.status import container_status, phase_of

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Timeline

EPHEMERAL_CONTAINERS = f"{DOCS}/concepts/workloads/pods/ephemeral-containers/"


def assert_still_initialising(timeline: Timeline) -> None:
    """Assert that the pod was still being initialised after the last step."""
    reading = timeline.action("read")
    assert phase_of(reading.body) == "Pending"
    sidecar = container_status(reading.body, "sidecar")
    assert sidecar, "the sidecar has no status"
    assert not sidecar.started, "the sidecar counts as started"
    assert not timeline["app"].ever_started, "the app was started"


@requirement(
    "dbg.exec-logs-attach",
    OBSERVED,
    since="1.29",
    scenario="dbg-init",
    source=(DEBUG_RUNNING, DEBUG_INIT),
    needs=(Capability.SIDECARS, Capability.ATTACH),
)
def test_exec_logs_attach(timeline: Timeline) -> None:
    """A sidecar can be looked into by exec, attach, logs and previous logs in initialisation."""
    assert_still_initialising(timeline)
    executed = timeline.action("exec", argv=["sh", "-c", "echo from inside; exit 5"]).answer
    assert executed.get("output", "").strip() == "from inside", f"exec answered {executed}"
    assert executed["code"] == 5
    attached = timeline.action("attach", container="sidecar").answer
    assert "TICK" in attached.get("output", ""), f"attach answered {attached}"
    text = text_of(timeline.action("log"))
    assert text.startswith("START\n"), f"the log is {text!r}"
    lines = text_of(timeline.action("previous log")).splitlines()
    assert (lines[0], lines[-1]) == ("START", "LAST"), f"the previous log is {lines}"


@requirement(
    "dbg.ephemeral-target",
    OBSERVED,
    since="1.29",
    scenario="dbg-init",
    source=(EPHEMERAL_CONTAINERS, DEBUG_RUNNING),
    needs=(Capability.SIDECARS, Capability.EPHEMERAL_CONTAINERS),
)
def test_ephemeral_target(timeline: Timeline) -> None:
    """An ephemeral container may target a sidecar, and runs while the pod is initialising."""
    assert_still_initialising(timeline)
    patch = timeline.action("patch", name="dbg-init")
    assert patch.accepted, f"it was refused: {patch.message}"
    assert timeline["debugger"].last.exit_code == 0
    assert timeline["debugger"].said("sh -c"), "process 1 is not the sidecar's"
    assert not timeline["debugger"].ever_said("sh -c tr"), "it is alone with its processes"
