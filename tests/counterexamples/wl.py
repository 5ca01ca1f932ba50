"""Counter-examples to the checks of `conformance.checks.test_wl`."""

from __future__ import annotations

from typing import Any

from fixtures.evidence.recording import ActionRecord, LogRecord
from tests.kit.edits import Edit, counterexample


def pod_that_said(edit: Edit, word: str) -> str:
    """Return the name of the first pod whose sidecar said this."""
    for record in edit.of(LogRecord):
        if record.line.startswith(word):
            return record.pod
    raise AssertionError(f"no sidecar said {word}")


def first_read(edit: Edit, kind: str) -> dict[str, Any]:
    """Return the status of an object as it was read first, to be changed in place."""
    for record in edit.of(ActionRecord):
        if record.name == "read" and record.answer["body"]["kind"] == kind:
            status: dict[str, Any] = record.answer["body"]["status"]
            return status
    raise AssertionError(f"no {kind} was read")


@counterexample("wl.rollout-gated-by-sidecar", "a pod counts although its sidecar is not ready")
def counts_unready(edit: Edit) -> None:
    first_read(edit, "Deployment")["availableReplicas"] = 1


@counterexample("wl.rollout-gated-by-sidecar", "the old pod goes before the new one is ready")
def old_goes(edit: Edit) -> None:
    edit.shift_line("app", "TERM", -8, pod_that_said(edit, "READYING"))


@counterexample("wl.statefulset-ordered", "the second pod does not wait for the first")
def not_waited(edit: Edit) -> None:
    edit.shift_line("sidecar", "START", -6, "wl-statefulset-1")


@counterexample("wl.daemonset", "the sidecar of the old pod is stopped before its app")
def stopped_first(edit: Edit) -> None:
    old = str(edit.pods()[0]["metadata"]["name"])
    edit.move_line("sidecar", "TERM", before=("app", "EXIT"), pod=old)


@counterexample("wl.daemonset", "the app starts before its sidecar has")
def ungated(edit: Edit) -> None:
    old = str(edit.pods()[0]["metadata"]["name"])
    edit.move_line("app", "UP", before=("sidecar", "UP"), pod=old)


@counterexample("wl.pdb-health", "a pod is healthy although its sidecar is not ready")
def healthy_unready(edit: Edit) -> None:
    first_read(edit, "PodDisruptionBudget")["currentHealthy"] = 1


@counterexample("wl.scale-down-prefers-flapping-sidecars", "the other pod is deleted")
def other_deleted(edit: Edit) -> None:
    edit.drop_line("sidecar", "READYING", pod_that_said(edit, "READYING"))


@counterexample("wl.webhook-injection", "the injected containers lose their restart policy")
def field_lost(edit: Edit) -> None:
    for pod in edit.pods():
        for container in pod["spec"]["initContainers"]:
            container.pop("restartPolicy", None)


def uses(edit: Edit, container: str = "") -> list[dict[str, Any]]:
    """Return what the autoscaler told of the use of a container, or of pods, to be changed."""
    metrics = [
        metric.get("resource") or metric.get("containerResource") or {}
        for scaler in edit.objects("HorizontalPodAutoscaler")
        for metric in scaler["status"].get("currentMetrics") or ()
    ]
    found = [one["current"] for one in metrics if one and one.get("container", "") == container]
    assert found
    return found


@counterexample("wl.hpa-counts-sidecars", "the request of the sidecar is left out")
def requests_of_the_app_alone(edit: Edit) -> None:
    for use in uses(edit):
        use["averageUtilization"] = 67


@counterexample("wl.hpa-counts-sidecars", "the request of an init container that is done counts")
def requests_of_what_is_done(edit: Edit) -> None:
    for use in uses(edit):
        use["averageUtilization"] = 17


@counterexample("wl.hpa-counts-sidecars", "one container's use is compared with the pod's requests")
def request_of_the_pod(edit: Edit) -> None:
    for use in uses(edit, "sidecar"):
        use["averageUtilization"] = 50


@counterexample("wl.hpa-counts-sidecars", "the use of the sidecar is left out")
def use_of_the_app_alone(edit: Edit) -> None:
    for use in uses(edit):
        use |= {"averageValue": "1048576", "averageUtilization": 1}


@counterexample("wl.hpa-counts-sidecars", "a container cannot be named")
def no_metric_of_the_sidecar(edit: Edit) -> None:
    for use in uses(edit, "sidecar"):
        del use["averageUtilization"]


@counterexample("wl.hpa-counts-sidecars", "nothing is scaled")
def not_scaled(edit: Edit) -> None:
    for one in edit.objects("Deployment"):
        one["spec"]["replicas"] = 1
