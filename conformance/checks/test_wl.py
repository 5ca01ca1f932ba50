"""Workload controllers: what Deployments and others make of their pods' sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.checks.needs import OWN_GRACE, OWN_RESOURCES
from conformance.requirements import CONTROLLED, MUST, OBSERVED, requirement
from conformance.sources import DOCS, SIDECAR_TUTORIAL, SIDECARS, pull
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.errors import NeverError, NotDoneError
from fixtures.kubeapi.quantities import quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.timeline import Timeline

    Json = Mapping[str, Any]

STATEFULSETS = f"{DOCS}/concepts/workloads/controllers/statefulset/"
DAEMONSETS = f"{DOCS}/concepts/workloads/controllers/daemonset/"
HPA = f"{DOCS}/tasks/run-application/horizontal-pod-autoscale/#container-resource-metrics"
READINGS = 2
"""How often wl-deployment reads each object."""
DISRUPTIONS = f"{DOCS}/tasks/run-application/configure-pdb/"
MI = 1 << 20
POD = "the pod"
REQUESTED = {POD: 64 * MI, "sidecar": 16 * MI, "app": 48 * MI}
"""What wl-hpa requests of memory, in bytes: of all containers that run, and of single ones."""
HELD = 32 * MI
"""What its sidecar holds."""
TARGET = 100
"""The use of all containers in percent of their requests for which there are enough pods."""
SCALED_TO = 2
"""How many pods there are to be for the use of the sidecar."""


def readings(timeline: Timeline, kind: str) -> tuple[Json, Json]:
    """Return the statuses of an object as they were read before and after the sidecar was ready."""
    bodies = [action.body for action in timeline.actions_named("read")]
    found = [body["status"] for body in bodies if body["kind"] == kind]
    if len(found) != READINGS:
        raise NotDoneError(f"the suite read the {kind} {len(found)} times, not {READINGS}")
    return found[0], found[1]


def counted_in(status: Json) -> dict[str, tuple[float, int]]:
    """Return what the pods use, on average in bytes and in percent of their requests.

    It is by container, and by POD for all of them; left out is what could not be measured.
    """
    found = {}
    for metric in status.get("currentMetrics") or ():
        one = metric.get("resource") or metric.get("containerResource")
        if one and "averageUtilization" in one["current"]:
            current = one["current"]
            used = quantity(current["averageValue"])
            found[one.get("container", POD)] = used, current["averageUtilization"]
    return found


@requirement(
    "wl.rollout-gated-by-sidecar",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="wl-deployment",
    source=SIDECARS,
)
def test_rollout_gated_by_sidecar(timeline: Timeline) -> None:
    """A Deployment's availability and rollout wait until its pods' sidecars are ready."""
    before, after = readings(timeline, "Deployment")
    assert not before.get("availableReplicas"), "a pod with an unready sidecar is available"
    assert before.get("unavailableReplicas") == 1
    assert after.get("availableReplicas") == 1
    assert len(timeline.pods) == 3
    new = timeline.pods[-1]
    (old,) = (pod for pod in timeline.pods[:2] if pod["sidecar"].ever_said("READYING"))
    assert old["app"].said("UP") < old["sidecar"].said("READYING")
    assert new["sidecar"].said("READYING") - new["app"].said("UP") >= 3
    assert new["sidecar"].said("READYING") < old["app"].said("TERM")


@requirement(
    "wl.statefulset-ordered",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="wl-statefulset",
    source=STATEFULSETS,
)
def test_statefulset_ordered(timeline: Timeline) -> None:
    """The next pod of a StatefulSet waits until the sidecars of the one before are ready."""
    first = timeline.pod_named("wl-statefulset-0")
    second = timeline.pod_named("wl-statefulset-1")
    ready = first["sidecar"].said("READYING")
    assert ready - first["app"].said("UP") >= 2
    assert ready < second["sidecar"].said("START")


@requirement(
    "wl.daemonset",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="wl-daemonset",
    source=DAEMONSETS,
    needs=OWN_GRACE,
)
def test_daemonset(timeline: Timeline) -> None:
    """Pods of a DaemonSet start and stop their sidecars in order, in an update as ever."""
    old = timeline.pod_named(timeline.action("read").body["metadata"]["name"])
    node = old.spec.get("nodeName")
    there = [pod for pod in timeline.pods if pod.spec.get("nodeName") == node and pod is not old]
    if not there:
        raise NeverError(f"no pod came in the place of {old.name} on node {node}")
    new = there[0]
    for pod in (old, new):
        assert pod["sidecar"].said("UP") < pod["app"].said("UP")
    assert old["app"].said("EXIT") < old["sidecar"].said("TERM")
    assert old["sidecar"].said("EXIT") < new["sidecar"].said("START")


@requirement(
    "wl.pdb-health",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="wl-deployment",
    source=DISRUPTIONS,
)
def test_pdb_health(timeline: Timeline) -> None:
    """A disruption budget counts a pod as healthy only when its sidecars are ready."""
    before, after = readings(timeline, "PodDisruptionBudget")
    assert before["expectedPods"] == 1, f"the budget told {before}"
    assert before["currentHealthy"] == 0, f"with an unready sidecar the budget told {before}"
    assert after["currentHealthy"] == 1, f"with a ready sidecar the budget told {after}"
    assert after["disruptionsAllowed"] == 1, f"with a ready sidecar the budget told {after}"


@requirement(
    "wl.scale-down-prefers-flapping-sidecars",
    OBSERVED,
    by=CONTROLLED,
    since="1.32",
    scenario="wl-deployment",
    source=pull(124952),
)
def test_scale_down_prefers_flapping_sidecars(timeline: Timeline) -> None:
    """Of pods that are alike, the one whose sidecars were restarted more often is deleted first.

    It is the older one, which is else the last to be deleted.
    """
    flapped, other = sorted(
        timeline.pods[:2], key=lambda pod: not pod["sidecar"].ever_said("CRASH")
    )
    assert flapped["sidecar"].restarts == 1
    assert other["sidecar"].restarts == 0
    for pod in (flapped, other):
        assert pod["app"].restarts == 0
    assert flapped["sidecar"].said("CRASH") < flapped["app"].said("TERM")
    assert other["sidecar"].ever_said("READYING"), "the pod without restarts was deleted"
    assert not flapped["sidecar"].ever_said("READYING"), "the pod with a restart was kept"


@requirement(
    "wl.hpa-counts-sidecars",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="wl-hpa",
    source=(pull(120001), HPA),
    needs=(*OWN_RESOURCES, Capability.METRICS_SERVER),
)
def test_hpa_counts_sidecars(timeline: Timeline) -> None:
    """Horizontal autoscaling counts requests and use of sidecars, and may target one by name."""
    told = [
        counted
        for version in timeline.object("HorizontalPodAutoscaler").versions
        if len(counted := counted_in(version.status)) == len(REQUESTED)
    ]
    if not told:
        raise NeverError("the HorizontalPodAutoscaler never told of all its metrics")
    for counted in told:
        for name, (used, percent) in counted.items():
            requested = REQUESTED[name]
            # The percentage is cut to a whole one.
            assert percent <= 100 * used / requested < percent + 1, (
                f"{used / MI:.1f}Mi of {name} are {percent} % of what it requests: "
                f"{requested / MI:g}Mi are not what was counted"
            )
    # A pod may have been measured before its sidecar held all.
    most = max(told, key=lambda counted: counted["sidecar"])
    use = {name: used for name, (used, _) in most.items()}
    assert use[POD] >= HELD, f"the pod was counted as using {use[POD] / MI:.1f}Mi"
    assert use["app"] < HELD <= use["sidecar"]
    assert most[POD][1] <= TARGET, "the use of all containers is more than there is to be"
    replicas = timeline.object("Deployment").spec["replicas"]
    assert replicas == SCALED_TO, f"it was scaled to {replicas} by what its sidecar uses"


@requirement(
    "wl.webhook-injection",
    MUST,
    since="1.29",
    scenario="wl-injection",
    source=SIDECAR_TUTORIAL,
    needs=(Capability.SIDECARS, Capability.MUTATING_POLICIES, Capability.UNCHANGED_CONTAINERS),
)
def test_webhook_injection(timeline: Timeline) -> None:
    """What mutates pods at their admission can give sidecars to them, applied or patched in."""
    pod = timeline.pod
    given = [(one["name"], one.get("restartPolicy")) for one in pod.spec["initContainers"]]
    assert given == [("applied", "Always"), ("patched", "Always")], f"the pod was given {given}"
    for name in ("applied", "patched"):
        assert pod[name].started < pod["app"].said("DONE")
    assert pod.phase == "Succeeded"
