"""Counter-examples to the checks of `conformance.checks.test_cond`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.kubeapi.status import container_status
from tests.counterexamples.phase import app_done, starting
from tests.kit.edits import Edit, counterexample

if TYPE_CHECKING:
    from collections.abc import Callable

    Json = dict[str, Any]


def set_condition(
    edit: Edit, kind: str, when: Callable[[Json], bool], name: str | None = None, **new: str
) -> None:
    """Change a condition in those versions of the pods for which `when` holds."""
    changed = 0
    for pod in edit.pods(name):
        for condition in pod["status"].get("conditions") or []:
            if condition["type"] == kind and when(pod):
                condition.update(new)
                changed += 1
    assert changed, f"no {kind} to change"


def unready(pod: Json) -> bool:
    """Tell whether the sidecar runs and is not ready while app is."""
    proxy, app = container_status(pod, "proxy"), container_status(pod, "app")
    return proxy.running and not proxy.ready and app.ready


@counterexample("cond.initialized-false", "Initialized is True while a sidecar is starting")
def early_initialized(edit: Edit) -> None:
    set_condition(edit, "Initialized", starting("sidecar-2"), status="True", reason="", message="")


@counterexample("cond.initialized-false", "the message does not name the sidecar")
def wrong_message(edit: Edit) -> None:
    message = "containers with incomplete status: [init-2]"
    set_condition(edit, "Initialized", starting("sidecar-2"), message=message)


@counterexample(
    "cond.initialized-true",
    "Initialized is True while the last plain init container runs",
    scenario="startup-no-regate",
)
def initialized_before_the_last(edit: Edit) -> None:
    set_condition(
        edit, "Initialized", lambda pod: container_status(pod, "init").running, status="True"
    )


@counterexample(
    "cond.initialized-true",
    "Initialized is True while a plain init container runs",
    scenario="ordered-start",
)
def initialized_too_early(edit: Edit) -> None:
    set_condition(
        edit, "Initialized", lambda pod: container_status(pod, "init-2").running, status="True"
    )


@counterexample(
    "cond.initialized-true", "a completed pod does not say so", scenario="ordered-start"
)
def not_completed(edit: Edit) -> None:
    set_condition(edit, "Initialized", lambda p: p["status"]["phase"] == "Succeeded", reason="")


@counterexample(
    "cond.ready-to-start-containers",
    "it is told when the image was pulled",
    scenario="startup-bad-image",
)
def after_the_image(edit: Edit) -> None:
    set_condition(edit, "PodReadyToStartContainers", lambda _: True, status="False")


@counterexample(
    "cond.ready-to-start-containers", "it is False while a sidecar runs", scenario="ordered-start"
)
def not_ready_to_start(edit: Edit) -> None:
    set_condition(edit, "PodReadyToStartContainers", starting("sidecar-2"), status="False")


@counterexample("cond.initialized-sticky", "Initialized drops while a sidecar starts again")
def dropped(edit: Edit) -> None:
    set_condition(edit, "Initialized", starting("slow"), status="False")


@counterexample("cond.ready-false-after-main-done", "Ready stays True while the sidecar stops")
def still_ready(edit: Edit) -> None:
    set_condition(edit, "Ready", app_done, status="True", reason="")


@counterexample("cond.ready-needs-sidecars", "the pod stays Ready while its sidecar is not")
def ready_anyway(edit: Edit) -> None:
    set_condition(edit, "Ready", unready, "net-web", status="True", reason="", message="")


@counterexample("cond.ready-needs-sidecars", "the message does not name the sidecar")
def unnamed(edit: Edit) -> None:
    message = "containers with unready status: [app]"
    set_condition(edit, "ContainersReady", unready, "net-web", message=message)


def stopping(pod: Json) -> bool:
    """Tell whether a pod is being deleted."""
    return "deletionTimestamp" in pod["metadata"]


@counterexample("cond.disruption-target", "another reason is told")
def other_target(edit: Edit) -> None:
    set_condition(
        edit, "DisruptionTarget", stopping, "term-ways-evicted", reason="TerminationByKubelet"
    )


@counterexample("cond.disruption-target", "the kubelet drops it with its first status")
def dropped_target(edit: Edit) -> None:
    status = edit.pods("term-ways-evicted")[-1]["status"]
    status["conditions"] = [
        one for one in status["conditions"] if one["type"] != "DisruptionTarget"
    ]
