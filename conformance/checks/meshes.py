"""What is promised of the proxy of a service mesh, whichever it is.

The pods are the clients `<scenario>-native` and `<scenario>-classic`, with an init container `init`
and an app, and those of the Jobs `<scenario>-job-native` and `<scenario>-job-classic`. They say
INIT, FIRST and LAST with the answer to a call, or `refused`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.forms import assert_held_up, pod_of
from conformance.scenarios.pattern import CLASSIC, NATIVE
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Timeline


def assert_gates(timeline: Timeline, proxy: str) -> None:
    """Assert that nothing of the pod's own runs until its proxy, a sidecar, has started up."""
    pod = pod_of(timeline, NATIVE)
    assert pod[proxy].kind == "sidecar", f"{proxy} is no sidecar"
    assert "startupProbe" in pod[proxy].spec, f"{proxy} has no startup probe"
    starting = False
    for version in pod.versions:
        status = version.container(proxy)
        if status.running and not status.started:
            starting = True
            for name in ("init", "app"):
                state = version.container(name)
                assert state.waiting, f"{name} was {state.state} before {proxy} had started up"
    if not starting:
        raise InconclusiveError(f"{proxy} was not seen to be starting")
    assert pod["init"].said("INIT")
    assert pod["app"].said("START")


def assert_init_network(timeline: Timeline) -> None:
    """Assert that the init container and the app are answered."""
    pod = pod_of(timeline, NATIVE)
    assert pod["init"].said("INIT peer")
    assert pod["app"].said("FIRST peer")


def assert_no_init_network(timeline: Timeline) -> None:
    """Assert that in the classic form the init container is not answered."""
    assert pod_of(timeline, CLASSIC)["init"].said("INIT refused")


def assert_outlives(timeline: Timeline, proxy: str) -> None:
    """Assert that the proxy carries the last call of its app, and then ends by itself."""
    pod = pod_of(timeline, NATIVE)
    assert pod["app"].said("LAST peer") < pod[proxy].finished
    assert pod[proxy].last.exit_code == 0
    assert pod[proxy].restarts == 0, f"{proxy} was restarted {pod[proxy].restarts} times"


def assert_gone_before(timeline: Timeline) -> None:
    """Assert that in the classic form the last call of the app is refused."""
    app = pod_of(timeline, CLASSIC)["app"]
    assert app.said("FIRST peer")
    assert app.said("LAST refused")


def assert_job_completes(timeline: Timeline) -> None:
    """Assert that the native Job is complete."""
    assert pod_of(timeline, f"job-{NATIVE}")["app"].said("DONE")
    job = timeline.object("Job", f"{timeline.recording.scenario}-job-{NATIVE}").last
    assert job.condition("Complete").true, f"the Job's status is {job.status}"


def assert_job_goes_on(timeline: Timeline, proxy: str) -> None:
    """Assert that in the classic form the app is done, and the proxy keeps the Job active."""
    pod = pod_of(timeline, f"job-{CLASSIC}")
    assert_held_up(timeline, pod["app"], pod[proxy])
