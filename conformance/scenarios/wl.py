"""Steps of scenarios. Workload controllers: pods that become ready late, updates, injection."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from fixtures.kubeapi.kinds import path_of
from fixtures.patience import SCALED
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

    Json = dict[str, Any]

MAKE_READY = """
read -r up idle < /proc/uptime
echo "READYING $up" > /proc/1/fd/1
sleep 2
touch /shared/ready
"""
"""In a sidecar, this script makes it ready two seconds after it said so."""

REPLICAS = 2
"""How many pods the Deployment has at first, and again during its update."""

NEW_TEMPLATE = {"spec": {"template": {"metadata": {"annotations": {"round": "2"}}}}}


def running(staging: Staging) -> list[str]:
    """Return the names of the pods whose sidecar and app run, the oldest first."""
    pods = [pod["metadata"] for pod in staging.objects("Pod")]
    return [
        pod["name"]
        for pod in sorted(pods, key=lambda pod: (pod["creationTimestamp"], pod["name"]))
        if "deletionTimestamp" not in pod
        and all(staging.status(name, pod["name"]).running for name in ("sidecar", "app"))
    ]


@scenario("wl-deployment", seconds=20, uses=("patch deployments.apps",))
def wl_deployment(staging: Staging) -> None:
    """Scale down with unready pods, make the other ready, and roll out what is not ready."""
    budget = "PodDisruptionBudget"

    def status_of(kind: str) -> Json:
        return dict((staging.object(kind, staging.name) or {}).get("status", {}))

    staging.until("two pods to run", lambda: len(running(staging)) == REPLICAS)
    flapped, _ = running(staging)
    staging.until_said("sidecar", "START", pod=flapped)
    staging.exec("sidecar", "sh", "-c", "kill -USR1 1", pod=flapped)
    staging.until_restarted("sidecar", pod=flapped)
    staging.patch(staging.name, {"spec": {"replicas": 1}}, kind="Deployment")
    staging.until(
        "one pod to be left, which runs",
        lambda: len(staging.objects("Pod")) == len(running(staging)) == 1,
    )
    (old,) = running(staging)
    # The controllers need a moment to see what is left.
    staging.until("one pod to be expected", lambda: status_of(budget).get("expectedPods") == 1)
    staging.until("one pod to be counted", lambda: status_of("Deployment").get("replicas") == 1)
    staging.read("Deployment", staging.name)
    staging.read(budget, staging.name)
    staging.exec("sidecar", "sh", "-c", MAKE_READY, pod=old)
    staging.until("the pod to be healthy", lambda: status_of(budget).get("currentHealthy"))
    staging.until(
        "the pod to be available", lambda: status_of("Deployment").get("availableReplicas")
    )
    staging.read("Deployment", staging.name)
    staging.read(budget, staging.name)
    staging.patch(staging.name, NEW_TEMPLATE, kind="Deployment")
    staging.until("the new pod to run", lambda: len(running(staging)) == REPLICAS)
    (new,) = (name for name in running(staging) if name != old)
    staging.until_said("app", "UP", pod=new)
    staging.observe(4, "the old pod must stay while the new one is not ready")
    staging.exec("sidecar", "sh", "-c", MAKE_READY, pod=new)
    staging.until("the old pod to be gone", lambda: not staging.pod(old))


@scenario("wl-statefulset", seconds=9)
def wl_statefulset(staging: Staging) -> None:
    """Make the first pod ready after a while, and wait for the second."""
    first, second = f"{staging.name}-0", f"{staging.name}-1"
    staging.until_said("app", "UP", pod=first)
    staging.observe(3, "the second pod must not come while the first is not ready")
    staging.exec("sidecar", "sh", "-c", MAKE_READY, pod=first)
    staging.until_said("app", "UP", pod=second)


@scenario("wl-daemonset", seconds=11, uses=("patch daemonsets.apps",))
def wl_daemonset(staging: Staging) -> None:
    """Change the template and wait until another pod runs in the place of the first."""

    def node_of(pod: str) -> str:
        return str((staging.pod(pod) or {})["spec"].get("nodeName"))

    staging.until("a pod to run", lambda: running(staging))
    # Where there are more nodes, any will do; that it is this one is told by its being read.
    old = running(staging)[0]
    node = node_of(old)
    staging.until_said("app", "UP", pod=old)
    staging.read("Pod", old)
    staging.patch(staging.name, NEW_TEMPLATE, kind="DaemonSet")

    def replaced() -> list[str]:
        return [name for name in running(staging) if name != old and node_of(name) == node]

    staging.until("a new pod to run on the same node", replaced)
    staging.until_said("app", "UP", pod=replaced()[0])


@scenario("wl-hpa", seconds=60)
def wl_hpa(staging: Staging) -> None:
    """Let the pods be measured until a second one is made."""
    staging.until("two pods to run", lambda: len(running(staging)) == REPLICAS, patience=SCALED)


@scenario("wl-injection", seconds=11, applies=False)
def wl_injection(staging: Staging) -> None:
    """Let a policy hold in this namespace, and create the pod when it does."""
    policy, binding, pod = staging.documents
    only = {"kubernetes.io/metadata.name": staging.namespace}
    binding["spec"]["matchResources"] = {"namespaceSelector": {"matchLabels": only}}
    with ExitStack() as made:
        for document in (policy, binding):
            staging.create(document)
            path = path_of(document["kind"], None, staging.name)
            arguments = {"name": staging.name}
            made.callback(staging.request, "delete", "DELETE", path, arguments=arguments)

        def in_force() -> bool:
            answer = staging.create(pod, dry_run=True)
            given = answer.body["spec"].get("initContainers") or [] if answer.ok else []
            return len(given) == len(policy["spec"]["mutations"])

        staging.until("the policy to be in force", in_force)
        staging.create(pod)
    staging.until_finished(staging.name)
