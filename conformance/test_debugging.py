"""Debugging: looking into a sidecar while its pod is still being initialised."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from fixtures.requirements import Level, requirement
from fixtures.stage import manifest
from fixtures.stage.api import UnreachableError
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.run import Run
    from fixtures.timeline import Timeline

OBSERVED = Level.OBSERVED
DEBUG = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/"
DEBUG_INIT = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-init-containers/"
EPHEMERAL = "https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/"

OK = 200


@scenario("dbg-init", seconds=9)
def dbg_init(run: Run) -> None:
    """Look into the sidecar in every way there is; it is not to count as started meanwhile."""
    log = manifest.resource_path("v1", "Pod", run.namespace, "dbg-init") + "/log"
    run.until_said("sidecar", "TICK")
    # That one of these fails is for the checks to say.
    with suppress(UnreachableError):
        run.exec("sidecar", "sh", "-c", "echo from inside; exit 5")
    with suppress(UnreachableError):
        run.attach("sidecar", "TICK")
    run.get(log, "log", container="sidecar")
    with suppress(UnreachableError):
        run.exec("sidecar", "touch", "/end")
    run.until_restarted("sidecar")
    run.get(log, "previous log", container="sidecar", previous="true")
    run.patch(
        "dbg-init",
        {
            "spec": {
                "ephemeralContainers": [
                    {
                        "name": "debugger",
                        "image": run.images.fixture,
                        "imagePullPolicy": "Never" if run.images.loaded else "IfNotPresent",
                        "targetContainerName": "sidecar",
                        "command": ["sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline | head -n 1"],
                    }
                ]
            }
        },
        subresource="ephemeralcontainers",
    )
    run.until_terminated("debugger")
    run.until_said("debugger", "sh -c")
    run.read("Pod", "dbg-init")


def assert_still_initialising(timeline: Timeline) -> None:
    """Require that the pod was in its initialisation when all had been done."""
    (reading,) = [action for action in timeline.actions if action.name == "read"]
    assert reading.body["status"]["phase"] == "Pending"
    (sidecar,) = reading.body["status"]["initContainerStatuses"]
    assert not sidecar.get("started"), "the sidecar counts as started"
    assert not timeline["app"].ever_started, "the app was started"


@requirement(
    "dbg.exec-logs-attach",
    OBSERVED,
    since="1.29",
    scenario="dbg-init",
    source=(DEBUG, DEBUG_INIT),
)
def test_exec_logs_attach(timeline: Timeline) -> None:
    """A sidecar can be looked into by exec, attach, logs and previous logs in initialisation."""
    assert_still_initialising(timeline)
    executed = timeline.action("exec", argv=["sh", "-c", "echo from inside; exit 5"]).answer
    assert executed.get("output", "").strip() == "from inside", f"exec answered {executed}"
    assert executed["code"] == 5
    attached = timeline.action("attach", container="sidecar").answer
    assert "TICK" in attached.get("output", ""), f"attach answered {attached}"
    log = timeline.action("log")
    assert log.status == OK, f"the log was answered {log.status}"
    text = str(log.answer["body"])
    assert text.startswith("START\n"), f"the log is {text!r}"
    previous = timeline.action("previous log")
    assert previous.status == OK, f"the previous log was answered {previous.status}"
    lines = str(previous.answer["body"]).splitlines()
    assert (lines[0], lines[-1]) == ("START", "LAST"), f"the previous log is {lines}"


@requirement(
    "dbg.ephemeral-target",
    OBSERVED,
    since="1.29",
    scenario="dbg-init",
    source=(EPHEMERAL, DEBUG),
)
def test_ephemeral_target(timeline: Timeline) -> None:
    """An ephemeral container may target a sidecar, and runs while the pod is initialising."""
    assert_still_initialising(timeline)
    patch = timeline.action("patch", name="dbg-init")
    assert patch.status == OK, f"it was refused: {patch.body.get('message')}"
    assert timeline["debugger"].last.exit_code == 0
    assert timeline["debugger"].said("sh -c"), "process 1 is not the sidecar's"
    assert not timeline["debugger"].ever_said("sh -c tr"), "it is alone with its processes"
