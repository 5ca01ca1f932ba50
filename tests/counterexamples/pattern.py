"""Counter-examples to the checks of `conformance.checks.test_pattern`."""

from __future__ import annotations

from tests.kit.edits import Edit, counterexample


@counterexample("pattern.log-shipper", "the sidecar misses the first line")
def missed(edit: Edit) -> None:
    edit.drop_line("logshipper", "logging 1")


@counterexample("pattern.log-shipper", "the sidecar never prints a line")
def silent(edit: Edit) -> None:
    edit.drop_line("logshipper", "logging")


@counterexample("pattern.log-shipper", "the pod is not ready with its sidecar")
def unready(edit: Edit) -> None:
    for pod in edit.pods():
        for condition in pod["status"].get("conditions") or []:
            if condition["type"] == "Ready":
                condition["status"] = "False"


@counterexample("pattern.log-shipper", "the Deployment never becomes available")
def unavailable(edit: Edit) -> None:
    for deployment in edit.objects("Deployment"):
        deployment["status"].pop("availableReplicas", None)
