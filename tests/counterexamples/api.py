"""Counter-examples to the checks of `conformance.checks.test_api`."""

from __future__ import annotations

import copy
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fixtures.evidence.recording import ActionRecord
from fixtures.stage import manifest
from tests.kit.edits import Edit, counterexample

if TYPE_CHECKING:
    from collections.abc import Iterator

    Json = dict[str, Any]


def refuse(
    action: ActionRecord, field: str = "spec", message: str = "Forbidden: may not be set"
) -> None:
    """Let an action have been answered that a field is invalid."""
    cause = {"reason": "FieldValueForbidden", "field": field, "message": message}
    body = {"kind": "Status", "message": f"{field}: {message}", "details": {"causes": [cause]}}
    action.answer = {"status": HTTPStatus.UNPROCESSABLE_ENTITY, "body": body, "warnings": []}


def accept(edit: Edit, action: ActionRecord, like: str) -> None:
    """Let an action have been answered as the creation of `like` was."""
    action.answer = copy.deepcopy(edit.action("create", name=like).answer)


def init_containers(action: ActionRecord) -> list[Json]:
    """Return the init containers in the answer of an action, to be changed in place."""
    _, spec = next(manifest.pod_specs(action.answer["body"]))
    found: list[Json] = spec["initContainers"]
    return found


def variant(edit: Edit, name: str) -> ActionRecord:
    """Return the action that tried to change the running pod so."""
    return edit.action("change init containers", variant=name)


@counterexample("api.field-persisted", "the template of a CronJob is stored without the field")
def cron_job_loses_field(edit: Edit) -> None:
    reading = next(
        action
        for action in edit.of(ActionRecord)
        if action.name == "read" and action.answer["body"]["kind"] == "CronJob"
    )
    del init_containers(reading)[0]["restartPolicy"]


@counterexample("api.field-persisted", "a pod is answered without the field")
def pod_loses_field(edit: Edit) -> None:
    del init_containers(edit.action("create", name="api-templates-pod"))[0]["restartPolicy"]


@counterexample("api.field-persisted", "a DaemonSet with a sidecar is refused")
def daemon_set_refused(edit: Edit) -> None:
    refuse(edit.action("create", name="api-templates-daemon"))


@counterexample("api.field-kept-on-update", "the template of a Deployment loses the field")
def update_loses_field(edit: Edit) -> None:
    for action in edit.of(ActionRecord):
        if action.answer["body"]["kind"] == "Deployment" and action.name == "read":
            del init_containers(action)[0]["restartPolicy"]


@counterexample("api.field-kept-on-update", "the update of a pod is answered without the field")
def updated_pod_loses_field(edit: Edit) -> None:
    del init_containers(edit.action("update", kind="Pod"))[0]["restartPolicy"]


@counterexample("api.field-kept-on-update", "the update of a CronJob is refused")
def update_refused(edit: Edit) -> None:
    refuse(edit.action("update", kind="CronJob"))


@counterexample("api.patch-by-name", "a strategic merge patch replaces the list")
def merge_replaces(edit: Edit) -> None:
    del init_containers(edit.action("patch", name="api-patch"))[1:]


@counterexample("api.patch-by-name", "server-side apply replaces the list")
def apply_replaces(edit: Edit) -> None:
    containers = init_containers(edit.action("server-side apply"))
    containers[:] = [one for one in containers if one["name"] == "applied"]


@counterexample("api.patch-by-name", "the sidecar that is added becomes a plain init container")
def added_as_plain_init(edit: Edit) -> None:
    del init_containers(edit.action("patch", name="api-patch"))[0]["restartPolicy"]


@counterexample("api.init-policy-other-values", "a value without meaning is accepted")
def nonsense_accepted(edit: Edit) -> None:
    accept(
        edit, edit.action("create", name="api-policies-init-nonsense"), "api-policies-init-never"
    )


@counterexample("api.init-policy-other-values", "Never makes a sidecar")
def never_is_always(edit: Edit) -> None:
    never = edit.action("create", name="api-policies-init-never")
    init_containers(never)[0]["restartPolicy"] = "Always"


@counterexample("api.regular-policy", "the policy of a regular container is dropped")
def regular_policy_dropped(edit: Edit) -> None:
    body = edit.action("create", name="api-policies-regular-never").answer["body"]
    del body["spec"]["containers"][0]["restartPolicy"]


@counterexample("api.regular-policy", "the policy of a regular container is refused")
def regular_policy_refused(edit: Edit) -> None:
    field = "spec.containers[0].restartPolicy"
    refuse(edit.action("create", name="api-policies-regular-always"), field)


@counterexample("api.rules-on-sidecar", "the rules are dropped")
def rules_dropped(edit: Edit) -> None:
    del init_containers(edit.action("create", name="api-policies-rules"))[0]["restartPolicyRules"]


@counterexample("api.rules-on-sidecar", "the rules are refused")
def rules_refused(edit: Edit) -> None:
    field = "spec.initContainers[0].restartPolicyRules"
    refuse(edit.action("create", name="api-policies-rules"), field)


@counterexample("api.probes-and-hooks-validated", "a value of a probe is dropped")
def probe_value_lost(edit: Edit) -> None:
    valid = edit.action("create", name="api-probes-valid")
    del init_containers(valid)[0]["startupProbe"]["terminationGracePeriodSeconds"]


@counterexample("api.probes-and-hooks-validated", "a probe gets the values by default")
def probe_by_default(edit: Edit) -> None:
    valid = edit.action("create", name="api-probes-valid")
    init_containers(valid)[0]["readinessProbe"]["periodSeconds"] = 10


@counterexample("api.probes-and-hooks-validated", "the port of a hook is lost")
def hook_port_lost(edit: Edit) -> None:
    valid = edit.action("create", name="api-probes-valid")
    init_containers(valid)[0]["lifecycle"]["preStop"]["httpGet"]["port"] = 80


@counterexample("api.probes-and-hooks-validated", "a liveness probe may need two successes")
def alive_twice(edit: Edit) -> None:
    accept(edit, edit.action("create", name="api-probes-alive-twice"), "api-probes-valid")


@counterexample("api.probes-and-hooks-allowed", "a sidecar with probes is refused")
def probes_refused(edit: Edit) -> None:
    field = "spec.initContainers[0].startupProbe"
    refuse(edit.action("create", name="api-validation-sidecar-probes"), field)


@counterexample("api.probes-and-hooks-allowed", "a sidecar's readiness probe is dropped")
def probe_dropped(edit: Edit) -> None:
    del init_containers(edit.action("create", name="api-validation-sidecar-probes"))[0][
        "readinessProbe"
    ]


@counterexample("api.probes-and-hooks-allowed", "a plain init container may have a hook")
def hook_accepted(edit: Edit) -> None:
    plain = edit.action("create", name="api-validation-plain-prestop")
    accept(edit, plain, "api-validation-sidecar-probes")


@counterexample(
    "api.names-unique",
    "a sidecar may have the name of a regular container",
    scenario="api-validation",
)
def name_of_regular(edit: Edit) -> None:
    twin = edit.action("create", name="api-validation-name-of-regular")
    accept(edit, twin, "api-validation-port-apart")


@counterexample(
    "api.names-unique", "an ephemeral container may have a sidecar's name", scenario="api-live"
)
def name_of_ephemeral(edit: Edit) -> None:
    twin = edit.action("add ephemeral container", variant="name of sidecar")
    twin.answer = edit.action("add ephemeral container", variant="plain").answer


@counterexample("api.needs-regular-container", "a pod of sidecars only is accepted")
def sidecars_only(edit: Edit) -> None:
    pod = edit.action("create", name="api-validation-sidecars-only")
    accept(edit, pod, "api-validation-port-apart")


@counterexample("api.resize-policy-on-sidecar", "the policy is dropped")
def resize_policy_dropped(edit: Edit) -> None:
    pod = edit.action("create", name="api-validation-resize-policy")
    del init_containers(pod)[0]["resizePolicy"]


@counterexample("api.resize-policy-on-sidecar", "the policy is refused")
def resize_policy_refused(edit: Edit) -> None:
    field = "spec.initContainers[0].resizePolicy"
    refuse(edit.action("create", name="api-validation-resize-policy"), field)


@counterexample("api.hostport-same-pod-accepted", "the second claim is refused")
def host_port_refused(edit: Edit) -> None:
    field = "spec.containers[0].ports[0].hostPort"
    refuse(edit.action("create", name="api-hostport-of-regular"), field)


@counterexample("api.host-network-ports", "a sidecar's port is no port of the node")
def no_host_port(edit: Edit) -> None:
    body = edit.action("create", name="api-hostport-of-network").answer["body"]
    body["spec"]["initContainers"][0]["ports"][0].pop("hostPort")


@counterexample("api.host-network-ports", "the pod is refused")
def host_network_refused(edit: Edit) -> None:
    refuse(edit.action("create", name="api-hostport-of-network"), "spec.hostNetwork")


@counterexample("api.port-warnings", "a duplicate port number passes without a warning")
def no_warning(edit: Edit) -> None:
    edit.action("create", name="api-validation-port-number").answer["warnings"] = []


@counterexample("api.port-warnings", "a duplicate port name passes without a warning")
def no_warning_of_name(edit: Edit) -> None:
    edit.action("create", name="api-validation-port-name").answer["warnings"] = []


@counterexample("api.status-restart-transition", "the status is frozen at the first termination")
def frozen(edit: Edit) -> None:
    first = None
    for status in edit.statuses("sidecar"):
        if first is None and "terminated" in status["lastState"]:
            first = {**status["lastState"]}
        if first is not None:
            status.update(state=copy.deepcopy(first), lastState={}, ready=False, restartCount=0)
            status["containerID"] = first["terminated"]["containerID"]


@counterexample(
    "api.status-restart-transition",
    "the status is frozen at an exit with 0 for which it is held back",
    scenario="restart-backoff",
)
def frozen_at_zero(edit: Edit) -> None:
    for status in edit.statuses("zero", "restart-backoff-never"):
        status["restartCount"] = min(status["restartCount"], 1)


@counterexample("api.status-restart-transition", "the pod is never ready again")
def never_ready_again(edit: Edit) -> None:
    for pod in edit.pods():
        restarted = any(
            status["restartCount"] for status in pod["status"].get("initContainerStatuses") or []
        )
        for condition in pod["status"].get("conditions") or []:
            if restarted and condition["type"] == "Ready":
                condition["status"] = "False"


@counterexample("api.immutable-after-create", "init containers can be put in another order")
def reordered(edit: Edit) -> None:
    variant(edit, "reorder").answer = variant(edit, "image").answer


@counterexample("api.immutable-after-create", "a plain init container can be made a sidecar")
def made_a_sidecar(edit: Edit) -> None:
    variant(edit, "now a sidecar").answer = variant(edit, "image").answer


@counterexample("api.immutable-after-create", "the image cannot be changed")
def image_fixed(edit: Edit) -> None:
    refuse(variant(edit, "image"))


@counterexample("api.ephemeral-policy", "an ephemeral container may have a restart policy")
def ephemeral_policy(edit: Edit) -> None:
    action = edit.action("add ephemeral container", variant="restart policy")
    action.answer = copy.deepcopy(edit.action("add ephemeral container", variant="plain").answer)
    action.answer["body"]["spec"]["ephemeralContainers"][0]["restartPolicy"] = "Always"


def gate(edit: Edit, component: str) -> list[str]:
    """Return the lines about feature gates in a component's metrics, to be changed in place."""
    lines: list[str] = edit.action("gates", component=component).answer["lines"]
    return lines


OURS = 'kubernetes_feature_enabled{name="SidecarContainers",stage="'


@counterexample("api.gate-metric", "the kubelet shows the gate as off")
def shown_off(edit: Edit) -> None:
    lines = gate(edit, "kubelet")
    lines[:] = [line[:-1] + "0" if line.startswith(OURS) else line for line in lines]


@counterexample("api.gate-metric", "the API server shows another stage")
def shown_alpha(edit: Edit) -> None:
    lines = gate(edit, "kube-apiserver")
    lines[:] = [OURS + 'ALPHA"} 1' if line.startswith(OURS) else line for line in lines]


@counterexample("api.gate-metric", "the API server does not show the gate")
def not_shown(edit: Edit) -> None:
    lines = gate(edit, "kube-apiserver")
    lines[:] = [line for line in lines if not line.startswith(OURS)]


def kubelet_takes_gate(edit: Edit) -> None:
    """Let the kubelet have come as far as without the gate."""
    taken = edit.action("kubelet --feature-gates=SidecarContainers=false")
    taken.answer = edit.action("kubelet").answer


@counterexample("api.gate-locked", "a kubelet turns the gate off")
def turned_off(edit: Edit) -> None:
    kubelet_takes_gate(edit)


@counterexample("api.gate-removed", "a kubelet takes the gate")
def taken(edit: Edit) -> None:
    kubelet_takes_gate(edit)


@counterexample("api.gate-metric", "the kubelet of another node does not show the gate")
def not_shown_elsewhere(edit: Edit) -> None:
    kubelet = edit.action("gates", component="kubelet")
    other = edit.again(kubelet)
    other.arguments["node"] = "another"
    lines = other.answer["lines"]
    lines[:] = [line for line in lines if not line.startswith(OURS)]


@counterexample("api.gate-removed", "the API server still shows the gate")
def still_shown(edit: Edit) -> None:
    gate(edit, "kube-apiserver").append(OURS + '"} 1')


@counterexample("api.gate-off-drops-field", "a Job's template keeps the field")
def field_kept(edit: Edit) -> None:
    job = edit.action("create", name="api-gate-off-job")
    init_containers(job)[0]["restartPolicy"] = "Always"


@counterexample("api.gate-off-drops-field", "a pod with the field is refused")
def field_refused(edit: Edit) -> None:
    field = "spec.initContainers[0].restartPolicy"
    refuse(edit.action("create", name="api-gate-off-pod"), field)


@counterexample("api.gate-off-probes-rejected", "a startup probe is accepted")
def probe_accepted(edit: Edit) -> None:
    accept(edit, edit.action("create", name="api-gate-off-startup-probe"), "api-gate-off-pod")


@counterexample("api.gate-off-acts-as-plain-init", "the app is started beside it")
def app_started(edit: Edit) -> None:
    for pod in edit.pods():
        for status in pod["status"].get("containerStatuses") or []:
            status["state"] = {"running": {"startedAt": pod["metadata"]["creationTimestamp"]}}
            status["containerID"] = "containerd://app"
        if pod["status"].get("initContainerStatuses"):
            pod["status"]["phase"] = "Running"


@counterexample("api.gate-off-acts-as-plain-init", "the would-be sidecar is stopped")
def stopped(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        running = status["state"].get("running")
        if running:
            ended = {"exitCode": 137, "reason": "Error", "finishedAt": running["startedAt"]}
            status["state"] = {"terminated": {**running, **ended}}


LEFT_OUT = "api-scheduler-gate-off-sidecar"


def conditions(edit: Edit, pod: str) -> Iterator[Json]:
    """Yield all versions of the condition that tells whether a pod is scheduled."""
    for one in edit.pods(pod):
        for condition in one["status"].get("conditions") or []:
            if condition["type"] == "PodScheduled":
                yield condition


@counterexample("api.scheduler-gate-off-unschedulable", "the pod is put on a node")
def put_on_a_node(edit: Edit) -> None:
    for pod in edit.pods(LEFT_OUT):
        pod["spec"]["nodeName"] = "one"


@counterexample("api.scheduler-gate-off-unschedulable", "the scheduler does not say why")
def left_out_without_a_reason(edit: Edit) -> None:
    for condition in conditions(edit, LEFT_OUT):
        condition["message"] = "0/1 nodes are available: 1 Insufficient cpu."


@counterexample("api.scheduler-gate-off-unschedulable", "the scheduler has not looked at it")
def not_looked_at(edit: Edit) -> None:
    for condition in conditions(edit, LEFT_OUT):
        condition["reason"] = "SchedulingGated"


@counterexample("api.scheduler-gate-off-unschedulable", "a pod without sidecars is left out, too")
def others_left_out(edit: Edit) -> None:
    for pod in edit.pods("api-scheduler-gate-off-plain"):
        pod["status"]["phase"] = "Pending"


@counterexample("api.kubelet-gate-off-rejects", "the kubelet runs the pod")
def not_refused(edit: Edit) -> None:
    for pod in edit.pods("api-kubelet-gate-off-sidecar"):
        pod["status"].pop("reason", None)
        pod["status"]["phase"] = "Running"


@counterexample("api.kubelet-gate-off-rejects", "the kubelet refuses it for another reason")
def refused_for_another_reason(edit: Edit) -> None:
    for pod in edit.pods("api-kubelet-gate-off-sidecar"):
        if "reason" in pod["status"]:
            pod["status"]["reason"] = "UnexpectedAdmissionError"


@counterexample("api.gate-off-keeps-field-in-use", "the field is lost where the object is updated")
def lost_in_an_update(edit: Edit) -> None:
    update = edit.action("update", name="api-gate-in-use-deployment")
    del update.answer["body"]["spec"]["template"]["spec"]["initContainers"][0]["restartPolicy"]


@counterexample("api.gate-off-keeps-field-in-use", "the field is not read any more")
def lost_in_a_reading(edit: Edit) -> None:
    for record in edit.of(ActionRecord):
        if record.name == "read" and record.answer["body"]["kind"] == "Pod":
            del record.answer["body"]["spec"]["initContainers"][0]["restartPolicy"]


@counterexample("api.gate-off-keeps-field-in-use", "the update is refused")
def update_in_use_refused(edit: Edit) -> None:
    refuse(edit.action("update", name="api-gate-in-use-pod"))


@counterexample("api.gate-off-keeps-field-in-use", "the gate has no effect")
def gate_without_effect(edit: Edit) -> None:
    created = edit.action("create", name="api-gate-in-use-new")
    created.answer["body"]["spec"]["initContainers"][0]["restartPolicy"] = "Always"
