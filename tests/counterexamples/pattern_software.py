"""Counter-examples to the checks of `conformance.checks.test_pattern_software`.

Each is one to the promise about every software.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.scenarios.pattern_software import AREA, SCENARIOS
from tests.kit.edits import Edit, counterexamples

if TYPE_CHECKING:
    from collections.abc import Callable

    Breaking = Callable[[Edit], None]

IN_TIME = -30
"""In seconds: so much earlier is before anything that a scenario does."""


def of_each(promise: str, breaks: str) -> Callable[[Breaking], Breaking]:
    """Register an edit for a promise about each software."""
    return counterexamples([f"{AREA}{need}.{promise}" for need in SCENARIOS], breaks)


def pod_of(edit: Edit, *, of_job: bool = False) -> str:
    """Return the name of the pod that is none of the Job's, or of the one that is."""
    found = (pod["metadata"] for pod in edit.pods())
    return str(next(one["name"] for one in found if ("ownerReferences" in one) == of_job))


@of_each("starts-first", "the app is started before the sidecar")
@of_each("gates-app", "the app is started before the sidecar is asked whether it is ready")
def early_app(edit: Edit) -> None:
    edit.shift_line("app", "START", IN_TIME, pod=pod_of(edit))


@of_each("gates-app", "the app is shown to run beside a sidecar that is not ready")
def shown_early(edit: Edit) -> None:
    for status in edit.statuses("app", pod_of(edit)):
        status["state"] = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}


@of_each("gates-app", "the first request of the app is refused")
@of_each("survives-app-restart", "the request of the restarted app is refused")
def refused(edit: Edit) -> None:
    edit.rename_line("app", "FIRST answered", "FIRST refused", pod=pod_of(edit))


@of_each("survives-app-restart", "the sidecar is restarted with its app")
def restarted(edit: Edit) -> None:
    for status in edit.statuses("sidecar", pod_of(edit)):
        status["restartCount"] = 1


@of_each("outlives-app", "the last request of the app is refused")
def refused_at_last(edit: Edit) -> None:
    edit.rename_line("app", "LAST answered", "LAST refused", pod=pod_of(edit))


@of_each("outlives-app", "the sidecar has ended before its app")
def ended_early(edit: Edit) -> None:
    edit.shift_state("sidecar", "finishedAt", IN_TIME, pod=pod_of(edit))


@of_each("ends-in-time", "the sidecar is killed")
def killed(edit: Edit) -> None:
    ended_with(edit, pod_of(edit), 137)


@of_each("ends-in-time", "the sidecar ends with another code than the software does")
def other_code(edit: Edit) -> None:
    ended_with(edit, pod_of(edit), 3)


@of_each("ends-in-time", "the sidecar runs on after the grace period")
def overtime(edit: Edit) -> None:
    edit.shift_state("sidecar", "finishedAt", 90, pod=pod_of(edit))


@of_each("job-completes", "the Job runs on with its sidecar")
def endless(edit: Edit) -> None:
    for job in edit.objects("Job"):
        job["status"].pop("conditions", None)


@of_each("job-completes", "the sidecar fails the pod of the Job")
def failed(edit: Edit) -> None:
    for pod in edit.pods(pod_of(edit, of_job=True)):
        if pod["status"]["phase"] == "Succeeded":
            pod["status"]["phase"] = "Failed"


@of_each("job-completes", "the sidecar is stopped before the app is done")
def stopped_early(edit: Edit) -> None:
    edit.shift_state("sidecar", "finishedAt", IN_TIME, pod=pod_of(edit, of_job=True))


@of_each("job-completes", "the sidecar of the Job is killed")
def killed_in_job(edit: Edit) -> None:
    ended_with(edit, pod_of(edit, of_job=True), 137)


@of_each("job-completes", "the request of the Job's app is refused")
def refused_in_job(edit: Edit) -> None:
    edit.rename_line("app", "FIRST answered", "FIRST refused", pod=pod_of(edit, of_job=True))


def ended_with(edit: Edit, pod: str, code: int) -> None:
    """Let the sidecar of a pod have ended with another exit code."""
    states = [
        one["state"]["terminated"]
        for one in edit.statuses("sidecar", pod)
        if "terminated" in one["state"]
    ]
    assert states, "the sidecar never ended"
    for state in states:
        state["exitCode"] = code
