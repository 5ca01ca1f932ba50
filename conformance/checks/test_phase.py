"""Phases: what the phase of a pod with sidecars is, from Pending to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_prompt
from conformance.checks.needs import OWN_GRACE
from conformance.checks.orders import shown
from conformance.requirements import MUST, OBSERVED, requirement
from conformance.scenarios.status import held_back_after_restart, starts_again
from conformance.sources import (
    INIT_CONTAINERS,
    LIFECYCLE_TEST,
    POD_LIFECYCLE,
    SIDECARS,
    pull,
    upstream,
)
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.timeline import Timeline

TERMINAL = ("Succeeded", "Failed")
GET_PHASE = upstream("pkg/kubelet/kubelet_pods.go getPhase")


@requirement(
    "phase.reboot-pending",
    MUST,
    since="1.29",
    scenario="node-kubelet",
    source=(INIT_CONTAINERS, pull(126653)),
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS),
)
def test_reboot_pending(timeline: Timeline) -> None:
    """A pod that has lost its sandbox is Pending while its init containers run again.

    Of a sidecar that is until it is started. What runs again is another container: not every
    kubelet counts it as a restart.
    """
    versions = timeline.pod_named("node-kubelet-reboot").versions
    former: dict[str, str] = {}
    for version in versions:
        for name, status in version.statuses.items():
            if status.id:
                former.setdefault(name, status.id)
    seen = {
        (name, version.phase)
        for version in versions
        for name, status in version.statuses.items()
        if status.running and status.id != former[name]
        if name.startswith("init-") or (name == "sidecar" and not status.started)
    }
    if not seen:
        raise InconclusiveError("no init container was seen running again")
    assert {phase for _, phase in seen} == {"Pending"}, f"init containers ran in phase {seen}"


@requirement(
    "phase.pending-until-initialised",
    MUST,
    since="1.29",
    scenario=("ordered-start", "startup-no-regate"),
    source=(POD_LIFECYCLE, GET_PHASE),
)
def test_pending_until_initialised(timelines: Mapping[str, Timeline]) -> None:
    """The phase is Pending until plain init containers are done and all sidecars are started.

    In the second pod, which is always restarted, the last entry is a plain init container.
    """
    timeline, again = timelines["ordered-start"], timelines["startup-no-regate"]
    phases = {one.phase for one in again.pod.versions if one.container("init").running}
    assert phases <= {"Pending"}, f"{again.pod.name} was {phases} while its init container ran"
    seen = set()
    for version in timeline.pod.versions:
        if version.container("app").id or version.container("sidecar-2").started:
            continue
        done = [name for name in ("init-1", "init-2") if version.container(name).terminated]
        begun = [name for name in ("sidecar-1", "sidecar-2") if version.container(name).id]
        seen.add((len(done), len(begun)))
        assert version.phase == "Pending", f"{version.phase} with {done} done and {begun} begun"
    if (2, 2) not in seen:
        raise InconclusiveError(f"no version shows sidecar-2 starting: {sorted(seen)}")
    for pod in (timeline.pod, again.pod):
        assert "Running" in pod.phases, f"the phases of {pod.name} were {pod.phases}"


@requirement(
    "phase.running-with-crashing-sidecar",
    MUST,
    since="1.29",
    scenario=("status-crash", "restart-blocked", "restart-backoff"),
    source=(POD_LIFECYCLE, GET_PHASE),
)
def test_running_with_crashing_sidecar(timelines: Mapping[str, Timeline]) -> None:
    """Once initialised the pod stays Running while sidecars crash, even if all of them are down.

    In the last pod, which is never restarted, one of two apps is done.
    """
    held_back = [
        version.phase
        for version in timelines["status-crash"].pod.versions
        if held_back_after_restart(version.container("crasher"))
        and version.container("app").running
        and version.container("slow").restarts == 0
    ]
    assert held_back, "crasher was never held back while app ran"
    assert set(held_back) == {"Running"}, f"phases with a crashing sidecar: {held_back}"
    never = timelines["restart-backoff"].pod_named("restart-backoff-never")
    # A pod of which one app has not been started yet is rightly Pending.
    for pod, sidecars, done in (
        (timelines["restart-blocked"].pod, ("sidecar",), ()),
        (never, ("zero", "one"), ("brief",)),
    ):
        phases = [
            version.phase
            for version in pod.versions
            if version.container("app").running
            and all(version.container(name).terminated for name in done)
            and not any(version.container(name).running for name in sidecars)
        ]
        if not phases:
            raise InconclusiveError(f"no version of {pod.name} shows app running by itself")
        assert set(phases) == {"Running"}, f"phases of {pod.name} with no sidecar up: {phases}"


@requirement(
    "phase.not-back-to-pending",
    OBSERVED,
    since="1.29",
    scenario="status-crash",
    source=GET_PHASE,
)
def test_not_back_to_pending(timeline: Timeline) -> None:
    """A restarted sidecar that is starting does not make a pod Pending whose main is held back."""
    starting = [
        version.phase
        for version in timeline.pod.versions
        if held_back_after_restart(version.container("app"))
        and starts_again(version.container("slow"))
    ]
    assert starting, "slow was never seen starting again while app was held back"
    assert set(starting) == {"Running"}, f"phases while slow starts again: {starting}"


@requirement(
    "phase.running-until-sidecars-stop",
    OBSERVED,
    since="1.29",
    scenario="ordered-start",
    source=GET_PHASE,
)
def test_running_until_sidecars_stop(timeline: Timeline) -> None:
    """After the last regular container ended the pod stays Running until all sidecars stopped."""
    pod, stopping = timeline.pod, 0
    for version in pod.versions:
        for name in ("sidecar-1", "sidecar-2"):
            if not version.container("app").terminated or version.container(name).terminated:
                continue
            if version.phase == "Running":
                stopping += 1
            else:
                # It may come with a container status from before the end, but not before the end.
                seen = shown(pod, version, version.phase)
                assert pod[name].said("EXIT") < seen, f"{version.phase} before {name} had stopped"
    assert stopping, "the pod was never seen with app ended and a sidecar running"
    assert pod.phases[-2:] == ["Running", "Succeeded"], f"the phases were {pod.phases}"


@requirement(
    "phase.succeeded-ignores-sidecars",
    MUST,
    since="1.29",
    scenario="status-ends",
    source=(SIDECARS, GET_PHASE),
    needs=OWN_GRACE,
)
def test_succeeded_ignores_sidecars(timeline: Timeline) -> None:
    """A pod whose regular containers exited 0 has Succeeded, whatever its sidecars exited with.

    It was deleted; term.sidecar-eats-grace judges one that ends by itself.
    """
    pod = timeline.pod_named("status-ends-well")
    codes = {name: pod[name].last.exit_code for name in ("exits-1", "exits-143", "is-killed")}
    # Those that stop at once have 2 s for it, once the one that does not is killed.
    as_meant = codes == {"exits-1": 1, "exits-143": 143, "is-killed": 137}
    assert_prompt(timeline, as_meant, f"the sidecars ended with {codes}", room=2)
    assert pod["app"].last.exit_code == 0
    assert pod.phase == "Succeeded", f"the pod is {pod.phase}"


@requirement(
    "phase.failed-by-main-only",
    MUST,
    since="1.29",
    scenario="status-ends",
    source=(POD_LIFECYCLE, GET_PHASE),
)
def test_failed_by_main_only(timeline: Timeline) -> None:
    """A pod has Failed if a regular container failed or was killed, even if sidecars exited 0."""
    for name, code in (("status-ends-badly", 3), ("status-ends-killed", 137)):
        pod = timeline.pod_named(name)
        assert pod["app"].last.exit_code == code, name
        left = pod["sidecar"].last.exit_code
        assert_prompt(timeline, left == 0, f"the sidecar of {name} ended with {left}", room=2)
        assert pod.phase == "Failed", f"{name} is {pod.phase}"


@requirement(
    "phase.failed-has-failed",
    MUST,
    since="1.29",
    scenario="startup-bad-image",
    source=(
        f"{POD_LIFECYCLE}#pod-phase",
        upstream("pkg/kubelet/status/status_manager.go TerminatePod"),
    ),
)
def test_failed_has_failed(timeline: Timeline) -> None:
    """A pod that has Failed shows a container that has failed, even if none has ever started."""
    pod = timeline.pod_named("startup-bad-image-alone")
    assert not pod["sidecar"].ever_started, "the sidecar was started"
    assert pod.phase == "Failed", f"{pod.name} is {pod.phase}"
    last = pod["sidecar"].status
    assert last.terminated, f"the sidecar of the failed pod is {last}"
    assert last.exit_code, f"the sidecar of the failed pod ended with {last.exit_code}"


@requirement(
    "phase.deleted-pod-ends",
    MUST,
    since="1.29",
    scenario=("term-delete", "term-overtime", "term-init", "status-ends"),
    source=(POD_LIFECYCLE, LIFECYCLE_TEST),
    needs=OWN_GRACE,
)
def test_deleted_pod_ends(timelines: Mapping[str, Timeline]) -> None:
    """A deleted pod ends as Succeeded or Failed as its regular containers did, under each policy.

    One whose regular containers have never run has Failed. It does not end before its sidecars.
    """
    for scenario, name, phase in (
        ("term-delete", "term-delete", "Succeeded"),
        ("term-overtime", "term-overtime", "Failed"),
        ("term-init", "term-init-early", "Failed"),
        ("term-init", "term-init-unstarted", "Failed"),
        ("status-ends", "status-ends-well", "Succeeded"),
        ("status-ends", "status-ends-killed", "Failed"),
    ):
        pod = timelines[scenario].pod_named(name)
        assert pod.last.being_deleted, f"{name} was not deleted"
        assert pod.phase == phase, f"{name} is {pod.phase}"
    pod = timelines["term-delete"].pod
    assert pod["crashes"].last.exit_code == 3
    ended = next(version for version in pod.versions if version.phase == "Succeeded")
    sidecar = pod["sidecar-1"]
    assert sidecar.said("EXIT") < shown(pod, ended, "Succeeded"), f"it ended before {sidecar} had"


@requirement(
    "phase.terminal-last",
    MUST,
    since="1.29",
    scenario=("ordered-start", "term-ways"),
    source=(
        f"{POD_LIFECYCLE}#pod-phase",
        upstream("pkg/kubelet/status/status_manager.go mergePodStatus"),
    ),
)
def test_terminal_last(timelines: Mapping[str, Timeline]) -> None:
    """A pod is Succeeded, or Failed by its deadline, only when its sidecars have ended."""
    ended = timelines["ordered-start"].pod, timelines["term-ways"].pod_named("term-ways-deadline")
    for pod in ended:
        terminal = [version for version in pod.versions if version.phase in TERMINAL]
        assert terminal, f"the phases of {pod.name} were {pod.phases}"
        for name in ("sidecar-1", "sidecar-2"):
            # A status that comes late may show a sidecar running that has ended meanwhile.
            if terminal[0].container(name).running:
                assert pod[name].said("EXIT") < shown(pod, terminal[0], terminal[0].phase)
