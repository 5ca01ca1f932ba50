"""Steps of scenarios. Termination: the ways in which pods with sidecars come to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.evidence.capabilities import Capability
from fixtures.kubeapi.kinds import path_of
from fixtures.patience import GRACE_KEPT
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

DEBUGGER = """
say() { read -r up idle < /proc/uptime; echo "$* $up"; }
trap 'say TERM; sleep 12; say EXIT; sleep 0.5; exit 0' TERM
say UP
sleep 3600 & wait
"""
"""The script of the ephemeral container in term-gap."""


@scenario("term-delete", seconds=22)
def term_delete(staging: Staging) -> None:
    """Delete the pod after a restart of its app, and change an image while the app stops."""
    staging.until_said("app", "FIRST")
    staging.exec("app", "touch", "/shared/exit")
    staging.until_said("app", "UP")
    staging.delete()
    staging.until_said("app", "TERM")
    staging.set_image("sidecar-2", "fixture:2")
    staging.until_gone()


@scenario("term-overtime", seconds=15)
def term_overtime(staging: Staging) -> None:
    """Delete the pod with a grace period of 9 s instead of its own of 60."""
    staging.until_said("app", "UP")
    staging.delete(grace=9)
    staging.until_gone()


@scenario("term-twice", seconds=25)
def term_twice(staging: Staging) -> None:
    """Delete the pod with 20 s, then with 2."""
    staging.until_said("app", "UP")
    staging.delete(grace=20)
    staging.until_said("app", "TERM")
    staging.delete(grace=2)
    staging.until_gone()


@scenario("term-force", seconds=11)
def term_force(staging: Staging) -> None:
    """Delete the pod with 0 s, and keep its object until its containers have ended.

    A kubelet that sees the object vanish without having seen that it is deleted allows the
    containers the whole grace period of the pod.
    """
    staging.until_said("app", "UP")
    staging.until_running("app")
    staging.delete(grace=0)
    staging.until_terminated("app")
    staging.until_terminated("sidecar")
    staging.until_gone()


@scenario("term-init", seconds=16)
def term_init(staging: Staging) -> None:
    """Delete two pods during their initialisation, and let the active deadline of one be over."""
    staging.until_said("init", "START", pod="term-init-early")
    staging.until_said("init", "START", pod="term-init-plain")
    staging.until_said("sidecar-1", "START", pod="term-init-unstarted")
    staging.patch("term-init-plain", {"spec": {"activeDeadlineSeconds": 1}})
    for name in ("term-init-early", "term-init-unstarted"):
        staging.delete(name)
    for name in ("term-init-early", "term-init-unstarted"):
        # A kubelet that keeps to the grace period where it should not needs all of it.
        staging.until_gone(name, patience=GRACE_KEPT)
    staging.until_finished("term-init-plain", patience=GRACE_KEPT)


@scenario("term-gap", seconds=27, follows=("sidecar-2",))
def term_gap(staging: Staging) -> None:
    """Add an ephemeral container, crash the middle sidecar twice, delete during its back-off."""
    staging.until_said("app", "UP")
    if staging.has(Capability.EPHEMERAL_CONTAINERS):
        staging.add_ephemeral("term-gap", "debugger", DEBUGGER)
        staging.until_said("debugger", "UP")
    staging.exec("app", "touch", "/shared/crash")
    staging.until_said("app", "DOWN")
    staging.delete()
    staging.until_gone()


@scenario("term-ways", seconds=12)
def term_ways(staging: Staging) -> None:
    """Evict one pod, and let the active deadline of the other be over."""
    evicted, deadline = "term-ways-evicted", "term-ways-deadline"
    evicts = staging.has(Capability.EVICTION)
    for name in ("app", "quick"):
        staging.until_said(name, "UP", pod=evicted)
    if evicts:
        staging.request(
            "evict",
            "POST",
            path_of("Pod", staging.namespace, evicted) + "/eviction",
            arguments={"name": evicted},
            body={"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": evicted}},
        )
    staging.until_terminated("done", pod=deadline)
    staging.until_said("app", "UP", pod=deadline)
    staging.patch(deadline, {"spec": {"activeDeadlineSeconds": 1}})
    if evicts:
        staging.until_gone(evicted)
    staging.until_finished(deadline)


@scenario("term-stopsignal", seconds=9)
def term_stopsignal(staging: Staging) -> None:
    """Delete the pod when each container waits for its signal."""
    for name in ("named", "unnamed", "app"):
        staging.until_said(name, "UP")
    staging.until_ready()
    staging.delete()
    staging.until_gone()


@scenario("term-sleep", seconds=12)
def term_sleep(staging: Staging) -> None:
    """Delete the pod; ask whether a sleep of no length would be accepted, too."""
    staging.until_said("app", "UP")
    document = staging.twin("term-sleep-zero")
    document["spec"]["initContainers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] = 0
    staging.create(document, dry_run=True)
    staging.delete()
    staging.until_gone()
