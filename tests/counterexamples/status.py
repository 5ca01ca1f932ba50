"""Counter-examples to the checks of `conformance.checks.test_status`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fixtures.evidence.recording import ActionRecord, WatchRecord
from fixtures.kubeapi.status import container_status
from tests.kit.edits import Edit, counterexample

if TYPE_CHECKING:
    Json = dict[str, Any]


@counterexample("status.in-init-statuses", "a sidecar is shown among the regular containers")
def moved(edit: Edit) -> None:
    for pod in edit.pods():
        init = pod["status"].get("initContainerStatuses")
        if init:
            pod["status"]["containerStatuses"].append(init.pop())


@counterexample("status.start-time", "a later status has no start time", scenario="ordered-start")
def no_start_time(edit: Edit) -> None:
    edit.pods()[-1]["status"].pop("startTime")


@counterexample("status.start-time", "a restart of a sidecar is a start", scenario="status-crash")
def started_anew(edit: Edit) -> None:
    for pod in edit.pods():
        slow = container_status(pod, "slow")
        if slow.restarts and slow.running:
            pod["status"]["startTime"] = slow.details["startedAt"]


@counterexample("status.start-time", "a pod starts when it ends", scenario="ordered-start")
def started_late(edit: Edit) -> None:
    ended = edit.statuses("app")[-1]["state"]["terminated"]["finishedAt"]
    for pod in edit.pods():
        if "startTime" in pod["status"]:
            pod["status"]["startTime"] = ended


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


@counterexample("status.final-states", "a sidecar is left as running", scenario="ordered-start")
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


@counterexample("status.final-states", "a sidecar's own exit code is lost", scenario="term-delete")
def no_own_code(edit: Edit) -> None:
    for status in edit.statuses("crashes"):
        if "terminated" in status["state"]:
            status["state"]["terminated"].update(exitCode=0, reason="Completed")


@counterexample("status.final-states", "a killed sidecar is no error", scenario="term-overtime")
def killed_and_completed(edit: Edit) -> None:
    for status in edit.statuses("sidecar-2"):
        if "terminated" in status["state"]:
            status["state"]["terminated"]["reason"] = "Completed"


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


@counterexample("status.termination-message-share", "sidecars are left out of the number")
def whole_share(edit: Edit) -> None:
    for status in edit.statuses("exits-1", "status-ends-well"):
        if "terminated" in status["state"]:
            status["state"]["terminated"]["message"] = "m" * 4096


@counterexample("status.termination-message-share", "the message is lost")
def lost_message(edit: Edit) -> None:
    for status in edit.statuses("exits-1", "status-ends-well"):
        status["state"].get("terminated", {}).pop("message", None)


@counterexample("status.restored", "what somebody else wrote stays")
def not_restored(edit: Edit) -> None:
    flags = edit.statuses("sidecar")
    wrong = max(at for at, status in enumerate(flags) if not status["ready"])
    for status in flags[wrong:]:
        status["ready"] = False


@counterexample("status.restored", "nobody may write it")
def not_written(edit: Edit) -> None:
    edit.action("patch", subresource="status").answer["status"] = HTTPStatus.FORBIDDEN


def answer(edit: Edit, number: int, status: HTTPStatus) -> None:
    """Let one of the written statuses have been answered otherwise."""
    [one for one in edit.of(ActionRecord) if one.name == "patch"][number].answer["status"] = status


@counterexample("status.transition", "a sidecar that has ended may not run again")
def sidecar_refused(edit: Edit) -> None:
    answer(edit, 1, HTTPStatus.UNPROCESSABLE_ENTITY)


@counterexample("status.transition", "an init container that has ended may run again")
def init_accepted(edit: Edit) -> None:
    answer(edit, 2, HTTPStatus.OK)


@counterexample("status.transition", "the end of both is refused")
def end_refused(edit: Edit) -> None:
    answer(edit, 0, HTTPStatus.UNPROCESSABLE_ENTITY)


def successor(edit: Edit) -> list[Json]:
    """Return the versions of the last of the pods that took the place of another."""
    pods = edit.pods("status-replaced")
    return [pod for pod in pods if pod["metadata"]["uid"] == pods[-1]["metadata"]["uid"]]


def told(edit: Edit) -> Json:
    """Return what was last told of the sidecar of that pod."""
    status: Json = successor(edit)[-1]["status"]["initContainerStatuses"][0]
    return status


@counterexample("status.replaced", "a container of the former is told to be the sidecar")
def container_of_the_former(edit: Edit) -> None:
    former = next(one for one in edit.statuses("sidecar") if one.get("containerID"))
    told(edit)["containerID"] = former["containerID"]


@counterexample("status.replaced", "the sidecar is told to have ended")
def end_of_the_former(edit: Edit) -> None:
    told(edit)["state"] = {"terminated": {"exitCode": 3, "reason": "Error"}}


@counterexample("status.replaced", "the sidecar is told to have been restarted")
def restart_of_the_former(edit: Edit) -> None:
    told(edit)["restartCount"] = 1


@counterexample("status.replaced", "the pod fails with the former")
def phase_of_the_former(edit: Edit) -> None:
    successor(edit)[-1]["status"]["phase"] = "Failed"


@counterexample("status.replaced", "the pod is never ready")
def never_ready(edit: Edit) -> None:
    for pod in successor(edit):
        for condition in pod["status"].get("conditions") or []:
            condition["status"] = "False"


@counterexample("status.replaced", "the pod is not ready any more when the former has stopped")
def ready_no_more(edit: Edit) -> None:
    last = [one for one in edit.of(WatchRecord) if one.object["kind"] == "Pod"][-1]
    for condition in edit.again(last).object["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = "False"


@counterexample("status.replaced", "the last of the pods never takes the place of the former")
def not_replaced(edit: Edit) -> None:
    last = successor(edit)[-1]["metadata"]["uid"]
    edit.drop_events("Pod", lambda pod: pod["metadata"]["uid"] == last)
