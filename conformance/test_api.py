"""The API: what is stored, what is refused, and what a feature gate that is off makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.capabilities import Capability
from fixtures.requirements import Level, requirement
from fixtures.stage import manifest
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.stage.run import Run
    from fixtures.timeline import Action, Timeline

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"
INIT = "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/"
LIFECYCLE = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/"
TUTORIAL = "https://kubernetes.io/docs/tutorials/configuration/pod-sidecar-containers/"
REFERENCE = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/"
KEP = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers"
KEP_RULES = (
    "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/"
    "5307-container-restart-policy"
)
KEP_RESTART_ALL = (
    "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/"
    "5532-restart-all-containers-on-container-exits"
)
KEP_RESIZE = (
    "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/"
    "1287-in-place-update-pod-resources"
)
VALIDATION = "kubernetes/kubernetes pkg/apis/core/validation/validation.go"
PODS = "kubernetes/kubernetes pkg/api/pod/util.go"
WARNINGS = "kubernetes/kubernetes pkg/api/pod/warnings.go"
ISSUES = "https://github.com/kubernetes/kubernetes/issues/"
PULLS = "https://github.com/kubernetes/kubernetes/pull/"

INVALID = 422
CHANGED_IMAGE = "sidecar-conformance.invalid/changed:1"
"""Asked for in dry runs only: nobody pulls it."""

NO_SIDECARS = (Capability.NO_SIDECARS,)
GATE_CONTROL = (Capability.GATE_CONTROL,)

RULES_MINOR = 34
"""Has the code of container restart rules, without the gate that lets them in."""


def created(timeline: Timeline, name: str) -> Action:
    """Return the answer to the creation of an object."""
    return timeline.action("create", name=name)


def accepted(action: Action) -> Mapping[str, Any]:
    """Return the pod spec as it was accepted, by itself or in a template."""
    name = action.arguments["name"]
    assert action.status in (200, 201), f"{name} was refused: {action.body.get('message')}"
    return next(spec for _, spec in manifest.pod_specs(dict(action.body)))


def assert_refused(action: Action, field: str, words: str = "") -> None:
    """Require that the request is invalid because of a field, for a reason with these words."""
    name = action.arguments["name"]
    assert action.status == INVALID, f"{name} was answered {action.status}, not {INVALID}"
    causes = (action.body.get("details") or {}).get("causes") or []
    assert any(cause["field"] == field and words in cause["message"] for cause in causes), (
        f"{name} was refused, but not because of {field}: {action.body.get('message')}"
    )


def ask_all(run: Run) -> None:
    """Create every object of the manifest as a dry run."""
    for document in run.documents:
        run.create(document, dry_run=True)


# What is kept.


@scenario("api-templates", seconds=1, applies=False)
def api_templates(run: Run) -> None:
    """Store each object and read it back."""
    for document in run.documents:
        run.create(document)
        run.read(document["kind"], document["metadata"]["name"])


@requirement(
    "api.field-persisted",
    MUST,
    since="1.29",
    scenario="api-templates",
    source=(SIDECARS, REFERENCE),
)
def test_field_persisted(timeline: Timeline) -> None:
    """An init container with restartPolicy Always keeps it, in pods and in all pod templates."""
    documents = manifest.load("api-templates")
    creations = [action for action in timeline.actions if action.name == "create"]
    readings = [action for action in timeline.actions if action.name == "read"]
    assert len(creations) == len(readings) == len(documents)
    for creation, reading in zip(creations, readings, strict=True):
        kind = creation.arguments["kind"]
        sidecar = accepted(creation)["initContainers"][0]
        assert sidecar.get("restartPolicy") == "Always", f"{kind} was answered without the field"
        assert reading.status == 200, f"{kind} cannot be read back"
        _, spec = next(manifest.pod_specs(dict(reading.body)))
        stored = spec["initContainers"][0].get("restartPolicy")
        assert stored == "Always", f"{kind} was stored without the field"


@scenario("api-patch", seconds=1)
def api_patch(run: Run) -> None:
    """Add sidecars to a stored pod template in the two ways in which injectors do."""
    image = run.images.fixture
    injected = {"name": "injected", "image": image, "restartPolicy": "Always"}
    run.patch(
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
    )
    applied = {"name": "applied", "image": image, "restartPolicy": "Always"}
    run.request(
        "server-side apply",
        "PATCH",
        manifest.resource_path("apps/v1", "Deployment", run.namespace, "api-patch"),
        arguments={"kind": "Deployment", "name": "api-patch"},
        body={
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "api-patch"},
            "spec": {"template": {"spec": {"initContainers": [applied]}}},
        },
        query={"fieldManager": "injector"},
        content_type="application/apply-patch+yaml",
    )
    run.read("Deployment", "api-patch")


@requirement(
    "api.patch-by-name", OBSERVED, since="1.29", scenario="api-patch", source=(REFERENCE, KEP)
)
def test_patch_by_name(timeline: Timeline) -> None:
    """Patches address init containers by name: a sidecar can be added without replacing others."""
    before = accepted(created(timeline, "api-patch"))["initContainers"]
    patched = accepted(timeline.action("patch", name="api-patch"))["initContainers"]
    names = [one["name"] for one in patched]
    assert names == ["injected", "first", "setup"], f"the patch left {names}"
    assert patched[1:] == before, "a strategic merge patch changed containers it did not name"
    assert patched[0].get("restartPolicy") == "Always", "the patch lost restartPolicy"

    applied = accepted(timeline.action("server-side apply", name="api-patch"))["initContainers"]
    by_name = {one["name"]: one for one in applied}
    assert by_name.keys() == {"applied", "injected", "first", "setup"}, (
        f"server-side apply left {list(by_name)}"
    )
    assert [one for one in applied if one["name"] != "applied"] == patched, (
        "server-side apply changed containers it did not name"
    )
    assert by_name["applied"].get("restartPolicy") == "Always", "the apply lost restartPolicy"
    stored = timeline.action("read", path=_deployment_path(timeline)).body
    assert stored["spec"]["template"]["spec"]["initContainers"] == applied


def _deployment_path(timeline: Timeline) -> str:
    return next(str(a.arguments["path"]) for a in timeline.actions if a.name == "read")


# Which values a container's restart policy may have.

scenario("api-policies", seconds=2, applies=False)(ask_all)


@requirement(
    "api.init-policy-other-values",
    MUST,
    since="1.28",
    scenario="api-policies",
    needs=(),
    source=(
        "https://kubernetes.io/blog/2023/08/25/native-sidecar-containers/",
        KEP_RULES,
        VALIDATION,
    ),
)
def test_init_policy_other_values(timeline: Timeline) -> None:
    """No value but Always makes a sidecar of an init container.

    It is refused; where the field as a whole is not in use it is dropped (1.28 without the gate,
    1.34); from 1.35 on Never and OnFailure are policies of plain init containers.
    """
    control = accepted(created(timeline, "api-policies-init-always"))["initContainers"][0]
    gate_off = "restartPolicy" not in control
    ours = "api-policies-init"
    nonsense = [f"{ours}-lowercase", f"{ours}-empty", f"{ours}-nonsense"]
    policies = {f"{ours}-never": "Never", f"{ours}-onfailure": "OnFailure"}
    field = "spec.initContainers[0].restartPolicy"
    for name in (*policies, *nonsense):
        action = created(timeline, name)
        if gate_off or timeline.minor == RULES_MINOR:
            kept = accepted(action)["initContainers"][0].get("restartPolicy")
            assert kept is None, f"restartPolicy {kept} of {name} was not dropped"
        elif timeline.minor > RULES_MINOR and name in policies:
            kept = accepted(action)["initContainers"][0].get("restartPolicy")
            assert kept == policies[name], f"restartPolicy of {name} was stored as {kept}"
        else:
            assert_refused(action, field)


@requirement(
    "api.regular-policy",
    MUST,
    since="1.28",
    scenario="api-policies",
    needs=(),
    source=(REFERENCE, KEP_RULES, VALIDATION),
)
def test_regular_policy(timeline: Timeline) -> None:
    """A regular container may have no restartPolicy before 1.34, and its own from 1.35 on.

    It is refused up to 1.33, dropped in 1.34 and stored from 1.35 on.
    """
    for name, policy in (
        ("api-policies-regular-always", "Always"),
        ("api-policies-regular-never", "Never"),
    ):
        action = created(timeline, name)
        if timeline.minor < RULES_MINOR:
            assert_refused(action, "spec.containers[0].restartPolicy", "non-init containers")
        else:
            kept = accepted(action)["containers"][0].get("restartPolicy")
            expected = None if timeline.minor == RULES_MINOR else policy
            assert kept == expected, f"restartPolicy {policy} was stored as {kept}"


@requirement(
    "api.rules-on-sidecar",
    MUST,
    since="1.29",
    scenario="api-policies",
    source=(KEP_RESTART_ALL, LIFECYCLE, VALIDATION),
)
def test_rules_on_sidecar(timeline: Timeline) -> None:
    """A sidecar may have restartPolicyRules from 1.36 on.

    They are an unknown field up to 1.33, dropped in 1.34 and refused in 1.35.
    """
    action = created(timeline, "api-policies-rules")
    if timeline.minor == RULES_MINOR + 1:
        assert_refused(action, "spec.initContainers[0].restartPolicyRules")
        return
    sidecar = accepted(action)["initContainers"][0]
    assert sidecar.get("restartPolicy") == "Always"
    rules = sidecar.get("restartPolicyRules")
    if timeline.minor <= RULES_MINOR:
        assert rules is None, "restartPolicyRules were stored"
    else:
        sent = next(
            document
            for document in manifest.load("api-policies")
            if document["metadata"]["name"] == "api-policies-rules"
        )
        wanted = sent["spec"]["initContainers"][0]["restartPolicyRules"]
        assert rules == wanted, f"the rules were stored as {rules}"


# What a sidecar may declare.

scenario("api-validation", seconds=2, applies=False)(ask_all)


@requirement(
    "api.probes-and-hooks-allowed",
    MUST,
    since="1.29",
    scenario="api-validation",
    source=(SIDECARS, INIT, KEP),
)
def test_probes_and_hooks_allowed(timeline: Timeline) -> None:
    """A sidecar may declare all three probes and both hooks, a plain init container none."""
    sidecar = accepted(created(timeline, "api-validation-sidecar-probes"))["initContainers"][0]
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
        action = created(timeline, f"api-validation-plain-{name}")
        assert_refused(action, f"spec.initContainers[0].{field}")


@requirement(
    "api.names-unique",
    MUST,
    since="1.29",
    scenario=("api-validation", "api-live"),
    source=(INIT, VALIDATION),
)
def test_names_unique(timelines: dict[str, Timeline]) -> None:
    """A sidecar shares its name with no regular, init or ephemeral container of its pod."""
    asked = timelines["api-validation"]
    for name, field in (
        ("api-validation-name-of-regular", "spec.initContainers[0].name"),
        ("api-validation-name-of-init", "spec.initContainers[1].name"),
    ):
        assert_refused(created(asked, name), field, "Duplicate")
    ephemeral = timelines["api-live"].action("add ephemeral container", variant="name of sidecar")
    assert_refused(ephemeral, "spec.ephemeralContainers[0].name", "Duplicate")


@requirement(
    "api.needs-regular-container",
    MUST,
    since="1.29",
    scenario="api-validation",
    source=(REFERENCE, KEP),
)
def test_needs_regular_container(timeline: Timeline) -> None:
    """A pod of nothing but sidecars is invalid."""
    action = created(timeline, "api-validation-sidecars-only")
    assert_refused(action, "spec.containers", "Required")


@requirement(
    "api.resize-policy-on-sidecar",
    MUST,
    since="1.29",
    scenario="api-validation",
    source=(KEP_RESIZE, VALIDATION),
)
def test_resize_policy_on_sidecar(timeline: Timeline) -> None:
    """A sidecar may have a resizePolicy from 1.33 on, where pods can be resized in place.

    Before that it is dropped with the feature off, and refused with the feature on.
    """
    action = created(timeline, "api-validation-resize-policy")
    field = "spec.initContainers[0].resizePolicy"
    if timeline.minor < 33 and action.status == INVALID:
        assert_refused(action, field, "must not be set for init containers")
        return
    policies = accepted(action)["initContainers"][0].get("resizePolicy")
    if timeline.minor < 33:
        assert policies is None, f"{field} was stored: {policies}"
        return
    assert policies, f"{field} was dropped"
    assert {one["resourceName"]: one["restartPolicy"] for one in policies} == {
        "cpu": "NotRequired",
        "memory": "RestartContainer",
    }


@requirement(
    "api.hostport-same-pod-accepted",
    OBSERVED,
    since="1.29",
    scenario="api-validation",
    source=VALIDATION,
)
def test_hostport_same_pod_accepted(timeline: Timeline) -> None:
    """A hostPort of a sidecar may be claimed again by another container of the same pod.

    The validation looks at each init container alone, as if none ran beside others.
    """
    regular = accepted(created(timeline, "api-validation-host-port-of-regular"))
    assert regular["initContainers"][0]["ports"][0]["hostPort"] == 31987
    assert regular["containers"][0]["ports"][0]["hostPort"] == 31987
    sidecars = accepted(created(timeline, "api-validation-host-port-of-sidecar"))["initContainers"]
    assert [one["ports"][0]["hostPort"] for one in sidecars] == [31987, 31987]


@requirement(
    "api.port-warnings",
    OBSERVED,
    since="1.29",
    scenario="api-validation",
    source=(WARNINGS, PULLS + "113245", PULLS + "122170"),
)
def test_port_warnings(timeline: Timeline) -> None:
    """A port of a sidecar that a regular container has, too, is warned of when a pod is created.

    A port number twice in any version, a port name twice from 1.33 on.
    """
    warned = ["api-validation-port-number"]
    if timeline.minor >= 33:
        warned.append("api-validation-port-name")
    for name in warned:
        action = created(timeline, name)
        accepted(action)
        assert any("duplicate" in warning for warning in action.warnings), (
            f"no warning of the duplicate port of {name}, only {list(action.warnings)}"
        )
    apart = created(timeline, "api-validation-port-apart")
    accepted(apart)
    assert not any("duplicate" in warning for warning in apart.warnings)


# A running pod.


@scenario("api-live", seconds=9)
def api_live(run: Run) -> None:
    """Let the sidecar end once and come back; then ask for what must not change."""
    run.until_ready()
    run.exec("sidecar", "touch", "/end")
    run.until_restarted("sidecar")
    run.until_ready()
    image = run.images.fixture
    path = manifest.resource_path("v1", "Pod", run.namespace, "api-live")
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
        run.request(
            "change init containers",
            "PATCH",
            path,
            arguments={"name": "api-live", "variant": variant},
            body=[operation],
            query={"dryRun": "All"},
            content_type="application/json-patch+json",
        )
    for variant, container in (
        ("plain", {"name": "debugger"}),
        ("name of sidecar", {"name": "sidecar"}),
        ("restart policy", {"name": "debugger", "restartPolicy": "Always"}),
    ):
        run.request(
            "add ephemeral container",
            "PATCH",
            f"{path}/ephemeralcontainers",
            arguments={"name": "api-live", "variant": variant},
            body={"spec": {"ephemeralContainers": [{**container, "image": image}]}},
            query={"dryRun": "All"},
            content_type="application/strategic-merge-patch+json",
        )


@requirement(
    "api.status-restart-transition",
    MUST,
    since="1.29",
    scenario="api-live",
    source=(PULLS + "123323", ISSUES + "122902"),
)
def test_status_restart_transition(timeline: Timeline) -> None:
    """A sidecar's status goes from terminated back to running even in a pod that never restarts."""
    sidecar = timeline["sidecar"]
    assert timeline.pod.spec["restartPolicy"] == "Never"
    assert sidecar.first.exit_code == 1
    back = [
        status.value
        for status in sidecar.statuses
        if status.value["restartCount"] == 1 and "running" in status.value["state"]
    ]
    assert back, f"the sidecar's last status is {sidecar.status['state']}"
    assert back[-1]["ready"], "the sidecar runs again and is not ready"
    assert back[-1]["lastState"]["terminated"]["exitCode"] == 1
    ready = timeline.pod.conditions("Ready")[-1].value
    assert ready["status"] == "True", f"the pod is not ready again: {ready}"


@requirement(
    "api.immutable-after-create",
    MUST,
    since="1.29",
    scenario="api-live",
    source=(REFERENCE, VALIDATION),
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
        assert action.status == INVALID, f"{variant!r} was answered {action.status}"
        causes = (action.body.get("details") or {}).get("causes") or []
        assert any(cause["field"].startswith("spec") for cause in causes), (
            f"{variant!r} was refused for another reason: {action.body.get('message')}"
        )
    action = timeline.action("change init containers", variant="image")
    assert accepted(action)["initContainers"][0]["image"] == CHANGED_IMAGE


@requirement("api.ephemeral-policy", OBSERVED, since="1.29", scenario="api-live", source=VALIDATION)
def test_ephemeral_policy(timeline: Timeline) -> None:
    """An ephemeral container can have no restartPolicy: it is refused (in 1.34 dropped)."""
    accepted(timeline.action("add ephemeral container", variant="plain"))
    action = timeline.action("add ephemeral container", variant="restart policy")
    if timeline.minor == RULES_MINOR:
        assert "restartPolicy" not in accepted(action)["ephemeralContainers"][0]
    else:
        assert_refused(action, "spec.ephemeralContainers[0].restartPolicy")


# The feature gate.


@scenario("api-gate", seconds=3, applies=False)
def api_gate(run: Run) -> None:
    """Ask the API server and a kubelet for their gates, and a kubelet to turn this one off."""
    ask_all(run)
    nodes = run.api.get("/api/v1/nodes").body["items"]
    kubelet = f"/api/v1/nodes/{nodes[0]['metadata']['name']}/proxy/metrics"
    for component, path in (("kube-apiserver", "/metrics"), ("kubelet", kubelet)):
        run.metrics("gates", path, "kubernetes_feature_enabled", component=component)
    if not run.nodes:
        return
    # A kubelet reads its gates before anything else, and ends at the missing configuration.
    for gates in ("", "--feature-gates=SidecarContainers=false"):
        run.node(
            "sh",
            "-c",
            f"timeout 30 kubelet --config=/nonexistent {gates} 2>&1; echo exit code $?",
            action=f"kubelet {gates}".strip(),
        )


def gates_of(timeline: Timeline, component: str) -> dict[str, tuple[str, str]]:
    """Return the feature gates that a component shows: the stage and the value of each."""
    answer = timeline.action("gates", component=component).answer
    found = {}
    for line in answer["lines"]:
        labels, _, value = line.partition("}")
        named = dict(
            pair.split("=", 1) for pair in labels.split("{", 1)[1].replace('"', "").split(",")
        )
        found[named["name"]] = (named["stage"], value.strip())
    assert found, f"{component} shows no feature gates at all"
    return found


@requirement(
    "api.gate-metric",
    MUST,
    since="1.28",
    until="1.36",
    scenario="api-gate",
    needs=(Capability.METRICS,),
    source=TUTORIAL,
)
def test_gate_metric(timeline: Timeline) -> None:
    """API server and kubelet show gate SidecarContainers and its stage in their metrics."""
    asked = accepted(created(timeline, "api-gate"))["initContainers"][0]
    value = "1" if asked.get("restartPolicy") == "Always" else "0"
    if timeline.minor == 28:
        stage = "ALPHA"
    elif timeline.minor < 33:
        stage = "BETA"
    else:
        stage = ""
    for component in ("kube-apiserver", "kubelet"):
        gates = gates_of(timeline, component)
        assert gates.get("SidecarContainers") == (stage, value), (
            f"{component} shows the gate as {gates.get('SidecarContainers')}"
        )


@requirement(
    "api.gate-locked",
    MUST,
    since="1.33",
    until="1.36",
    scenario="api-gate",
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS),
    source=(
        PULLS + "129731",
        "https://github.com/kubernetes/kubernetes/blob/master/CHANGELOG/CHANGELOG-1.33.md",
    ),
)
def test_gate_locked(timeline: Timeline) -> None:
    """Gate SidecarContainers cannot be turned off: a kubelet that is told to does not start."""
    assert_gate_refused(timeline, "cannot set feature gate SidecarContainers to false")


@requirement(
    "api.gate-removed",
    MUST,
    since="1.37",
    scenario="api-gate",
    needs=(Capability.SIDECARS, Capability.METRICS, Capability.NODE_ACCESS),
    source=(
        PULLS + "137755",
        "https://github.com/kubernetes/kubernetes/blob/master/CHANGELOG/CHANGELOG-1.37.md",
    ),
)
def test_gate_removed(timeline: Timeline) -> None:
    """There is no gate SidecarContainers: it is not shown, and a kubelet given it ends."""
    for component in ("kube-apiserver", "kubelet"):
        shown = gates_of(timeline, component).get("SidecarContainers")
        assert shown is None, f"{component} shows the gate as {shown}"
    assert_gate_refused(timeline, "unrecognized feature gate: SidecarContainers")


def assert_gate_refused(timeline: Timeline, words: str) -> None:
    """Require that the kubelet ended with these words, and without the gate would not have."""
    control = timeline.action("kubelet").answer["output"]
    assert "SidecarContainers" not in control
    assert "/nonexistent" in control, f"a kubelet without gates said: {control}"
    output = timeline.action("kubelet --feature-gates=SidecarContainers=false").answer["output"]
    assert words in output, f"the kubelet said: {output}"
    assert "exit code 0" not in output


# Clusters whose feature gate is off.


@scenario("api-gate-off", seconds=2, applies=False)
def api_gate_off(run: Run) -> None:
    """Create each object as a dry run, with strict validation."""
    for document in run.documents:
        run.create(document, dry_run=True, strict=True)


@requirement(
    "api.gate-off-drops-field",
    SHOULD,
    since="1.28",
    until="1.32",
    scenario="api-gate-off",
    needs=NO_SIDECARS,
    source=(KEP, PODS),
)
def test_gate_off_drops_field(timeline: Timeline) -> None:
    """With the gate off restartPolicy of an init container is dropped without a word."""
    for name in ("api-gate-off-pod", "api-gate-off-deployment", "api-gate-off-job"):
        action = created(timeline, name)
        kept = accepted(action)["initContainers"][0].get("restartPolicy")
        assert kept is None, f"{name} keeps restartPolicy {kept}"
        assert not action.warnings, f"{name} was answered with warnings: {list(action.warnings)}"


@requirement(
    "api.gate-off-probes-rejected",
    OBSERVED,
    since="1.28",
    until="1.32",
    scenario="api-gate-off",
    needs=NO_SIDECARS,
    source=(VALIDATION, PODS),
)
def test_gate_off_probes_rejected(timeline: Timeline) -> None:
    """With the gate off a would-be sidecar with a probe or a hook is refused: it is plain init."""
    accepted(created(timeline, "api-gate-off-pod"))
    for name, field in (
        ("startup-probe", "startupProbe"),
        ("liveness-probe", "livenessProbe"),
        ("readiness-probe", "readinessProbe"),
        ("hook", "lifecycle"),
    ):
        assert_refused(created(timeline, f"api-gate-off-{name}"), f"spec.initContainers[0].{field}")


@scenario("gate-off-blocks", seconds=12, applies=False)
def gate_off_blocks(run: Run) -> None:
    """Start the pod and let the time pass in which a sidecar would let the app start."""
    ask_all(run)
    for document in run.documents:
        run.create(document)
    run.until_said("sidecar", "START")
    run.observe(8, "the app must not start")
    run.read("Pod", "gate-off-blocks", table=True)


@requirement(
    "api.gate-off-acts-as-plain-init",
    SHOULD,
    since="1.28",
    until="1.32",
    scenario="gate-off-blocks",
    needs=NO_SIDECARS,
    source=(KEP, TUTORIAL),
)
def test_gate_off_acts_as_plain_init(timeline: Timeline) -> None:
    """With the gate off an endless would-be sidecar without probes blocks initialisation."""
    pod = timeline.pod
    assert pod["sidecar"].kind == "init"
    assert pod["sidecar"].said("START")
    state = pod["sidecar"].status["state"]
    assert "running" in state, f"the would-be sidecar is {state}"
    assert not pod["app"].ever_started, "the app was started"
    waiting = pod["app"].status["state"].get("waiting", {})
    assert waiting.get("reason") == "PodInitializing", f"the app is {pod['app'].status['state']}"
    assert pod.phases == ["Pending"], f"the pod was {pod.phases}"
    table = next(action.body for action in timeline.actions if action.name == "read")
    assert "Init:0/1" in table["rows"][0]["cells"], f"it is shown as {table['rows'][0]['cells']}"


@requirement(
    "api.gate-off-keeps-field-in-use",
    SHOULD,
    since="1.28",
    until="1.32",
    needs=GATE_CONTROL,
    source=(KEP, PODS),
)
def test_gate_off_keeps_field_in_use() -> None:
    """An API server whose gate was turned off keeps the field of objects that already have it."""


@requirement(
    "api.kubelet-gate-off-rejects",
    SHOULD,
    since="1.28",
    until="1.32",
    needs=GATE_CONTROL,
    source=(KEP, "kubernetes/kubernetes pkg/kubelet/lifecycle/predicate.go"),
)
def test_kubelet_gate_off_rejects() -> None:
    """A kubelet whose gate is off fails pods with sidecars: InitContainerRestartPolicyForbidden."""


@requirement(
    "api.scheduler-gate-off-unschedulable",
    SHOULD,
    since="1.28",
    until="1.32",
    needs=GATE_CONTROL,
    source=(KEP, "kubernetes/kubernetes pkg/scheduler/framework/plugins/noderesources/fit.go"),
)
def test_scheduler_gate_off_unschedulable() -> None:
    """A scheduler whose gate is off leaves pods with sidecars unscheduled, and says why."""
