"""Counter-examples to the checks of `conformance.checks.test_res`."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fixtures.evidence.recording import LogRecord
from tests.kit.edits import Edit, counterexample

NO_LIMIT = "9223372036854771712"
"""How version 1 of cgroups writes that there is no limit."""

if TYPE_CHECKING:
    Json = dict[str, Any]


def proposed(edit: Edit, name: str) -> Json:
    """Return the answer to a proposed pod, to be changed in place."""
    return edit.action("create", name=name).answer


def charge(edit: Edit, name: str, old: str, new: str) -> None:
    """Let a proposed pod be charged otherwise."""
    body = proposed(edit, f"res-formula-{name}")["body"]
    assert old in body["message"], body["message"]
    body["message"] = body["message"].replace(old, new)


@counterexample("res.sum-with-main", "the sidecar is counted as a plain init container")
def not_added(edit: Edit) -> None:
    charge(edit, "sum", "requests.cpu=45m", "requests.cpu=30m")


@counterexample("res.init-peak-adds-earlier-sidecars", "earlier sidecars are not added")
def peak_alone(edit: Edit) -> None:
    charge(edit, "before", "requests.memory=170Mi", "requests.memory=100Mi")


@counterexample("res.init-peak-adds-earlier-sidecars", "later sidecars are added as well")
def peak_with_all(edit: Edit) -> None:
    charge(edit, "after", "requests.cpu=100m", "requests.cpu=170m")


@counterexample("res.qos-cgroup", "the kubelet counts regular containers only")
def other_parent(edit: Edit) -> None:
    edit.rewrite("read-cgroups", "burstable", "besteffort")


@counterexample("res.qos-cgroup", "the API server counts regular containers only")
def other_class(edit: Edit) -> None:
    for pod in edit.pods():
        pod["status"]["qosClass"] = "BestEffort"


@counterexample("res.overhead", "the overhead is left out")
def no_overhead(edit: Edit) -> None:
    charge(edit, "overhead", "requests.cpu=47m", "requests.cpu=40m")


@counterexample("res.quota", "the quota is not charged for the sidecar", scenario="res-pod")
def free_sidecar(edit: Edit) -> None:
    for one in edit.objects("ResourceQuota"):
        if "used" in one.get("status", {}):
            one["status"]["used"]["requests.cpu"] = "30m"


@counterexample("res.quota", "a sidecar without requests is accepted")
def no_requests(edit: Edit) -> None:
    proposed(edit, "res-formula-missing").update(status=HTTPStatus.CREATED, body={})


@counterexample("res.quota-kinds", "what a sidecar stores is not charged")
def free_storage(edit: Edit) -> None:
    body = proposed(edit, "res-kinds-sum")["body"]
    body["message"] = body["message"].replace(
        "requests.ephemeral-storage=40Mi", "requests.ephemeral-storage=10Mi"
    )


@counterexample("res.quota-kinds", "the CPU limit of a sidecar is not charged")
def free_limit(edit: Edit) -> None:
    body = proposed(edit, "res-kinds-sum")["body"]
    body["message"] = body["message"].replace("limits.cpu=40m", "limits.cpu=10m")


@counterexample("res.pod-level", "the formula is used all the same")
def formula(edit: Edit) -> None:
    charge(edit, "pod-level", "requests.cpu=200m", "requests.cpu=40m")


@counterexample("res.pod-level", "the class is that of the containers", scenario="res-fit")
def class_of_containers(edit: Edit) -> None:
    proposed(edit, "res-fit-pod-level")["body"]["status"]["qosClass"] = "BestEffort"


@counterexample("res.pod-level", "a pod may have less than its containers", scenario="res-fit")
def less_than_containers(edit: Edit) -> None:
    proposed(edit, "res-fit-short").update(status=HTTPStatus.CREATED, body={})


@counterexample("res.limitrange", "sidecars get no defaults")
def no_defaults(edit: Edit) -> None:
    body = proposed(edit, "res-ranges-default")["body"]
    body["spec"]["initContainers"][0]["resources"] = {}


@counterexample("res.limitrange", "sidecars are not bounded")
def unbounded(edit: Edit) -> None:
    proposed(edit, "res-ranges-much").update(status=HTTPStatus.CREATED, body={})


@counterexample("res.limitrange", "sidecars do not add to the pod")
def not_in_pod(edit: Edit) -> None:
    proposed(edit, "res-ranges-together").update(status=HTTPStatus.CREATED, body={})


@counterexample("res.limitrange", "plain init containers add to the pod")
def init_in_pod(edit: Edit) -> None:
    proposed(edit, "res-ranges-in-turn").update(status=HTTPStatus.FORBIDDEN, body={})


@counterexample("res.limitrange-init-peak", "sidecars do not add to a later init container")
def peak_without(edit: Edit) -> None:
    proposed(edit, "res-ranges-beside-init").update(status=HTTPStatus.CREATED, body={})


@counterexample("res.limitrange-init-peak", "sidecars add to an earlier init container")
def peak_with_later(edit: Edit) -> None:
    proposed(edit, "res-ranges-after-init").update(status=HTTPStatus.FORBIDDEN, body={})


@counterexample("res.qos-includes-sidecars", "a sidecar without requests is overlooked")
def overlooked(edit: Edit) -> None:
    proposed(edit, "res-fit-burstable-sidecar")["body"]["status"]["qosClass"] = "Guaranteed"


@counterexample("res.kubelet-admission", "the kubelet takes the pod in")
def taken_in(edit: Edit) -> None:
    for pod in edit.pods("res-fit-memory"):
        pod["status"].update(phase="Running", reason="")


@counterexample("res.kubelet-admission", "the kubelet overlooks the sidecar")
def half(edit: Edit) -> None:
    for pod in edit.pods("res-fit-memory"):
        if "message" in pod["status"]:
            pod["status"]["message"] = "Node didn't have enough resource: memory, requested: 1, "


@counterexample("res.pod-cgroup", "the cgroup leaves no room for the sidecar")
def small_cgroup(edit: Edit) -> None:
    edit.rewrite("read-cgroups", f"{1432 << 20}", f"{1400 << 20}")


@counterexample("res.pod-cgroup", "the cgroup has no share of CPU for the sidecar")
def small_share(edit: Edit) -> None:
    edit.rewrite("read-cgroups", "cpu.shares 35", "cpu.shares 30")


@counterexample("res.pod-cgroup-init", "the sidecar before the init container is left out")
def early_left_out(edit: Edit) -> None:
    edit.rewrite("read-cgroups", f"{124 << 20}", f"{100 << 20}")


@counterexample("res.pod-cgroup-init", "the sidecar after the init container is added as well")
def late_added(edit: Edit) -> None:
    edit.rewrite("read-cgroups", "cpu.shares 33", "cpu.shares 38")


@counterexample("res.pod-cgroup-init", "the sidecar after it stands for the one before")
def late_for_early(edit: Edit) -> None:
    edit.rewrite("read-cgroups", "cpu.cfs_quota_us 120000", "cpu.cfs_quota_us 140000")


@counterexample("res.pod-cgroup-unlimited", "what others have is the limit of the pod")
def limited_pod(edit: Edit) -> None:
    edit.rewrite(
        "read-cgroups",
        f"\nmemory.limit_in_bytes {NO_LIMIT}",
        f"\nmemory.limit_in_bytes {128 << 20}",
    )


@counterexample("res.pod-cgroup-unlimited", "the sidecar without a limit has that of another")
def limited_sidecar(edit: Edit) -> None:
    output = edit.action("read-cgroups").answer["output"]
    identity = edit.statuses("sidecar-2")[-1]["containerID"].rpartition("/")[2]
    edit.action("read-cgroups").answer["output"] = "\n".join(
        line.replace(NO_LIMIT, str(64 << 20)) if identity in line else line
        for line in output.splitlines()
    )


@counterexample("res.pod-level-cgroup", "the limit is that of the only container that has one")
def limit_of_containers(edit: Edit) -> None:
    edit.rewrite("read-cgroups", f"{1100 << 20}", f"{512 << 20}")


@counterexample("res.pod-level-cgroup", "the share is that of the containers")
def share_of_containers(edit: Edit) -> None:
    edit.rewrite("read-cgroups", "cpu.shares 61", "cpu.shares 10")


@counterexample("res.oom-score", "the sidecar is the first to be killed", scenario="res-pod")
@counterexample(
    "res.oom-score", "in a pod with resources as a whole it is the first", scenario="res-level"
)
def first_killed(edit: Edit) -> None:
    for record in edit.of(LogRecord):
        if record.container == "sidecar":
            record.line = "SCORE 999"


@counterexample("res.pod-status", "the sidecar's requests are left out of what is allocated")
def allocated_without(edit: Edit) -> None:
    for pod in edit.pods():
        if "allocatedResources" in pod["status"]:
            pod["status"]["allocatedResources"]["cpu"] = "30m"


@counterexample("res.pod-status", "the sidecar's limit is left out of what is in force")
def in_force_without(edit: Edit) -> None:
    for pod in edit.pods():
        if "resources" in pod["status"]:
            pod["status"]["resources"]["limits"]["memory"] = "1400Mi"


@counterexample("res.pod-status", "the status tells of nothing")
def nothing_allocated(edit: Edit) -> None:
    edit.drop_field("status.allocatedResources")


@counterexample("res.ephemeral-limit", "the sidecar's limit is not enforced")
def not_evicted(edit: Edit) -> None:
    for pod in edit.pods("res-disk"):
        pod["status"].update(phase="Running", reason="", message="")


@counterexample("res.ephemeral-sum", "the limit of a sidecar does not bound its pod")
def sum_not_evicted(edit: Edit) -> None:
    for pod in edit.pods("res-disk-sum"):
        pod["status"].update(phase="Running", reason="", message="")


@counterexample("res.ephemeral-sum", "the pod is evicted for something else")
def evicted_otherwise(edit: Edit) -> None:
    for pod in edit.pods("res-disk-sum"):
        if pod["status"].get("message"):
            pod["status"]["message"] = "The node was low on resource: ephemeral-storage."


@counterexample("res.podresources-api", "sidecars are not listed")
def not_listed(edit: Edit) -> None:
    answer = edit.action("list-pod-resources").answer
    data = base64.b64decode(answer["output"])
    assert b"sidecar" in data
    answer["output"] = base64.b64encode(data.replace(b"sidecar", b"another")).decode()


@counterexample("res.podresources-api", "a pod that is asked for alone has no sidecar")
def not_told(edit: Edit) -> None:
    answer = edit.action("get-pod-resources").answer
    data = base64.b64decode(answer["output"])
    assert b"sidecar" in data
    answer["output"] = base64.b64encode(data.replace(b"sidecar", b"another")).decode()


def cpus(edit: Edit, container: str, new: str) -> None:
    """Let a container have said at any time that it may run on these CPUs."""
    for record in edit.of(LogRecord):
        if record.container == container and record.line.startswith("CPUS "):
            _, _, uptime = record.line.split(" ")
            record.line = f"CPUS {new} {uptime}"


@counterexample("res.cpu-exclusive", "the app may run on the CPU of the sidecar")
def shared_with_the_app(edit: Edit) -> None:
    cpus(edit, "app", "0-63")


@counterexample("res.cpu-exclusive", "the sidecar has no CPU of its own")
def no_cpu_of_its_own(edit: Edit) -> None:
    cpus(edit, "sidecar", "0-63")


@counterexample("res.cpu-exclusive", "the init container has no CPU of its own")
def none_for_the_init_container(edit: Edit) -> None:
    cpus(edit, "init", "0,2-63")


@counterexample("res.cpu-exclusive", "the sidecar loses its CPU to another while the app runs")
def lost_later(edit: Edit) -> None:
    *_, last = [
        record
        for record in edit.of(LogRecord)
        if record.container == "sidecar" and record.line.startswith("CPUS ")
    ]
    _, _, uptime = last.line.split(" ")
    last.line = f"CPUS 63 {uptime}"


@counterexample("res.eviction-message", "the message tells of the app alone")
def nothing_of_the_sidecar(edit: Edit) -> None:
    tell_of_eviction(edit, "Container sidecar", "Container app")


@counterexample("res.eviction-message", "the message tells of another request")
def another_request(edit: Edit) -> None:
    tell_of_eviction(edit, "request is 32Mi", "request is 0")


def tell_of_eviction(edit: Edit, old: str, new: str) -> None:
    """Let the status of evicted pods tell something else."""
    told = [pod["status"] for pod in edit.pods("node-pressure") if "message" in pod["status"]]
    for status in told:
        assert old in status["message"]
        status["message"] = status["message"].replace(old, new)
    assert told
