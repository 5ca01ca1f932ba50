"""Patterns: what people build with sidecars, and what went wrong with it before there were any.

A requirement whose id ends in `-classic` is about the same pod without sidecars. It tells what the
native one is good for, and what nobody promises: its level is OBSERVED.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.requirements import MUST, OBSERVED, SHOULD, requirement
from conformance.scenarios.pattern import CLASSIC, NATIVE
from conformance.sources import SIDECARS
from fixtures.evidence.capabilities import Capability

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Timeline

THROUGH_SERVICE = (Capability.SIDECARS, Capability.SERVICE_NETWORK)


@requirement(
    "pattern.log-shipper", MUST, since="1.29", scenario="pattern-log-shipper", source=SIDECARS
)
def test_log_shipper(timeline: Timeline) -> None:
    """A sidecar prints what the app writes to a shared log file, from the first line on.

    The sidecar was started before the app, the pod is ready, and its Deployment available.
    """
    shipper, app = timeline["logshipper"], timeline["myapp"]
    assert shipper.kind == "sidecar"
    for number in (1, 2, 3):
        assert app.said(f"WROTE {number}")
        assert shipper.said(f"logging {number}")
    assert shipper.last.number == 0, "the sidecar was restarted"
    assert shipper.state == "running", f"the sidecar is {shipper.state}"
    ready = timeline.pod.conditions("Ready")[-1].value
    assert ready.true, f"the pod is not ready: {ready.raw}"
    deployment = timeline.object("Deployment", "pattern-log-shipper").last
    available = deployment.status.get("availableReplicas", 0)
    assert available == 1, f"the Deployment has {available} available replicas"


@requirement(
    "pattern.config-helper", SHOULD, since="1.29", scenario="pattern-helpers", source=SIDECARS
)
def test_config_helper(timeline: Timeline) -> None:
    """A sidecar has written the configuration before its app starts, and can change it later."""
    app = timeline.pod_named(f"pattern-helpers-{NATIVE}")["app"]
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
    app = timeline.pod_named(f"pattern-helpers-{CLASSIC}")["app"]
    assert app.said("CONFIG none") < app.said("CONFIG second")


@requirement(
    "pattern.lock-helper", SHOULD, since="1.29", scenario="pattern-helpers", source=SIDECARS
)
def test_lock_helper(timeline: Timeline) -> None:
    """A sidecar holds a lock from before its app starts until the app has ended."""
    pod = timeline.pod_named(f"pattern-helpers-{NATIVE}")
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
    pod = timeline.pod_named(f"pattern-helpers-{CLASSIC}")
    app, lock = pod["app"], pod["lock"]
    assert app.said("START") < lock.said("HELD")
    assert lock.said("RELEASED") < app.said("EXIT")
    free = len(app.all_said("LOCK free"))
    assert free == len(("at its start", "at its end")), f"it found the lock free {free} times"


@requirement("pattern.adapter", SHOULD, since="1.29", scenario="pattern-helpers", source=SIDECARS)
def test_adapter(timeline: Timeline) -> None:
    """A sidecar that counts what its app does has counted all of it in the end."""
    pod = timeline.pod_named(f"pattern-helpers-{NATIVE}")
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
    pod = timeline.pod_named(f"pattern-helpers-{CLASSIC}")
    adapter = pod["adapter"]
    assert adapter.said("COUNT 1")
    assert pod["app"].said("EXIT")
    assert not adapter.ever_said("COUNT 2"), "the adapter has counted the last thing"


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
    app = timeline.pod_named(f"pattern-ambassador-{NATIVE}")["app"]
    assert app.said("FIRST answer")
    assert app.said("LAST answer")


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
    app = timeline.pod_named(f"pattern-ambassador-{CLASSIC}")["app"]
    assert app.said("FIRST refused")
    assert app.said("LAST refused")


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
    assert timeline.pod_named(f"pattern-ambassador-{NATIVE}")["init"].said("INIT answer")


@requirement(
    "pattern.init-network-classic",
    OBSERVED,
    since="1.29",
    scenario="pattern-ambassador",
    source=SIDECARS,
    needs=THROUGH_SERVICE,
)
def test_init_network_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container init containers have none."""
    assert timeline.pod_named(f"pattern-ambassador-{CLASSIC}")["init"].said("INIT refused")
