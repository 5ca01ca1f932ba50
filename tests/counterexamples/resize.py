"""Counter-examples to the checks of `conformance.checks.test_resize`."""

from __future__ import annotations

import copy
from http import HTTPStatus

from fixtures.evidence.recording import ActionRecord
from tests.kit.edits import Edit, counterexample


def answer(edit: Edit, container: str, key: str, value: str | None, status: HTTPStatus) -> None:
    """Let the resize of a container that asks for this value have been answered otherwise."""
    for record in edit.of(ActionRecord):
        if record.name == "patch":
            for one in record.arguments["patch"]["spec"].get("initContainers", []):
                requests = one["resources"].get("requests", {})
                if one["name"] == container and requests.get(key, "") == value:
                    record.answer["status"] = status
                    return
    raise AssertionError(f"no resize of {container} with {key} {value}")


@counterexample("resize.sidecar", "the resize of a sidecar is refused")
def refused(edit: Edit) -> None:
    answer(edit, "steady", "memory", "28Mi", HTTPStatus.UNPROCESSABLE_ENTITY)


@counterexample("resize.sidecar", "the resize is accepted and never carried out")
def not_done(edit: Edit) -> None:
    for status in edit.statuses("steady"):
        if "resources" in status:
            status["resources"]["requests"]["cpu"] = "10m"


@counterexample("resize.restart-policy", "a sidecar is restarted against its policy")
def restarted(edit: Edit) -> None:
    for status in edit.statuses("steady"):
        if status.get("resources", {}).get("requests", {}).get("cpu") == "20m":
            status["restartCount"] = 1


@counterexample("resize.restart-policy", "a sidecar is not restarted though its policy asks for it")
def not_restarted(edit: Edit) -> None:
    for status in edit.statuses("renewed"):
        status["restartCount"] = 0


@counterexample("resize.restart-policy", "the main container is restarted as well")
def main_restarted(edit: Edit) -> None:
    edit.statuses("app")[-1]["restartCount"] = 1


@counterexample("resize.plain-init", "a running plain init container cannot be resized")
def plain_refused(edit: Edit) -> None:
    answer(edit, "plain", "cpu", "20m", HTTPStatus.UNPROCESSABLE_ENTITY)


@counterexample("resize.plain-init", "a plain init container that wants a restart is accepted")
def plain_restarts(edit: Edit) -> None:
    edit.action("create", name="resize-plain-restarts").answer["status"] = HTTPStatus.CREATED


@counterexample("resize.limits", "a resource that cannot be resized is accepted")
def other_resource(edit: Edit) -> None:
    answer(edit, "steady", "ephemeral-storage", "1Gi", HTTPStatus.OK)


@counterexample("resize.limits", "a request can be taken away")
def taken_away(edit: Edit) -> None:
    answer(edit, "steady", "cpu", None, HTTPStatus.OK)


@counterexample("resize.limits", "containers can be reordered")
def reordered(edit: Edit) -> None:
    edit.action("reorder").answer["status"] = HTTPStatus.OK


@counterexample("resize.limits", "the QoS class changes")
def other_class(edit: Edit) -> None:
    edit.pods()[-1]["status"]["qosClass"] = "Guaranteed"


@counterexample("resize.absent-before", "a change in the pod's spec is accepted")
def spec_accepted(edit: Edit) -> None:
    edit.action("patch", subresource="").answer["status"] = HTTPStatus.OK


@counterexample("resize.absent-before", "the sidecar gets what was asked for")
def changed(edit: Edit) -> None:
    for pod in edit.pods():
        resources = copy.deepcopy(pod["spec"]["initContainers"][0]["resources"])
        resources["requests"]["cpu"] = "20m"
        pod["spec"]["initContainers"][0]["resources"] = resources
