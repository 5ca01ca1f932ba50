"""Resources: what sidecars count for in quotas, classes, limits and cgroups."""

from __future__ import annotations

import base64
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from conformance.checks.cgroups import (
    assert_cpu_limit,
    assert_cpu_share,
    assert_memory_limit,
    assert_parent,
)
from conformance.checks.needs import OWN_RESOURCES
from conformance.checks.phases import assert_failed
from conformance.requirements import (
    API_SERVER,
    KUBELET,
    MUST,
    OBSERVED,
    SCHEDULED,
    SHOULD,
    requirement,
)
from conformance.sources import (
    DOCS,
    EPHEMERAL_STORAGE,
    KEP_SIDECARS,
    SIDECARS,
    pull,
    upstream,
)
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.components import Component
from fixtures.evidence.errors import EvidenceLostError
from fixtures.evidence.moments import InconclusiveError
from fixtures.kubeapi import podresources
from fixtures.kubeapi.quantities import quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.pods import Container, Pod
    from fixtures.evidence.timeline import Action, Timeline

QUOTAS = f"{DOCS}/concepts/policy/resource-quotas/"
QOS = f"{DOCS}/concepts/workloads/pods/pod-qos/"
OVERHEAD = f"{DOCS}/concepts/scheduling-eviction/pod-overhead/"
POD_LEVEL = (
    f"{DOCS}/tasks/configure-pod-container/assign-pod-level-resources/",
    "https://github.com/kubernetes/enhancements/issues/2837",
)
USED = re.compile(r"Container sidecar was using (\w+), request is (\w+),")
"""What an eviction tells of a sidecar."""
MI = 1 << 20
HELD = 360 * MI
"""What the sidecar of node-pressure holds, in bytes."""
HIGHEST_SCORE = 999
"""The OOM score of a container in a Burstable pod that requests next to nothing."""
PEAKS = {"around": 130, "after": 100, "before": 170, "low": 80}
"""What each of the permuted pods needs at most at one time."""


def proposal(timeline: Timeline, name: str) -> Action:
    """Return how the suite last proposed a pod; its name is without that of the scenario.

    Raises EvidenceLostError where it never did. It asks until admission knows the quota.
    """
    first = timeline.creation(f"{timeline.recording.scenario}-{name}")
    return timeline.actions_named(first.name, **first.arguments)[-1]


def assert_charged(timeline: Timeline, name: str, wanted: Mapping[str, str]) -> None:
    """Assert that a proposed pod would have been charged this, by resource."""
    answer = proposal(timeline, name).message
    found = re.search(r"exceeded quota: .*?requested: (.*?), used:", answer)
    assert found, f"{name} was not refused for its quota: {answer}"
    charge = dict(pair.split("=") for pair in found[1].split(","))
    assert charge == wanted, f"{name} is charged {charge}, not {wanted}"


def assert_class(timeline: Timeline, name: str, wanted: str) -> None:
    """Assert that a proposed pod was accepted and has this QoS class."""
    answer = proposal(timeline, name)
    assert answer.accepted, f"{name} was answered {answer.message}"
    found = answer.body["status"].get("qosClass")
    assert found == wanted, f"the QoS class of {name} is {found}, not {wanted}"


def assert_evicted(pod: Pod, writer: str, word: str) -> None:
    """Assert that a pod was evicted after a container had written, and was told why with a word."""
    assert pod[writer].said("WRITTEN")
    assert_failed(pod, "Evicted")
    message = pod.last.status["message"]
    assert word in message, message


def amounts(amount: int) -> Mapping[str, str]:
    """Return the charge of a pod whose effective request is this."""
    return {
        "requests.cpu": f"{amount}m",
        "requests.memory": f"{amount}Mi",
        "limits.memory": f"{2 * amount}Mi",
    }


def oom_score(container: Container) -> int:
    """Return the OOM score that a container has told of itself."""
    for line in container.last.lines:
        if line.text.startswith("SCORE "):
            return int(line.text.split()[1])
    raise EvidenceLostError(f"{container} did not tell its score")


@requirement(
    "res.sum-with-main",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="res-formula",
    source=(SIDECARS, KEP_SIDECARS),
    needs=OWN_RESOURCES,
)
def test_sum_with_main(timeline: Timeline) -> None:
    """A pod's effective request and limit add up sidecars and main containers."""
    assert_charged(timeline, "sum", amounts(45))


@requirement(
    "res.init-peak-adds-earlier-sidecars",
    SHOULD,
    by=API_SERVER,
    since="1.29",
    scenario="res-formula",
    source=KEP_SIDECARS,
    needs=OWN_RESOURCES,
)
def test_init_peak_adds_earlier_sidecars(timeline: Timeline) -> None:
    """A plain init container counts with all sidecars listed before it, not with later ones."""
    for name, peak in PEAKS.items():
        assert_charged(timeline, name, amounts(peak))


@requirement(
    "res.overhead",
    SHOULD,
    by=API_SERVER,
    since="1.29",
    scenario="res-formula",
    source=(OVERHEAD, KEP_SIDECARS),
    needs=OWN_RESOURCES,
)
def test_overhead(timeline: Timeline) -> None:
    """A pod's overhead is added to what its sidecars and main containers request."""
    if timeline.action("create", kind="RuntimeClass").status == HTTPStatus.FORBIDDEN:
        pytest.skip("the suite may not create a RuntimeClass here")
    wanted = {"requests.cpu": "47m", "requests.memory": "47Mi", "limits.memory": "87Mi"}
    assert_charged(timeline, "overhead", wanted)


@requirement(
    "res.quota",
    MUST,
    since="1.29",
    scenario=("res-formula", "res-pod"),
    source=(SIDECARS, QUOTAS),
    needs=OWN_RESOURCES,
)
def test_quota(timelines: Mapping[str, Timeline]) -> None:
    """A quota charges sidecars, and refuses those without the requests and limits that it holds."""
    versions = timelines["res-pod"].object("ResourceQuota", "res-pod").versions
    used = [version.status.get("used") for version in versions]
    wanted = {
        "pods": "1",
        "requests.cpu": "35m",
        "requests.memory": "1288Mi",
        "limits.memory": "1432Mi",
    }
    assert wanted in used, f"charged were {used}, never {wanted}"
    missing = proposal(timelines["res-formula"], "missing")
    forbidden = missing.status == HTTPStatus.FORBIDDEN
    assert forbidden, f"without requests it was answered {missing.message}"
    assert "must specify" in missing.message, missing.message
    assert "sidecar" in missing.message, missing.message


@requirement(
    "res.quota-kinds",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="res-kinds",
    source=(SIDECARS, QUOTAS),
    needs=OWN_RESOURCES,
)
def test_quota_kinds(timeline: Timeline) -> None:
    """A quota charges the CPU limits of sidecars and their ephemeral storage as all else."""
    wanted = {
        "limits.cpu": "40m",
        "requests.ephemeral-storage": "40Mi",
        "limits.ephemeral-storage": "80Mi",
    }
    assert_charged(timeline, "sum", wanted)


@requirement(
    "res.pod-level",
    MUST,
    by=(*SCHEDULED, *KUBELET),
    gates=("PodLevelResources",),
    since="1.34",
    scenario=("res-formula", "res-fit"),
    source=POD_LEVEL,
    needs=OWN_RESOURCES,
)
def test_pod_level(timelines: Mapping[str, Timeline]) -> None:
    """Resources of the pod as a whole count instead of those of its sidecars and containers.

    They cannot be less than what sidecars and main containers request together.
    """
    assert_charged(timelines["res-formula"], "pod-level", amounts(200))
    assert_class(timelines["res-fit"], "pod-level", "Guaranteed")
    short = proposal(timelines["res-fit"], "short")
    assert short.invalid, f"8Mi for two containers of 5Mi were answered {short.message}"
    assert "spec.resources.requests[memory]" in short.refused_fields, short.message


@requirement(
    "res.limitrange",
    SHOULD,
    by=API_SERVER,
    since="1.29",
    scenario="res-ranges",
    source=KEP_SIDECARS,
    needs=OWN_RESOURCES,
)
def test_limitrange(timeline: Timeline) -> None:
    """A LimitRange gives sidecars its defaults, bounds each of them, and their sum with the pod."""
    default = proposal(timeline, "default")
    assert default.accepted, f"default was answered {default.message}"
    given = default.body["spec"]["initContainers"][0]["resources"]
    wanted = {"requests": {"cpu": "11m", "memory": "11Mi"}, "limits": {"memory": "22Mi"}}
    assert given == wanted, f"the sidecar was given {given}, not {wanted}"
    for name, words in (
        ("little", "minimum memory usage per Container"),
        ("much", "maximum memory usage per Container"),
        ("together", "maximum memory usage per Pod"),
    ):
        answer = proposal(timeline, name)
        assert answer.status == HTTPStatus.FORBIDDEN, f"{name} was answered {answer.message}"
        assert words in answer.message, f"{name}: {answer.message}"
    in_turn = proposal(timeline, "in-turn")
    assert in_turn.accepted, f"in-turn was answered {in_turn.message}"


@requirement(
    "res.limitrange-init-peak",
    SHOULD,
    by=API_SERVER,
    since="1.29",
    scenario="res-ranges",
    source=KEP_SIDECARS,
    needs=OWN_RESOURCES,
)
def test_limitrange_init_peak(timeline: Timeline) -> None:
    """A LimitRange of pods counts a plain init container with the sidecars listed before it."""
    beside = proposal(timeline, "beside-init")
    forbidden = beside.status == HTTPStatus.FORBIDDEN
    assert forbidden, f"a sidecar of 40Mi before an init container of 64Mi: {beside.message}"
    assert "maximum memory usage per Pod" in beside.message, beside.message
    after = proposal(timeline, "after-init")
    assert after.accepted, f"a sidecar of 40Mi after an init container of 64Mi: {after.message}"


@requirement(
    "res.qos-includes-sidecars",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="res-fit",
    source=(SIDECARS, QOS),
    needs=OWN_RESOURCES,
)
def test_qos_includes_sidecars(timeline: Timeline) -> None:
    """A pod's QoS class is that of its sidecars and main containers together."""
    assert_class(timeline, "guaranteed", "Guaranteed")
    assert_class(timeline, "burstable-sidecar", "Burstable")
    assert_class(timeline, "burstable-main", "Burstable")
    assert_class(timeline, "best-effort", "BestEffort")


@requirement(
    "res.qos-cgroup",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="node-loss",
    source=(QOS, upstream("test/e2e_node/pods_container_manager_test.go")),
    needs=(*OWN_RESOURCES, Capability.NODE_ACCESS),
)
def test_qos_cgroup(timeline: Timeline) -> None:
    """A pod in which only a sidecar requests anything is held to be Burstable by its kubelet."""
    classes = {version.status.get("qosClass") for version in timeline.pod.versions}
    assert classes == {"Burstable"}, f"the QoS class was {classes}"
    assert_parent(timeline.action("read-cgroups"), "burstable")


@requirement(
    "res.kubelet-admission",
    OBSERVED,
    since="1.29",
    scenario="res-fit",
    source=upstream("pkg/kubelet/lifecycle/predicate.go"),
    needs=(*OWN_RESOURCES, Capability.NODES),
)
def test_kubelet_admission(timeline: Timeline) -> None:
    """The kubelet refuses a pod whose sidecars and main containers together have no room."""
    assert timeline.created("res-fit-memory")
    pod = timeline.pod_named("res-fit-memory")
    wanted = sum(
        quantity(container.spec["resources"]["requests"]["memory"])
        for container in pod.containers.values()
    )
    assert_failed(pod, "OutOfmemory")
    message = pod.last.status["message"]
    assert f"requested: {wanted:.0f}," in message, message


@requirement(
    "res.pod-cgroup",
    MUST,
    since="1.29",
    scenario="res-pod",
    source=SIDECARS,
    needs=(
        Capability.SIDECARS,
        Capability.NODE_ACCESS,
        Capability.UNCHANGED_CONTAINERS,
        Capability.UNCHANGED_RESOURCES,
    ),
)
def test_pod_cgroup(timeline: Timeline) -> None:
    """The limit and the share of the pod's own cgroup add up sidecars and main containers."""
    action = timeline.action("read-cgroups")
    assert_memory_limit(action, 32 + 1100 + 300)
    assert_cpu_share(action, 5 + 20 + 10)


@requirement(
    "res.pod-cgroup-init",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="res-init",
    source=(SIDECARS, KEP_SIDECARS),
    needs=(*OWN_RESOURCES, Capability.NODE_ACCESS),
)
def test_pod_cgroup_init(timeline: Timeline) -> None:
    """A pod's cgroup has room for an init container and the sidecars before it, and no others."""
    action = timeline.action("read-cgroups")
    assert_memory_limit(action, 24 + 100)
    assert_cpu_share(action, 3 + 30)
    assert_cpu_limit(action, 300 + 900)


@requirement(
    "res.pod-cgroup-unlimited",
    MUST,
    by=KUBELET,
    since="1.29",
    scenario="node-api",
    source=SIDECARS,
    needs=(*OWN_RESOURCES, Capability.NODE_ACCESS),
)
def test_pod_cgroup_unlimited(timeline: Timeline) -> None:
    """A pod with a sidecar that has no limit has none as a whole, whatever others have."""
    action = timeline.action("read-cgroups")
    for name, limit in (("sidecar-1", 64), ("sidecar-2", None), ("app", 64)):
        assert_memory_limit(action, limit, timeline[name].last)
    assert_memory_limit(action, None)


@requirement(
    "res.pod-level-cgroup",
    MUST,
    by=(*SCHEDULED, *KUBELET),
    gates=("PodLevelResources",),
    since="1.34",
    scenario="res-level",
    source=POD_LEVEL,
    needs=(*OWN_RESOURCES, Capability.NODE_ACCESS),
)
def test_pod_level_cgroup(timeline: Timeline) -> None:
    """Resources of the pod as a whole bound its sidecars and main containers together."""
    action = timeline.action("read-cgroups")
    assert_memory_limit(action, 1100)
    assert_cpu_share(action, 60)
    assert_memory_limit(action, 512, timeline["app"].last)


@requirement(
    "res.oom-score",
    MUST,
    since="1.29",
    scenario=("res-pod", "res-level"),
    source=(KEP_SIDECARS, pull(128029)),
    needs=OWN_RESOURCES,
)
def test_oom_score(timelines: Mapping[str, Timeline]) -> None:
    """A sidecar's OOM score is at most that of the main container that requests least memory.

    What a pod requests as a whole and its containers do not is shared out among them.
    """
    level = {name: oom_score(timelines["res-level"][name]) for name in ("sidecar", "app")}
    pod = timelines["res-pod"]
    scores = {name: oom_score(pod[name]) for name in ("sidecar", "large", "small")}
    if scores["small"] >= HIGHEST_SCORE:
        pytest.skip("the node has so much memory that requests make no difference")
    assert scores["large"] < scores["small"] < HIGHEST_SCORE, f"{scores}"
    assert scores["sidecar"] <= scores["small"], f"{scores}"
    assert level["sidecar"] <= level["app"] < HIGHEST_SCORE, f"{level}"


@requirement(
    "res.pod-status",
    OBSERVED,
    gates=("InPlacePodLevelResourcesVerticalScaling",),
    since="1.36",
    scenario="res-pod",
    source=upstream("pkg/kubelet/kubelet_pods.go generateAPIPodStatus"),
    needs=OWN_RESOURCES,
)
def test_pod_status(timeline: Timeline) -> None:
    """A pod's status tells what its sidecars and main containers have together."""
    running = [
        version
        for version in timeline.pod.versions
        if all(version.container(name).running for name in ("sidecar", "large", "small"))
    ]
    assert running, "the pod was never seen running as a whole"
    requests = {"cpu": "35m", "memory": "1288Mi"}
    allocated = [version.status.get("allocatedResources") for version in running]
    assert requests in allocated, f"allocated were {allocated}"
    resources = [version.status.get("resources") for version in running]
    wanted = {"requests": requests, "limits": {"memory": "1432Mi"}}
    assert wanted in resources, f"in force were {resources}"


@requirement(
    "res.ephemeral-limit",
    MUST,
    since="1.29",
    scenario="res-disk",
    source=(EPHEMERAL_STORAGE, pull(138462)),
)
def test_ephemeral_limit(timeline: Timeline) -> None:
    """A sidecar that exceeds its own limit of ephemeral storage gets the pod evicted."""
    assert_evicted(timeline.pod_named("res-disk"), "sidecar", "sidecar")


@requirement(
    "res.ephemeral-sum",
    MUST,
    since="1.29",
    scenario="res-disk",
    source=(EPHEMERAL_STORAGE, KEP_SIDECARS),
    needs=OWN_RESOURCES,
)
def test_ephemeral_sum(timeline: Timeline) -> None:
    """A pod that exceeds what sidecars and main containers may store together is evicted."""
    assert_evicted(timeline.pod_named("res-disk-sum"), "app", "256Ki")


@requirement(
    "res.podresources-api",
    MUST,
    since="1.30",
    scenario="res-pod",
    source=pull(120718),
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS, Capability.UNCHANGED_CONTAINERS),
)
def test_podresources_api(timeline: Timeline) -> None:
    """The kubelet's API of pod resources tells of sidecars, and of no plain init containers.

    From 1.34 on it can be asked for a single pod.
    """
    calls = ["list-pod-resources"]
    if timeline.has(Component.KUBELET, "KubeletPodResourcesGet", since=34):
        calls.append("get-pod-resources")
    for call in calls:
        answer = base64.b64decode(timeline.actions_named(call)[-1].answer["output"])
        if not podresources.is_whole(answer):
            raise InconclusiveError(f"{call} was not answered in time")
        told = podresources.listed_containers(answer)
        assert "res-pod" in told, f"{call}: pods: {sorted(told)}"
        assert told["res-pod"] == {"sidecar", "large", "small"}, f"{call}: {told['res-pod']}"


def cpus_of(container: Container) -> set[int]:
    """Return the CPUs that a container has said it may run on, at any time."""
    texts = [line.text for line in container.last.lines if line.begins_with("CPUS")]
    parts = [part for text in texts for part in text.removeprefix("CPUS").strip().split(",")]
    ends = [[int(end) for end in part.split("-")] for part in parts]
    return {cpu for first, *last in ends for cpu in range(first, (last or [first])[0] + 1)}


@requirement(
    "res.cpu-exclusive",
    MUST,
    since="1.29",
    scenario="res-cpus",
    source=pull(119447),
    needs=(Capability.STATIC_CPUS, Capability.SIDECARS, *OWN_RESOURCES),
)
def test_cpu_exclusive(timeline: Timeline) -> None:
    """CPUs of a plain init container may be given to later containers, those of a sidecar not."""
    # What the sidecar has said before and after the app ran is taken together: it has kept its CPU.
    assert len(timeline["sidecar"].all_said("CPUS")) == 2
    cpus = {name: cpus_of(timeline[name]) for name in ("init", "sidecar", "app")}
    for name in ("init", "sidecar"):
        assert len(cpus[name]) == 1, f"{name} has no CPU of its own, it may run on {cpus[name]}"
    assert cpus["app"], "the app may run on no CPU"
    shared = cpus["app"] & cpus["sidecar"]
    assert not shared, f"the app may run on CPU {shared} of the sidecar"


# Beyond what can be judged from outside.


@requirement(
    "res.memory-device-topology",
    MUST,
    since="1.29",
    source=(pull(120461), pull(120715)),
    needs=(Capability.SIDECARS, Capability.DEVICES),
)
def test_memory_device_topology() -> None:
    """The managers of memory, devices and topology count sidecars as running all the time."""


@requirement(
    "res.dra-extended",
    MUST,
    since="1.35",
    source=pull(134882),
    needs=(Capability.SIDECARS, Capability.DEVICES),
)
def test_dra_extended() -> None:
    """A device of an extended resource is shared by an init container and later containers."""


@requirement(
    "res.eviction-message",
    OBSERVED,
    since="1.29",
    scenario="node-pressure",
    source=pull(124947),
    needs=(Capability.SIDECARS, Capability.NODE_PRESSURE),
)
def test_eviction_message(timeline: Timeline) -> None:
    """An eviction under node pressure tells what the sidecars used and requested."""
    pod = timeline.pod_named("node-pressure")
    assert_failed(pod, "Evicted")
    message = pod.last.status["message"]
    told = USED.search(message)
    assert told, f"the pod was told {message!r}, and nothing of its sidecar"
    used, requested = map(quantity, told.groups())
    assert used >= HELD, f"the sidecar holds {HELD / MI:g}Mi, and was told to use {used / MI:.0f}Mi"
    assert requested == 32 * MI, message
