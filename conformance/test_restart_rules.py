"""Restart rules: restart policies of single containers and RestartAllContainers, with sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario
from fixtures.stage.statuses import container_statuses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.stage.run import Run
    from fixtures.timeline import Timeline

    Json = Mapping[str, Any]

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
LIFECYCLE = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/"
KEP = (
    "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/"
    "5532-restart-all-containers-on-container-exits"
)


@scenario("rules-policies", seconds=12)
def rules_policies(run: Run) -> None:
    """Wait until two pods have ended, and watch that the third does not."""
    run.until_restarted("helper", pod="rules-policies-always")
    run.until_terminated("app", pod="rules-policies-always")
    run.until_finished("rules-policies-never")
    run.until_finished("rules-policies-retry")
    run.observe(2, "that the pod with a container that is always restarted does not end")
    run.delete("rules-policies-always")
    run.until_gone("rules-policies-always")


@scenario("rules-restart-all", seconds=29, follows=True)
def rules_restart_all(run: Run) -> None:
    """Wait for the fourth run, then delete the pod: its main container asks for one more."""
    run.until_said("app", "RUN 4")
    run.until_ready()
    run.delete()
    run.until_gone()


@requirement(
    "rules.regular-always-is-not-sidecar",
    OBSERVED,
    since="1.35",
    scenario="rules-policies",
    source=("https://github.com/kubernetes/enhancements/issues/5307", LIFECYCLE),
)
def test_regular_always_is_not_sidecar(timeline: Timeline) -> None:
    """A regular container that is always restarted is no sidecar: it keeps a pod from ending."""
    pod = timeline.pod_named("rules-policies-always")
    assert pod["helper"].first.exit_code == 0
    assert pod["helper"].restarts >= 1, "helper was not restarted"
    assert pod["app"].first.exit_code == 0
    assert pod["app"].restarts == 0, "app was restarted"
    alone = [
        thing["status"]["phase"]
        for _, _, thing in pod.versions
        if "deletionTimestamp" not in thing["metadata"]
        for status in thing["status"].get("containerStatuses") or []
        if status["name"] == "app" and "terminated" in status["state"]
    ]
    assert alone, "the pod was never seen with app ended"
    assert set(alone) == {"Running"}, f"the pod was {alone} with helper restarted"
    assert all(
        "deletionTimestamp" in thing["metadata"]
        for _, _, thing in pod.versions
        for status in thing["status"].get("initContainerStatuses") or []
        if "terminated" in status["state"]
    ), "the sidecar was stopped though the pod had not ended"


@requirement(
    "rules.init-policy-with-sidecar",
    MUST,
    since="1.35",
    scenario="rules-policies",
    source=LIFECYCLE,
)
def test_init_policy_with_sidecar(timeline: Timeline) -> None:
    """Next to sidecars a plain init container's own restart policy goes before the pod's."""
    never = timeline.pod_named("rules-policies-never")
    assert never["init"].first.exit_code == 7
    assert never["init"].restarts == 0, "an init container that is never restarted was"
    assert not never["app"].ever_started, "app started though an init container had failed"
    assert never.phase == "Failed", f"{never.name} is {never.phase}"
    assert "terminated" in never["sidecar"].status["state"], "the sidecar was not stopped"
    retry = timeline.pod_named("rules-policies-retry")
    assert retry["init"].first.exit_code == 7
    assert retry["init"].restarts == 1, "an init container with OnFailure was not retried"
    assert retry.phase == "Succeeded", f"{retry.name} is {retry.phase}"


def story(timeline: Timeline) -> list[str]:
    """Return what was written into the volume over all runs, as the fourth run told it."""
    lines = timeline["app"].last.lines
    told = [line.text.removeprefix("THEN ") for line in lines if line.text.startswith("THEN ")]
    assert told, "the fourth run told nothing"
    return told


def run_of(told: list[str], number: int) -> list[str]:
    """Return what was written in one run: from the sidecar's start to the next one's."""
    starts = [index for index, line in enumerate(told) if line == "sidecar RUN"]
    assert len(starts) >= number, f"the sidecar ran {len(starts)} times: {told}"
    end = starts[number] if number < len(starts) else len(told)
    return told[starts[number - 1] : end]


def kept_in_place(timeline: Timeline) -> None:
    """Assert that there was one pod with one address all the time."""
    addresses = {
        thing["status"]["podIP"]
        for _, _, thing in timeline.pod.versions
        if thing["status"].get("podIP")
    }
    assert len(addresses) == 1, f"the pod had the addresses {addresses}"


@requirement(
    "rules.restart-all-from-init",
    MUST,
    since="1.36",
    scenario="rules-restart-all",
    source=(LIFECYCLE, KEP),
)
def test_restart_all_from_init(timeline: Timeline) -> None:
    """RestartAllContainers asked for by a plain init container reruns it and the sidecars."""
    told = story(timeline)
    assert run_of(told, 1)[:2] == ["sidecar RUN", "init RUN 1"], f"{told}"
    assert "app RUN 1" not in told, "app ran though the init container had failed"
    assert run_of(told, 2)[:3] == ["sidecar RUN", "init RUN 2", "app RUN 2"], f"{told}"
    kept_in_place(timeline)


@requirement(
    "rules.restart-all-from-main",
    MUST,
    since="1.36",
    scenario="rules-restart-all",
    source=(LIFECYCLE, KEP),
)
def test_restart_all_from_main(timeline: Timeline) -> None:
    """RestartAllContainers asked for by the main container reruns all in order and in place."""
    told = story(timeline)
    assert "app RUN 2" in run_of(told, 2), f"{told}"
    assert run_of(told, 3)[:3] == ["sidecar RUN", "init RUN 3", "app RUN 3"], f"{told}"
    kept_in_place(timeline)


@requirement(
    "rules.restart-all-from-sidecar",
    MUST,
    since="1.36",
    scenario="rules-restart-all",
    source=(LIFECYCLE, KEP),
)
def test_restart_all_from_sidecar(timeline: Timeline) -> None:
    """RestartAllContainers asked for by a sidecar reruns init, sidecars and main in place."""
    told = story(timeline)
    assert "app RUN 3" in run_of(told, 3), f"{told}"
    assert run_of(told, 4)[:3] == ["sidecar RUN", "init RUN 4", "app RUN 4"], f"{told}"
    kept_in_place(timeline)


@requirement(
    "rules.restart-all-ungraceful",
    SHOULD,
    since="1.36",
    scenario="rules-restart-all",
    source=KEP,
)
def test_restart_all_ungraceful(timeline: Timeline) -> None:
    """Restarting all containers waits for no handler and no hook, and a condition tells of it."""
    told = story(timeline)
    assert "app RUN 4" in told, f"{told}"
    assert "sidecar EXIT" not in told, "the sidecar was given its grace period"
    assert "app HOOK" not in told, "the preStop hook was run"
    states = [seen.value["status"] for seen in timeline.pod.conditions("AllContainersRestarting")]
    assert states.count("True") >= 1, f"AllContainersRestarting was {states}"
    assert states[-1] == "False", f"AllContainersRestarting was {states}"


@requirement(
    "rules.restart-all-not-on-delete",
    SHOULD,
    since="1.36",
    scenario="rules-restart-all",
    source="https://github.com/kubernetes/enhancements/issues/4438",
)
def test_restart_all_not_on_delete(timeline: Timeline) -> None:
    """RestartAllContainers is not carried out while the pod is terminating."""
    counts: dict[bool, set[tuple[int, ...]]] = {False: set(), True: set()}
    for _, _, thing in timeline.pod.versions:
        shown = list(container_statuses(thing))
        if shown:
            deleted = "deletionTimestamp" in thing["metadata"]
            counts[deleted].add(tuple(status["restartCount"] for status in shown))
            app = shown[-1]["state"].get("terminated", {})
    assert app.get("exitCode") == 42, f"app did not ask for a restart: {app}"
    timeline["app"].last.said("RUN 4")
    assert counts[True] == {max(counts[False])}, f"restarts while terminating: {counts[True]}"
