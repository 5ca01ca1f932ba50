"""Conditions: what the conditions of a pod with sidecars tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.disruptions import assert_target
from conformance.checks.needs import OWN_CONTAINERS
from conformance.requirements import MUST, OBSERVED, requirement
from conformance.scenarios.startup import POLICY_SUFFIXES
from conformance.sources import DOCS, POD_LIFECYCLE, SIDECARS, upstream
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.timeline import Timeline

CONDITIONS = upstream("pkg/kubelet/status/generate.go")
PULL_BACK_OFF = "ImagePullBackOff"
READY_TO_START = "PodReadyToStartContainers"
STICKY_SINCE = 36
"""From this minor on Initialized stays True whatever the regular containers are doing."""


@requirement(
    "cond.initialized-false",
    OBSERVED,
    since="1.29",
    scenario="ordered-start",
    source=CONDITIONS,
    needs=OWN_CONTAINERS,
)
def test_initialized_false(timeline: Timeline) -> None:
    """While a sidecar is not started Initialized is False and its message names that sidecar."""
    starting = [
        version
        for version in timeline.pod.versions
        if version.container("sidecar-2").running and not version.container("sidecar-2").started
    ]
    for version in starting:
        found = version.condition("Initialized")
        told = (found.status, found.reason, found.message)
        incomplete = "containers with incomplete status: [sidecar-2]"
        wanted = ("False", "ContainersNotInitialized", incomplete)
        assert told == wanted, f"Initialized was {found.raw}"
    if not starting:
        raise InconclusiveError("no version of the pod shows sidecar-2 starting")


@requirement(
    "cond.initialized-true",
    MUST,
    since="1.29",
    scenario=("ordered-start", "startup-no-regate"),
    source=POD_LIFECYCLE,
)
def test_initialized_true(timelines: Mapping[str, Timeline]) -> None:
    """Initialized is True once sidecars are started and plain init containers are done.

    In the second pod, which is always restarted, the last entry is a plain init container.
    """
    timeline, again = timelines["ordered-start"], timelines["startup-no-regate"]
    for version in again.pod.versions:
        if version.container("init").running:
            found = version.condition("Initialized")
            assert not found.true, f"Initialized was {found.raw} while init ran"
    assert any(seen.value.true for seen in again.pod.conditions("Initialized"))
    values = [seen.value for seen in timeline.pod.conditions("Initialized")]
    states = [value.status for value in values]
    assert states == sorted(states), f"Initialized was {states}"
    assert set(states) == {"False", "True"}, f"Initialized was {states}"
    for version in timeline.pod.versions:
        app = version.container("app")
        if version.condition("Initialized").true:
            for name in ("init-1", "init-2"):
                assert version.container(name).terminated, f"{name} was not done"
            started = version.container("sidecar-2").started or app.terminated
            assert started, "sidecar-2 was not started"
        else:
            assert not app.id, "app had begun and Initialized was not True"
    assert values[-1].reason == "PodCompleted", f"in the end Initialized is {values[-1].raw}"


@requirement(
    "cond.initialized-sticky",
    OBSERVED,
    since="1.29",
    scenario="status-crash",
    source=CONDITIONS,
)
def test_initialized_sticky(timeline: Timeline) -> None:
    """Initialized stays True when a sidecar is restarted later and is not started yet."""
    seen = 0
    sticky = timeline.kubelet_of(timeline.pod).minor >= STICKY_SINCE
    for version in timeline.pod.versions:
        slow, crasher, app = map(version.container, ("slow", "crasher", "app"))
        promised = sticky or app.running or app.terminated
        if app.id and promised and not (slow.started and crasher.started):
            seen += 1
            found = version.condition("Initialized")
            assert found.true, f"Initialized was {found.raw} with app {app}"
    assert seen, "no sidecar was seen down after the pod was initialised"


@requirement(
    "cond.ready-to-start-containers",
    MUST,
    since="1.29",
    scenario=("startup-bad-image", "ordered-start"),
    source=f"{POD_LIFECYCLE}#pod-has-network",
    gates=("PodReadyToStartContainersCondition",),
)
def test_ready_to_start_containers(timelines: Mapping[str, Timeline]) -> None:
    """PodReadyToStartContainers is True before the first sidecar's image is there.

    It stays so while containers run.
    """
    for policy in POLICY_SUFFIXES:
        pod = timelines["startup-bad-image"].pod_named(f"startup-bad-image-{policy}")
        waiting = [v for v in pod.versions if v.container("sidecar").waits_with(PULL_BACK_OFF)]
        assert waiting, f"the sidecar of {pod.name} never waited for its image"
        found = waiting[-1].condition(READY_TO_START)
        assert found.true, f"{READY_TO_START} of {pod.name} was {found.raw or 'not there'}"
    pod = timelines["ordered-start"].pod
    running = [
        version
        for version in pod.versions
        if any(version.container(name).running for name in pod.containers)
    ]
    assert running, "no container was seen running"
    for version in running:
        found = version.condition(READY_TO_START)
        assert found.true, f"{READY_TO_START} was {found.raw or 'not there'} with one running"


@requirement(
    "cond.ready-needs-sidecars",
    MUST,
    since="1.29",
    scenario="net-web",
    source=SIDECARS,
    needs=(Capability.SIDECARS, Capability.UNCHANGED_CONTAINERS, Capability.SERVICE_NETWORK),
)
def test_ready_needs_sidecars(timeline: Timeline) -> None:
    """While a sidecar is not ready Ready and ContainersReady are False and name it."""
    unready = 0
    for version in timeline.pod_named("net-web").versions:
        proxy, app = version.container("proxy"), version.container("app")
        if version.being_deleted or not (proxy.running and app.running and app.ready):
            continue
        for kind in ("Ready", "ContainersReady"):
            found = version.condition(kind)
            if proxy.ready:
                assert found.true, f"{kind} was {found.raw} with all containers ready"
                continue
            unready += 1
            told = (found.status, found.reason, found.message)
            named = "containers with unready status: [proxy]"
            assert told == ("False", "ContainersNotReady", named), f"{kind} was {found.raw}"
    assert unready, "proxy was never seen unready"


@requirement(
    "cond.ready-false-after-main-done",
    OBSERVED,
    since="1.29",
    scenario="ordered-start",
    source=CONDITIONS,
)
def test_ready_false_after_main_done(timeline: Timeline) -> None:
    """When main is done Ready is False for unready containers, later since the pod completed."""
    stopping = [
        version.condition("Ready")
        for version in timeline.pod.versions
        if version.phase == "Running"
        and version.container("app").terminated
        and not version.container("sidecar-1").terminated
    ]
    assert stopping, "the pod was never seen with app ended and a sidecar running"
    for found in stopping:
        told = (found.status, found.reason)
        assert told == ("False", "ContainersNotReady"), f"Ready was {found.raw}"
    last = timeline.pod.conditions("Ready")[-1].value
    told = (last.status, last.reason)
    assert told == ("False", "PodCompleted"), f"in the end Ready is {last.raw}"


@requirement(
    "cond.disruption-target",
    MUST,
    since="1.29",
    gates=("PodDisruptionConditions",),
    scenario="term-ways",
    source=f"{DOCS}/concepts/workloads/pods/disruptions/#pod-disruption-conditions",
    needs=(Capability.SIDECARS, Capability.EVICTION),
)
def test_disruption_target(timeline: Timeline) -> None:
    """An evicted pod says so in its condition DisruptionTarget, until its sidecars have stopped."""
    eviction = timeline.action("evict")
    assert eviction.accepted, f"the eviction was answered {eviction.message}"
    assert_target(timeline.pod_named(eviction.arguments["name"]), "EvictionByEvictionAPI")
