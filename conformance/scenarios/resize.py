"""Steps of scenarios. Resize: changing the resources of running sidecars in place."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from conformance.scenarios.cgroups import read_cgroups
from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.status import condition_of
from fixtures.patience import RESIZED
from fixtures.stage.scenario import scenario
from fixtures.stage.waits import WaitedInVainError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fixtures.kubeapi.client import Answer
    from fixtures.stage.staging import Staging

    Json = Mapping[str, Any]

MORE_CPU: Json = {
    "requests": {"cpu": "20m", "memory": "24Mi"},
    "limits": {"cpu": "1", "memory": "32Mi"},
}
"""Resources of the plain init container as in the manifest, but with more CPU."""
MORE_OF_ALL: Json = {
    "requests": {"cpu": "20m", "memory": "28Mi"},
    "limits": {"cpu": "800m", "memory": "40Mi"},
}
"""More than sidecars have in the manifest, and a limit of CPU, which they do not have there."""
LESS_OF_ALL: Json = {
    "requests": {"cpu": "15m", "memory": "20Mi"},
    "limits": {"cpu": "600m", "memory": "36Mi"},
}
"""Less of each than in MORE_OF_ALL."""
MORE_MEMORY: Json = {
    "requests": {"cpu": "10m", "memory": "24Mi"},
    "limits": {"cpu": "1", "memory": "40Mi"},
}
"""Resources of the app as in the manifest, but with a higher limit of memory."""
APP_RESIZED: Json = {"spec": {"containers": [{"name": "app", "resources": MORE_MEMORY}]}}
"""The patch that gives them to the app, which is restarted for it."""
BELOW_USE: Json = {
    "requests": {"cpu": "10m", "memory": "24Mi"},
    "limits": {"memory": "32Mi"},
}
"""Resources of the sidecar that holds 40Mi, with a limit below that."""
MEASURED = 16
"""In seconds: kubelets measure what a container uses every 10 to 15 s."""
UNDER_WAY = ("PodResizePending", "PodResizeInProgress")
"""The conditions of a pod that is not yet as it was asked to be."""
UNRESIZABLE: Mapping[str, Json] = {
    "ephemeral storage": {"requests": {"ephemeral-storage": "1Gi"}},
    "no CPU request": {"requests": {"cpu": None}},
    "no memory limit": {"limits": {"memory": None}},
}
"""What no container may be resized to, by what would be wrong with it."""
EXACT = {"cpu": "10m", "memory": "32Mi"}
GUARANTEED: Json = {
    "spec": {
        part: [{"name": name, "resources": {"requests": EXACT, "limits": EXACT}} for name in names]
        for part, names in (
            ("initContainers", ("steady", "plain", "renewed")),
            ("containers", ("app",)),
        )
    }
}
"""A patch that would put the pod into another QoS class."""


def resizing(container: str, resources: Json) -> Json:
    """Return the patch that resizes one init container."""
    return {"spec": {"initContainers": [{"name": container, "resources": resources}]}}


def resize(staging: Staging, patch: Json, pod: str = "resize") -> Answer:
    """Ask for other resources of a pod."""
    return staging.patch(pod, patch, subresource="resize", may_fail=True)


def carried_out(staging: Staging, what: str, met: Callable[[], object]) -> bool:
    """Wait for what follows from an accepted resize, and tell whether it came.

    A newer API server accepts also what the kubelet of the pod's node does not do.
    """
    with suppress(WaitedInVainError):
        staging.until(what, met, RESIZED)
        return True
    return False


def has(staging: Staging, container: str, resources: Json) -> bool:
    """Tell whether a container's status shows these resources as in force."""
    return bool(staging.status(container).raw.get("resources") == resources)


def under_way(staging: Staging) -> bool:
    """Tell whether the pod says that a resize is pending or being carried out."""
    pod = staging.pod() or {}
    return any(condition_of(pod, kind).true for kind in UNDER_WAY)


@scenario("resize", seconds=12)
def resize_sidecars(staging: Staging) -> None:
    """Resize a plain init container while it runs, both sidecars, one of them twice, and the app.

    Before and after it they ask for what is refused.
    """
    staging.until_running("plain")
    if resize(staging, resizing("plain", MORE_CPU)).ok:
        carried_out(staging, "plain to be resized", lambda: has(staging, "plain", MORE_CPU))
    unwanted = staging.twin("resize-plain-restarts")
    restarts = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    unwanted["spec"]["initContainers"][1]["resizePolicy"] = restarts
    staging.create(unwanted, dry_run=True)
    staging.exec("steady", "touch", "/shared/go")
    staging.until_ready()

    # A request that was taken away would be that of a limit, where there is one.
    for resources in UNRESIZABLE.values():
        resize(staging, resizing("steady", resources))
    if staging.nodes:
        read_cgroups(staging, "resize", action="read-unlimited")
    for name in ("steady", "renewed"):
        resize(staging, resizing(name, MORE_OF_ALL))
    staging.until(
        "both sidecars to be resized",
        lambda: all(has(staging, name, MORE_OF_ALL) for name in ("steady", "renewed")),
    )
    staging.until_ready()
    if staging.nodes:
        read_cgroups(staging, "resize", action="read-more")
    if (
        resize(staging, resizing("steady", LESS_OF_ALL)).ok
        and carried_out(staging, "steady to have less", lambda: has(staging, "steady", LESS_OF_ALL))
        and staging.nodes
    ):
        read_cgroups(staging, "resize", action="read-less")
    if resize(staging, APP_RESIZED).ok:
        with suppress(WaitedInVainError):
            staging.until_restarted("app", patience=RESIZED)
    carried_out(staging, "no resize to be under way", lambda: not under_way(staging))

    resize(staging, GUARANTEED)
    stored = staging.read("Pod", "resize").body
    stored["spec"]["initContainers"].reverse()
    # A status that the kubelet wrote meanwhile is no reason to refuse it.
    del stored["metadata"]["resourceVersion"]
    staging.request(
        "reorder",
        "PUT",
        path_of("Pod", staging.namespace, "resize") + "/resize",
        arguments={"name": "resize"},
        body=stored,
        may_fail=True,
    )
    staging.delete(grace=1)
    staging.until_gone()


@scenario("resize-below-use", seconds=40)
def resize_below_use(staging: Staging) -> None:
    """Ask for a limit below what the sidecar uses, and let it use less once that was held back."""

    def held_back() -> bool:
        return condition_of(staging.pod() or {}, "PodResizeInProgress").reason == "Error"

    staging.until_said("sidecar", "HELD")
    staging.until_ready()
    staging.observe(MEASURED, "the kubelet may not have measured what the sidecar uses")
    if resize(staging, resizing("sidecar", BELOW_USE), staging.name).ok and carried_out(
        staging, "the resize to be held back", held_back
    ):
        staging.exec("sidecar", "rm", "/shared/held")
        carried_out(
            staging,
            "the resize to be carried out",
            lambda: has(staging, "sidecar", BELOW_USE) and not under_way(staging),
        )
    staging.delete(grace=1)
    staging.until_gone()


@scenario("resize-absent", seconds=5, uses=("patch pods/resize",))
def resize_absent(staging: Staging) -> None:
    """Ask for other resources in both ways."""
    staging.until_running("sidecar")
    patch = resizing("sidecar", {"requests": {"cpu": "20m"}})
    staging.patch("resize-absent", patch, may_fail=True)
    resize(staging, patch, "resize-absent")
