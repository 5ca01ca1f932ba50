"""Restart rules: restart policies of single containers and RestartAllContainers, with sidecars."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_prompt
from conformance.requirements import MUST, OBSERVED, SHOULD, requirement
from conformance.sources import KEP_RESTART_ALL, POD_LIFECYCLE
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fixtures.evidence.pods import Pod
    from fixtures.evidence.timeline import Timeline
    from fixtures.evidence.version import Version


RULES = ("ContainerRestartRules",)
RESTART_ALL = (*RULES, "RestartAllContainersOnContainerExits")
"""The feature gates without which rules are dropped or refused."""
ASKS = 42
"""The exit code for which all containers are restarted."""


def story(timeline: Timeline) -> Sequence[str]:
    """Return what all instances wrote into the volume, as the fourth one of app told it."""
    lines = timeline["app"].last.lines
    return [line.text.removeprefix("THEN ") for line in lines if line.text.startswith("THEN ")]


def chapter(told: Sequence[str], number: int) -> Sequence[str]:
    """Return what was written from the sidecar's start of this number until its next.

    Empty where it was not started so often.
    """
    starts = accumulate(line == "sidecar RUN" for line in told)
    return [line for line, start in zip(told, starts, strict=True) if start == number]


def instances_in(versions: Iterable[Version]) -> set[str]:
    """Return the container IDs of all instances that some versions of a pod show.

    A restart count alone may grow without a restart, where the runtime has removed a container.
    """
    return {status.id for version in versions for status in version.statuses.values() if status.id}


def assert_restarted_in_place(pod: Pod, **restarts: int) -> None:
    """Assert that a pod had one address all the time, and its containers were restarted so often.

    What began this makes no difference, nor whether a container has a rule: the status counts for
    each of them, and tells how the instance before ended. A count that lasts for seconds only may
    never be shown: the next one is of more restarts.
    """
    shown = [version.status.get("podIP") for version in pod.versions]
    addresses = {address for address in shown if address}
    assert len(addresses) == 1, f"the pod had the addresses {addresses}"
    for name, expected in restarts.items():
        found = [seen.value for seen in pod[name].statuses if seen.value.restarts == expected]
        counts = [seen.value for seen in pod[name].history(lambda s: s.restarts, "restarts")]
        assert found or max(counts) > expected, f"the restart counts of {name} were {counts}"
        for status in found[-1:]:
            assert status.last, f"{name} has no last state: {status.raw}"


@requirement(
    "rules.regular-always-is-not-sidecar",
    OBSERVED,
    gates=RULES,
    since="1.35",
    scenario="rules-policies",
    source=("https://github.com/kubernetes/enhancements/issues/5307", POD_LIFECYCLE),
)
def test_regular_always_is_not_sidecar(timeline: Timeline) -> None:
    """A regular container that is always restarted is no sidecar: it keeps a pod from ending."""
    pod = timeline.pod_named("rules-policies-always")
    assert pod["helper"].first.exit_code == 0
    assert pod["helper"].restarts >= 1, "helper was not restarted"
    assert pod["app"].first.exit_code == 0
    assert pod["app"].restarts == 0, "app was restarted"
    alone = [
        version.phase
        for version in pod.versions
        if version.container("app").terminated and not version.being_deleted
    ]
    assert alone, "the pod was never seen with app ended"
    assert set(alone) == {"Running"}, f"the pod was {alone} with helper restarted"
    assert all(
        version.being_deleted for version in pod.versions if version.container("sidecar").terminated
    ), "the sidecar was stopped though the pod had not ended"


@requirement(
    "rules.init-policy-with-sidecar",
    MUST,
    gates=RULES,
    since="1.35",
    scenario="rules-policies",
    source=POD_LIFECYCLE,
)
def test_init_policy_with_sidecar(timeline: Timeline) -> None:
    """Next to sidecars a plain init container's own restart policy goes before the pod's."""
    never = timeline.pod_named("rules-policies-never")
    assert never["init"].first.exit_code == 7
    assert never["init"].restarts == 0, "an init container that is never restarted was"
    assert not never["app"].ever_started, "app started though an init container had failed"
    assert never.phase == "Failed", f"{never.name} is {never.phase}"
    assert never["sidecar"].state == "terminated", "the sidecar was not stopped"
    retry = timeline.pod_named("rules-policies-retry")
    assert retry["init"].first.exit_code == 7
    assert retry["init"].restarts == 1, "an init container with OnFailure was not retried"
    assert retry.phase == "Succeeded", f"{retry.name} is {retry.phase}"


@requirement(
    "rules.restart-all-from-init",
    MUST,
    gates=RESTART_ALL,
    since="1.36",
    scenario="rules-restart-all",
    source=(POD_LIFECYCLE, KEP_RESTART_ALL),
)
def test_restart_all_from_init(timeline: Timeline) -> None:
    """RestartAllContainers asked for by a plain init container reruns it and the sidecars."""
    told = story(timeline)
    assert chapter(told, 1)[:2] == ["sidecar RUN", "init RUN 1"], f"{told}"
    assert "app RUN 1" not in told, "app ran though the init container had failed"
    assert chapter(told, 2)[:3] == ["sidecar RUN", "init RUN 2", "app RUN 2"], f"{told}"
    # The main containers had not been started.
    assert_restarted_in_place(timeline.pod, sidecar=1, init=1)


@requirement(
    "rules.restart-all-from-main",
    MUST,
    gates=RESTART_ALL,
    since="1.36",
    scenario="rules-restart-all",
    source=(POD_LIFECYCLE, KEP_RESTART_ALL),
)
def test_restart_all_from_main(timeline: Timeline) -> None:
    """RestartAllContainers asked for by a main container reruns all in order and in place."""
    told = story(timeline)
    assert "app RUN 2" in chapter(told, 2), f"{told}"
    assert chapter(told, 3)[:3] == ["sidecar RUN", "init RUN 3", "app RUN 3"], f"{told}"
    assert_restarted_in_place(timeline.pod, sidecar=2, init=2, other=1, app=1)


@requirement(
    "rules.restart-all-from-sidecar",
    MUST,
    gates=RESTART_ALL,
    since="1.36",
    scenario="rules-restart-all",
    source=(POD_LIFECYCLE, KEP_RESTART_ALL),
)
def test_restart_all_from_sidecar(timeline: Timeline) -> None:
    """RestartAllContainers asked for by a sidecar reruns init, sidecars and main in place."""
    told = story(timeline)
    assert "app RUN 3" in chapter(told, 3), f"{told}"
    assert chapter(told, 4)[:3] == ["sidecar RUN", "init RUN 4", "app RUN 4"], f"{told}"
    assert_restarted_in_place(timeline.pod, sidecar=3, init=3, other=2, app=2)


@requirement(
    "rules.restart-all-initialized",
    SHOULD,
    gates=RESTART_ALL,
    since="1.36",
    scenario="rules-restart-all",
    source=KEP_RESTART_ALL,
)
def test_restart_all_initialized(timeline: Timeline) -> None:
    """A pod that was initialised stays Initialized while its init containers and sidecars rerun."""
    assert_restarted_in_place(timeline.pod, sidecar=3, init=3)
    turns = timeline.pod.turns("Initialized")
    if True not in turns:
        raise InconclusiveError("no status shows that the pod was initialised")
    assert turns == sorted(turns), f"the condition Initialized was {turns}"


@requirement(
    "rules.restart-all-ungraceful",
    SHOULD,
    gates=RESTART_ALL,
    since="1.36",
    scenario="rules-restart-all",
    source=KEP_RESTART_ALL,
)
def test_restart_all_ungraceful(timeline: Timeline) -> None:
    """Restarting all containers waits for no handler and no hook, and a condition tells of it."""
    told = story(timeline)
    assert "app RUN 4" in told, f"{told}"
    assert "sidecar EXIT" not in told, "the sidecar was given its grace period"
    assert "app HOOK" not in told, "the preStop hook was run"
    states = [seen.value.status for seen in timeline.pod.conditions("AllContainersRestarting")]
    message = f"AllContainersRestarting was {states}"
    assert states[-1:] == ["False"], message
    if not any(map(asks_for_restarts, timeline.pod.versions)):
        raise InconclusiveError("no status shows that a restart of all containers was asked for")
    assert_prompt(timeline, "True" in states, message, room=1)


def asks_for_restarts(version: Version) -> bool:
    """Tell whether a container has ended in a way for which all are restarted."""
    asked = any(status.exit_code == ASKS for status in version.statuses.values())
    return asked and not version.being_deleted


@requirement(
    "rules.restart-all-not-on-delete",
    SHOULD,
    gates=RESTART_ALL,
    since="1.36",
    scenario="rules-restart-all",
    source="https://github.com/kubernetes/enhancements/issues/4438",
)
def test_restart_all_not_on_delete(timeline: Timeline) -> None:
    """RestartAllContainers is not carried out while the pod is terminating."""
    app = timeline["app"]
    assert app.status.exit_code == ASKS, f"app did not ask for a restart: {app.status}"
    assert app.last.said("RUN 4")
    shown = [version for version in timeline.pod.versions if version.statuses]
    before = instances_in(version for version in shown if not version.being_deleted)
    after = instances_in(version for version in shown if version.being_deleted)
    assert after, "the pod was never seen while terminating"
    assert after <= before, f"started while terminating: {sorted(after - before)}"
