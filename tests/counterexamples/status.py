"""Counter-examples to the checks of `conformance.test_status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.edits import Edit, counterexample

if TYPE_CHECKING:
    from collections.abc import Callable

    Json = dict[str, Any]


def status_of(pod: Json, container: str) -> Json:
    """Return a container's status in one version of a pod, empty where there is none."""
    for part in ("initContainerStatuses", "containerStatuses"):
        for status in pod["status"].get(part) or []:
            if status["name"] == container:
                found: Json = status
                return found
    return {}


def set_condition(
    edit: Edit, kind: str, when: Callable[[Json], bool], name: str | None = None, **new: str
) -> None:
    """Change a condition in those versions of the pods for which `when` holds."""
    changed = 0
    for pod in edit.pods(name):
        for condition in pod["status"].get("conditions") or []:
            if condition["type"] == kind and when(pod):
                condition.update(new)
                changed += 1
    assert changed, f"no {kind} to change"


def set_phase(
    edit: Edit, phase: str, when: Callable[[Json], bool], name: str | None = None
) -> None:
    """Change the phase in those versions of the pods for which `when` holds."""
    found = [pod for pod in edit.pods(name) if when(pod)]
    assert found, "no such version"
    for pod in found:
        pod["status"]["phase"] = phase


def starting(container: str) -> Callable[[Json], bool]:
    """Tell of a version whether this container runs and is not started."""

    def tell(pod: Json) -> bool:
        status = status_of(pod, container)
        return "running" in status.get("state", {}) and not status["started"]

    return tell


def down(container: str) -> Callable[[Json], bool]:
    """Tell of a version whether this container was restarted and is down again."""

    def tell(pod: Json) -> bool:
        status = status_of(pod, container)
        return status.get("restartCount", 0) > 0 and "running" not in status["state"]

    return tell


def app_done(pod: Json) -> bool:
    """Tell whether app has ended while the first sidecar still runs."""
    app, sidecar = status_of(pod, "app"), status_of(pod, "sidecar-1")
    return "terminated" in app.get("state", {}) and "running" in sidecar["state"]


@counterexample("status.in-init-statuses", "a sidecar is shown among the regular containers")
def moved(edit: Edit) -> None:
    for pod in edit.pods():
        init = pod["status"].get("initContainerStatuses")
        if init:
            pod["status"]["containerStatuses"].append(init.pop())


@counterexample("status.started-flag", "a sidecar counts as started as soon as it runs")
def started_at_once(edit: Edit) -> None:
    for status in edit.statuses("sidecar-2"):
        status["started"] = "running" in status["state"]


@counterexample("status.started-flag", "an ended sidecar still counts as started")
def started_for_ever(edit: Edit) -> None:
    for status in edit.statuses("sidecar-1"):
        if "terminated" in status["state"]:
            status["started"] = True


@counterexample(
    "status.started-flag", "a restarted sidecar counts as started", scenario="status-crash"
)
def started_again_at_once(edit: Edit) -> None:
    for status in edit.statuses("slow"):
        if status["restartCount"] == 1 and "running" in status["state"]:
            status["started"] = True


@counterexample("status.main-waiting-reason", "app waits for another reason")
def other_reason(edit: Edit) -> None:
    for status in edit.statuses("app"):
        if "waiting" in status["state"]:
            status["state"]["waiting"]["reason"] = "ContainerCreating"


@counterexample("status.final-states", "a sidecar is left as running")
def left_running(edit: Edit) -> None:
    for status in edit.statuses("sidecar-1"):
        if "terminated" in status["state"]:
            started = status["state"]["terminated"]["startedAt"]
            status["state"] = {"running": {"startedAt": started}}


@counterexample("status.final-states", "a killed sidecar shows no 137", scenario="status-ends")
def not_137(edit: Edit) -> None:
    for status in edit.statuses("is-killed"):
        if "terminated" in status["state"]:
            status["state"]["terminated"].update(exitCode=0, reason="Completed")


@counterexample("status.events-fieldpath", "the events point to a regular container")
def as_regular(edit: Edit) -> None:
    for event in edit.objects("Event"):
        path = event["involvedObject"].get("fieldPath", "")
        if "sidecar" in path:
            event["involvedObject"]["fieldPath"] = path.replace("initContainers", "containers")


@counterexample("status.killing-event-early", "the event comes with SIGTERM")
def late_event(edit: Edit) -> None:
    killed = [
        event
        for event in edit.objects("Event")
        if event["reason"] == "Killing"
        and event["involvedObject"].get("fieldPath", "").endswith("{exits-1}")
    ]
    for event in killed:
        event["firstTimestamp"] = "2100-01-01T00:00:00Z"
    assert killed


@counterexample("status.termination-message", "the message at the sidecar's own path is not read")
def no_message(edit: Edit) -> None:
    for status in edit.statuses("crasher"):
        for part in ("state", "lastState"):
            status[part].get("terminated", {}).pop("message", None)


@counterexample("status.termination-message", "the log is not taken where it is asked for")
def no_fallback(edit: Edit) -> None:
    for status in edit.statuses("slow"):
        for part in ("state", "lastState"):
            status[part].get("terminated", {}).pop("message", None)


@counterexample("phase.pending-until-initialised", "Running while a sidecar is starting")
def early_running(edit: Edit) -> None:
    set_phase(edit, "Running", starting("sidecar-2"))


@counterexample("phase.running-with-crashing-sidecar", "a crashing sidecar makes the pod Pending")
def crash_pending(edit: Edit) -> None:
    set_phase(edit, "Pending", down("crasher"))


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


@counterexample("cond.initialized-false", "Initialized is True while a sidecar is starting")
def early_initialized(edit: Edit) -> None:
    set_condition(edit, "Initialized", starting("sidecar-2"), status="True", reason="", message="")


@counterexample("cond.initialized-false", "the message does not name the sidecar")
def wrong_message(edit: Edit) -> None:
    message = "containers with incomplete status: [init-2]"
    set_condition(edit, "Initialized", starting("sidecar-2"), message=message)


@counterexample("cond.initialized-true", "Initialized is True while a plain init container runs")
def initialized_too_early(edit: Edit) -> None:
    def running(pod: Json) -> bool:
        return "running" in status_of(pod, "init-2").get("state", {})

    set_condition(edit, "Initialized", running, status="True")


@counterexample("cond.initialized-true", "a completed pod does not say so")
def not_completed(edit: Edit) -> None:
    set_condition(edit, "Initialized", lambda p: p["status"]["phase"] == "Succeeded", reason="")


@counterexample("cond.initialized-sticky", "Initialized drops while a sidecar starts again")
def dropped(edit: Edit) -> None:
    set_condition(edit, "Initialized", starting("slow"), status="False")


@counterexample("cond.ready-false-after-main-done", "Ready stays True while the sidecar stops")
def still_ready(edit: Edit) -> None:
    set_condition(edit, "Ready", app_done, status="True", reason="")


@counterexample("cond.ready-needs-sidecars", "the pod stays Ready while its sidecar is not")
def ready_anyway(edit: Edit) -> None:
    set_condition(edit, "Ready", unready, "net-web", status="True", reason="", message="")


@counterexample("cond.ready-needs-sidecars", "the message does not name the sidecar")
def unnamed(edit: Edit) -> None:
    message = "containers with unready status: [app]"
    set_condition(edit, "ContainersReady", unready, "net-web", message=message)


def unready(pod: Json) -> bool:
    """Tell whether the sidecar runs and is not ready while app is."""
    proxy, app = status_of(pod, "proxy"), status_of(pod, "app")
    return "running" in proxy.get("state", {}) and not proxy["ready"] and app["ready"]
