"""Counter-examples to the checks of `conformance.checks.test_phase`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.kubeapi.status import container_status
from tests.kit.edits import Edit, counterexample

if TYPE_CHECKING:
    from collections.abc import Callable

    Json = dict[str, Any]


def set_phase(
    edit: Edit, phase: str, when: Callable[[Json], bool], name: str | None = None
) -> None:
    """Change the phase in those versions of the pods for which `when` holds."""
    found = [pod for pod in edit.pods(name) if when(pod)]
    assert found, "no such version"
    for pod in found:
        pod["status"]["phase"] = phase


def starting(container: str) -> Callable[[Json], bool]:
    """Return what tells of a version whether this container runs and is not started."""

    def tell(pod: Json) -> bool:
        status = container_status(pod, container)
        return status.running and not status.started

    return tell


def starts_again(container: str) -> Callable[[Json], bool]:
    """Return what tells of a version whether this container was restarted and is not started."""

    def tell(pod: Json) -> bool:
        return container_status(pod, container).restarts > 0 and starting(container)(pod)

    return tell


def down(container: str) -> Callable[[Json], bool]:
    """Return what tells of a version whether this container was restarted and is down again."""

    def tell(pod: Json) -> bool:
        status = container_status(pod, container)
        return status.restarts > 0 and not status.running

    return tell


def app_alone(*sidecars: str) -> Callable[[Json], bool]:
    """Return what tells of a version whether app runs and none of these sidecars does."""

    def tell(pod: Json) -> bool:
        down = not any(container_status(pod, name).running for name in sidecars)
        return down and container_status(pod, "app").running

    return tell


def app_done(pod: Json) -> bool:
    """Tell whether app has ended while the first sidecar still runs."""
    return container_status(pod, "app").terminated and container_status(pod, "sidecar-1").running


def ended(pod: Json) -> bool:
    """Tell whether a pod has ended."""
    return pod["status"].get("phase") in ("Succeeded", "Failed")


@counterexample("phase.reboot-pending", "the pod stays Running")
def stays_running(edit: Edit) -> None:
    def again(pod: Json) -> bool:
        return container_status(pod, "init-1").restarts > 0

    set_phase(edit, "Running", again, "node-kubelet-reboot")


@counterexample("phase.reboot-pending", "the pod is Running while its sidecar starts again")
def running_with_starting_sidecar(edit: Edit) -> None:
    set_phase(edit, "Running", starts_again("sidecar"), "node-kubelet-reboot")


@counterexample(
    "phase.pending-until-initialised",
    "Running while a plain init container runs",
    scenario="startup-no-regate",
)
def running_in_init(edit: Edit) -> None:
    set_phase(edit, "Running", lambda pod: container_status(pod, "init").running)


@counterexample(
    "phase.pending-until-initialised",
    "Running while a sidecar is starting",
    scenario="ordered-start",
)
def early_running(edit: Edit) -> None:
    set_phase(edit, "Running", starting("sidecar-2"))


@counterexample(
    "phase.running-with-crashing-sidecar",
    "a crashing sidecar makes the pod Pending",
    scenario="status-crash",
)
def crash_pending(edit: Edit) -> None:
    set_phase(edit, "Pending", down("crasher"))


@counterexample(
    "phase.running-with-crashing-sidecar",
    "an app does not count beside what crashed",
    scenario="restart-blocked",
)
def app_not_counted(edit: Edit) -> None:
    set_phase(edit, "Pending", app_alone("sidecar"))


@counterexample(
    "phase.running-with-crashing-sidecar",
    "the pod is done when its first app is",
    scenario="restart-backoff",
)
def done_with_first(edit: Edit) -> None:
    set_phase(edit, "Succeeded", app_alone("zero", "one"), "restart-backoff-never")


@counterexample("phase.not-back-to-pending", "the pod is Pending while a sidecar starts again")
def back_to_pending(edit: Edit) -> None:
    set_phase(edit, "Pending", starting("slow"))


@counterexample("phase.running-until-sidecars-stop", "Succeeded before the sidecars stopped")
def early_success(edit: Edit) -> None:
    set_phase(edit, "Succeeded", app_done)


@counterexample("phase.succeeded-ignores-sidecars", "a sidecar's exit code makes the pod fail")
def failed_by_sidecar(edit: Edit) -> None:
    set_phase(edit, "Failed", lambda p: p["status"]["phase"] == "Succeeded", "status-ends-well")


@counterexample("phase.failed-by-main-only", "a sidecar's exit code hides the main's")
def succeeded_by_sidecar(edit: Edit) -> None:
    set_phase(edit, "Succeeded", lambda p: p["status"]["phase"] == "Failed", "status-ends-badly")


@counterexample("phase.failed-by-main-only", "a main that had to be killed counts as a success")
def killed_is_success(edit: Edit) -> None:
    set_phase(edit, "Succeeded", lambda p: p["status"]["phase"] == "Failed", "status-ends-killed")


@counterexample(
    "phase.deleted-pod-ends", "a sidecar's exit code makes the pod fail", scenario="term-delete"
)
def deleted_and_failed(edit: Edit) -> None:
    set_phase(edit, "Failed", ended)


@counterexample(
    "phase.deleted-pod-ends", "the pod ends before its sidecars", scenario="term-delete"
)
def deleted_and_ended_early(edit: Edit) -> None:
    set_phase(edit, "Succeeded", lambda pod: "deletionTimestamp" in pod["metadata"])


@counterexample(
    "phase.deleted-pod-ends", "all that were deleted have failed", scenario="status-ends"
)
def all_failed(edit: Edit) -> None:
    set_phase(edit, "Failed", ended)


@counterexample(
    "phase.deleted-pod-ends", "a killed app counts as a success", scenario="term-overtime"
)
def deleted_and_succeeded(edit: Edit) -> None:
    set_phase(edit, "Succeeded", ended)


@counterexample("phase.deleted-pod-ends", "the pod goes without having ended", scenario="term-init")
def never_ends(edit: Edit) -> None:
    set_phase(edit, "Pending", ended, "term-init-early")


@counterexample(
    "phase.terminal-last", "a pod past its deadline is Failed at once", scenario="term-ways"
)
def failed_at_once(edit: Edit) -> None:
    set_phase(
        edit,
        "Failed",
        lambda pod: "activeDeadlineSeconds" in pod["spec"] and container_status(pod, "app").running,
    )


@counterexample(
    "phase.terminal-last", "a pod is Succeeded when its app is done", scenario="ordered-start"
)
def succeeded_at_once(edit: Edit) -> None:
    set_phase(
        edit,
        "Succeeded",
        lambda pod: (
            container_status(pod, "app").terminated and container_status(pod, "sidecar-1").running
        ),
    )


@counterexample("phase.failed-has-failed", "a sidecar that never started goes on waiting")
def left_waiting(edit: Edit) -> None:
    for status in edit.statuses("sidecar", "startup-bad-image-alone"):
        status["state"] = {"waiting": {"reason": "PodInitializing"}}


@counterexample("phase.failed-has-failed", "a sidecar that never started has ended well")
def unstarted_ended_well(edit: Edit) -> None:
    for status in edit.statuses("sidecar", "startup-bad-image-alone"):
        if "terminated" in status["state"]:
            status["state"]["terminated"]["exitCode"] = 0


@counterexample("phase.failed-has-failed", "a pod whose sidecar never started counts as done")
def unstarted_succeeded(edit: Edit) -> None:
    set_phase(edit, "Succeeded", lambda pod: pod["status"]["phase"] == "Failed")
