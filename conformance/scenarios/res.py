"""Steps of scenarios. Resources and scheduling: what sidecars count for, and where."""

from __future__ import annotations

import base64
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.scenarios.cgroups import read_cgroups
from conformance.scenarios.resize import carried_out, resize, resizing
from conformance.scenarios.sched import create_for, node_of, until_looked_at
from fixtures.evidence.capabilities import Capability
from fixtures.kubeapi import podresources
from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.quantities import quantity
from fixtures.patience import ADMISSION, EVICTION
from fixtures.stage import manifest
from fixtures.stage.manifest import secure
from fixtures.stage.scenario import scenario
from fixtures.stage.waits import WaitedInVainError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fixtures.kubeapi.client import Answer
    from fixtures.stage.staging import Staging

    Json = dict[str, Any]

WIDGET = "sidecar-conformance/widget"
"""A resource that the steps give to a node."""
WIDGETS = 3
TOO_MUCH = 100_000
"""More millis of CPU and MiB of memory than the quota of res-pod allows."""
LEVEL_RESIZED: Json = {
    "requests": {"cpu": "80m", "memory": "1040Mi"},
    "limits": {"memory": "1200Mi"},
}
"""What the pod of res-level is resized to."""
CHARGED: Json = {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"memory": "32Mi"}}
"""What the sidecar of res-pod is resized to: 8Mi more."""
CHARGED_MEMORY = "1296Mi"
"""The memory that the pod is charged for after that."""
UNCHARGED: Json = {"requests": {"memory": "900Mi"}, "limits": {"memory": "900Mi"}}
"""What with the other containers exceeds the quota, and not the node."""
UNSCHEDULED = ("res-fit-cpu", "res-fit-init", "res-fit-storage")
"""The pods whose containers want more than a node has, each of them less."""
PREEMPTED, PREEMPTING = "res-fit-first", "res-fit-important"
"""The pod that is taken away, and the one that gets its place."""
PERMUTED = {
    "around": (("sidecar", 30), ("init", 100), ("sidecar", 40)),
    "after": (("init", 100), ("sidecar", 30), ("sidecar", 40)),
    "before": (("sidecar", 30), ("sidecar", 40), ("init", 100)),
    "low": (("sidecar", 30), ("init", 5), ("sidecar", 40)),
}
"""Init containers by the name of the pod; each pod has a main container of 10."""


def container(name: str, *, amount: int | None = None, sidecar: bool = False) -> Json:
    """Return a container that requests this many millis of CPU and MiB, with twice for a limit."""
    made: Json = {"name": name, "image": "fixture"}
    if sidecar:
        made["restartPolicy"] = "Always"
    if amount is not None:
        made["resources"] = {
            "requests": {"cpu": f"{amount}m", "memory": f"{amount}Mi"},
            "limits": {"memory": f"{2 * amount}Mi"},
        }
    return made


def propose(
    staging: Staging, name: str, init: Sequence[Json], regular: Sequence[Json], **spec: object
) -> Answer:
    """Propose a pod to the API server, without creating it."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{staging.name}-{name}"},
        "spec": {"initContainers": list(init), "containers": list(regular), **spec},
    }
    return staging.create(secure(pod, staging.user), dry_run=True)


def propose_too_much(
    staging: Staging, name: str, init: Sequence[Json], regular: Sequence[Json], **spec: object
) -> Answer:
    """Propose a pod that a quota forbids, again and again until it is refused, and return that.

    The API server's admission learns of a quota by a watch of its own, in each of its replicas.
    Where it accepts the pod to the end, the last answer is returned: it is for checks to judge.
    """
    return propose_until(
        staging,
        "admission to learn of the quota",
        partial(propose, staging, name, init, regular, **spec),
        lambda answer: not answer.ok,
    )


def propose_until(
    staging: Staging, what: str, propose_it: Callable[[], Answer], known: Callable[[Answer], object]
) -> Answer:
    """Propose a pod again and again until the answer shows that admission knows of something."""
    deadline = time.monotonic() + ADMISSION.seconds
    answer = propose_it()
    while not known(answer) and time.monotonic() < deadline and not staging.sight.stopped.is_set():
        staging.observe(0.5, what)
        answer = propose_it()
    return answer


def quota(staging: Staging) -> Json:
    """Return the status of the scenario's quota; empty while there is none."""
    found: Json = (staging.object("ResourceQuota", staging.name) or {}).get("status") or {}
    return found


@scenario("res-formula", seconds=1, own_namespace=True, applies=False)
def res_formula(staging: Staging) -> None:
    """Propose pods to a namespace where everything is over quota."""
    limits, overhead = staging.documents
    # Objects without a namespace need a name that only this run has.
    overhead["metadata"]["name"] = staging.namespace
    # Who may not make cluster-wide objects does without it.
    staging.create(overhead, may_fail=True)
    staging.create(limits)
    staging.until("the quota to be in force", lambda: quota(staging).get("hard"))
    app = container("app", amount=10)
    sidecar = container("sidecar", amount=30, sidecar=True)
    propose_too_much(staging, "sum", [sidecar], [app, container("app-2", amount=5)])
    for name, parts in PERMUTED.items():
        init = [
            container(f"init-{index}", amount=amount, sidecar=kind == "sidecar")
            for index, (kind, amount) in enumerate(parts)
        ]
        propose_too_much(staging, name, init, [app])
    propose_too_much(staging, "overhead", [sidecar], [app], runtimeClassName=staging.namespace)
    resources = {"requests": {"cpu": "200m", "memory": "200Mi"}, "limits": {"memory": "400Mi"}}
    propose_too_much(staging, "pod-level", [sidecar], [app], resources=resources)
    propose_too_much(staging, "missing", [container("sidecar", sidecar=True)], [app])


@scenario("res-kinds", seconds=1, own_namespace=True)
def res_kinds(staging: Staging) -> None:
    """Propose a pod that is over quota, by the limit of its CPU and by what it stores."""

    def storing(name: str, amount: int, *, sidecar: bool = False) -> Json:
        made = container(name, sidecar=sidecar)
        made["resources"] = {
            "requests": {"ephemeral-storage": f"{amount}Mi"},
            "limits": {"cpu": f"{amount}m", "ephemeral-storage": f"{2 * amount}Mi"},
        }
        return made

    staging.until("the quota to be in force", lambda: quota(staging).get("hard"))
    sidecar, app = storing("sidecar", 30, sidecar=True), storing("app", 10)
    propose_too_much(staging, "sum", [sidecar], [app])


@scenario("res-ranges", seconds=1, own_namespace=True)
def res_ranges(staging: Staging) -> None:
    """Propose pods to a namespace with limits for containers and for pods."""

    def limited(name: str, memory: int, *, sidecar: bool = False) -> Json:
        made = container(name, sidecar=sidecar)
        made["resources"] = {"limits": {"memory": f"{memory}Mi"}}
        return made

    side, app = limited("sidecar", 60, sidecar=True), limited("app", 60)
    side_alone, app_alone = container("sidecar", sidecar=True), container("app")
    propose_until(
        staging,
        "admission to learn of the range",
        partial(propose, staging, "default", [side_alone], [app_alone]),
        lambda answer: not answer.ok or answer.body["spec"]["containers"][0].get("resources"),
    )
    propose(staging, "little", [limited("sidecar", 5, sidecar=True)], [limited("app", 20)])
    propose(staging, "much", [limited("sidecar", 65, sidecar=True)], [limited("app", 20)])
    propose(staging, "together", [side], [app])
    propose(staging, "in-turn", [limited("init", 60)], [app])
    small, init = limited("sidecar", 40, sidecar=True), limited("init", 64)
    propose(staging, "beside-init", [small, init], [limited("app", 20)])
    propose(staging, "after-init", [init, small], [limited("app", 20)])


@scenario("res-pod", seconds=8, own_namespace=True, applies=False)
def res_pod(staging: Staging) -> None:
    """Wait until the pod runs and was charged, and read its cgroup where that can be done."""
    for document in sorted(staging.documents, key=lambda one: one["kind"] == "Pod"):
        if document["kind"] == "Pod":
            # What is created before the quota counts is charged minutes later.
            staging.until(
                "the quota to count", lambda: quota(staging).get("used", {}).get("pods") == "0"
            )
            propose_too_much(staging, "large", [], [container("app", amount=TOO_MUCH)])
        staging.create(document)
    staging.until_ready()
    staging.until(
        "the pod to be charged",
        lambda: quota(staging).get("used", {}).get("pods") == "1",
    )
    for name in ("sidecar", "large", "small"):
        staging.until_said(name, "SCORE")
    if staging.nodes:
        read_cgroups(staging, "res-pod")
        ask_pod_resources(staging)
    if staging.has(Capability.RESIZE):
        resize_charged(staging)


def resize_charged(staging: Staging) -> None:
    """Resize the sidecar to what the quota allows, and to what it does not."""
    if resize(staging, resizing("sidecar", CHARGED), "res-pod").ok:
        carried_out(
            staging,
            "the quota to charge what was resized",
            lambda: quota(staging)["used"]["requests.memory"] == CHARGED_MEMORY,
        )
    resize(staging, resizing("sidecar", UNCHARGED), "res-pod")


def ask_pod_resources(staging: Staging) -> None:
    """Ask the kubelet's API of pod resources for those of all pods, and of the one here."""
    asked = {
        "list-pod-resources": podresources.list_request(),
        "get-pod-resources": podresources.get_request("res-pod", staging.namespace),
    }
    for action, request in asked.items():
        with suppress(WaitedInVainError):
            staging.until(
                f"{action} to be answered",
                partial(answers_whole, staging, action, request),
            )


def answers_whole(staging: Staging, action: str, request: bytes) -> bool:
    """Ask the kubelet's API of pod resources, and tell whether all of the answer came in a second.

    The shell on the node cannot tell when an answer has ended.
    """
    text = base64.b64encode(request).decode()
    answer = staging.execute(
        "sh",
        "-c",
        f"(echo {text} | base64 -d; sleep 1) "
        f"| socat - UNIX-CONNECT:{podresources.SOCKET} | base64 -w 0",
        action=action,
    )
    return podresources.is_whole(base64.b64decode(answer))


@scenario("res-init", seconds=3)
def res_init(staging: Staging) -> None:
    """Read the cgroup of the pod while its init container runs."""
    staging.until_running("init")
    read_cgroups(staging, "res-init")


@scenario("res-level", seconds=5)
def res_level(staging: Staging) -> None:
    """Read the cgroup of the pod where that can be done, and resize the pod as a whole."""
    for name in ("sidecar", "app"):
        staging.until_said(name, "SCORE")
    staging.until_ready()
    if staging.nodes:
        read_cgroups(staging, "res-level")
    if not staging.has(Capability.RESIZE):
        return
    answer = resize(staging, {"spec": {"resources": LEVEL_RESIZED}}, "res-level")
    # An older API server knows no resources of a pod, and drops them.
    if (
        answer.ok
        and answer.body["spec"].get("resources")
        and carried_out(
            staging, "the pod to be resized", lambda: level_resized(staging.pod() or {})
        )
        and staging.nodes
    ):
        read_cgroups(staging, "res-level", action="read-resized")


def level_resized(pod: Mapping[str, Any]) -> bool:
    """Tell whether the status of a pod shows what the pod of res-level is resized to.

    What it requests of memory is asked of what is allocated only: nothing enforces it.
    """
    status = pod.get("status") or {}
    requests, limits = LEVEL_RESIZED["requests"], LEVEL_RESIZED["limits"]
    in_force = status.get("resources") or {}
    cpu = (in_force.get("requests") or {}).get("cpu")
    shown = (status.get("allocatedResources"), in_force.get("limits"), cpu)
    return bool(shown == (requests, limits, requests["cpu"]))


# Some 11 s where the pod is evicted. Kubelets before 1.37 do not, and are waited for: begun first.
@scenario("res-disk", seconds=90, follows=True)
def res_disk(staging: Staging) -> None:
    """Let a container of each pod write, and wait until the pods are evicted."""
    writers = {"res-disk": "sidecar", "res-disk-sum": "app"}
    for pod, writer in writers.items():
        staging.until_said(writer, "START", pod)
        staging.exec("sidecar", "touch", "/shared/go", pod=pod)
        staging.until_said(writer, "WRITTEN", pod)

    def evicted(name: str) -> bool:
        return bool((staging.pod(name) or {"status": {}})["status"].get("reason") == "Evicted")

    staging.until("both pods to be evicted", lambda: all(map(evicted, writers)), patience=EVICTION)


@scenario(
    "res-fit",
    seconds=8,
    applies=False,
    refused=("res-fit-widgets", "res-fit-memory", *UNSCHEDULED),
    taken_away=(PREEMPTED,),
)
def res_fit(staging: Staging) -> None:
    """Propose pods of each class; fill a node, and ask for what is left of it and for more."""
    classes(staging)
    if staging.has(Capability.NODES):
        fill(staging)


def fill(staging: Staging) -> None:
    """Let a pod take some of a node, and ask for more; widgets are given and taken away.

    The pod that is more important is for nodes of the suite's own. Nobody else's has a widget.
    """
    first, widgets, memory, cpu, init, storage, important = staging.documents
    if staging.nodes:
        give(staging, str(WIDGETS))
        first["spec"]["nodeName"] = ""
        first["spec"]["nodeSelector"] = {manifest.HOSTNAME: staging.node.name}
    else:
        for part in ("initContainers", "containers"):
            first["spec"][part][0].pop("resources")
    staging.create(first)
    staging.until_ready(PREEMPTED)
    node = node_of(staging, staging.pod(PREEMPTED) or {})
    # There is room for one of these, and not for two.
    allocatable = node["status"]["allocatable"]
    much = {"requests": {"memory": most(allocatable["memory"])}}
    millis = int(quantity(allocatable["cpu"]) * 1000) * 6 // 10
    for part in ("initContainers", "containers"):
        memory["spec"][part][0]["resources"] = much
        cpu["spec"][part][0]["resources"] = {"requests": {"cpu": f"{millis}m"}}
    for container in init["spec"]["initContainers"]:
        container["resources"] = much
    memory["spec"]["nodeName"] = node["metadata"]["name"]
    unscheduled = [cpu, init, *([widgets] if staging.nodes else [])]
    # A kubelet may be told to leave what pods store to others.
    if "ephemeral-storage" in allocatable:
        stored = {"requests": {"ephemeral-storage": most(allocatable["ephemeral-storage"])}}
        for part in ("initContainers", "containers"):
            storage["spec"][part][0]["resources"] = stored
        unscheduled.append(storage)
    create_for(staging, unscheduled, node)
    staging.create(memory)
    until_looked_at(staging, unscheduled)
    staging.until_finished("res-fit-memory")
    if staging.nodes:
        create_for(staging, [important], node)
        staging.until_said("app", "START", PREEMPTING)
        staging.until_gone(PREEMPTED)
        give(staging, None)


def most(amount: str) -> str:
    """Return more than half of a number of bytes."""
    return f"{int(quantity(amount)) // 1024 * 6 // 10}Ki"


def give(staging: Staging, widgets: str | None) -> None:
    """Give the node so many widgets, or take them away."""
    amount = {WIDGET: widgets}
    staging.request(
        "give-widgets",
        "PATCH",
        path_of("Node", None, staging.node.name) + "/status",
        arguments={"widgets": widgets},
        body={"status": {"capacity": amount, "allocatable": amount}},
        content_type="application/merge-patch+json",
    )


def classes(staging: Staging) -> None:
    """Propose pods of each class, with sidecars that make them what they are."""
    exact = {"cpu": "10m", "memory": "10Mi"}
    guaranteed = {"requests": exact, "limits": exact}
    with_all = {"resources": guaranteed}
    app, sidecar = container("app"), container("sidecar", sidecar=True)
    some = container("sidecar", amount=5, sidecar=True)
    propose(staging, "guaranteed", [sidecar | with_all], [app | with_all])
    propose(staging, "burstable-sidecar", [sidecar], [app | with_all])
    propose(staging, "burstable-main", [some], [app])
    propose(staging, "best-effort", [sidecar], [app])
    propose(staging, "pod-level", [sidecar], [app], resources=guaranteed)
    # Each of the two has room in this, and both together have not.
    short = {"requests": {"memory": "8Mi"}}
    propose(staging, "short", [some], [container("app", amount=5)], resources=short)


# CPUs of their own.


@scenario("res-cpus", seconds=8, apart=True)
def res_cpus(staging: Staging) -> None:
    """Let the pod run to its end on a node that hands out exclusive CPUs."""
    staging.until_finished()
