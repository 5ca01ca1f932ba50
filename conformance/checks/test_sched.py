"""Scheduling: what the scheduler makes of the requests and ports of sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.checks.needs import OWN_RESOURCES
from conformance.requirements import MUST, OBSERVED, SCHEDULED, SHOULD, requirement
from conformance.scenarios.res import WIDGET
from conformance.scenarios.sched import REFUSED
from conformance.sources import DOCS, EPHEMERAL_STORAGE, KEP_SIDECARS, SIDECARS, pull
from fixtures.evidence.capabilities import Capability

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Timeline

PORTS = f"{DOCS}/concepts/configuration/overview/"
EFFECTIVE = f"{DOCS}/concepts/resource-management/effective-pod-requests-limits/"
SCHEDULING_PLUGINS = f"{DOCS}/reference/scheduling/config/#scheduling-plugins"


def assert_no_room(timeline: Timeline, name: str, words: str, *, beside: str) -> None:
    """Assert that a pod found no node, for a reason in these words, beside another pod."""
    assert timeline.created(beside)
    assert timeline.created(name)
    first = timeline.pod_named(beside).conditions("Ready")
    assert any(seen.value.true for seen in first), "the first pod never got ready"
    scheduled = timeline.pod_named(name).conditions("PodScheduled")[-1].value
    assert scheduled.false, f"{name} was scheduled beside the pod that leaves no room"
    assert words in scheduled.message, scheduled.message


@requirement(
    "sched.hostport",
    MUST,
    by=SCHEDULED,
    since="1.29",
    scenario="sched-hostport",
    source=(PORTS, SCHEDULING_PLUGINS, pull(132040)),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_RESOURCES, Capability.NODES),
)
def test_hostport(timeline: Timeline) -> None:
    """A hostPort of a sidecar is taken: no other pod that wants it is put on the same node.

    That holds among sidecars, and between sidecars and main containers.
    """
    for name in REFUSED:
        assert_no_room(timeline, name, "free ports", beside="sched-hostport-first")


@requirement(
    "sched.sum",
    MUST,
    by=SCHEDULED,
    since="1.29",
    scenario="res-fit",
    source=(SIDECARS, EFFECTIVE),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_RESOURCES, Capability.NODES),
)
def test_sum(timeline: Timeline) -> None:
    """The scheduler adds what a pod's sidecars request to its main and later init containers.

    Each of two has room on the node alone, and both together more than the node has.
    """
    assert_no_room(timeline, "res-fit-cpu", "Insufficient cpu", beside="res-fit-first")
    assert_no_room(timeline, "res-fit-init", "Insufficient memory", beside="res-fit-first")


@requirement(
    "sched.ephemeral-sum",
    MUST,
    by=SCHEDULED,
    since="1.29",
    scenario="res-fit",
    source=(SIDECARS, EPHEMERAL_STORAGE, KEP_SIDECARS),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_RESOURCES, Capability.NODES),
)
def test_ephemeral_sum(timeline: Timeline) -> None:
    """The scheduler adds the ephemeral storage that sidecars request to that of main containers."""
    if not timeline.actions_named("create", name="res-fit-storage"):
        pytest.skip("the node does not tell how much pods may store on it")
    words = "Insufficient ephemeral-storage"
    assert_no_room(timeline, "res-fit-storage", words, beside="res-fit-first")


@requirement(
    "sched.extended-resource-sum",
    SHOULD,
    by=SCHEDULED,
    since="1.29",
    scenario="res-fit",
    source=KEP_SIDECARS,
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS, Capability.UNCHANGED_RESOURCES),
)
def test_extended_resource_sum(timeline: Timeline) -> None:
    """Extended resources of sidecars are added to those of main containers."""
    assert_no_room(timeline, "res-fit-widgets", f"Insufficient {WIDGET}", beside="res-fit-first")


@requirement(
    "sched.scoring",
    OBSERVED,
    by=SCHEDULED,
    since="1.29",
    scenario="sched-scoring",
    source=pull(127878),
    # Elsewhere nobody knows what else comes and goes on the nodes.
    needs=(Capability.SEVERAL_NODES, Capability.SIDECARS, Capability.NODE_ACCESS, *OWN_RESOURCES),
)
def test_scoring(timeline: Timeline) -> None:
    """The scheduler counts the sidecars of the pods on a node when it rates the node."""
    where = {
        name: timeline.pod_named(f"sched-scoring-{name}").last.spec["nodeName"]
        for name in ("before", "loaded", "after")
    }
    assert where["loaded"] == where["before"]
    assert where["after"] != where["loaded"], "the node is preferred as if there was no sidecar"


@requirement(
    "sched.image-locality",
    OBSERVED,
    by=SCHEDULED,
    since="1.30",
    source=pull(123366),
    needs=(Capability.SIDECARS, Capability.UNEVEN_IMAGES),
)
def test_image_locality() -> None:
    """The scheduler prefers nodes that hold the images of a pod's sidecars."""
