"""Resize: changing the resources of running sidecars in place."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from fixtures.capabilities import Capability
from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.stage.api import Answer
    from fixtures.stage.run import Run
    from fixtures.timeline import Action, Timeline

    Json = Mapping[str, Any]

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
RESIZE = "https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/"
KEP = (
    "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/"
    "1287-in-place-update-pod-resources"
)
NEEDS = (Capability.SIDECARS, Capability.RESIZE)

NEW_CPU = "20m"
NEW_REQUEST, NEW_LIMIT = "28Mi", "40Mi"
PLAIN_INIT_SINCE = 36
"""The minor since which running plain init containers can be resized too."""
REFUSED = 422


def resized(cpu: str = "10m", memory: str = "24Mi", limit: str = "32Mi") -> dict[str, Any]:
    """Return resources as the manifest has them but for what is given."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}


def resize(run: Run, container: str, resources: Json, part: str = "initContainers") -> Answer:
    """Ask for other resources of a container."""
    patch = {"spec": {part: [{"name": container, "resources": resources}]}}
    return run.patch("resize", patch, subresource="resize")


def has(run: Run, container: str, resources: Json) -> bool:
    """Tell whether a container's status shows these resources as in force."""
    return bool(run.status(container).get("resources") == resources)


@scenario("resize", seconds=9)
def resize_sidecars(run: Run) -> None:
    """Resize a plain init container while it runs, then both sidecars, then ask for the refused."""
    run.until_running("plain")
    wanted = resized(cpu=NEW_CPU)
    if resize(run, "plain", wanted).ok:
        run.until("plain to be resized", lambda: has(run, "plain", wanted))
    unwanted = copy.deepcopy(run.documents[0])
    unwanted["metadata"]["name"] = "resize-plain-restarts"
    restarts = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    unwanted["spec"]["initContainers"][1]["resizePolicy"] = restarts
    run.create(unwanted, dry_run=True)
    run.exec("steady", "touch", "/shared/go")
    run.until_ready()

    wanted = resized(NEW_CPU, NEW_REQUEST, NEW_LIMIT)
    resize(run, "steady", wanted)
    resize(run, "renewed", wanted)
    run.until(
        "both sidecars to be resized",
        lambda: has(run, "steady", wanted) and has(run, "renewed", wanted),
    )
    run.until_ready()

    for resources in (
        {"requests": {"ephemeral-storage": "1Gi"}},
        {"requests": {"cpu": None}},
        {"limits": {"memory": None}},
    ):
        resize(run, "steady", resources)
    # All of these would make the pod Guaranteed, and so would put it into another class.
    everything = {"requests": {"cpu": "10m", "memory": "32Mi"}}
    everything["limits"] = everything["requests"]
    names = [("initContainers", name) for name in ("steady", "plain", "renewed")]
    parts: dict[str, list[Json]] = {"initContainers": [], "containers": []}
    for part, name in [*names, ("containers", "app")]:
        parts[part].append({"name": name, "resources": everything})
    run.patch("resize", {"spec": parts}, subresource="resize")
    stored = run.read("Pod", "resize").body
    stored["spec"]["initContainers"].reverse()
    run.request(
        "reorder",
        "PUT",
        f"/api/v1/namespaces/{run.namespace}/pods/resize/resize",
        arguments={"name": "resize"},
        body=stored,
    )
    run.delete(grace=1)
    run.until_gone()


@scenario("resize-absent", seconds=5)
def resize_absent(run: Run) -> None:
    """Ask for other resources in both ways."""
    run.until_running("sidecar")
    patch = {
        "spec": {
            "initContainers": [{"name": "sidecar", "resources": {"requests": {"cpu": NEW_CPU}}}]
        }
    }
    run.patch("resize-absent", patch)
    run.patch("resize-absent", patch, subresource="resize")


def asked(timeline: Timeline, container: str, resources: Json) -> Action:
    """Return the resize of a container to these resources."""
    part = "initContainers"
    return timeline.action(
        "patch",
        subresource="resize",
        patch={"spec": {part: [{"name": container, "resources": resources}]}},
    )


@requirement("resize.sidecar", MUST, since="1.33", scenario="resize", source=RESIZE, needs=NEEDS)
def test_sidecar(timeline: Timeline) -> None:
    """CPU and memory of a running sidecar can be changed through the resize subresource."""
    wanted = resized(NEW_CPU, NEW_REQUEST, NEW_LIMIT)
    answer = asked(timeline, "steady", wanted)
    message = answer.body.get("message", "")
    assert answer.status == 200, f"the resize was answered {answer.status} {message}"
    status = timeline["steady"].status
    assert status["resources"] == wanted, f"in force: {status['resources']}"
    assert status["allocatedResources"] == wanted["requests"], f"{status['allocatedResources']}"


@requirement(
    "resize.restart-policy",
    MUST,
    since="1.33",
    scenario="resize",
    source=(RESIZE, KEP),
    needs=NEEDS,
)
def test_restart_policy(timeline: Timeline) -> None:
    """A resized sidecar runs on, unless its policy asks for a restart: then only it restarts."""
    wanted = resized(NEW_CPU, NEW_REQUEST, NEW_LIMIT)
    for name in ("steady", "renewed"):
        assert timeline[name].status["resources"] == wanted, f"{name} was not resized"
    restarts = {name: one.restarts for name, one in timeline.pod.containers.items()}
    wanted_restarts = {"steady": 0, "plain": 0, "renewed": 1, "app": 0}
    assert restarts == wanted_restarts, f"restarts were {restarts}, not {wanted_restarts}"
    assert len(timeline["steady"].instances) == 1, "steady has run twice"


@requirement(
    "resize.plain-init", MUST, since="1.33", scenario="resize", source=(RESIZE, KEP), needs=NEEDS
)
def test_plain_init(timeline: Timeline) -> None:
    """Plain init containers cannot be resized before 1.36; since then they can, without restart."""
    wanted = resized(cpu=NEW_CPU)
    answer = asked(timeline, "plain", wanted)
    restarting = timeline.action("create", name="resize-plain-restarts")
    if timeline.minor < PLAIN_INIT_SINCE:
        assert answer.status == REFUSED, f"the resize was answered {answer.status}"
        return
    message = answer.body.get("message", "")
    assert answer.status == 200, f"the resize was answered {answer.status} {message}"
    shown = [s.value.get("resources") for s in timeline["plain"].statuses]
    assert wanted in shown, f"plain was never seen resized: {shown}"
    assert timeline["plain"].restarts == 0, "plain was restarted"
    assert restarting.status == REFUSED, f"a restarting plain init container: {restarting.status}"


@requirement(
    "resize.limits", MUST, since="1.33", scenario="resize", source=(RESIZE, KEP), needs=NEEDS
)
def test_limits(timeline: Timeline) -> None:
    """No resize touches other resources, the QoS class, the order, or takes resources away."""
    assert asked(timeline, "steady", resized(NEW_CPU, NEW_REQUEST, NEW_LIMIT)).status == 200
    refused = {
        "ephemeral storage": asked(
            timeline, "steady", {"requests": {"ephemeral-storage": "1Gi"}}
        ).status,
        "no CPU request": asked(timeline, "steady", {"requests": {"cpu": None}}).status,
        "no memory limit": asked(timeline, "steady", {"limits": {"memory": None}}).status,
        "another order": timeline.action("reorder").status,
        "another QoS class": next(
            action
            for action in timeline.actions
            if action.name == "patch" and "containers" in action.arguments["patch"]["spec"]
        ).status,
    }
    assert set(refused.values()) == {REFUSED}, f"not all were refused (422): {refused}"
    classes = {thing["status"].get("qosClass") for _, _, thing in timeline.pod.versions}
    assert classes == {"Burstable"}, f"the QoS class was {classes}"


@requirement(
    "resize.absent-before",
    MUST,
    since="1.29",
    until="1.32",
    scenario="resize-absent",
    source="kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidatePodUpdate",
)
def test_absent_before(timeline: Timeline) -> None:
    """Before 1.33 the resources of a sidecar cannot be changed."""
    spec, subresource = [action for action in timeline.actions if action.name == "patch"]
    assert spec.status == REFUSED, f"a change in the spec was answered with {spec.status}"
    assert subresource.status == 404, f"the resize subresource answered {subresource.status}"
    now = timeline["sidecar"].spec["resources"]
    assert now == {"requests": {"cpu": "10m"}}, f"the sidecar now has {now}"
