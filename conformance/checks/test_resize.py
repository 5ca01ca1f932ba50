"""Resize: changing the resources of running sidecars in place."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from conformance.checks.needs import OWN_RESOURCES
from conformance.requirements import API_SERVER, MUST, PODS, requirement
from conformance.scenarios.resize import GUARANTEED, MORE_CPU, MORE_OF_ALL, UNRESIZABLE, resizing
from conformance.sources import DOCS, kep, upstream
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.components import together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.timeline import Action, Timeline

    Json = Mapping[str, Any]

RESIZE = f"{DOCS}/tasks/configure-pod-container/resize-container-resources/"
KEP_RESIZE = kep("1287-in-place-update-pod-resources")
RESIZE_GATES = ("InPlacePodVerticalScaling",)
NEEDS = (*OWN_RESOURCES, Capability.RESIZE)
"""A pod's QoS class, which no resize may change, is that of all its containers."""
PLAIN_INIT_SINCE = 36
"""The minor since which running plain init containers can be resized too."""


def resize(timeline: Timeline, patch: Json) -> Action:
    """Return the suite's request to resize containers of the pod."""
    return timeline.action("patch", subresource="resize", patch=patch)


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
    """CPU and memory of a running sidecar can be changed through the resize subresource."""
    answer = resize(timeline, resizing("steady", MORE_OF_ALL))
    assert answer.accepted, f"the resize was answered {answer.message}"
    status = timeline["steady"].status.raw
    assert status["resources"] == MORE_OF_ALL, f"in force: {status['resources']}"
    allocated = status["allocatedResources"]
    assert allocated == MORE_OF_ALL["requests"], f"allocated: {allocated}"


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
        assert timeline[name].status.raw["resources"] == MORE_OF_ALL, f"{name} was not resized"
    restarts = {name: one.restarts for name, one in timeline.pod.containers.items()}
    wanted = {"steady": 0, "plain": 0, "renewed": 1, "app": 0}
    assert restarts == wanted, f"restarts were {restarts}, not {wanted}"
    assert len(timeline["steady"].instances) == 1, "steady has run twice"


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
    shown = [seen.value.raw.get("resources") for seen in timeline["plain"].statuses]
    assert MORE_CPU in shown, f"plain was never seen resized: {shown}"
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
