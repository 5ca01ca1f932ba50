"""Counter-examples to the checks of `conformance.checks.test_resize`."""

from __future__ import annotations

import copy
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fixtures.evidence.recording import ActionRecord, WatchRecord
from tests.kit.edits import Edit, counterexample

if TYPE_CHECKING:
    Json = dict[str, Any]


def answer(edit: Edit, container: str, key: str, value: str | None, status: HTTPStatus) -> None:
    """Let the resize of a container that asks for this value have been answered otherwise."""
    for record in edit.of(ActionRecord):
        if record.name == "patch":
            for one in record.arguments["patch"]["spec"].get("initContainers", []):
                requests = one["resources"].get("requests", {})
                if one["name"] == container and requests.get(key, "") == value:
                    record.answer["status"] = status
                    return
    raise AssertionError(f"no resize of {container} with {key} {value}")


@counterexample("resize.sidecar", "the resize of a sidecar is refused")
def refused(edit: Edit) -> None:
    answer(edit, "steady", "memory", "28Mi", HTTPStatus.UNPROCESSABLE_ENTITY)


@counterexample("resize.sidecar", "the resize is accepted and never carried out")
def not_done(edit: Edit) -> None:
    for status in edit.statuses("steady"):
        if "resources" in status:
            status["resources"]["requests"]["cpu"] = "10m"


@counterexample("resize.sidecar", "the pod's own cgroup keeps its limit")
def pod_left_behind(edit: Edit) -> None:
    edit.rewrite("read-more", f"{112 << 20}", f"{104 << 20}")


@counterexample("resize.sidecar", "the sidecar's cgroup keeps its limit")
def sidecar_left_behind(edit: Edit) -> None:
    edit.rewrite("read-more", f"{40 << 20}", f"{32 << 20}")


@counterexample("resize.sidecar", "a lower limit is accepted and never carried out")
def never_less(edit: Edit) -> None:
    for status in edit.statuses("steady"):
        if status.get("resources", {}).get("limits", {}).get("memory") == "36Mi":
            status["resources"]["limits"]["memory"] = "40Mi"


@counterexample("resize.sidecar", "a lower limit leaves the pod with the higher one")
def pod_not_less(edit: Edit) -> None:
    edit.rewrite("read-less", f"{108 << 20}", f"{112 << 20}")


def quota(edit: Edit, reading: str, owner: str, millis: int | None) -> None:
    """Let a cgroup have had another limit of CPU: that of a container, or of the pod (no name)."""
    written = -1 if millis is None else millis * 100
    path = "cpu.cfs_quota_us"
    if owner:
        path = rf"\S*{edit.statuses(owner)[-1]['containerID'].rpartition('/')[2]}\S*/{path}"
    answer = edit.action(reading).answer
    answer["output"], found = re.subn(
        rf"^({path}) .*$", rf"\1 {written}", answer["output"], flags=re.MULTILINE
    )
    assert found == 1, f"{reading} has {found} quotas of {owner or 'the pod'}"


@counterexample("resize.cpu-limit", "a sidecar without a limit has one")
def limited_before(edit: Edit) -> None:
    quota(edit, "read-unlimited", "steady", 1000)


@counterexample("resize.cpu-limit", "the pod has a limit though not all of its containers do")
def pod_limited_before(edit: Edit) -> None:
    quota(edit, "read-unlimited", "", 2000)


@counterexample("resize.cpu-limit", "the limit is never in force")
def never_limited(edit: Edit) -> None:
    for status in edit.statuses("steady"):
        status.get("resources", {}).get("limits", {}).pop("cpu", None)


@counterexample("resize.cpu-limit", "the sidecar's cgroup gets no limit")
def left_unlimited(edit: Edit) -> None:
    quota(edit, "read-more", "steady", None)


@counterexample("resize.cpu-limit", "the pod's cgroup gets no limit")
def pod_left_unlimited(edit: Edit) -> None:
    quota(edit, "read-more", "", None)


@counterexample("resize.cpu-limit", "the pod's limit is without that of a sidecar")
def sidecar_uncounted(edit: Edit) -> None:
    quota(edit, "read-more", "", 1800)


@counterexample("resize.cpu-limit", "a lower limit leaves the sidecar with the higher one")
def not_less(edit: Edit) -> None:
    quota(edit, "read-less", "steady", 800)


@counterexample("resize.cpu-limit", "a lower limit leaves the pod with the higher one")
def sum_not_less(edit: Edit) -> None:
    quota(edit, "read-less", "", 2600)


@counterexample("resize.generation", "a resize is no new generation")
def same_generation(edit: Edit) -> None:
    for pod in edit.pods():
        pod["metadata"]["generation"] = 1


@counterexample("resize.generation", "what shows a resize has observed none")
def observed_late(edit: Edit) -> None:
    for pod in edit.pods():
        pod["status"].pop("observedGeneration", None)


def pending(edit: Edit, reason: str) -> list[Json]:
    """Return the conditions that tell of a pending resize for a reason."""
    return [
        condition
        for pod in edit.pods("node-kubelet-runs")
        for condition in pod["status"].get("conditions") or []
        if condition["type"] == "PodResizePending" and condition.get("reason") == reason
    ]


@counterexample("resize.infeasible", "the app is left out of what the pod needs")
def app_left_out(edit: Edit) -> None:
    patches = [one for one in edit.of(ActionRecord) if one.name == "patch"]
    resizes = [one for one in patches if one.arguments["subresource"] == "resize"]
    resizes[1].answer["status"] = HTTPStatus.OK


@counterexample("resize.infeasible", "it is refused for another reason")
def other_reason(edit: Edit) -> None:
    patches = [one for one in edit.of(ActionRecord) if one.name == "patch"]
    resizes = [one for one in patches if one.arguments["subresource"] == "resize"]
    resizes[1].answer["body"]["message"] = "the quota is exceeded"


@counterexample("resize.deferred", "what others have on the node is left out")
def others_left_out(edit: Edit) -> None:
    for pod in edit.pods("node-kubelet-runs"):
        pod["status"]["conditions"] = [
            one for one in pod["status"].get("conditions") or [] if "Resize" not in one["type"]
        ]


@counterexample("resize.deferred", "what is deferred is carried out with the kubelet's restart")
def carried_out(edit: Edit) -> None:
    status = edit.statuses("bare", "node-kubelet-runs")[-1]
    status["resources"] = {"requests": {"cpu": "1"}}


def before_deletion(edit: Edit, name: str) -> Json:
    """Return the last version of a pod that was not being deleted."""
    return [pod for pod in edit.pods(name) if "deletionTimestamp" not in pod["metadata"]][-1]


@counterexample("resize.deferred", "what was taken back stays pending")
def stays_pending(edit: Edit) -> None:
    last = before_deletion(edit, "node-kubelet-runs")
    last["status"]["conditions"].append(dict(pending(edit, "Deferred")[-1]))


@counterexample("resize.deferred", "a sidecar is restarted for what it cannot get")
def restarted_in_vain(edit: Edit) -> None:
    edit.statuses("bare", "node-kubelet-runs")[-1]["restartCount"] = 1


@counterexample("resize.quota", "the quota is not charged for a resize")
def free_resize(edit: Edit) -> None:
    for one in edit.objects("ResourceQuota"):
        if one["status"].get("used", {}).get("requests.memory") == "1296Mi":
            one["status"]["used"]["requests.memory"] = "1288Mi"


@counterexample("resize.quota", "a resize may exceed the quota")
def over_quota(edit: Edit) -> None:
    patches = [one for one in edit.of(ActionRecord) if one.name == "patch"]
    patches[-1].answer["status"] = HTTPStatus.OK


@counterexample("resize.pod-level", "the pod is never resized")
def pod_not_resized(edit: Edit) -> None:
    for pod in edit.pods():
        pod["status"].pop("resources", None)


@counterexample("resize.pod-level", "the cgroup keeps its limit")
def pod_cgroup_kept(edit: Edit) -> None:
    edit.rewrite("read-resized", f"{1200 << 20}", f"{1100 << 20}")


@counterexample("resize.pod-level", "a sidecar is restarted for it")
def restarted_for_it(edit: Edit) -> None:
    edit.statuses("sidecar")[-1]["restartCount"] = 1


@counterexample("resize.restart-policy", "a sidecar is restarted against its policy")
def restarted(edit: Edit) -> None:
    for status in edit.statuses("steady"):
        if status.get("resources", {}).get("requests", {}).get("cpu") == "20m":
            status["restartCount"] = 1


@counterexample("resize.restart-policy", "a sidecar is not restarted though its policy asks for it")
def not_restarted(edit: Edit) -> None:
    for status in edit.statuses("renewed"):
        status["restartCount"] = 0


@counterexample("resize.restart-policy", "the main container is restarted as well")
def main_restarted(edit: Edit) -> None:
    for pod in edit.pods():
        if pod["spec"]["containers"][0]["resources"]["limits"]["memory"] == "32Mi":
            for status in pod["status"].get("containerStatuses") or []:
                status["restartCount"] = 1


@counterexample("resize.app-restart", "the resize of the app is refused")
def app_refused(edit: Edit) -> None:
    for record in edit.of(ActionRecord):
        if record.name == "patch" and list(record.arguments["patch"]["spec"]) == ["containers"]:
            record.answer["status"] = HTTPStatus.FORBIDDEN


@counterexample("resize.app-restart", "the app runs on with what it had")
def app_left_behind(edit: Edit) -> None:
    for status in edit.statuses("app"):
        status.get("resources", {}).get("limits", {})["memory"] = "32Mi"


@counterexample("resize.app-restart", "the app is not restarted though its policy asks for it")
def app_not_restarted(edit: Edit) -> None:
    for status in edit.statuses("app"):
        status["restartCount"] = 0


@counterexample("resize.app-restart", "the app is started twice")
def app_started_twice(edit: Edit) -> None:
    for status in edit.statuses("app")[-3:]:
        status["containerID"] += "0"
        status["restartCount"] = 2


@counterexample("resize.app-restart", "a sidecar is restarted with the app")
def sidecar_with_it(edit: Edit) -> None:
    edit.statuses("steady")[-1]["restartCount"] = 1


@counterexample("resize.app-restart", "a sidecar that was restarted for itself is so once more")
def sidecar_once_more(edit: Edit) -> None:
    edit.statuses("renewed")[-1]["restartCount"] = 2


@counterexample("resize.plain-init", "a running plain init container cannot be resized")
def plain_refused(edit: Edit) -> None:
    answer(edit, "plain", "cpu", "20m", HTTPStatus.UNPROCESSABLE_ENTITY)


@counterexample("resize.plain-init", "a plain init container that wants a restart is accepted")
def plain_restarts(edit: Edit) -> None:
    edit.action("create", name="resize-plain-restarts").answer["status"] = HTTPStatus.CREATED


@counterexample("resize.limits", "a resource that cannot be resized is accepted")
def other_resource(edit: Edit) -> None:
    answer(edit, "steady", "ephemeral-storage", "1Gi", HTTPStatus.OK)


@counterexample("resize.limits", "a request can be taken away")
def taken_away(edit: Edit) -> None:
    answer(edit, "steady", "cpu", None, HTTPStatus.OK)


@counterexample("resize.limits", "containers can be reordered")
def reordered(edit: Edit) -> None:
    edit.action("reorder").answer["status"] = HTTPStatus.OK


@counterexample("resize.limits", "the QoS class changes")
def other_class(edit: Edit) -> None:
    edit.pods()[-1]["status"]["qosClass"] = "Guaranteed"


@counterexample("resize.absent-before", "a change in the pod's spec is accepted")
def spec_accepted(edit: Edit) -> None:
    edit.action("patch", subresource="").answer["status"] = HTTPStatus.OK


@counterexample("resize.absent-before", "the sidecar gets what was asked for")
def changed(edit: Edit) -> None:
    for pod in edit.pods():
        resources = copy.deepcopy(pod["spec"]["initContainers"][0]["resources"])
        resources["requests"]["cpu"] = "20m"
        pod["spec"]["initContainers"][0]["resources"] = resources


@counterexample("resize.conditions", "a resize that is over is still under way")
def never_over(edit: Edit) -> None:
    last = before_deletion(edit, "resize")
    last["status"]["conditions"].append({"type": "PodResizeInProgress", "status": "True"})


@counterexample("resize.conditions", "a sidecar never gets what was asked for")
def never_given(edit: Edit) -> None:
    not_done(edit)


@counterexample("resize.below-use", "a limit below what the sidecar uses is refused")
def below_use_refused(edit: Edit) -> None:
    edit.action("patch", subresource="resize").answer["status"] = HTTPStatus.UNPROCESSABLE_ENTITY


def held_back(edit: Edit) -> WatchRecord:
    """Return the version of the pod in which its resize was held back."""
    for record in edit.of(WatchRecord):
        for condition in record.object.get("status", {}).get("conditions") or []:
            if condition["type"] == "PodResizeInProgress" and condition.get("reason") == "Error":
                return record
    raise AssertionError("the resize was never held back")


@counterexample("resize.below-use", "nothing tells why the limit is the former one")
def no_error(edit: Edit) -> None:
    for pod in edit.pods():
        for condition in pod["status"].get("conditions") or []:
            if condition["type"] == "PodResizeInProgress":
                condition.pop("reason", None)


@counterexample("resize.below-use", "which error it was is not told")
def no_message(edit: Edit) -> None:
    for condition in held_back(edit).object["status"]["conditions"]:
        condition.pop("message", None)


@counterexample("resize.below-use", "the resize counts as done while the limit is the former one")
def done_at_once(edit: Edit) -> None:
    conditions = edit.again(held_back(edit)).object["status"]["conditions"]
    conditions[:] = [one for one in conditions if one["type"] != "PodResizeInProgress"]


@counterexample("resize.below-use", "the limit is never lowered")
def never_lowered(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        if "resources" in status:
            status["resources"]["limits"]["memory"] = "64Mi"


@counterexample("resize.below-use", "the sidecar is killed for what it uses")
def killed_for_it(edit: Edit) -> None:
    edit.statuses("sidecar")[-1]["restartCount"] = 1
