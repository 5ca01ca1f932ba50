"""Resize: changing the resources of running sidecars in place."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from itertools import dropwhile, groupby, takewhile
from typing import TYPE_CHECKING, Any

import pytest

from conformance.checks.cgroups import assert_cpu_limit, assert_cpu_share, assert_memory_limit
from conformance.checks.instances import assert_ran, assert_ran_once
from conformance.checks.needs import OWN_RESOURCES
from conformance.requirements import API_SERVER, MUST, PODS, SHOULD, requirement
from conformance.scenarios.res import (
    CHARGED,
    CHARGED_MEMORY,
    UNCHARGED,
    level_resized,
)
from conformance.scenarios.resize import (
    APP_RESIZED,
    BELOW_USE,
    GUARANTEED,
    LESS_OF_ALL,
    MORE_CPU,
    MORE_MEMORY,
    MORE_OF_ALL,
    UNDER_WAY,
    UNRESIZABLE,
    resizing,
)
from conformance.sources import DOCS, POD_LIFECYCLE, kep, upstream
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.components import Component, together
from fixtures.evidence.errors import NotDoneError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fixtures.evidence.pods import Container, Pod
    from fixtures.evidence.timeline import Action, Timeline
    from fixtures.evidence.version import Version

    Json = Mapping[str, Any]

RESIZE = f"{DOCS}/tasks/configure-pod-container/resize-container-resources/"
RESIZE_PODS = f"{DOCS}/tasks/configure-pod-container/resize-pod-resources/"
KEP_RESIZE = kep("1287-in-place-update-pod-resources")
RESIZE_GATES = ("InPlacePodVerticalScaling",)
NEEDS = (*OWN_RESOURCES, Capability.RESIZE)
"""A pod's QoS class, which no resize may change, is that of all its containers."""
ASKED_FOR = 3
"""How many resizes of node-kubelet the suite asks for."""
SHRINKS_SINCE = 34
"""The minor since which a limit of memory may be lowered without a restart."""
PLAIN_INIT_SINCE = 36
"""The minor since which running plain init containers can be resized too."""


def resize(timeline: Timeline, patch: Json) -> Action:
    """Return the suite's request to resize containers of the pod."""
    return timeline.action("patch", subresource="resize", patch=patch)


def assert_shown(container: Container, wanted: Json) -> None:
    """Assert that a container's status has shown these resources as in force."""
    shown = [seen.value.raw.get("resources") for seen in container.statuses]
    assert wanted in shown, f"{container} was never seen with {wanted}: {shown}"


def assert_given(timeline: Timeline, name: str, wanted: Json) -> None:
    """Assert that a sidecar was given these resources. Raises NotDoneError where nobody asked."""
    answer = resize(timeline, resizing(name, wanted))
    assert answer.accepted, f"the resize was answered {answer.message}"
    assert_shown(timeline[name], wanted)


@requirement(
    "resize.sidecar",
    MUST,
    gates=RESIZE_GATES,
    since="1.33",
    scenario="resize",
    source=RESIZE,
    needs=NEEDS,
)
def test_sidecar(timeline: Timeline) -> None:
    """CPU and memory of a running sidecar can be changed through the resize subresource.

    A limit of memory can be lowered without a restart from 1.34 on, and not before.
    """
    assert_resized(timeline, MORE_OF_ALL, "read-more", pod=112, container=40)
    if timeline.minor_of(Component.API_SERVER) < SHRINKS_SINCE:
        less = resize(timeline, resizing("steady", LESS_OF_ALL))
        assert less.invalid, f"less was answered {less.message}"
    elif timeline.minor_of(Component.KUBELET) >= SHRINKS_SINCE:
        assert_resized(timeline, LESS_OF_ALL, "read-less", pod=108, container=36)


def assert_resized(
    timeline: Timeline, wanted: Json, reading: str, *, pod: int, container: int
) -> None:
    """Assert that the steady sidecar was given these resources, and limits of memory in MiB."""
    assert_given(timeline, "steady", wanted)
    steady = timeline["steady"]
    allocated = [seen.value.raw.get("allocatedResources") for seen in steady.statuses]
    assert wanted["requests"] in allocated, f"allocated: {allocated}"
    for action in timeline.actions_named(reading):
        assert_memory_limit(action, pod)
        assert_memory_limit(action, container, steady.last)


@requirement(
    "resize.cpu-limit",
    MUST,
    gates=RESIZE_GATES,
    since="1.33",
    scenario="resize",
    source=(RESIZE, KEP_RESIZE),
    needs=(*NEEDS, Capability.NODE_ACCESS),
)
def test_cpu_limit(timeline: Timeline) -> None:
    """A running sidecar can be given a limit of CPU, or another one, which its cgroup then has.

    That of the pod has the sum, once all of its containers have limits.
    """
    steady, app = timeline["steady"].first, timeline["app"].first
    before = timeline.action("read-unlimited")
    assert_cpu_limit(before, None, steady)
    assert_cpu_limit(before, 1000, app)
    assert_cpu_limit(before, None)
    assert_shown(timeline["steady"], MORE_OF_ALL)
    for reading, sidecar, pod in (("read-more", 800, 2600), ("read-less", 600, 2400)):
        for action in timeline.actions_named(reading):
            assert_cpu_limit(action, sidecar, steady)
            assert_cpu_limit(action, pod)


@requirement(
    "resize.restart-policy",
    MUST,
    gates=RESIZE_GATES,
    since="1.33",
    scenario="resize",
    source=(RESIZE, KEP_RESIZE),
    needs=NEEDS,
)
def test_restart_policy(timeline: Timeline) -> None:
    """A resized sidecar runs on, unless its policy asks for a restart: then only it restarts."""
    for name in ("steady", "renewed"):
        assert_given(timeline, name, MORE_OF_ALL)
    assert_ran_once(timeline["steady"])
    assert timeline["plain"].restarts == 0, "plain was restarted"
    assert_ran(timeline["renewed"], 2)
    before = list(takewhile(partial(lacks, "app", MORE_MEMORY), timeline.pod.versions))
    assert before[-1].container("app").restarts == 0, "app was restarted before its own resize"


@requirement(
    "resize.app-restart",
    MUST,
    gates=RESIZE_GATES,
    since="1.33",
    scenario="resize",
    source=(RESIZE, KEP_RESIZE),
    needs=NEEDS,
)
def test_app_restart(timeline: Timeline) -> None:
    """An app that its resize restarts is restarted once, and its sidecars run on."""
    answer = resize(timeline, APP_RESIZED)
    assert answer.accepted, f"the resize was answered {answer.message}"
    assert_shown(timeline["app"], MORE_MEMORY)
    assert_ran(timeline["app"], 2)
    assert_ran_once(timeline["steady"])
    assert_ran(timeline["renewed"], 2)


@requirement(
    "resize.generation",
    MUST,
    gates=(*RESIZE_GATES, "PodObservedGenerationTracking"),
    since="1.34",
    scenario="resize",
    source=(f"{POD_LIFECYCLE}#pod-generation", RESIZE),
    needs=NEEDS,
)
def test_generation(timeline: Timeline) -> None:
    """Each resize of a sidecar is a new generation, which a status that shows it has observed."""
    for name in ("steady", "renewed"):
        answer = resize(timeline, resizing(name, MORE_OF_ALL))
        assert answer.accepted, f"the resize was answered {answer.message}"
        generation = answer.body["metadata"]["generation"]
        before = list(takewhile(partial(lacks, name, MORE_OF_ALL), timeline.pod.versions))
        last = before[-1].raw["metadata"]["generation"]
        assert last == generation - 1, f"{name}: generation {last} went to {generation}"
        observed = [
            version.status.get("observedGeneration", 0)
            for version in timeline.pod.versions
            if version.container(name).raw.get("resources") == MORE_OF_ALL
        ]
        assert observed, f"{name} was never shown resized"
        assert min(observed) >= generation, (
            f"{name} is shown resized by generation {generation}, where {min(observed)} is observed"
        )


def lacks(name: str, resources: Json, version: Version) -> bool:
    """Tell whether the spec of a version has other resources for a container than it is to get."""
    containers = (*version.spec["initContainers"], *version.spec["containers"])
    found = {one["name"]: one["resources"] for one in containers}
    return bool(found[name] != resources)


def before_deletion(pod: Pod) -> Version:
    """Return the last version of a pod that was not being deleted: no resize outlives its pod."""
    return [version for version in pod.versions if not version.being_deleted][-1]


@requirement(
    "resize.conditions",
    MUST,
    gates=RESIZE_GATES,
    since="1.33",
    scenario="resize",
    source=(RESIZE, KEP_RESIZE),
    needs=NEEDS,
)
def test_conditions(timeline: Timeline) -> None:
    """A pod whose sidecars were resized no longer says that a resize is pending or under way."""
    for name in ("steady", "renewed"):
        assert_given(timeline, name, MORE_OF_ALL)
    last = before_deletion(timeline.pod)
    left = [kind for kind in UNDER_WAY if last.condition(kind).true]
    assert not left, f"in the end the pod still has {left}"


@requirement(
    "resize.deferred",
    MUST,
    gates=RESIZE_GATES,
    since="1.33",
    scenario="node-kubelet",
    source=(RESIZE, KEP_RESIZE),
    needs=(*NEEDS, Capability.NODE_ACCESS),
)
def test_deferred(timeline: Timeline) -> None:
    """A resize of a sidecar that the node has no room for now is put off and changes nothing.

    That holds over a restart of the kubelet as well.
    """
    first, _, back = asked_for(timeline)
    for answer in (first, back):
        assert answer.accepted, f"the resize was answered {answer.message}"
    pod = timeline.pod_named("node-kubelet-runs")
    told = reasons(pod)
    assert told[:1] == ["Deferred"], f"the resize was {told}"
    last = before_deletion(pod)
    assert not last.condition("PodResizePending"), "what was taken back is still pending"
    given = {"requests": {"cpu": "10m"}}
    shown = [seen.value.raw.get("resources", given) for seen in pod["bare"].statuses]
    assert all(one == given for one in shown), f"the sidecar was given {shown}"
    assert_ran_once(pod["bare"])


@requirement(
    "resize.infeasible",
    MUST,
    gates=RESIZE_GATES,
    since="1.33",
    scenario="node-kubelet",
    source=(RESIZE, KEP_RESIZE),
    needs=(*NEEDS, Capability.NODE_ACCESS),
)
def test_infeasible(timeline: Timeline) -> None:
    """A resize is infeasible, or refused, where sidecar and app need more than the node has."""
    first, beyond, _ = asked_for(timeline)
    assert first.accepted, f"the resize was answered {first.message}"
    if not beyond.accepted:
        assert beyond.status == HTTPStatus.FORBIDDEN, f"the resize was answered {beyond.message}"
        assert "allocatable" in beyond.message, beyond.message
        return
    told = reasons(timeline.pod_named("node-kubelet-runs"))
    assert told[-1:] == ["Infeasible"], f"the resize was {told}"


def asked_for(timeline: Timeline) -> Sequence[Action]:
    """Return the requests for more than there is now, for more than there ever is, and for less.

    Raises NotDoneError where the suite did not come to all of them.
    """
    asked = timeline.actions_named("patch", subresource="resize")
    if len(asked) != ASKED_FOR:
        raise NotDoneError(f"the suite asked for {len(asked)} of {ASKED_FOR} resizes")
    return asked


def reasons(pod: Pod) -> list[str]:
    """Return for which reasons a resize of a pod was pending, one after the other."""
    pending = [seen.value for seen in pod.conditions("PodResizePending")]
    return [reason for reason, _ in groupby(one.reason for one in pending if one.true)]


@requirement(
    "resize.below-use",
    MUST,
    gates=RESIZE_GATES,
    since="1.34",
    scenario="resize-below-use",
    source=(RESIZE, KEP_RESIZE),
    needs=NEEDS,
)
def test_below_use(timeline: Timeline) -> None:
    """A sidecar is limited to less memory than it uses only once it uses less, and runs on.

    The pod says that its resize is in progress until then, and that there was an error.
    """
    answer = resize(timeline, resizing("sidecar", BELOW_USE))
    assert answer.accepted, f"the resize was answered {answer.message}"
    sidecar = timeline["sidecar"]
    alive = takewhile(lambda one: not one.being_deleted, timeline.pod.versions)
    asked = dropwhile(partial(lacks, "sidecar", BELOW_USE), alive)
    former = takewhile(
        lambda one: one.container("sidecar").raw.get("resources") != BELOW_USE, asked
    )
    told = [version.condition("PodResizeInProgress") for version in former]
    since = list(dropwhile(lambda one: not one.true, told))
    errors = [one.message for one in since if one.reason == "Error"]
    assert errors, f"why the resize was not carried out the pod never said: {told}"
    assert all(errors), f"the pod said that there was an error, and not which: {told}"
    assert all(one.true for one in since), f"before it was carried out the pod said {told}"
    assert_shown(sidecar, BELOW_USE)
    assert_ran_once(sidecar)


@requirement(
    "resize.quota",
    SHOULD,
    by=API_SERVER,
    gates=RESIZE_GATES,
    since="1.33",
    scenario="res-pod",
    source=KEP_RESIZE,
    needs=NEEDS,
)
def test_quota(timeline: Timeline) -> None:
    """A quota charges a sidecar for what it is resized to, and refuses what exceeds it."""
    allowed = resize(timeline, resizing("sidecar", CHARGED))
    assert allowed.accepted, f"the resize was answered {allowed.message}"
    versions = timeline.object("ResourceQuota", "res-pod").versions
    used = [version.status.get("used", {}).get("requests.memory") for version in versions]
    assert CHARGED_MEMORY in used, f"charged were {used}"
    refused = resize(timeline, resizing("sidecar", UNCHARGED))
    assert refused.status == HTTPStatus.FORBIDDEN, f"too much was answered {refused.message}"
    assert "exceeded quota" in refused.message, refused.message


@requirement(
    "resize.pod-level",
    MUST,
    gates=(*RESIZE_GATES, "PodLevelResources", "InPlacePodLevelResourcesVerticalScaling"),
    since="1.36",
    scenario="res-level",
    source=RESIZE_PODS,
    needs=NEEDS,
)
def test_pod_level(timeline: Timeline) -> None:
    """The resources of a pod as a whole can be changed while its sidecars and containers run."""
    answer = timeline.action("patch", subresource="resize")
    assert answer.accepted, f"the resize was answered {answer.message}"
    pod = timeline.pod
    shown = [version.status.get("resources") for version in pod.versions]
    assert any(level_resized(version.raw) for version in pod.versions), f"in force were {shown}"
    for action in timeline.actions_named("read-resized"):
        assert_memory_limit(action, 1200)
        assert_cpu_share(action, 80)
    for container in pod.containers.values():
        assert_ran_once(container)


@requirement(
    "resize.plain-init",
    MUST,
    gates=RESIZE_GATES,
    since="1.33",
    scenario="resize",
    source=(RESIZE, KEP_RESIZE),
    needs=NEEDS,
)
def test_plain_init(timeline: Timeline) -> None:
    """Plain init containers cannot be resized before 1.36; since then they can, without restart."""
    answer = resize(timeline, resizing("plain", MORE_CPU))
    restarting = timeline.creation("resize-plain-restarts")
    gate = "InPlacePodVerticalScalingInitContainers"
    able = [timeline.has(one, gate, since=PLAIN_INIT_SINCE) for one in PODS]
    told = together(able)
    if told is False or (told is None and not answer.accepted):
        # An API server that knows of it may forbid (403) what the node's kubelet cannot do. One of
        # 1.37 accepts it where that kubelet is of 1.34.
        if able[0] is not False:
            if answer.accepted:
                pytest.skip("the kubelet is too old to resize plain init containers")
            return
        assert answer.invalid, f"the resize was answered {answer.message}"
        return
    assert answer.accepted, f"the resize was answered {answer.message}"
    assert_shown(timeline["plain"], MORE_CPU)
    assert timeline["plain"].restarts == 0, "plain was restarted"
    assert restarting.invalid, f"a restarting plain init container: {restarting.message}"


@requirement(
    "resize.limits",
    MUST,
    gates=RESIZE_GATES,
    since="1.33",
    scenario="resize",
    source=(RESIZE, KEP_RESIZE),
    needs=NEEDS,
)
def test_limits(timeline: Timeline) -> None:
    """No resize touches other resources, the QoS class, the order, or takes resources away."""
    assert resize(timeline, resizing("steady", MORE_OF_ALL)).accepted
    answers = {
        what: resize(timeline, resizing("steady", resources))
        for what, resources in UNRESIZABLE.items()
    }
    answers["another order"] = timeline.action("reorder")
    answers["another QoS class"] = resize(timeline, GUARANTEED)
    taken = {what: answer.status for what, answer in answers.items() if not answer.invalid}
    assert not taken, f"not all were refused (422): {taken}"
    classes = {version.status.get("qosClass") for version in timeline.pod.versions}
    assert classes == {"Burstable"}, f"the QoS class was {classes}"


@requirement(
    "resize.absent-before",
    MUST,
    by=API_SERVER,
    since="1.29",
    until="1.32",
    scenario="resize-absent",
    source=upstream("pkg/apis/core/validation/validation.go ValidatePodUpdate"),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_RESOURCES),
)
def test_absent_before(timeline: Timeline) -> None:
    """Before 1.33 the resources of a sidecar cannot be changed."""
    spec, subresource = timeline.actions_named("patch")
    assert spec.invalid, f"a change in the spec was answered {spec.message}"
    absent = subresource.status == HTTPStatus.NOT_FOUND
    assert absent, f"the resize subresource answered {subresource.message}"
    now = timeline["sidecar"].spec["resources"]
    assert now == {"requests": {"cpu": "10m"}}, f"the sidecar now has {now}"
