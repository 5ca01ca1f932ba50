"""Patterns: what people build with sidecars, and what went wrong with it before there were any.

They say whether software works and decide no conformance: their level is SHOULD. A requirement
whose id ends in `-classic` is about the same pod without sidecars. It tells what the native one is
good for, and what nobody promises: its level is OBSERVED.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_in_time, assert_prompt
from conformance.checks.forms import assert_held_up, pod_of
from conformance.requirements import CONTROLLED, OBSERVED, SHOULD, requirement
from conformance.scenarios.pattern import CLASSIC, NATIVE
from conformance.sources import SIDECAR_JOBS, SIDECAR_TUTORIAL, SIDECARS
from fixtures.evidence.capabilities import Capability

if TYPE_CHECKING:
    from fixtures.evidence.pods import Container
    from fixtures.evidence.timeline import Timeline

THROUGH_SERVICE = (Capability.SIDECARS, Capability.SERVICE_NETWORK)
ANSWERED = 10
"""In seconds: how long a container waits for the answer of its proxy."""
STOPS = 2
"""In seconds: what is stopped together with an app has ended before the app does its last thing."""


def assert_answered(timeline: Timeline, container: Container, request: str) -> None:
    """Assert that a request of a container was answered, unless it was given up on a slow node."""
    answered = container.ever_said(f"{request} answer")
    message = f"{container} had no answer to its request {request}"
    assert_prompt(timeline, answered, message, room=ANSWERED)


@requirement(
    "pattern.log-shipper", SHOULD, since="1.29", scenario="pattern-log-shipper", source=SIDECARS
)
def test_log_shipper(timeline: Timeline) -> None:
    """A sidecar prints what the app writes to a shared log file, from its first line to its last.

    The sidecar was started before the app, the pod was ready, and its Deployment available.
    """
    pod = pod_of(timeline, NATIVE)
    shipper, app = pod["logshipper"], pod["myapp"]
    assert shipper.kind == "sidecar"
    for line in ("1", "2", "3", "last"):
        assert app.said(f"WROTE {line}")
        assert shipper.said(f"logging {line}")
    assert shipper.last.number == 0, "the sidecar was restarted"
    assert any(seen.value.true for seen in pod.conditions("Ready")), "the pod was never ready"
    deployment = timeline.object("Deployment", f"pattern-log-shipper-{NATIVE}")
    available = [one.status.get("availableReplicas", 0) for one in deployment.versions]
    assert max(available) == 1, f"the Deployment had {max(available)} available replicas at most"


@requirement(
    "pattern.log-shipper-classic",
    OBSERVED,
    since="1.29",
    scenario="pattern-log-shipper",
    source=SIDECARS,
)
def test_log_shipper_classic(timeline: Timeline) -> None:
    """Where a regular container ships the log it is gone before the app writes its last line."""
    pod = pod_of(timeline, CLASSIC)
    shipper, app = pod["logshipper"], pod["myapp"]
    assert shipper.said("logging 3")
    assert app.said("WROTE last")
    shipped = shipper.ever_said("logging last")
    assert_prompt(timeline, not shipped, "the last line was shipped", room=STOPS)


@requirement(
    "pattern.secret-helper", SHOULD, since="1.29", scenario="pattern-helpers", source=SIDECARS
)
def test_secret_helper(timeline: Timeline) -> None:
    """A sidecar has fetched a secret before its app starts, and renews it while the app runs."""
    app = pod_of(timeline, NATIVE)["app"]
    assert app.said("SECRET first") < app.said("SECRET second")
    assert not app.ever_said("SECRET none"), "the app started without its secret"


@requirement(
    "pattern.secret-helper-classic",
    OBSERVED,
    since="1.29",
    scenario="pattern-helpers",
    source=SIDECARS,
)
def test_secret_helper_classic(timeline: Timeline) -> None:
    """Where an init container fetches the secret the app has the first one until it ends."""
    app = pod_of(timeline, CLASSIC)["app"]
    assert app.said("EXIT")
    held = len(app.all_said("SECRET first"))
    assert held == len(("at its start", "at its end")), f"it had the first secret {held} times"


@requirement(
    "pattern.config-helper", SHOULD, since="1.29", scenario="pattern-helpers", source=SIDECARS
)
def test_config_helper(timeline: Timeline) -> None:
    """A sidecar has written the configuration before its app starts, and can change it later."""
    app = pod_of(timeline, NATIVE)["app"]
    assert app.said("CONFIG first") < app.said("CONFIG second")
    assert not app.ever_said("CONFIG none"), "the app started without its configuration"


@requirement(
    "pattern.config-helper-classic",
    OBSERVED,
    since="1.29",
    scenario="pattern-helpers",
    source=SIDECARS,
)
def test_config_helper_classic(timeline: Timeline) -> None:
    """Where a regular container writes the configuration the app starts without one."""
    app = pod_of(timeline, CLASSIC)["app"]
    assert app.said("CONFIG none") < app.said("CONFIG second")


@requirement(
    "pattern.lock-helper", SHOULD, since="1.29", scenario="pattern-helpers", source=SIDECARS
)
def test_lock_helper(timeline: Timeline) -> None:
    """A sidecar holds a lock from before its app starts until the app has ended."""
    pod = pod_of(timeline, NATIVE)
    app, lock = pod["app"], pod["lock"]
    assert lock.said("HELD") < app.said("START")
    assert app.said("EXIT") < lock.said("RELEASED")
    free = len(app.all_said("LOCK free"))
    assert not free, f"the app found the lock free {free} times"


@requirement(
    "pattern.lock-helper-classic",
    OBSERVED,
    since="1.29",
    scenario="pattern-helpers",
    source=SIDECARS,
)
def test_lock_helper_classic(timeline: Timeline) -> None:
    """Where a regular container holds the lock the app works before and after it is held."""
    pod = pod_of(timeline, CLASSIC)
    app, lock = pod["app"], pod["lock"]
    assert app.said("START") < lock.said("HELD")
    assert_in_time(timeline, lock.said("RELEASED"), app.said("EXIT"))
    free = len(app.all_said("LOCK free"))
    twice = free == len(("at its start", "at its end"))
    assert_prompt(timeline, twice, f"it found the lock free {free} times", room=STOPS)


@requirement("pattern.adapter", SHOULD, since="1.29", scenario="pattern-helpers", source=SIDECARS)
def test_adapter(timeline: Timeline) -> None:
    """A sidecar that counts what its app does has counted all of it in the end."""
    pod = pod_of(timeline, NATIVE)
    assert pod["app"].said("EXIT") < pod["adapter"].said("COUNT 2")


@requirement(
    "pattern.adapter-classic",
    OBSERVED,
    since="1.29",
    scenario="pattern-helpers",
    source=SIDECARS,
)
def test_adapter_classic(timeline: Timeline) -> None:
    """Where a regular container counts it has ended before the last thing that the app does."""
    pod = pod_of(timeline, CLASSIC)
    adapter = pod["adapter"]
    assert adapter.said("COUNT 1")
    assert pod["app"].said("EXIT")
    counted = adapter.ever_said("COUNT 2")
    assert_prompt(timeline, not counted, "the adapter has counted the last thing", room=STOPS)


@requirement(
    "pattern.ambassador",
    SHOULD,
    since="1.29",
    scenario="pattern-ambassador",
    source=SIDECARS,
    needs=THROUGH_SERVICE,
)
def test_ambassador(timeline: Timeline) -> None:
    """A sidecar carries the first and the last request of its app to a Service."""
    app = pod_of(timeline, NATIVE)["app"]
    for request in ("FIRST", "LAST"):
        assert_answered(timeline, app, request)


@requirement(
    "pattern.ambassador-classic",
    OBSERVED,
    since="1.29",
    scenario="pattern-ambassador",
    source=SIDECARS,
    needs=THROUGH_SERVICE,
)
def test_ambassador_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container the first and the last request are refused."""
    app = pod_of(timeline, CLASSIC)["app"]
    assert app.said("FIRST refused")
    refused = app.ever_said("LAST refused")
    assert_prompt(timeline, refused, "the last request was carried", room=STOPS)


@requirement(
    "pattern.init-network",
    SHOULD,
    since="1.29",
    scenario="pattern-ambassador",
    source=SIDECARS,
    needs=THROUGH_SERVICE,
)
def test_init_network(timeline: Timeline) -> None:
    """An init container reaches a Service through a sidecar that is listed before it."""
    assert_answered(timeline, pod_of(timeline, NATIVE)["init"], "INIT")


@requirement(
    "pattern.init-network-classic",
    OBSERVED,
    since="1.29",
    scenario="pattern-ambassador",
    source=SIDECARS,
    needs=THROUGH_SERVICE,
)
def test_init_network_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container an init container does not reach the Service."""
    assert pod_of(timeline, CLASSIC)["init"].said("INIT refused")


@requirement(
    "pattern.job-helper",
    SHOULD,
    by=CONTROLLED,
    since="1.29",
    scenario="pattern-job",
    source=SIDECAR_JOBS,
)
def test_job_helper(timeline: Timeline) -> None:
    """A Job whose helpers are sidecars completes once its work is done and all was shipped."""
    pod = pod_of(timeline, NATIVE)
    assert pod["work"].said("DONE")
    for line in ("result first", "result second"):
        assert pod["shipper"].said(line)
    job = timeline.object("Job", f"pattern-job-{NATIVE}").last
    assert job.condition("Complete").true, f"the Job's status is {job.status}"


@requirement(
    "pattern.job-helper-classic",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="pattern-job",
    source=SIDECAR_JOBS,
)
def test_job_helper_classic(timeline: Timeline) -> None:
    """Where the helpers are regular containers the work is done and the Job never completes."""
    pod = pod_of(timeline, CLASSIC)
    assert pod["work"].said("DONE")
    assert_held_up(timeline, pod["work"], pod["shipper"])


@requirement(
    "pattern.dead-helper", SHOULD, since="1.29", scenario="pattern-job", source=SIDECAR_TUTORIAL
)
def test_dead_helper(timeline: Timeline) -> None:
    """A sidecar that dies before its app is restarted, and serves the app again.

    The pod's restart policy is Never.
    """
    pod = pod_of(timeline, NATIVE)
    assert pod["source"].said("CRASH") < pod["work"].said("TOOK second piece")
    assert pod["source"].restarts == 1, f"it was restarted {pod['source'].restarts} times"


@requirement(
    "pattern.dead-helper-classic",
    OBSERVED,
    since="1.29",
    scenario="pattern-job",
    source=SIDECAR_TUTORIAL,
)
def test_dead_helper_classic(timeline: Timeline) -> None:
    """Where a regular container dies before the app it stays dead, and the app goes on without."""
    pod = pod_of(timeline, CLASSIC)
    assert pod["work"].said("TOOK first piece") < pod["source"].said("CRASH")
    assert pod["source"].said("CRASH") < pod["work"].said("TOOK second nothing")
    assert pod["source"].state == "terminated", f"the helper is {pod['source'].state}"
    assert pod["source"].restarts == 0, f"it was restarted {pod['source'].restarts} times"
