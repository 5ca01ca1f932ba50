"""Resources and scheduling: what sidecars count for, and where."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.capabilities import Capability
from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario
from fixtures.timeline import EvidenceLostError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fixtures.stage.run import Run
    from fixtures.timeline import Timeline

    Json = dict[str, Any]

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"
QUOTAS = "https://kubernetes.io/docs/concepts/policy/resource-quotas/"
QOS = "https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/"
OVERHEAD = "https://kubernetes.io/docs/concepts/scheduling-eviction/pod-overhead/"
KEP = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers"
PULL = "https://github.com/kubernetes/kubernetes/pull/"

WIDGET = "sidecar-conformance/widget"
WIDGETS = 3
HIGHEST_SCORE = 999
"""The OOM score of a container in a Burstable pod that requests next to nothing."""
CREATED, FORBIDDEN = 201, 403
LENGTH_DELIMITED = 2
"""A wire type of protobuf."""


# Pods that are only proposed.


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
    run: Run, name: str, init: Sequence[Json], regular: Sequence[Json], **spec: object
) -> None:
    """Propose a pod to the API server, without creating it."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{run.name}-{name}"},
        "spec": {"initContainers": list(init), "containers": list(regular), **spec},
    }
    run.create(pod, dry_run=True)


PERMUTED = {
    "around": (("sidecar", 30), ("init", 100), ("sidecar", 40)),
    "after": (("init", 100), ("sidecar", 30), ("sidecar", 40)),
    "before": (("sidecar", 30), ("sidecar", 40), ("init", 100)),
    "low": (("sidecar", 30), ("init", 5), ("sidecar", 40)),
}
"""Init containers by the name of the pod; each pod has a main container of 10."""
PEAKS = {"around": 130, "after": 100, "before": 170, "low": 80}
"""What each of them needs at most at one time."""


@scenario("res-formula", seconds=1, own_namespace=True, applies=False)
def res_formula(run: Run) -> None:
    """Propose pods to a namespace where everything is over quota."""
    quota, overhead = run.documents
    # Objects without a namespace need a name that only this run has.
    overhead["metadata"]["name"] = run.namespace
    run.create(overhead)
    run.create(quota)
    run.until(
        "the quota to be in force",
        lambda: (run.object("ResourceQuota", run.name) or {}).get("status", {}).get("hard"),
    )
    app = container("app", amount=10)
    sidecar = container("sidecar", amount=30, sidecar=True)
    propose(run, "sum", [sidecar], [app, container("app-2", amount=5)])
    for name, parts in PERMUTED.items():
        init = [
            container(f"init-{index}", amount=amount, sidecar=kind == "sidecar")
            for index, (kind, amount) in enumerate(parts)
        ]
        propose(run, name, init, [app])
    propose(run, "overhead", [sidecar], [app], runtimeClassName=run.namespace)
    resources = {"requests": {"cpu": "200m", "memory": "200Mi"}, "limits": {"memory": "400Mi"}}
    propose(run, "pod-level", [sidecar], [app], resources=resources)
    propose(run, "missing", [container("sidecar", sidecar=True)], [app])


@scenario("res-ranges", seconds=1, own_namespace=True)
def res_ranges(run: Run) -> None:
    """Propose pods to a namespace with limits for containers and for pods."""

    def limited(name: str, memory: int, *, sidecar: bool = False) -> Json:
        made = container(name, sidecar=sidecar)
        made["resources"] = {"limits": {"memory": f"{memory}Mi"}}
        return made

    side, app = limited("sidecar", 60, sidecar=True), limited("app", 60)
    propose(run, "default", [container("sidecar", sidecar=True)], [container("app")])
    propose(run, "little", [limited("sidecar", 5, sidecar=True)], [limited("app", 20)])
    propose(run, "much", [limited("sidecar", 65, sidecar=True)], [limited("app", 20)])
    propose(run, "together", [side], [app])
    propose(run, "in-turn", [limited("init", 60)], [app])


@scenario("res-pod", seconds=8, own_namespace=True, applies=False)
def res_pod(run: Run) -> None:
    """Wait until the pod runs and was charged, and read its cgroup where that can be done."""
    for document in sorted(run.documents, key=lambda one: one["kind"] == "Pod"):
        if document["kind"] == "Pod":
            # What is created before the quota counts is charged minutes later.
            run.until("the quota to count", lambda: quota(run).get("used", {}).get("pods") == "0")
        run.create(document)
    run.until_ready()
    run.until(
        "the pod to be charged",
        lambda: quota(run).get("used", {}).get("pods") == "1",
    )
    for name in ("sidecar", "large", "small"):
        run.until_said(name, "SCORE")
    if run.nodes:
        uid = (run.pod() or {})["metadata"]["uid"]
        systemd = uid.replace("-", "_")
        run.node(
            "sh",
            "-c",
            f"find /sys/fs/cgroup -type d '(' -name 'pod{uid}' -o -name '*pod{systemd}.slice' ')' "
            "| while read -r group; do for file in memory.max memory.limit_in_bytes; do "
            'if [ -f "$group/$file" ]; then cat "$group/$file"; fi; done; done',
            action="read-cgroup",
        )
        call = base64.b64encode(list_pod_resources()).decode()
        run.node(
            "sh",
            "-c",
            f"(echo {call} | base64 -d; sleep 1) "
            "| socat - UNIX-CONNECT:/var/lib/kubelet/pod-resources/kubelet.sock | base64 -w 0",
            action="list-pod-resources",
        )


def quota(run: Run) -> Json:
    """Return the status of the scenario's quota; empty while there is none."""
    found: Json = (run.object("ResourceQuota", run.name) or {}).get("status") or {}
    return found


def list_pod_resources() -> bytes:
    """Return the bytes of a gRPC call of PodResourcesLister/List, which has no arguments."""

    def frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
        return len(body).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + body

    def text(value: str) -> bytes:
        return bytes([len(value)]) + value.encode()

    # HTTP/2 (RFC 9113) with literal headers (RFC 7541): method, scheme, path, authority, and so on.
    headers = b"\x83\x86\x04" + text("/v1.PodResourcesLister/List") + b"\x01" + text("localhost")
    headers += b"\x0f\x10" + text("application/grpc") + b"\x00" + text("te") + text("trailers")
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    return preface + frame(4, 0, 0, b"") + frame(1, 4, 1, headers) + frame(0, 1, 1, bytes(5))


@scenario("res-disk", seconds=11)
def res_disk(run: Run) -> None:
    """Wait until the pod is evicted."""
    run.until(
        "the pod to be evicted",
        lambda: (run.pod() or {"status": {}})["status"].get("reason") == "Evicted",
        seconds=90,
    )


@scenario("res-fit", seconds=5, applies=False)
def res_fit(run: Run) -> None:
    """Fill a node, then ask for what is left and for more; widgets are given and taken away."""
    first, port, widgets, memory = run.documents
    if run.nodes:
        path = f"/api/v1/nodes/{run.nodes[0].name}/status"
        give(run, path, str(WIDGETS))
        first["spec"]["nodeName"] = ""
        first["spec"]["nodeSelector"] = {"kubernetes.io/hostname": run.nodes[0].name}
    else:
        for part in ("initContainers", "containers"):
            first["spec"][part][0].pop("resources")
    run.create(first)
    run.until_ready("res-fit-first")
    node = (run.pod("res-fit-first") or {})["spec"]["nodeName"]
    labels = run.get(f"/api/v1/nodes/{node}").body
    host = labels["metadata"]["labels"]["kubernetes.io/hostname"]
    room = int(labels["status"]["allocatable"]["memory"].removesuffix("Ki"))
    for part in ("initContainers", "containers"):
        memory["spec"][part][0]["resources"] = {"requests": {"memory": f"{room * 6 // 10}Ki"}}
    memory["spec"]["nodeName"] = node
    pending = [port, widgets] if run.nodes else [port]
    for pod in pending:
        pod["spec"]["nodeSelector"] = {"kubernetes.io/hostname": host}
        run.create(pod)
    run.create(memory)
    for pod in pending:
        name = pod["metadata"]["name"]
        run.until(
            f"{name} to be looked at by the scheduler",
            lambda name=name: run.condition("PodScheduled", name),  # type: ignore[misc]
        )
    run.until_finished("res-fit-memory")
    classes(run)
    if run.nodes:
        give(run, path, None)


def give(run: Run, path: str, widgets: str | None) -> None:
    """Give the node so many widgets, or take them away."""
    amount = {WIDGET: widgets}
    run.request(
        "give-widgets",
        "PATCH",
        path,
        arguments={"widgets": widgets},
        body={"status": {"capacity": amount, "allocatable": amount}},
        content_type="application/merge-patch+json",
    )


def classes(run: Run) -> None:
    """Propose pods of each class, with sidecars that make them what they are."""
    exact = {"cpu": "10m", "memory": "10Mi"}
    guaranteed = {"requests": exact, "limits": exact}
    with_all = {"resources": guaranteed}
    app, sidecar = container("app"), container("sidecar", sidecar=True)
    some = container("sidecar", amount=5, sidecar=True)
    propose(run, "guaranteed", [sidecar | with_all], [app | with_all])
    propose(run, "burstable-sidecar", [sidecar], [app | with_all])
    propose(run, "burstable-main", [some], [app])
    propose(run, "best-effort", [sidecar], [app])
    propose(run, "pod-level", [sidecar], [app], resources=guaranteed)


# Reading the answers.


def is_charged(timeline: Timeline, name: str, wanted: Mapping[str, str]) -> None:
    """Assert that a proposed pod would have been charged this, by resource."""
    answer = timeline.action("create", name=f"{timeline.recording.scenario}-{name}")
    message = str(answer.body.get("message", ""))
    found = re.search(r"exceeded quota: .*?requested: (.*?), used:", message)
    assert found, f"{name} was not refused for its quota: {answer.status} {message}"
    charge = dict(pair.split("=") for pair in found[1].split(","))
    assert charge == wanted, f"{name} is charged {charge}, not {wanted}"


def amounts(amount: int) -> Mapping[str, str]:
    """Return the charge of a pod whose effective request is this."""
    return {
        "requests.cpu": f"{amount}m",
        "requests.memory": f"{amount}Mi",
        "limits.memory": f"{2 * amount}Mi",
    }


@requirement(
    "res.sum-with-main", MUST, since="1.29", scenario="res-formula", source=(SIDECARS, KEP)
)
def test_sum_with_main(timeline: Timeline) -> None:
    """A pod's effective request and limit add up sidecars and main containers."""
    is_charged(timeline, "sum", amounts(45))


@requirement(
    "res.init-peak-adds-earlier-sidecars", SHOULD, since="1.29", scenario="res-formula", source=KEP
)
def test_init_peak_adds_earlier_sidecars(timeline: Timeline) -> None:
    """A plain init container counts with all sidecars listed before it, not with later ones."""
    for name, peak in PEAKS.items():
        is_charged(timeline, name, amounts(peak))


@requirement("res.overhead", SHOULD, since="1.29", scenario="res-formula", source=(OVERHEAD, KEP))
def test_overhead(timeline: Timeline) -> None:
    """A pod's overhead is added to what its sidecars and main containers request."""
    if timeline.action("create", kind="RuntimeClass").status == FORBIDDEN:
        pytest.skip("the suite may not create a RuntimeClass here")
    wanted = {"requests.cpu": "47m", "requests.memory": "47Mi", "limits.memory": "87Mi"}
    is_charged(timeline, "overhead", wanted)


@requirement(
    "res.quota", MUST, since="1.29", scenario=("res-formula", "res-pod"), source=(SIDECARS, QUOTAS)
)
def test_quota(timelines: dict[str, Timeline]) -> None:
    """A quota charges sidecars, and refuses those without the requests and limits that it holds."""
    used = timelines["res-pod"].object("ResourceQuota", "res-pod")["status"]["used"]
    wanted = {
        "pods": "1",
        "requests.cpu": "35m",
        "requests.memory": "1288Mi",
        "limits.memory": "1432Mi",
    }
    assert used == wanted, f"charged {used}, not {wanted}"
    missing = timelines["res-formula"].action("create", name="res-formula-missing")
    message = missing.body.get("message", "")
    assert missing.status == FORBIDDEN, (
        f"without requests it was answered {missing.status} {message}"
    )
    assert "must specify" in message, message
    assert "sidecar" in message, message


@requirement(
    "res.pod-level",
    MUST,
    since="1.34",
    scenario=("res-formula", "res-fit"),
    source=(
        "https://kubernetes.io/docs/tasks/configure-pod-container/assign-pod-level-resources/",
        "https://github.com/kubernetes/enhancements/issues/2837",
    ),
)
def test_pod_level(timelines: dict[str, Timeline]) -> None:
    """Resources of the pod as a whole count instead of those of its sidecars and containers."""
    is_charged(timelines["res-formula"], "pod-level", amounts(200))
    has_class(timelines["res-fit"], "pod-level", "Guaranteed")


@requirement("res.limitrange", SHOULD, since="1.29", scenario="res-ranges", source=KEP)
def test_limitrange(timeline: Timeline) -> None:
    """A LimitRange gives sidecars its defaults, bounds each of them, and their sum with the pod."""
    default = timeline.action("create", name="res-ranges-default")
    assert default.status == CREATED, f"{default.status} {default.body.get('message')}"
    given = default.body["spec"]["initContainers"][0]["resources"]
    wanted = {"requests": {"cpu": "11m", "memory": "11Mi"}, "limits": {"memory": "22Mi"}}
    assert given == wanted, f"the sidecar was given {given}, not {wanted}"
    for name, words in (
        ("little", "minimum memory usage per Container"),
        ("much", "maximum memory usage per Container"),
        ("together", "maximum memory usage per Pod"),
    ):
        answer = timeline.action("create", name=f"res-ranges-{name}")
        message = answer.body.get("message", "")
        assert answer.status == FORBIDDEN, f"{name} was answered {answer.status} {message}"
        assert words in message, f"{name}: {message}"
    in_turn = timeline.action("create", name="res-ranges-in-turn")
    message = in_turn.body.get("message", "")
    assert in_turn.status == CREATED, f"in-turn was answered {in_turn.status} {message}"


def has_class(timeline: Timeline, name: str, wanted: str) -> None:
    """Assert that a proposed pod has this QoS class."""
    answer = timeline.action("create", name=f"{timeline.recording.scenario}-{name}")
    message = answer.body.get("message", "")
    assert answer.status == CREATED, f"{name} was answered {answer.status} {message}"
    found = answer.body["status"].get("qosClass")
    assert found == wanted, f"the QoS class of {name} is {found}, not {wanted}"


@requirement(
    "res.qos-includes-sidecars", MUST, since="1.29", scenario="res-fit", source=(SIDECARS, QOS)
)
def test_qos_includes_sidecars(timeline: Timeline) -> None:
    """A pod's QoS class is that of its sidecars and main containers together."""
    has_class(timeline, "guaranteed", "Guaranteed")
    has_class(timeline, "burstable-sidecar", "Burstable")
    has_class(timeline, "burstable-main", "Burstable")
    has_class(timeline, "best-effort", "BestEffort")


@requirement(
    "res.kubelet-admission",
    OBSERVED,
    since="1.29",
    scenario="res-fit",
    source="kubernetes/kubernetes pkg/kubelet/lifecycle/predicate.go",
)
def test_kubelet_admission(timeline: Timeline) -> None:
    """The kubelet refuses a pod whose sidecars and main containers together have no room."""
    pod = timeline.pod_named("res-fit-memory")
    wanted = sum(
        int(one.spec["resources"]["requests"]["memory"].removesuffix("Ki")) * 1024
        for one in pod.containers.values()
    )
    status = pod.object["status"]
    found = (status["phase"], status.get("reason"))
    assert found == ("Failed", "OutOfmemory"), f"the pod is {found}"
    assert f"requested: {wanted}," in status["message"], status["message"]


@requirement(
    "res.pod-cgroup",
    MUST,
    since="1.29",
    scenario="res-pod",
    source=SIDECARS,
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS),
)
def test_pod_cgroup(timeline: Timeline) -> None:
    """The limit of the pod's own cgroup is the sum over sidecars and main containers."""
    read = timeline.action("read-cgroup").answer["output"].split()
    assert read, "the pod has no cgroup"
    assert set(read) == {str((32 + 1100 + 300) << 20)}, f"memory limit of the pod: {read}"


@requirement("res.oom-score", MUST, since="1.32", scenario="res-pod", source=(f"{PULL}128029", KEP))
def test_oom_score(timeline: Timeline) -> None:
    """A sidecar's OOM score is at most that of the main container that requests least memory."""
    scores = {}
    for name in ("sidecar", "large", "small"):
        lines = [line.text for line in timeline[name].last.lines]
        found = [int(text.split()[1]) for text in lines if text.startswith("SCORE ")]
        if not found:
            raise EvidenceLostError(f"{name} did not tell its score")
        scores[name] = found[0]
    if scores["small"] >= HIGHEST_SCORE:
        pytest.skip("the node has so much memory that requests make no difference")
    assert scores["large"] < scores["small"] < HIGHEST_SCORE, f"{scores}"
    assert scores["sidecar"] <= scores["small"], f"{scores}"


@requirement("res.ephemeral-limit", MUST, since="1.37", scenario="res-disk", source=f"{PULL}138462")
def test_ephemeral_limit(timeline: Timeline) -> None:
    """A sidecar that exceeds its own limit of ephemeral storage gets the pod evicted."""
    timeline["sidecar"].said("WRITTEN")
    status = timeline.pod.object["status"]
    found = (status["phase"], status.get("reason"))
    assert found == ("Failed", "Evicted"), f"the pod is {found}"
    assert "sidecar" in status["message"], status["message"]


def unschedulable(timeline: Timeline, name: str) -> str:
    """Return why the scheduler found no node for a pod."""
    pod = timeline.pod_named(name)
    found = pod.conditions("PodScheduled")[-1].value
    assert found["status"] == "False", f"{name} was scheduled beside the pod that leaves no room"
    return str(found["message"])


def first_runs(timeline: Timeline) -> None:
    """Assert that the pod which the others do not fit beside is there."""
    pod = timeline.pod_named("res-fit-first")
    ready = [seen.value["status"] for seen in pod.conditions("Ready")]
    assert "True" in ready, "the first pod never got ready"


@requirement("sched.hostport", MUST, since="1.33", scenario="res-fit", source=f"{PULL}132040")
def test_hostport(timeline: Timeline) -> None:
    """A hostPort of a sidecar is taken: no other pod that wants it is put on the same node."""
    first_runs(timeline)
    message = unschedulable(timeline, "res-fit-port")
    assert "free ports" in message, message


@requirement(
    "sched.extended-resource-sum",
    SHOULD,
    since="1.29",
    scenario="res-fit",
    source=KEP,
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS),
)
def test_extended_resource_sum(timeline: Timeline) -> None:
    """Extended resources of sidecars are added to those of main containers."""
    first_runs(timeline)
    message = unschedulable(timeline, "res-fit-widgets")
    assert f"Insufficient {WIDGET}" in message, message


def named(message: bytes, number: int) -> list[bytes]:
    """Return the values of one field of a protobuf message that has only such with a length."""
    found = []
    while message:
        tag, message = message[0], message[1:]
        length = shift = 0
        while True:
            byte, message = message[0], message[1:]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if tag & 7 != LENGTH_DELIMITED:
            continue
        if tag >> 3 == number:
            found.append(message[:length])
        message = message[length:]
    return found


@requirement(
    "res.podresources-api",
    MUST,
    since="1.30",
    scenario="res-pod",
    source=f"{PULL}120718",
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS),
)
def test_podresources_api(timeline: Timeline) -> None:
    """The kubelet's API of pod resources lists sidecars, and no plain init containers."""
    answer = base64.b64decode(timeline.action("list-pod-resources").answer["output"])
    data = b""
    while answer:
        length = int.from_bytes(answer[:3])
        kind, body = answer[3], answer[9 : 9 + length]
        data += body if kind == 0 else b""
        answer = answer[9 + length :]
    # Five bytes stand before the message: not compressed, and its length.
    pods = {
        named(pod, 1)[0].decode(): {named(one, 1)[0].decode() for one in named(pod, 3)}
        for pod in named(data[5:], 1)
    }
    assert "res-pod" in pods, f"pods: {sorted(pods)}"
    assert pods["res-pod"] == {"sidecar", "large", "small"}, f"{pods['res-pod']}"


# Beyond what can be judged from outside.


@requirement(
    "res.cpu-exclusive",
    MUST,
    since="1.29",
    source=f"{PULL}119447",
    needs=(Capability.SIDECARS, Capability.STATIC_CPU_MANAGER),
)
def test_cpu_exclusive() -> None:
    """CPUs of a plain init container may be given to later containers, those of a sidecar not."""


@requirement(
    "res.memory-device-topology",
    MUST,
    since="1.29",
    source=(f"{PULL}120461", f"{PULL}120715"),
    needs=(Capability.SIDECARS, Capability.DEVICES),
)
def test_memory_device_topology() -> None:
    """The managers of memory, devices and topology count sidecars as running all the time."""


@requirement(
    "res.dra-extended",
    MUST,
    since="1.35",
    source=f"{PULL}134882",
    needs=(Capability.SIDECARS, Capability.DEVICES),
)
def test_dra_extended() -> None:
    """A device of an extended resource is shared by an init container and later containers."""


@requirement(
    "res.eviction-message",
    OBSERVED,
    since="1.32",
    source=f"{PULL}124947",
    needs=(Capability.SIDECARS, Capability.NODE_PRESSURE),
)
def test_eviction_message() -> None:
    """An eviction under node pressure tells what the sidecars used and requested."""


@requirement(
    "sched.scoring",
    OBSERVED,
    since="1.32",
    source=f"{PULL}127878",
    needs=(Capability.SIDECARS, Capability.SEVERAL_NODES),
)
def test_scoring() -> None:
    """The scheduler counts the sidecars of the pods on a node when it rates the node."""


@requirement(
    "sched.image-locality",
    OBSERVED,
    since="1.30",
    source=f"{PULL}123366",
    needs=(Capability.SIDECARS, Capability.SEVERAL_NODES),
)
def test_image_locality() -> None:
    """The scheduler prefers nodes that hold the images of a pod's sidecars."""
