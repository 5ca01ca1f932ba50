"""The API: what is stored, what is refused, and what a feature gate that is off makes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from conformance.checks.needs import OWN_CONTAINERS
from conformance.checks.phases import assert_failed
from conformance.requirements import (
    API_SERVER,
    KUBELET,
    MUST,
    OBSERVED,
    SCHEDULER,
    SHOULD,
    requirement,
)
from conformance.scenarios.api import CHANGED_IMAGE, NEW
from conformance.sources import (
    INIT_CONTAINERS,
    KEP_RESTART_ALL,
    KEP_RESTART_RULES,
    KEP_SIDECARS,
    POD_LIFECYCLE,
    POD_REFERENCE,
    SIDECAR_BLOG,
    SIDECAR_TUTORIAL,
    SIDECARS,
    issue,
    kep,
    pull,
    upstream,
)
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.components import Component
from fixtures.evidence.errors import NotDoneError
from fixtures.evidence.moments import InconclusiveError
from fixtures.kubeapi.metrics import samples_of
from fixtures.stage import manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixtures.evidence.timeline import Action, Timeline

    Json = Mapping[str, Any]

CHANGELOG = "https://github.com/kubernetes/kubernetes/blob/master/CHANGELOG/CHANGELOG-"
KEP_RESIZE = kep("1287-in-place-update-pod-resources")
VALIDATION = upstream("pkg/apis/core/validation/validation.go")
DROPPED_FIELDS = upstream("pkg/api/pod/util.go")
WARNINGS = upstream("pkg/api/pod/warnings.go")
NO_SIDECARS = (Capability.NO_SIDECARS,)
RESTART_RULES = "ContainerRestartRules"
RULES_KNOWN_SINCE = 34
"""The minor since which the fields of container restart rules are known, and dropped at first."""
RULES_SINCE = 35
SIDECAR_RULES_SINCE = 36
RESIZE_SINCE = 33
LOCKED_SINCE = 33
"""The minor since which feature gate SidecarContainers cannot be off."""
LAST_GATE = 36
"""The last minor that has feature gate SidecarContainers."""


def init_containers(document: Json) -> Sequence[Json]:
    """Return the init containers of a pod, or of the pod template of another object."""
    _, spec = next(manifest.pod_specs(dict(document)))
    found: Sequence[Json] = spec["initContainers"]
    return found


def policy_of(document: Json, name: str) -> str | None:
    """Return the restart policy of an init container; None where it has none, or is not there."""
    found = {one["name"]: one.get("restartPolicy") for one in init_containers(document)}
    return found.get(name)


def readings_of(timeline: Timeline, name: str) -> Sequence[Action]:
    """Return how the suite has read the object of this name, in order."""
    readings = timeline.actions_named("read")
    return [one for one in readings if one.arguments["path"].endswith(f"/{name}")]


def holds(stored: object, sent: object) -> bool:
    """Tell whether a stored value has all that was sent; an object may have more, by defaults."""
    if isinstance(stored, Mapping) and isinstance(sent, Mapping):
        return all(holds(stored.get(name), value) for name, value in sent.items())
    if isinstance(stored, list) and isinstance(sent, list):
        return len(stored) == len(sent) and all(map(holds, stored, sent))
    return stored == sent


def assert_refused(action: Action, field: str, words: str = "") -> None:
    """Assert that the request is invalid because of a field, for a reason with these words."""
    name = action.arguments["name"]
    assert action.invalid, f"{name} was not refused as invalid but answered {action.message}"
    fields = action.refused_fields
    assert field in fields, f"{name} was refused, but not because of {field}: {action.message}"
    assert words in fields[field], f"{name} was refused for another reason: {action.message}"


@requirement(
    "api.field-persisted",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="api-templates",
    source=(SIDECARS, POD_REFERENCE),
)
def test_field_persisted(timeline: Timeline) -> None:
    """An init container with restartPolicy Always keeps it, in pods and in all pod templates."""
    documents = manifest.load("api-templates")
    creations = timeline.actions_named("create")
    readings = timeline.actions_named("read")
    for creation in creations:
        kind = creation.arguments["kind"]
        assert creation.accepted, f"{kind} was refused: {creation.message}"
    assert len(creations) == len(readings) == len(documents)
    for document, creation, reading in zip(documents, creations, readings, strict=True):
        kind = creation.arguments["kind"]
        name = init_containers(document)[0]["name"]
        answered = policy_of(creation.body, name)
        assert answered == "Always", f"{kind} was answered without its sidecar's restartPolicy"
        assert reading.status == HTTPStatus.OK, f"{kind} cannot be read back"
        stored = policy_of(reading.body, name)
        assert stored == "Always", f"{kind} was stored without its sidecar's restartPolicy"


@requirement(
    "api.field-kept-on-update",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="api-updates",
    source=(SIDECARS, POD_REFERENCE),
)
def test_field_kept_on_update(timeline: Timeline) -> None:
    """A sidecar stays one when its pod, or the object of its template, is updated as a whole."""
    for document in manifest.load("api-updates"):
        kind, name = document["kind"], document["metadata"]["name"]
        update = timeline.action("update", name=name)
        assert update.accepted, f"the update of the {kind} was refused: {update.message}"
        read = readings_of(timeline, name)[-1].body
        assert "sidecar-conformance/updated" in read["metadata"]["labels"], f"{kind}: no update"
        for answer in (update.body, read):
            kept = policy_of(answer, "sidecar")
            assert kept == "Always", f"the {kind} has lost its sidecar's restartPolicy"


@requirement(
    "api.patch-by-name",
    OBSERVED,
    by=API_SERVER,
    since="1.29",
    scenario="api-patch",
    source=(POD_REFERENCE, KEP_SIDECARS),
    needs=OWN_CONTAINERS,
)
def test_patch_by_name(timeline: Timeline) -> None:
    """Patches address init containers by name: a sidecar can be added without replacing others."""
    before = init_containers(timeline.created("api-patch"))
    patch = timeline.action("patch", name="api-patch")
    assert patch.accepted, f"the strategic merge patch was refused: {patch.message}"
    patched = init_containers(patch.body)
    names = [one["name"] for one in patched]
    assert names == ["injected", "first", "setup"], f"the patch left {names}"
    assert patched[1:] == before, "a strategic merge patch changed containers it did not name"
    assert patched[0].get("restartPolicy") == "Always", "the patch lost restartPolicy"

    apply = timeline.action("server-side apply", name="api-patch")
    assert apply.accepted, f"server-side apply was refused: {apply.message}"
    applied = init_containers(apply.body)
    policies = {one["name"]: one.get("restartPolicy") for one in applied}
    assert policies.keys() == {"applied", "injected", "first", "setup"}, (
        f"server-side apply left {list(policies)}"
    )
    assert [one for one in applied if one["name"] != "applied"] == patched, (
        "server-side apply changed containers it did not name"
    )
    assert policies["applied"] == "Always", "the apply lost restartPolicy"
    assert init_containers(timeline.action("read").body) == applied


@requirement(
    "api.init-policy-other-values",
    MUST,
    by=API_SERVER,
    since="1.28",
    scenario="api-policies",
    needs=(Capability.UNCHANGED_CONTAINERS,),
    source=(SIDECAR_BLOG, KEP_RESTART_RULES, VALIDATION),
)
def test_init_policy_other_values(timeline: Timeline) -> None:
    """No value but Always makes a sidecar of an init container.

    It is refused; where the field as a whole is not in use it is dropped (1.28 without the gate,
    1.34); from 1.35 on Never and OnFailure are policies of plain init containers.
    """
    control = init_containers(timeline.created("api-policies-init-always"))[0]
    gate_off = "restartPolicy" not in control
    ours = "api-policies-init"
    nonsense = [f"{ours}-lowercase", f"{ours}-empty", f"{ours}-nonsense"]
    policies = {f"{ours}-never": "Never", f"{ours}-onfailure": "OnFailure"}
    field = "spec.initContainers[0].restartPolicy"
    for name in (*policies, *nonsense):
        if gate_off or has_rules(timeline) is False:
            kept = init_containers(timeline.created(name))[0].get("restartPolicy")
            assert kept is None, f"restartPolicy {kept} of {name} was not dropped"
        elif has_rules(timeline) and name in policies:
            kept = init_containers(timeline.created(name))[0].get("restartPolicy")
            assert kept == policies[name], f"restartPolicy of {name} was stored as {kept}"
        else:
            assert_refused(timeline.creation(name), field)


@requirement(
    "api.regular-policy",
    MUST,
    by=API_SERVER,
    since="1.28",
    scenario="api-policies",
    needs=(Capability.UNCHANGED_CONTAINERS,),
    source=(POD_REFERENCE, KEP_RESTART_RULES, VALIDATION),
)
def test_regular_policy(timeline: Timeline) -> None:
    """A regular container may have no restartPolicy before 1.34, and its own from 1.35 on.

    It is refused up to 1.33, dropped in 1.34 and stored from 1.35 on.
    """
    for name, policy in (
        ("api-policies-regular-always", "Always"),
        ("api-policies-regular-never", "Never"),
    ):
        if has_rules(timeline) is None:
            field = "spec.containers[0].restartPolicy"
            assert_refused(timeline.creation(name), field, "non-init containers")
        else:
            kept = timeline.created(name)["spec"]["containers"][0].get("restartPolicy")
            expected = policy if has_rules(timeline) else None
            assert kept == expected, f"restartPolicy {policy} was stored as {kept}"


@requirement(
    "api.rules-on-sidecar",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="api-policies",
    source=(KEP_RESTART_ALL, POD_LIFECYCLE, VALIDATION),
    needs=OWN_CONTAINERS,
)
def test_rules_on_sidecar(timeline: Timeline) -> None:
    """A sidecar may have restartPolicyRules from 1.36 on.

    They are an unknown field up to 1.33, dropped in 1.34 and refused in 1.35.
    """
    name = "api-policies-rules"
    wanted = has_rules(timeline) and has_rules_on_sidecars(timeline)
    if has_rules(timeline) and not wanted:
        assert_refused(timeline.creation(name), "spec.initContainers[0].restartPolicyRules")
        return
    sidecar = init_containers(timeline.created(name))[0]
    assert sidecar.get("restartPolicy") == "Always"
    rules = sidecar.get("restartPolicyRules")
    if not wanted:
        assert rules is None, "restartPolicyRules were stored"
    else:
        documents = {one["metadata"]["name"]: one for one in manifest.load("api-policies")}
        given = init_containers(documents[name])[0]["restartPolicyRules"]
        assert rules == given, f"the rules were stored as {rules}"


@requirement(
    "api.probes-and-hooks-allowed",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="api-validation",
    source=(SIDECARS, INIT_CONTAINERS, KEP_SIDECARS),
    needs=OWN_CONTAINERS,
)
def test_probes_and_hooks_allowed(timeline: Timeline) -> None:
    """A sidecar may declare all three probes and both hooks, a plain init container none."""
    sidecar = init_containers(timeline.created("api-validation-sidecar-probes"))[0]
    for field in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert field in sidecar, f"the sidecar was accepted without its {field}"
    assert sidecar.get("lifecycle", {}).keys() == {"postStart", "preStop"}
    for name, field in (
        ("startup", "startupProbe"),
        ("liveness", "livenessProbe"),
        ("readiness", "readinessProbe"),
        ("poststart", "lifecycle"),
        ("prestop", "lifecycle"),
    ):
        plain = timeline.creation(f"api-validation-plain-{name}")
        assert_refused(plain, f"spec.initContainers[0].{field}")


@requirement(
    "api.probes-and-hooks-validated",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="api-probes",
    source=(POD_REFERENCE, KEP_SIDECARS, VALIDATION),
    needs=OWN_CONTAINERS,
)
def test_probes_and_hooks_validated(timeline: Timeline) -> None:
    """A sidecar's probes and hooks are stored as they were sent, and refused where invalid."""
    sent = init_containers(manifest.load("api-probes")[0])[0]
    stored = init_containers(timeline.created("api-probes-valid"))[0]
    for field in ("startupProbe", "livenessProbe", "readinessProbe", "lifecycle"):
        assert holds(stored.get(field), sent[field]), f"{field} was stored as {stored.get(field)}"
    for name, field in (
        ("no-handler", "livenessProbe"),
        ("two-handlers", "readinessProbe.tcpSocket"),
        ("alive-twice", "livenessProbe.successThreshold"),
        ("up-twice", "startupProbe.successThreshold"),
        ("ready-grace", "readinessProbe.terminationGracePeriodSeconds"),
        ("empty-hook", "lifecycle.preStop"),
        ("double-hook", "lifecycle.postStart.httpGet"),
    ):
        proposed = timeline.creation(f"api-probes-{name}")
        assert_refused(proposed, f"spec.initContainers[0].{field}")


@requirement(
    "api.names-unique",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario=("api-validation", "api-live"),
    source=(INIT_CONTAINERS, VALIDATION),
    needs=(*OWN_CONTAINERS, Capability.EPHEMERAL_CONTAINERS),
)
def test_names_unique(timelines: dict[str, Timeline]) -> None:
    """A sidecar shares its name with no regular, init or ephemeral container of its pod."""
    asked = timelines["api-validation"]
    for name, field in (
        ("api-validation-name-of-regular", "spec.initContainers[0].name"),
        ("api-validation-name-of-init", "spec.initContainers[1].name"),
    ):
        assert_refused(asked.creation(name), field, "Duplicate")
    ephemeral = timelines["api-live"].action("add ephemeral container", variant="name of sidecar")
    assert_refused(ephemeral, "spec.ephemeralContainers[0].name", "Duplicate")


@requirement(
    "api.needs-regular-container",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="api-validation",
    source=(POD_REFERENCE, KEP_SIDECARS),
    needs=OWN_CONTAINERS,
)
def test_needs_regular_container(timeline: Timeline) -> None:
    """A pod of nothing but sidecars is invalid."""
    creation = timeline.creation("api-validation-sidecars-only")
    assert_refused(creation, "spec.containers", "Required")


@requirement(
    "api.resize-policy-on-sidecar",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="api-validation",
    source=(KEP_RESIZE, VALIDATION),
    needs=OWN_CONTAINERS,
)
def test_resize_policy_on_sidecar(timeline: Timeline) -> None:
    """A sidecar may have a resizePolicy from 1.33 on, where pods can be resized in place.

    Before that it is dropped with the feature off, and refused with the feature on.
    """
    name, field = "api-validation-resize-policy", "spec.initContainers[0].resizePolicy"
    creation = timeline.creation(name)
    server = Component.API_SERVER
    promised = timeline.minor_of(server) >= RESIZE_SINCE
    resizable = timeline.has(server, "InPlacePodVerticalScaling", since=RESIZE_SINCE)
    if not promised and creation.invalid:
        assert_refused(creation, field, "must not be set for init containers")
        return
    policies = init_containers(timeline.created(name))[0].get("resizePolicy")
    if not promised or resizable is False:
        assert policies is None, f"{field} was stored: {policies}"
        return
    if resizable is None and not policies:
        pytest.skip(f"{field} is dropped, and whether that is its feature gate cannot be read")
    assert policies, f"{field} was dropped"
    assert {one["resourceName"]: one["restartPolicy"] for one in policies} == {
        "cpu": "NotRequired",
        "memory": "RestartContainer",
    }


@requirement(
    "api.hostport-same-pod-accepted",
    OBSERVED,
    by=API_SERVER,
    since="1.29",
    scenario="api-hostport",
    source=VALIDATION,
    needs=OWN_CONTAINERS,
)
def test_hostport_same_pod_accepted(timeline: Timeline) -> None:
    """A hostPort of a sidecar may be claimed again by another container of the same pod.

    The validation looks at each init container alone, as if none ran beside others.
    """
    spec = timeline.created("api-hostport-of-regular")["spec"]
    assert spec["initContainers"][0]["ports"][0]["hostPort"] == 23987
    assert spec["containers"][0]["ports"][0]["hostPort"] == 23987
    sidecars = init_containers(timeline.created("api-hostport-of-sidecar"))
    assert [one["ports"][0]["hostPort"] for one in sidecars] == [23987, 23987]


@requirement(
    "api.host-network-ports",
    OBSERVED,
    by=API_SERVER,
    since="1.29",
    scenario="api-hostport",
    source=upstream("pkg/apis/core/v1/defaults.go SetDefaults_Pod"),
    needs=OWN_CONTAINERS,
)
def test_host_network_ports(timeline: Timeline) -> None:
    """In a pod with the network of its node, the ports of sidecars are ports of the node, too."""
    spec = timeline.created("api-hostport-of-network")["spec"]
    for part, port in (("initContainers", 23988), ("containers", 23989)):
        (given,) = spec[part][0]["ports"]
        assert given.get("hostPort") == port, f"the port of {spec[part][0]['name']} is {given}"


@requirement(
    "api.port-warnings",
    OBSERVED,
    by=API_SERVER,
    since="1.29",
    scenario="api-validation",
    source=(WARNINGS, pull(113245), pull(122170)),
)
def test_port_warnings(timeline: Timeline) -> None:
    """A port of a sidecar that a regular container has, too, is warned of when a pod is created.

    A port number twice in any version, a port name twice from 1.33 on.
    """
    warned = ["api-validation-port-number"]
    if timeline.minor_of(Component.API_SERVER) >= 33:
        warned.append("api-validation-port-name")
    for name in warned:
        assert timeline.created(name)
        creation = timeline.creation(name)
        assert warns_of_duplicate(creation), (
            f"no warning of the duplicate port of {name}, only {list(creation.warnings)}"
        )
    assert timeline.created("api-validation-port-apart")
    assert not warns_of_duplicate(timeline.creation("api-validation-port-apart"))


def warns_of_duplicate(action: Action) -> bool:
    """Tell whether the answer has a warning of something that is there twice."""
    return any("duplicate" in warning for warning in action.warnings)


@requirement(
    "api.status-restart-transition",
    MUST,
    since="1.29",
    scenario=("api-live", "restart-backoff"),
    source=(pull(123323), issue(122902)),
)
def test_status_restart_transition(timelines: Mapping[str, Timeline]) -> None:
    """A sidecar's status goes from terminated back to running even in a pod that never restarts.

    That is so after an exit with 0, too, and where it was shown terminated for a while.
    """
    timeline = timelines["api-live"]
    sidecar = timeline["sidecar"]
    assert timeline.pod.spec["restartPolicy"] == "Never"
    assert sidecar.first.exit_code == 1
    statuses = [seen.value for seen in sidecar.statuses]
    back = [status for status in statuses if status.restarts == 1 and status.running]
    assert back, f"the sidecar's last status is {sidecar.status}"
    assert back[-1].ready, "the sidecar runs again and is not ready"
    assert back[-1].last["exitCode"] == 1
    ready = timeline.pod.conditions("Ready")[-1].value
    assert ready.true, f"the pod is not ready again: {ready.reason} {ready.message}"
    for name in ("restart-backoff", "restart-backoff-never"):
        held_back = timelines["restart-backoff"].pod_named(name)["zero"]
        statuses = [seen.value for seen in held_back.statuses]
        if not any(status.restarts == 1 and status.terminated for status in statuses):
            raise InconclusiveError(f"no status shows {held_back} terminated after a restart")
        assert held_back.restarts > 1, f"the last status of {held_back} is {held_back.status}"


@requirement(
    "api.immutable-after-create",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="api-live",
    source=(POD_REFERENCE, VALIDATION),
    needs=OWN_CONTAINERS,
)
def test_immutable_after_create(timeline: Timeline) -> None:
    """Of a pod's init containers only the image can be changed once the pod is created."""
    for variant in (
        "add",
        "remove",
        "reorder",
        "no longer a sidecar",
        "now a sidecar",
        "command",
    ):
        action = timeline.action("change init containers", variant=variant)
        assert action.invalid, f"{variant!r} was answered {action.message}"
        assert any(field.startswith("spec") for field in action.refused_fields), (
            f"{variant!r} was refused for another reason: {action.message}"
        )
    image = timeline.action("change init containers", variant="image")
    assert image.accepted, f"a new image was refused: {image.message}"
    assert init_containers(image.body)[0]["image"] == CHANGED_IMAGE


@requirement(
    "api.ephemeral-policy",
    OBSERVED,
    by=API_SERVER,
    since="1.29",
    scenario="api-live",
    source=VALIDATION,
    needs=(Capability.SIDECARS, Capability.EPHEMERAL_CONTAINERS),
)
def test_ephemeral_policy(timeline: Timeline) -> None:
    """An ephemeral container can have no restartPolicy: it is refused (in 1.34 dropped)."""
    plain = timeline.action("add ephemeral container", variant="plain")
    assert plain.accepted, f"a plain one was refused: {plain.message}"
    action = timeline.action("add ephemeral container", variant="restart policy")
    server = Component.API_SERVER
    rules = timeline.has(server, RESTART_RULES, since=RULES_SINCE)
    dropped = not action.invalid if rules is None else not rules
    if timeline.minor_of(server) >= RULES_KNOWN_SINCE and dropped:
        assert action.accepted, f"one with a restartPolicy was refused: {action.message}"
        assert "restartPolicy" not in action.body["spec"]["ephemeralContainers"][0]
    else:
        assert_refused(action, "spec.ephemeralContainers[0].restartPolicy")


def has_rules(timeline: Timeline) -> bool | None:
    """Tell whether containers may have restart policies of their own; None where none is known.

    What the API server stores tells it where its feature gates cannot be read.
    """
    if timeline.minor_of(Component.API_SERVER) < RULES_KNOWN_SINCE:
        return None
    told = timeline.has(Component.API_SERVER, RESTART_RULES, since=RULES_SINCE)
    if told is not None:
        return told
    stored = timeline.created("api-policies-regular-never")["spec"]["containers"][0]
    return "restartPolicy" in stored


def has_rules_on_sidecars(timeline: Timeline) -> bool:
    """Tell whether sidecars may have restart rules; see `has_rules`."""
    gate = "RestartAllContainersOnContainerExits"
    told = timeline.has(Component.API_SERVER, gate, since=SIDECAR_RULES_SINCE)
    return timeline.creation("api-policies-rules").accepted if told is None else told


@dataclass(frozen=True)
class Shown:
    """What a component shows of feature gate SidecarContainers: its stage and value, or nothing."""

    component: Component
    node: str
    """That of a kubelet, else empty."""
    minor: int
    gate: tuple[str, float] | None

    def __str__(self) -> str:
        return f"{self.component} {self.node}".strip()


def gates_shown(timeline: Timeline) -> list[Shown]:
    """Return what the API server and each kubelet that answered show."""
    found = []
    for action in timeline.actions_named("gates"):
        if not action.accepted:
            continue
        component = Component(action.arguments["component"])
        node = action.arguments.get("node", "")
        samples = samples_of(action.answer["lines"])
        gates = {one.labels["name"]: (one.labels["stage"], one.value) for one in samples}
        assert gates, f"{component} {node} shows no feature gates at all"
        minor = timeline.components.minor_of(component, {node} if node else ())
        found.append(Shown(component, node, minor, gates.get("SidecarContainers")))
    asked = {one.component for one in found}
    if asked != {Component.API_SERVER, Component.KUBELET}:
        raise NotDoneError(f"only these were asked for their gates: {sorted(asked)}")
    return found


@requirement(
    "api.gate-metric",
    MUST,
    by=KUBELET,
    since="1.28",
    until="1.36",
    scenario="api-gate",
    needs=(Capability.METRICS, Capability.UNCHANGED_CONTAINERS),
    source=SIDECAR_TUTORIAL,
)
def test_gate_metric(timeline: Timeline) -> None:
    """API server and kubelets show gate SidecarContainers and its stage in their metrics.

    That of the API server agrees with what it does. A kubelet's may be another, until it is locked.
    """
    control = init_containers(timeline.created("api-gate"))[0]
    acts = 1.0 if control.get("restartPolicy") == "Always" else 0.0
    for one in gates_shown(timeline):
        if one.minor > LAST_GATE:
            continue
        stage = "ALPHA" if one.minor == 28 else "BETA" if one.minor < LOCKED_SINCE else ""
        assert one.gate, f"{one} does not show the gate"
        assert one.gate[0] == stage, f"{one} shows the gate as {one.gate}"
        if one.component is Component.API_SERVER or one.minor >= LOCKED_SINCE:
            assert one.gate[1] == acts, f"{one} shows the gate as {one.gate}"


@requirement(
    "api.gate-locked",
    MUST,
    by=KUBELET,
    since="1.33",
    until="1.36",
    scenario="api-gate",
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS),
    source=(pull(129731), f"{CHANGELOG}1.33.md"),
)
def test_gate_locked(timeline: Timeline) -> None:
    """Gate SidecarContainers cannot be turned off: a kubelet that is told to does not start."""
    assert_gate_refused(timeline, r"(?i)cannot set feature gate \W*SidecarContainers\b")


@requirement(
    "api.gate-removed",
    MUST,
    by=API_SERVER,
    since="1.37",
    scenario="api-gate",
    needs=(Capability.SIDECARS, Capability.METRICS, Capability.NODE_ACCESS),
    source=(pull(137755), f"{CHANGELOG}1.37.md"),
)
def test_gate_removed(timeline: Timeline) -> None:
    """There is no gate SidecarContainers: it is not shown, and a kubelet given it ends."""
    shown = gates_shown(timeline)
    for one in shown:
        if one.minor > LAST_GATE:
            assert one.gate is None, f"{one} shows the gate as {one.gate}"
    # That of any node was given it.
    if min(one.minor for one in shown if one.component is Component.KUBELET) > LAST_GATE:
        assert_gate_refused(timeline, r"(?i)unrecognized feature gate\W+SidecarContainers\b")


def assert_gate_refused(timeline: Timeline, words: str) -> None:
    """Assert that a kubelet ended with words of this pattern, and one without the gate did not."""
    control = timeline.action("kubelet").answer["output"]
    assert "SidecarContainers" not in control
    assert "/nonexistent" in control, f"a kubelet without gates said: {control}"
    output = timeline.action("kubelet --feature-gates=SidecarContainers=false").answer["output"]
    assert re.search(words, output), f"the kubelet said: {output}"
    assert "exit code 0" not in output


@requirement(
    "api.gate-off-drops-field",
    SHOULD,
    by=API_SERVER,
    since="1.28",
    until="1.32",
    scenario="api-gate-off",
    needs=(*NO_SIDECARS, Capability.UNCHANGED_CONTAINERS),
    source=(KEP_SIDECARS, DROPPED_FIELDS),
)
def test_gate_off_drops_field(timeline: Timeline) -> None:
    """With the gate off restartPolicy of an init container is dropped without a word."""
    for name in ("api-gate-off-pod", "api-gate-off-deployment", "api-gate-off-job"):
        kept = init_containers(timeline.created(name))[0].get("restartPolicy")
        assert kept is None, f"{name} keeps restartPolicy {kept}"
        warnings = list(timeline.creation(name).warnings)
        assert not warnings, f"{name} was answered with warnings: {warnings}"


@requirement(
    "api.gate-off-probes-rejected",
    OBSERVED,
    by=API_SERVER,
    since="1.28",
    until="1.32",
    scenario="api-gate-off",
    needs=(*NO_SIDECARS, Capability.UNCHANGED_CONTAINERS),
    source=(VALIDATION, DROPPED_FIELDS),
)
def test_gate_off_probes_rejected(timeline: Timeline) -> None:
    """With the gate off a would-be sidecar with a probe or a hook is refused: it is plain init."""
    assert timeline.created("api-gate-off-pod")
    for name, field in (
        ("startup-probe", "startupProbe"),
        ("liveness-probe", "livenessProbe"),
        ("readiness-probe", "readinessProbe"),
        ("hook", "lifecycle"),
    ):
        creation = timeline.creation(f"api-gate-off-{name}")
        assert_refused(creation, f"spec.initContainers[0].{field}")


@requirement(
    "api.gate-off-acts-as-plain-init",
    SHOULD,
    by=API_SERVER,
    since="1.28",
    until="1.32",
    scenario="gate-off-blocks",
    needs=(*NO_SIDECARS, Capability.UNCHANGED_CONTAINERS),
    source=(KEP_SIDECARS, SIDECAR_TUTORIAL),
)
def test_gate_off_acts_as_plain_init(timeline: Timeline) -> None:
    """With the gate off an endless would-be sidecar without probes blocks initialisation."""
    pod = timeline.pod
    assert pod["sidecar"].kind == "init"
    assert pod["sidecar"].said("START")
    assert pod["sidecar"].state == "running", f"the would-be sidecar is {pod['sidecar'].status}"
    assert not pod["app"].ever_started, "the app was started"
    app = pod["app"].status
    assert app.waits_with("PodInitializing"), f"the app is {app}"
    assert pod.phases == ["Pending"], f"the pod was {pod.phases}"
    cells = timeline.action("read").body["rows"][0]["cells"]
    assert "Init:0/1" in cells, f"it is shown as {cells}"


@requirement(
    "api.gate-off-keeps-field-in-use",
    SHOULD,
    by=API_SERVER,
    since="1.28",
    until="1.32",
    scenario="api-gate-in-use",
    needs=(Capability.SIDECARS, Capability.GATE_CONTROL, Capability.UNCHANGED_CONTAINERS),
    source=(KEP_SIDECARS, DROPPED_FIELDS),
)
def test_gate_off_keeps_field_in_use(timeline: Timeline) -> None:
    """An API server whose gate was turned off keeps the field of objects that already have it."""
    assert policy_of(timeline.created(NEW), "sidecar") is None, "the gate was not off"
    for document in manifest.load("api-gate-in-use"):
        name = document["metadata"]["name"]
        update = timeline.action("update", name=name)
        before, after = readings_of(timeline, name)
        assert update.accepted, f"the update of {name} was answered {update.message}"
        for action, what in ((before, "read"), (update, "updated"), (after, "read again")):
            kept = policy_of(action.body, "sidecar")
            assert kept == "Always", f"{name} has restartPolicy {kept} where it is {what}"


@requirement(
    "api.kubelet-gate-off-rejects",
    SHOULD,
    by=KUBELET,
    since="1.28",
    until="1.32",
    scenario="api-kubelet-gate-off",
    needs=(Capability.KUBELET_GATE_OFF, Capability.SIDECARS, Capability.UNCHANGED_CONTAINERS),
    source=(KEP_SIDECARS, upstream("pkg/kubelet/lifecycle/predicate.go")),
)
def test_kubelet_gate_off_rejects(timeline: Timeline) -> None:
    """A kubelet whose gate is off fails pods with sidecars: InitContainerRestartPolicyForbidden."""
    pod = timeline.pod_named("api-kubelet-gate-off-sidecar")
    assert_failed(pod, "InitContainerRestartPolicyForbidden")


@requirement(
    "api.scheduler-gate-off-unschedulable",
    SHOULD,
    by=SCHEDULER,
    since="1.28",
    until="1.32",
    scenario="api-scheduler-gate-off",
    needs=(Capability.SCHEDULER_GATE_OFF, Capability.SIDECARS, Capability.UNCHANGED_CONTAINERS),
    source=(KEP_SIDECARS, upstream("pkg/scheduler/framework/plugins/noderesources/fit.go")),
)
def test_scheduler_gate_off_unschedulable(timeline: Timeline) -> None:
    """A scheduler whose gate is off leaves pods with sidecars unscheduled, and says why."""
    pod = timeline.pod_named("api-scheduler-gate-off-sidecar")
    assert "nodeName" not in pod.last.spec, f"it was put on {pod.last.spec['nodeName']}"
    scheduled = pod.last.condition("PodScheduled")
    assert scheduled.false
    assert scheduled.reason == "Unschedulable"
    assert "the SidecarContainers feature is disabled" in scheduled.message
    assert timeline.pod_named("api-scheduler-gate-off-plain").phase == "Succeeded"
