"""Workload controllers: what Deployments and others make of their pods' sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.capabilities import Capability
from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixtures.stage.run import Run
    from fixtures.timeline import Timeline

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
READINESS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"
STATEFULSETS = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
DAEMONSETS = "https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/"
DISRUPTIONS = "https://kubernetes.io/docs/tasks/run-application/configure-pdb/"
TUTORIAL = "https://kubernetes.io/docs/tutorials/configuration/pod-sidecar-containers/"

OK = 200
CREATED = 201
POLICIES = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies"
BINDINGS = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings"

MAKE_READY = """
read -r up idle < /proc/uptime
echo "READYING $up" > /proc/1/fd/1
sleep 2
touch /tmp/ready
"""
"""Run in a sidecar: it becomes ready two seconds after it said so."""

NEW_TEMPLATE = {"spec": {"template": {"metadata": {"annotations": {"round": "2"}}}}}


def running(run: Run, containers: Sequence[str] = ("sidecar", "app")) -> list[str]:
    """Return the names of the pods all of whose containers run, the oldest first."""
    return [
        pod["metadata"]["name"]
        for pod in sorted(
            run.objects("Pod"),
            key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]),
        )
        if "deletionTimestamp" not in pod["metadata"]
        and all(
            "running" in run.status(name, pod["metadata"]["name"]).get("state", {})
            for name in containers
        )
    ]


@scenario("wl-deployment", seconds=20)
def wl_deployment(run: Run) -> None:
    """Scale down with unready pods, make the other ready, and roll out what is not ready."""
    budget = "PodDisruptionBudget"

    def status_of(kind: str) -> dict[str, Any]:
        return dict((run.object(kind, run.name) or {}).get("status", {}))

    run.until("two pods to run", lambda: len(running(run)) == 2, 120)
    flapped, _ = running(run)
    run.until_said("sidecar", "START", pod=flapped)
    run.exec("sidecar", "sh", "-c", "kill -USR1 1", pod=flapped)
    run.until_restarted("sidecar", pod=flapped)
    run.patch(run.name, {"spec": {"replicas": 1}}, kind="Deployment")
    run.until("one pod to be left", lambda: len(run.objects("Pod")) == 1, 60)
    (old,) = running(run)
    # The controllers need a moment to see what is left.
    run.until("one pod to be expected", lambda: status_of(budget).get("expectedPods") == 1, 60)
    run.read("Deployment", run.name)
    run.read(budget, run.name)
    run.exec("sidecar", "sh", "-c", MAKE_READY, pod=old)

    run.until("the pod to be healthy", lambda: status_of(budget).get("currentHealthy"), 60)
    run.until("the pod to be available", lambda: status_of("Deployment").get("availableReplicas"))
    run.read("Deployment", run.name)
    run.read(budget, run.name)
    run.patch(run.name, NEW_TEMPLATE, kind="Deployment")
    run.until("the new pod to run", lambda: len(running(run)) == 2, 120)
    (new,) = (name for name in running(run) if name != old)
    run.until_said("app", "UP", pod=new)
    run.observe(4, "the old pod must stay while the new one is not ready")
    run.exec("sidecar", "sh", "-c", MAKE_READY, pod=new)
    run.until("the old pod to be gone", lambda: not run.pod(old), 60)


@scenario("wl-statefulset", seconds=9)
def wl_statefulset(run: Run) -> None:
    """Make the first pod ready after a while, and wait for the second."""
    first, second = f"{run.name}-0", f"{run.name}-1"
    run.until_said("app", "UP", pod=first)
    run.observe(3, "the second pod must not come while the first is not ready")
    run.exec("sidecar", "sh", "-c", MAKE_READY, pod=first)
    run.until_said("app", "UP", pod=second)


@scenario("wl-daemonset", seconds=11)
def wl_daemonset(run: Run) -> None:
    """Change the template and wait until another pod runs in the place of the first."""
    run.until("a pod to run", lambda: running(run), 120)
    old = running(run)[0]
    node = (run.pod(old) or {})["spec"]["nodeName"]
    run.until_said("app", "UP", pod=old)
    run.patch(run.name, NEW_TEMPLATE, kind="DaemonSet")

    def replaced() -> list[str]:
        return [
            name
            for name in running(run)
            if name != old and (run.pod(name) or {})["spec"].get("nodeName") == node
        ]

    run.until("a new pod to run on the same node", replaced, 120)
    run.until_said("app", "UP", pod=replaced()[0])


@scenario("wl-injection", seconds=11, applies=False)
def wl_injection(run: Run) -> None:
    """Let a policy hold in this namespace, and create the pod when it does."""
    policy, binding, pod = run.documents
    only = {"kubernetes.io/metadata.name": run.namespace}
    binding["spec"]["matchResources"] = {"namespaceSelector": {"matchLabels": only}}
    try:
        for path, document in ((POLICIES, policy), (BINDINGS, binding)):
            run.request("create", "POST", path, arguments={"name": run.name}, body=document)

        def in_force() -> bool:
            answer = run.create(pod, dry_run=True)
            return answer.ok and len(answer.body["spec"].get("initContainers") or []) == 2

        run.until("the policy to be in force", in_force, 60)
        run.create(pod)
    finally:
        for path in (BINDINGS, POLICIES):
            run.request("delete", "DELETE", f"{path}/{run.name}", arguments={"name": run.name})
    run.until_finished(run.name)


def read(timeline: Timeline, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the statuses of an object as they were read before and after the sidecar was ready."""
    bodies = [action.body for action in timeline.actions if action.name == "read"]
    before, after = (dict(body["status"]) for body in bodies if body["kind"] == kind)
    return before, after


@requirement(
    "wl.rollout-gated-by-sidecar",
    OBSERVED,
    since="1.29",
    scenario="wl-deployment",
    source=READINESS,
)
def test_rollout_gated_by_sidecar(timeline: Timeline) -> None:
    """A Deployment's availability and rollout wait until its pods' sidecars are ready."""
    before, after = read(timeline, "Deployment")
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


@requirement("wl.daemonset", OBSERVED, since="1.29", scenario="wl-daemonset", source=DAEMONSETS)
def test_daemonset(timeline: Timeline) -> None:
    """Pods of a DaemonSet start and stop their sidecars in order, in an update as ever."""
    old = timeline.pods[0]
    (new,) = (
        pod for pod in timeline.pods[1:] if pod.spec.get("nodeName") == old.spec.get("nodeName")
    )
    for pod in (old, new):
        assert pod["sidecar"].said("UP") < pod["app"].said("UP")
    assert old["app"].said("EXIT") < old["sidecar"].said("TERM")
    assert old["sidecar"].said("EXIT") < new["sidecar"].said("START")


@requirement("wl.pdb-health", OBSERVED, since="1.29", scenario="wl-deployment", source=DISRUPTIONS)
def test_pdb_health(timeline: Timeline) -> None:
    """A disruption budget counts a pod as healthy only when its sidecars are ready."""
    before, after = read(timeline, "PodDisruptionBudget")
    assert before["expectedPods"] == 1, f"the budget told {before}"
    assert before["currentHealthy"] == 0, f"with an unready sidecar the budget told {before}"
    assert after["currentHealthy"] == 1, f"with a ready sidecar the budget told {after}"
    assert after["disruptionsAllowed"] == 1, f"with a ready sidecar the budget told {after}"


@requirement(
    "wl.scale-down-prefers-flapping-sidecars",
    OBSERVED,
    since="1.32",
    scenario="wl-deployment",
    source="https://github.com/kubernetes/kubernetes/pull/124952",
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
    since="1.29",
    source="https://github.com/kubernetes/kubernetes/pull/120001",
    needs=(Capability.SIDECARS, Capability.METRICS_SERVER),
)
def test_hpa_counts_sidecars() -> None:
    """Horizontal autoscaling counts requests and use of sidecars, and may target one by name."""


@requirement(
    "wl.webhook-injection",
    MUST,
    since="1.29",
    scenario="wl-injection",
    source=TUTORIAL,
    needs=(Capability.SIDECARS, Capability.MUTATING_POLICIES),
)
def test_webhook_injection(timeline: Timeline) -> None:
    """What mutates pods at their admission can give sidecars to them, applied or patched in."""
    pod = timeline.pod
    given = [(one["name"], one.get("restartPolicy")) for one in pod.spec["initContainers"]]
    assert given == [("applied", "Always"), ("patched", "Always")], f"the pod was given {given}"
    for name in ("applied", "patched"):
        assert pod[name].started < pod["app"].said("DONE")
    assert pod.phase == "Succeeded"
