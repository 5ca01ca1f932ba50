"""Lifecycle hooks of sidecars, by the kinds of handlers there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_at_least, assert_at_most
from conformance.checks.needs import OWN_GRACE
from conformance.requirements import MUST, requirement
from conformance.sources import LIFECYCLE_HOOKS, POD_TERMINATION, issue, kep, upstream
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from fixtures.evidence.pods import Pod
    from fixtures.evidence.timeline import Timeline

HOOK_SOURCES = (LIFECYCLE_HOOKS, upstream("test/e2e/common/node/lifecycle_hook.go"))
HOOK = 60
"""How long the hook of a sidecar takes whose pod is deleted, in seconds."""
STOPPED = 15
"""In seconds: the grace period of 5 s, and 10 s for the kubelet to be done with the pod."""


def assert_stopped_in_its_hook(timeline: Timeline, pod: Pod) -> None:
    """Assert that a pod was stopped in time although its sidecar's hook takes a minute."""
    sidecar, deleted = pod["sidecar"], timeline.deletion(pod.name)
    if not (sidecar.said("START") < deleted and deleted - sidecar.said("START") <= HOOK - STOPPED):
        raise InconclusiveError(f"{pod.name} was not deleted early in the hook of its sidecar")
    assert sidecar.restarts == 0, f"{sidecar} was restarted {sidecar.restarts} times"
    assert_at_most(timeline, sidecar.finished - deleted, STOPPED)
    assert not pod["app"].ever_started, f"app of {pod.name} was started"


@requirement("hook.exec", MUST, since="1.29", scenario="hook-kinds", source=HOOK_SOURCES)
def test_exec(timeline: Timeline) -> None:
    """The postStart and preStop hooks of a sidecar run commands in its container.

    What follows waits for their ends, whether they fail or not.
    """
    pod = timeline.pod_named("hook-kinds")
    assert pod["by-exec"].said("POSTSTART") < pod["app"].said("START")
    assert pod["by-exec"].said("PRESTOP") < pod["by-exec"].said("TERM")


@requirement("hook.http", MUST, since="1.29", scenario="hook-kinds", source=HOOK_SOURCES)
def test_http(timeline: Timeline) -> None:
    """The postStart and preStop hooks of a sidecar send HTTP requests, by default to the pod.

    What follows waits for their answers. A port's name means the sidecar's own port of that name.
    """
    pod = timeline.pod_named("hook-kinds")
    assert pod["server"].said("HOOK poststart") < pod["by-exec"].said("START")
    assert pod["server"].said("HOOK prestop") < pod["by-http"].said("TERM")


@requirement(
    "hook.deleted-in-poststart",
    MUST,
    since="1.29",
    scenario="hook-kinds",
    source=(POD_TERMINATION, LIFECYCLE_HOOKS),
    needs=OWN_GRACE,
)
def test_deleted_in_poststart(timeline: Timeline) -> None:
    """A pod that is deleted while a sidecar's postStart hook runs is stopped in its grace period.

    Nothing that follows the sidecar starts.
    """
    assert_stopped_in_its_hook(timeline, timeline.pod_named("hook-kinds-deleted"))


@requirement(
    "hook.sleep",
    MUST,
    since="1.30",
    gates=("PodLifecycleSleepAction",),
    scenario="hook-sleep",
    source=(LIFECYCLE_HOOKS, kep("3960-pod-lifecycle-sleep-action"), issue(129907)),
)
def test_sleep(timeline: Timeline) -> None:
    """The postStart hook of a sidecar may sleep, and what has such a hook can be changed.

    It sleeps for 3 s, and the app starts after that. A pod that is deleted meanwhile is stopped.
    """
    change = timeline.action("patch", name="hook-sleep-template")
    assert change.accepted, f"the change of the template was answered {change.message}"
    pod = timeline.pod_named("hook-sleep")
    assert_at_least(timeline, pod["app"].said("START") - pod["sidecar"].said("START"), 2)
    assert pod.phase == "Succeeded", f"the pod is {pod.phase}"
    assert_stopped_in_its_hook(timeline, timeline.pod_named("hook-sleep-deleted"))


@requirement(
    "hook.https",
    MUST,
    since="1.29",
    source=HOOK_SOURCES,
    needs=(Capability.SIDECARS, Capability.TLS_SERVER),
)
def test_https() -> None:
    """HTTP hooks of a sidecar with the scheme HTTPS are sent over TLS."""
