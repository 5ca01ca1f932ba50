"""Lifecycle hooks of sidecars, by the kinds of handlers there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_at_least, assert_at_most
from conformance.checks.needs import OWN_GRACE
from conformance.checks.tls import HANDSHAKE, assert_only_tls
from conformance.requirements import MUST, OBSERVED, requirement
from conformance.sources import LIFECYCLE_HOOKS, POD_TERMINATION, issue, kep, upstream
from fixtures.evidence.capabilities import Capability

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Timeline

HOOK_SOURCES = (LIFECYCLE_HOOKS, upstream("test/e2e/common/node/lifecycle_hook.go"))
STOPPED = 15
"""In seconds: a grace period of 5 s, and 10 s for the kubelet; the hook takes 50 s."""


@requirement("hook.exec", MUST, since="1.29", scenario="hook-kinds", source=HOOK_SOURCES)
def test_exec(timeline: Timeline) -> None:
    """The postStart and preStop hooks of a sidecar run commands in its container.

    What follows waits for their ends, whether they fail or not.
    """
    assert timeline["by-exec"].said("POSTSTART") < timeline["app"].said("START")
    assert timeline["by-exec"].said("PRESTOP") < timeline["by-exec"].said("TERM")


@requirement("hook.http", MUST, since="1.29", scenario="hook-kinds", source=HOOK_SOURCES)
def test_http(timeline: Timeline) -> None:
    """The postStart and preStop hooks of a sidecar send HTTP requests, by default to the pod.

    What follows waits for their answers. A port's name means the sidecar's own port of that name.
    """
    assert timeline["server"].said("HOOK poststart") < timeline["by-exec"].said("START")
    assert timeline["server"].said("HOOK prestop") < timeline["by-http"].said("TERM")


@requirement(
    "hook.https-unverified",
    OBSERVED,
    since="1.29",
    scenario="probe-tls",
    source=upstream("pkg/kubelet/kubelet.go"),
    needs=(Capability.SIDECARS, Capability.TLS_SERVER),
)
def test_https_unverified(timeline: Timeline) -> None:
    """The certificate of a server that a sidecar's hook asks over TLS is not verified."""
    server, hooked = timeline["server"], timeline["hooked"]
    assert server.said("ASKED /poststart") < timeline["app"].said("START")
    assert server.said("ASKED /prestop") < hooked.said("TERM")
    assert hooked.restarts == 0, "the sidecar was restarted as if its hook had failed"


@requirement(
    "hook.deleted-in-poststart",
    MUST,
    since="1.29",
    scenario="hook-deleted",
    source=(POD_TERMINATION, issue(116032)),
    needs=OWN_GRACE,
)
def test_deleted_in_poststart(timeline: Timeline) -> None:
    """A pod that is deleted while a sidecar's postStart hook runs is stopped in its grace period.

    The sidecar is not restarted, and nothing that follows it starts.
    """
    sidecar, deleted = timeline["sidecar"], timeline.deletion()
    assert sidecar.restarts == 0, f"the sidecar was restarted {sidecar.restarts} times"
    assert not timeline["app"].ever_started, "the app was started"
    assert timeline["calm"].said("HOOK") < deleted
    assert_at_most(timeline, sidecar.finished - deleted, STOPPED)


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

    It sleeps for 3 s, and the app starts after that.
    """
    change = timeline.action("patch", name="hook-sleep-template")
    assert change.accepted, f"the change of the template was answered {change.message}"
    waited = timeline["app"].said("START") - timeline["sidecar"].said("START")
    assert_at_least(timeline, waited, 2)
    assert timeline.pod.phase == "Succeeded", f"the pod is {timeline.pod.phase}"


@requirement(
    "hook.https",
    MUST,
    since="1.29",
    scenario="hook-kinds",
    source=HOOK_SOURCES,
)
def test_https(timeline: Timeline) -> None:
    """HTTP hooks of a sidecar with the scheme HTTPS are sent over TLS."""
    server = timeline["server"]
    assert server.said(f"HOOKED {HANDSHAKE}") < server.said("TERM")
    assert_only_tls(server, "HOOKED")
