"""Patterns: real software as sidecar. The same is promised of all, under ids of their own.

The id `pattern.envoy.gates-app` is the promise `gates-app` about Envoy, and its scenario is
`pattern-envoy`: a pod whose app asks its sidecar whenever it starts, and once more after SIGTERM,
and a Job whose app asks it once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_at_most, assert_prompt
from conformance.requirements import CONTROLLED, PODS, SHOULD, requirement
from conformance.scenarios.pattern_software import AREA, SCENARIOS
from conformance.sources import SIDECARS
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.instances import KILLED

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.evidence.components import Component
    from fixtures.evidence.pods import Pod
    from fixtures.evidence.timeline import Timeline

    Check = Callable[[Timeline], None]

EXIT_CODES = {SCENARIOS[Capability.CLOUD_SQL_PROXY]: 143}
"""What software ends with when it is told to stop, by scenario, where that is not 0."""


def of_each(promise: str, by: tuple[Component, ...] = PODS) -> Callable[[Check], Check]:
    """Declare a promise about each software, all judged by the decorated check."""

    def declare(check: Check) -> Check:
        for need, scenario in SCENARIOS.items():
            check = requirement(
                f"{AREA}{need}.{promise}",
                SHOULD,
                by=by,
                since="1.29",
                scenario=scenario,
                source=SIDECARS,
                needs=(Capability.SIDECARS, need),
            )(check)
        return check

    return declare


def exit_code_of(timeline: Timeline) -> int:
    """Return what the software ends with when it is told to stop."""
    return EXIT_CODES.get(timeline.recording.scenario, 0)


def pod_of(timeline: Timeline) -> Pod:
    """Return the pod that is none of the Job's."""
    return timeline.pod_named(timeline.recording.scenario)


@of_each("starts-first")
def test_starts_first(timeline: Timeline) -> None:
    """The sidecar has started before its app is started."""
    pod = pod_of(timeline)
    assert pod["sidecar"].kind == "sidecar"
    assert pod["sidecar"].started < pod["app"].said("START")


@of_each("gates-app")
def test_gates_app(timeline: Timeline) -> None:
    """The app starts when the sidecar is ready by its own endpoint, and is answered at once.

    Nobody asks the endpoint for the first 2 s, and a status tells whole seconds.
    """
    pod = pod_of(timeline)
    sidecar, app = pod["sidecar"], pod["app"]
    for version in pod.versions:
        if version.container("sidecar").running and not version.container("sidecar").started:
            assert version.container("app").waiting, (
                "the app was there before the sidecar was ready"
            )
    assert app.said("START") - sidecar.started >= 1
    assert app.first.said("FIRST answered")


@of_each("survives-app-restart")
def test_survives_app_restart(timeline: Timeline) -> None:
    """The same instance of the sidecar serves the app before and after the app's restart."""
    pod = pod_of(timeline)
    sidecar, app = pod["sidecar"], pod["app"]
    assert app.first.exit_code == 1
    assert app.instance(1).said("FIRST answered")
    assert sidecar.restarts == 0
    assert len(sidecar.instances) == 1, f"the sidecar had {len(sidecar.instances)} instances"


@of_each("outlives-app")
def test_outlives_app(timeline: Timeline) -> None:
    """The sidecar serves until its app has stopped: a request after SIGTERM is answered."""
    pod = pod_of(timeline)
    assert pod["app"].said("LAST answered")
    assert pod["app"].said("EXIT") < pod["sidecar"].finished


@of_each("ends-in-time")
def test_ends_in_time(timeline: Timeline) -> None:
    """The sidecar ends by itself within the grace period, and its status tells how."""
    pod = pod_of(timeline)
    sidecar = pod["sidecar"]
    grace = pod.spec["terminationGracePeriodSeconds"]
    assert_at_most(timeline, sidecar.finished - timeline.deletion(pod.name), grace)
    code = sidecar.last.exit_code
    assert_prompt(timeline, code != KILLED, f"{sidecar} was killed", room=grace / 2)
    assert code == exit_code_of(timeline)


@of_each("job-completes", by=CONTROLLED)
def test_job_completes(timeline: Timeline) -> None:
    """A Job completes when its app is done: the sidecar is stopped then, whatever it ends with."""
    (pod,) = (one for one in timeline.pods if one is not pod_of(timeline))
    assert pod["app"].said("FIRST answered")
    assert pod["app"].said("DONE") < pod["sidecar"].finished
    assert pod["sidecar"].last.exit_code == exit_code_of(timeline)
    assert pod.phase == "Succeeded", f"the pod of the Job is {pod.phase}"
    complete = timeline.job.last.condition("Complete")
    assert complete.true, f"the Job is {timeline.job.last.status}"
