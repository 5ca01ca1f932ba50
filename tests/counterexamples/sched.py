"""Counter-examples to the checks of `conformance.checks.test_sched`."""

from __future__ import annotations

from tests.kit.edits import Edit, counterexample


def scheduled(edit: Edit, name: str) -> None:
    """Let a pod have been put on the node."""
    for pod in edit.pods(name):
        for condition in pod["status"].get("conditions") or []:
            if condition["type"] == "PodScheduled":
                condition.update(status="True", reason="", message="")


@counterexample("sched.hostport", "both pods are put on one node")
def same_port(edit: Edit) -> None:
    scheduled(edit, "sched-hostport-second")


@counterexample("sched.hostport", "an app is put beside the sidecar that has its port")
def port_of_sidecar(edit: Edit) -> None:
    scheduled(edit, "sched-hostport-app")


@counterexample("sched.hostport", "a sidecar is put beside the app that has its port")
def port_of_app(edit: Edit) -> None:
    scheduled(edit, "sched-hostport-other")


@counterexample("sched.sum", "the CPU of the sidecar is not counted")
def cpu_uncounted(edit: Edit) -> None:
    scheduled(edit, "res-fit-cpu")


@counterexample("sched.sum", "the sidecar is not counted with the init container after it")
def init_alone(edit: Edit) -> None:
    scheduled(edit, "res-fit-init")


@counterexample("sched.ephemeral-sum", "what the sidecar stores is not counted")
def storage_uncounted(edit: Edit) -> None:
    scheduled(edit, "res-fit-storage")


@counterexample("sched.ephemeral-sum", "the pod is refused for something else")
def refused_otherwise(edit: Edit) -> None:
    for pod in edit.pods("res-fit-storage"):
        for condition in pod["status"].get("conditions") or []:
            condition["message"] = "0/1 nodes are available: 1 Insufficient cpu."


@counterexample("sched.extended-resource-sum", "the sidecar's widget is not counted")
def uncounted(edit: Edit) -> None:
    scheduled(edit, "res-fit-widgets")


@counterexample("sched.scoring", "the node with the sidecar is preferred as before")
def preferred_as_before(edit: Edit) -> None:
    (node,) = {pod["spec"].get("nodeName") for pod in edit.pods("sched-scoring-before")} - {None}
    for pod in edit.pods("sched-scoring-after"):
        pod["spec"]["nodeName"] = node
