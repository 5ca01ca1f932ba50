"""Linkerd: what its proxy can do for a pod as a native sidecar, and what it could not do before.

No requirement is about Kubernetes alone: they say whether Linkerd works on a cluster. Those of
`mesh.linkerd-substitute` are about pods of the shape that it gives to them, with a substitute for
its proxy: they say what such a pod can do there, and nothing about Linkerd. Those whose ids end in
`-classic` are about the same pods with the proxy as a regular container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.forms import pod_of
from conformance.checks.meshes import (
    assert_gates,
    assert_gone_before,
    assert_init_network,
    assert_job_completes,
    assert_job_goes_on,
    assert_no_init_network,
    assert_none_lost,
    assert_outlives,
    assert_some_lost,
)
from conformance.requirements import CONTROLLED, OBSERVED, PODS, SHOULD, requirement
from conformance.scenarios.pattern import CLASSIC, NATIVE
from conformance.sources import SIDECARS
from fixtures.evidence.capabilities import Capability

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.evidence.components import Component
    from fixtures.evidence.timeline import Timeline
    from reports.model import Level

    Check = Callable[[Timeline], None]

PROXY = "linkerd-proxy"
"""The container that Linkerd's webhook puts into pods; the substitute has its name."""

SCENARIO = "mesh-linkerd"
NEEDS = (Capability.LINKERD, Capability.SIDECARS, Capability.SERVICE_NETWORK)
LINKERD = "https://linkerd.io/2-edge"
INJECTION = f"{LINKERD}/features/proxy-injection/"
MUTUAL_TLS = f"{LINKERD}/features/automatic-mtls/"
SOURCE = (INJECTION, SIDECARS)


def of_both(
    promise: str, level: Level, by: tuple[Component, ...] = PODS
) -> Callable[[Check], Check]:
    """Declare a promise about Linkerd and about its substitute, both judged by the check."""

    def declare(check: Check) -> Check:
        for need, source in (
            (Capability.LINKERD, SOURCE),
            (Capability.LINKERD_SUBSTITUTE, (SIDECARS,)),
        ):
            check = requirement(
                f"mesh.{need}.{promise}",
                level,
                by=by,
                since="1.29",
                scenario=f"mesh-{need}",
                source=source,
                needs=(need, Capability.SIDECARS, Capability.SERVICE_NETWORK),
            )(check)
        return check

    return declare


@requirement(
    "mesh.linkerd.injected", SHOULD, since="1.29", scenario=SCENARIO, source=SOURCE, needs=NEEDS
)
def test_injected(timeline: Timeline) -> None:
    """The proxy that Linkerd injects is a native sidecar without hooks, before all init containers.

    Only the container that redirects connections comes before it.
    """
    spec = timeline.created(f"{SCENARIO}-{NATIVE}")["spec"]
    listed = [one["name"] for one in spec["initContainers"]]
    assert listed[-2:] == [PROXY, "init"], f"the init containers are {listed}"
    assert [one["name"] for one in spec["containers"]] == ["app"]
    proxy = spec["initContainers"][-2]
    assert proxy.get("restartPolicy") == "Always", f"{PROXY} is no sidecar"
    assert "lifecycle" not in proxy, f"{PROXY} has hooks: {proxy['lifecycle']}"


@requirement(
    "mesh.linkerd.injected-classic",
    OBSERVED,
    since="1.29",
    scenario=SCENARIO,
    source=INJECTION,
    needs=NEEDS,
)
def test_injected_classic(timeline: Timeline) -> None:
    """With the annotation for it the proxy is a regular container, started after all init ones."""
    spec = timeline.created(f"{SCENARIO}-{CLASSIC}")["spec"]
    assert PROXY in [one["name"] for one in spec["containers"]]
    assert PROXY not in [one["name"] for one in spec["initContainers"]]


@requirement(
    "mesh.linkerd.mutual-tls",
    SHOULD,
    since="1.29",
    scenario=SCENARIO,
    source=MUTUAL_TLS,
    needs=NEEDS,
)
def test_mutual_tls(timeline: Timeline) -> None:
    """A server is told the identity of its caller's service account, and a plain call is refused.

    The pod without a proxy reaches the same Service at a port that the proxy leaves open.
    """
    pod = pod_of(timeline, NATIVE)
    namespace = pod.last.raw["metadata"]["namespace"]
    identity = f"default.{namespace}.serviceaccount.identity.linkerd.cluster.local"
    assert pod["init"].said(f"INIT peer {identity}")
    assert pod["app"].said(f"FIRST peer {identity}")
    plain = timeline.pod_named(f"{SCENARIO}-plain")["app"]
    assert plain.said("HEALTH answer")
    assert plain.said("CALL refused")


@of_both("starts-first", SHOULD)
def test_starts_first(timeline: Timeline) -> None:
    """No container of the pod's own runs before the startup probe of the proxy has passed."""
    assert_gates(timeline, PROXY)


@of_both("init-network", SHOULD)
def test_init_network(timeline: Timeline) -> None:
    """An init container gets an answer through the proxy, and so does the app."""
    assert_init_network(timeline)


@of_both("init-network-classic", OBSERVED)
def test_init_network_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container, an init container has no way to a Service."""
    assert_no_init_network(timeline)


@of_both("outlives-app", SHOULD)
def test_outlives_app(timeline: Timeline) -> None:
    """The proxy carries the last call of an app that is slow to stop, and then ends by itself."""
    assert_outlives(timeline, PROXY)


@of_both("outlives-app-classic", OBSERVED)
def test_outlives_app_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container the last call of such an app is refused."""
    assert_gone_before(timeline)


@of_both("job-completes", SHOULD, CONTROLLED)
def test_job_completes(timeline: Timeline) -> None:
    """A Job whose pod has the proxy as a native sidecar completes when its app is done."""
    assert_job_completes(timeline)


@of_both("job-completes-classic", OBSERVED, CONTROLLED)
def test_job_completes_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container it keeps the Job from completing."""
    assert_job_goes_on(timeline, PROXY)


@requirement(
    "mesh.linkerd.rollout",
    SHOULD,
    by=CONTROLLED,
    since="1.29",
    scenario="mesh-linkerd-rollout",
    source=SOURCE,
    needs=NEEDS,
)
def test_rollout(timeline: Timeline) -> None:
    """Of 300 requests a second for a minute none is lost while a server is rolled out twice.

    The server answers until it has ended, and the proxy as a native sidecar outlives it.
    """
    assert_none_lost(timeline, PROXY)


@requirement(
    "mesh.linkerd.rollout-classic",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="mesh-linkerd-rollout",
    source=SOURCE,
    needs=NEEDS,
)
def test_rollout_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container it ends before the server, and requests are lost."""
    assert_some_lost(timeline, PROXY)
