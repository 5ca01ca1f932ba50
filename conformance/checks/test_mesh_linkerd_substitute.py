"""Pods of the shape that Linkerd gives to them, with a substitute for its proxy.

They say what such a pod can do on a cluster, and nothing about Linkerd. Those whose ids end in
`-classic` are about the same pods with the proxy as a regular container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.meshes import (
    assert_gates,
    assert_gone_before,
    assert_init_network,
    assert_job_completes,
    assert_job_goes_on,
    assert_no_init_network,
    assert_outlives,
)
from conformance.requirements import CONTROLLED, OBSERVED, SHOULD, requirement
from conformance.sources import SIDECARS
from fixtures.evidence.capabilities import Capability

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Timeline

PROXY = "linkerd-proxy"
"""The container that has the name of Linkerd's proxy."""

SCENARIO = "mesh-linkerd-substitute"
NEEDS = (Capability.LINKERD_SUBSTITUTE, Capability.SIDECARS, Capability.SERVICE_NETWORK)


@requirement(
    "mesh.linkerd-substitute.starts-first",
    SHOULD,
    since="1.29",
    scenario=SCENARIO,
    source=SIDECARS,
    needs=NEEDS,
)
def test_starts_first(timeline: Timeline) -> None:
    """No container of the pod's own runs before the startup probe of the proxy has passed."""
    assert_gates(timeline, PROXY)


@requirement(
    "mesh.linkerd-substitute.init-network",
    SHOULD,
    since="1.29",
    scenario=SCENARIO,
    source=SIDECARS,
    needs=NEEDS,
)
def test_init_network(timeline: Timeline) -> None:
    """An init container gets an answer through the proxy, and so does the app."""
    assert_init_network(timeline)


@requirement(
    "mesh.linkerd-substitute.init-network-classic",
    OBSERVED,
    since="1.29",
    scenario=SCENARIO,
    source=SIDECARS,
    needs=NEEDS,
)
def test_init_network_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container, an init container has no way to a Service."""
    assert_no_init_network(timeline)


@requirement(
    "mesh.linkerd-substitute.outlives-app",
    SHOULD,
    since="1.29",
    scenario=SCENARIO,
    source=SIDECARS,
    needs=NEEDS,
)
def test_outlives_app(timeline: Timeline) -> None:
    """The proxy carries the last call of an app that is slow to stop, and then ends by itself."""
    assert_outlives(timeline, PROXY)


@requirement(
    "mesh.linkerd-substitute.outlives-app-classic",
    OBSERVED,
    since="1.29",
    scenario=SCENARIO,
    source=SIDECARS,
    needs=NEEDS,
)
def test_outlives_app_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container the last call of such an app is refused."""
    assert_gone_before(timeline)


@requirement(
    "mesh.linkerd-substitute.job-completes",
    SHOULD,
    by=CONTROLLED,
    since="1.29",
    scenario=SCENARIO,
    source=SIDECARS,
    needs=NEEDS,
)
def test_job_completes(timeline: Timeline) -> None:
    """A Job whose pod has the proxy as a native sidecar completes when its app is done."""
    assert_job_completes(timeline)


@requirement(
    "mesh.linkerd-substitute.job-completes-classic",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario=SCENARIO,
    source=SIDECARS,
    needs=NEEDS,
)
def test_job_completes_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container it keeps the Job from completing."""
    assert_job_goes_on(timeline, PROXY)
