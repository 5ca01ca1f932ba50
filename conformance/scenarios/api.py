"""Steps of scenarios. The API: objects that it stores or refuses, and the feature gate."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from fixtures.errors import EnvironmentBrokenError
from fixtures.evidence.capabilities import Capability
from fixtures.kubeapi.client import UnreachableError
from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.namespaces import PRIVILEGED
from fixtures.kubeapi.status import condition_of
from fixtures.patience import RESTARTED_SERVER
from fixtures.stage.components import GATES
from fixtures.stage.manifest import is_apart, secure_container
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

ASKED = 20
"""So many kubelets are asked for their gates, one after the other."""
CHANGED_IMAGE = "sidecar-conformance.invalid/changed:1"
"""Asked for in dry runs only: nobody pulls it."""
NEW = "api-gate-in-use-new"
"""The pod that is proposed while the gate is off."""
SET_GATE = """
manifest=/etc/kubernetes/manifests/kube-apiserver.yaml
sed 's/SidecarContainers={old}/SidecarContainers={new}/' $manifest >/etc/kubernetes/changed
mv /etc/kubernetes/changed $manifest
until kubectl --kubeconfig=/etc/kubernetes/admin.conf get --raw /metrics |
    grep -q '^kubernetes_feature_enabled{{name="SidecarContainers".*}} {value}$'
do sleep 0.5; done
"""
"""Gives the gate another value, on the node of the API server, and waits for the new server."""


def ask_all(staging: Staging) -> None:
    """Create every object of the manifest as a dry run."""
    for document in staging.documents:
        staging.create(document, dry_run=True)


# What is kept.


@scenario("api-templates", seconds=1, applies=False)
def api_templates(staging: Staging) -> None:
    """Store each object and read it back."""
    for document in staging.documents:
        if staging.create(document, may_fail=True).ok:
            staging.read(document["kind"], document["metadata"]["name"])


@scenario(
    "api-updates",
    seconds=2,
    uses=("update pods", "update deployments.apps", "update cronjobs.batch"),
)
def api_updates(staging: Staging) -> None:
    """Read each object, store it once more with a label, and read it again."""
    update_all(staging)


def update_all(staging: Staging) -> None:
    """Read each object, store it once more with a label, and read it again."""
    for document in staging.documents:
        kind, name = document["kind"], document["metadata"]["name"]
        stored = staging.read(kind, name).body
        stored["metadata"]["labels"]["sidecar-conformance/updated"] = "true"
        # Whatever its controller writes meanwhile is no reason to refuse it.
        del stored["metadata"]["resourceVersion"]
        staging.request(
            "update",
            "PUT",
            path_of(kind, staging.namespace, name),
            arguments={"kind": kind, "name": name},
            body=stored,
            may_fail=True,
        )
        staging.read(kind, name)


@scenario("api-patch", seconds=1, uses=("patch deployments.apps",))
def api_patch(staging: Staging) -> None:
    """Add sidecars to a stored pod template in the two ways in which injectors do."""
    image = staging.images.fixture
    injected = {"name": "injected", "image": image, "restartPolicy": "Always"}
    staging.patch(
        "api-patch",
        {
            "spec": {
                "template": {
                    "spec": {
                        "$setElementOrder/initContainers": [
                            {"name": "injected"},
                            {"name": "first"},
                            {"name": "setup"},
                        ],
                        "initContainers": [injected],
                    }
                }
            }
        },
        kind="Deployment",
        may_fail=True,
    )
    applied = {"name": "applied", "image": image, "restartPolicy": "Always"}
    staging.request(
        "server-side apply",
        "PATCH",
        path_of("Deployment", staging.namespace, "api-patch"),
        arguments={"kind": "Deployment", "name": "api-patch"},
        body={
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "api-patch"},
            "spec": {"template": {"spec": {"initContainers": [applied]}}},
        },
        query={"fieldManager": "injector"},
        content_type="application/apply-patch+yaml",
        may_fail=True,
    )
    staging.read("Deployment", "api-patch")


# Which values a container's restart policy may have.

scenario("api-policies", seconds=2, applies=False)(ask_all)

# What a sidecar may declare.

scenario("api-validation", seconds=2, applies=False)(ask_all)
scenario("api-probes", seconds=2, applies=False)(ask_all)


@scenario("api-hostport", seconds=1, applies=False, level=PRIVILEGED)
def api_hostport(staging: Staging) -> None:
    """Create each pod as a dry run; a policy against host ports is no answer to the question."""
    for document in staging.documents:
        answer = staging.create(document, dry_run=True)
        if answer.status == HTTPStatus.FORBIDDEN:
            raise EnvironmentBrokenError(f"this cluster allows no host ports: {answer.why}")


# A running pod.


@scenario("api-live", seconds=9, follows=("sidecar",))
def api_live(staging: Staging) -> None:
    """Let the sidecar end once and come back; then ask for what must not change."""
    staging.until_ready()
    staging.exec("sidecar", "touch", "/shared/end")
    staging.until_restarted("sidecar")
    staging.until_ready()
    image = staging.images.fixture
    path = path_of("Pod", staging.namespace, "api-live")
    init = "/spec/initContainers"
    added = {"name": "added", "image": image, "restartPolicy": "Always"}
    for variant, operation in (
        ("add", {"op": "add", "path": f"{init}/-", "value": added}),
        ("remove", {"op": "remove", "path": f"{init}/1"}),
        ("reorder", {"op": "move", "from": f"{init}/1", "path": f"{init}/0"}),
        ("no longer a sidecar", {"op": "remove", "path": f"{init}/0/restartPolicy"}),
        ("now a sidecar", {"op": "add", "path": f"{init}/1/restartPolicy", "value": "Always"}),
        ("command", {"op": "replace", "path": f"{init}/0/command", "value": ["true"]}),
        ("image", {"op": "replace", "path": f"{init}/0/image", "value": CHANGED_IMAGE}),
    ):
        staging.request(
            "change init containers",
            "PATCH",
            path,
            arguments={"name": "api-live", "variant": variant},
            body=[operation],
            query={"dryRun": "All"},
            content_type="application/json-patch+json",
            may_fail=True,
        )
    if not staging.has(Capability.EPHEMERAL_CONTAINERS):
        return
    for variant, container in (
        ("plain", {"name": "debugger"}),
        ("name of sidecar", {"name": "sidecar"}),
        ("restart policy", {"name": "debugger", "restartPolicy": "Always"}),
    ):
        staging.request(
            "add ephemeral container",
            "PATCH",
            f"{path}/ephemeralcontainers",
            arguments={"name": "api-live", "variant": variant},
            body={
                "spec": {"ephemeralContainers": [secure_container({**container, "image": image})]}
            },
            query={"dryRun": "All"},
            content_type="application/strategic-merge-patch+json",
            may_fail=True,
        )


# The feature gate.


@scenario("api-gate", seconds=3, applies=False)
def api_gate(staging: Staging) -> None:
    """Ask the API server and all kubelets for their gates, and a kubelet to turn this one off."""
    ask_all(staging)
    if staging.has(Capability.METRICS):
        read_gates(staging)
    if not staging.nodes:
        return
    # A kubelet reads its gates before anything else, and ends at the missing configuration.
    for gates in ("", "--feature-gates=SidecarContainers=false"):
        staging.execute(
            "sh",
            "-c",
            f"timeout 30 kubelet --config=/nonexistent {gates} 2>&1; echo exit code $?",
            action=f"kubelet {gates}".strip(),
        )


def read_gates(staging: Staging) -> None:
    """Ask the API server, and the kubelets of all nodes that are ready, for their gates.

    A kubelet may be away, and what calls itself a node need not have one.
    """
    nodes = staging.get(path_of("Node", None), "nodes").body["items"]
    staging.metrics("gates", "/metrics", GATES, component="kube-apiserver")
    ready = [one for one in nodes if condition_of(one, "Ready").true and not is_apart(one)]
    for node in ready[:ASKED]:
        name = node["metadata"]["name"]
        kubelet = path_of("Node", None, name) + "/proxy/metrics"
        with suppress(UnreachableError):
            staging.metrics("gates", kubelet, GATES, component="kubelet", node=name)


# Clusters whose feature gate is off.


@scenario("api-gate-off", seconds=2, applies=False)
def api_gate_off(staging: Staging) -> None:
    """Create each object as a dry run, with strict validation."""
    for document in staging.documents:
        staging.create(document, dry_run=True, strict=True)


@scenario(
    "api-gate-in-use", seconds=77, disturbs=True, uses=("update pods", "update deployments.apps")
)
def api_gate_in_use(staging: Staging) -> None:
    """Update each object, and propose a new one, while the gate of the API server is off."""
    staging.until_ready("api-gate-in-use-pod")
    staging.cleanup.callback(set_gate, staging, on=True)
    set_gate(staging, on=False)
    staging.create(staging.twin(NEW), dry_run=True)
    update_all(staging)


def set_gate(staging: Staging, *, on: bool) -> None:
    """Change the gate in the manifest of the API server, and wait until the new one has started."""
    script = SET_GATE.format(old=str(not on).lower(), new=str(on).lower(), value=int(on))
    action = f"gate-{str(on).lower()}"
    staging.execute("sh", "-ec", script, action=action, patience=RESTARTED_SERVER)


@scenario("gate-off-blocks", seconds=12, applies=False)
def gate_off_blocks(staging: Staging) -> None:
    """Start the pod and let the time pass in which a sidecar would let the app start."""
    ask_all(staging)
    for document in staging.documents:
        staging.create(document)
    staging.until_said("sidecar", "START")
    staging.observe(8, "the app must not start")
    staging.read("Pod", "gate-off-blocks", table=True)


@scenario("api-scheduler-gate-off", seconds=8, refused=("api-scheduler-gate-off-sidecar",))
def api_scheduler_gate_off(staging: Staging) -> None:
    """Wait until the scheduler has left one pod out, and run the other."""
    left_out = "api-scheduler-gate-off-sidecar"
    staging.until(
        "the scheduler to say why it leaves a pod out",
        lambda: staging.condition("PodScheduled", left_out) == "False",
    )
    staging.until_finished("api-scheduler-gate-off-plain")
    staging.observe(2, "the scheduler might put it somewhere")


@scenario("api-kubelet-gate-off", seconds=6, apart=True, refused=("api-kubelet-gate-off-sidecar",))
def api_kubelet_gate_off(staging: Staging) -> None:
    """Wait until the kubelet has refused one pod, and run the other."""
    staging.until_finished()
