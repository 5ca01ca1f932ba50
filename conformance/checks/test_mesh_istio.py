"""Istio: what its proxy can do for a pod as a native sidecar, and what it could not do before.

No requirement is about Kubernetes alone: they say whether Istio works on a cluster. Those whose ids
end in `-classic` are about the same pods with the proxy as a regular container.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.checks.bounds import assert_prompt
from conformance.checks.forms import assert_held_up, pod_of
from conformance.checks.meshes import assert_none_lost, assert_some_lost, form_of, text_after
from conformance.requirements import CONTROLLED, OBSERVED, SHOULD, requirement
from conformance.scenarios.mesh_istio import AUTO
from conformance.scenarios.pattern import CLASSIC, NATIVE
from conformance.sources import SIDECARS
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.objects import Object
    from fixtures.evidence.pods import Pod
    from fixtures.evidence.timeline import Timeline

    Json = Mapping[str, Any]

PROXY = "istio-proxy"
"""The container that Istio's webhook puts into pods."""

NEEDS = (Capability.ISTIO, Capability.SIDECARS, Capability.SERVICE_NETWORK)
ISTIO = "https://istio.io/latest"
NATIVE_SIDECARS = "https://istio.io/latest/blog/2023/native-sidecars/"
PEER_AUTHENTICATION = f"{ISTIO}/docs/reference/config/security/peer_authentication/"
ANNOTATIONS = f"{ISTIO}/docs/reference/config/annotations/"

AUTO_SINCE = 33
"""The minor of all kubelets from which on Istio makes its proxy a native sidecar by itself.

Source: DetectNativeSidecar in pkg/kube/inject/webhook.go of Istio 1.27 and newer.
"""

REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The id that a proxy gives to a request."""


def names(spec: Json, part: str) -> list[str]:
    """Return the names of the containers in one list of a spec."""
    return [one["name"] for one in spec.get(part) or []]


@requirement(
    "mesh.istio.injected",
    SHOULD,
    since="1.29",
    scenario="mesh-istio-calls",
    source=(NATIVE_SIDECARS, ANNOTATIONS),
    needs=NEEDS,
)
def test_injected(timeline: Timeline) -> None:
    """The proxy that Istio's webhook injects is a native sidecar, before all init containers."""
    spec = timeline.created("mesh-istio-calls-native")["spec"]
    assert form_of(spec, PROXY) == NATIVE
    listed = names(spec, "initContainers")
    assert listed.index(PROXY) < listed.index("init"), f"the init containers are {listed}"
    assert names(spec, "containers") == ["app"]


@requirement(
    "mesh.istio.injected-classic",
    OBSERVED,
    since="1.29",
    scenario="mesh-istio-calls",
    source=ANNOTATIONS,
    needs=NEEDS,
)
def test_injected_classic(timeline: Timeline) -> None:
    """With the annotation for it the proxy is a regular container, started after all init ones."""
    spec = timeline.created("mesh-istio-calls-classic")["spec"]
    assert form_of(spec, PROXY) == CLASSIC
    assert PROXY not in names(spec, "initContainers")


@requirement(
    "mesh.istio.form-by-kubelet",
    OBSERVED,
    since="1.29",
    scenario="mesh-istio-calls",
    source="https://github.com/istio/istio/blob/master/pkg/kube/inject/webhook.go",
    needs=NEEDS,
)
def test_form_by_kubelet(timeline: Timeline) -> None:
    """Without an annotation the proxy is a native sidecar where all kubelets are 1.33 or newer.

    They have them since 1.29: there the annotation has to ask for it.
    """
    created = timeline.creation(AUTO)
    assert created.accepted, created.message
    kubelets = timeline.components.kubelets.values()
    oldest = min((one.minor for one in kubelets), default=timeline.recording.header.minor)
    expected = NATIVE if oldest >= AUTO_SINCE else CLASSIC
    assert form_of(created.body["spec"], PROXY) == expected, f"the oldest kubelet is 1.{oldest}"


@requirement(
    "mesh.istio.starts-first",
    SHOULD,
    since="1.29",
    scenario="mesh-istio-calls",
    source=(NATIVE_SIDECARS, SIDECARS),
    needs=NEEDS,
)
def test_starts_first(timeline: Timeline) -> None:
    """The proxy has started up before the pod's own init container and its app are started."""
    pod = pod_of(timeline, NATIVE)
    seen = False
    for version in pod.versions:
        for name in ("init", "app"):
            if version.container(name).running or version.container(name).terminated:
                seen = True
                state = version.container(PROXY)
                assert state.started or state.terminated, f"{name} ran before {PROXY} had started"
    if not seen:
        raise InconclusiveError("no state of the pod shows its own containers")
    assert pod[PROXY].started < pod["app"].said("START")


@requirement(
    "mesh.istio.init-network",
    SHOULD,
    since="1.29",
    scenario="mesh-istio-calls",
    source=(NATIVE_SIDECARS, SIDECARS),
    needs=NEEDS,
)
def test_init_network(timeline: Timeline) -> None:
    """An init container calls a server of the mesh, and the app gets its first call through."""
    pod = pod_of(timeline, NATIVE)
    told = text_after(pod["init"], "INIT")
    assert told != "refused", "the call of the init container was refused"
    missed = len(pod["app"].all_said("MISSED"))
    assert not missed, f"{missed} calls of the app were refused before one was answered"


@requirement(
    "mesh.istio.init-network-classic",
    OBSERVED,
    since="1.29",
    scenario="mesh-istio-calls",
    source=NATIVE_SIDECARS,
    needs=NEEDS,
)
def test_init_network_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container, an init container has no way into the mesh."""
    assert text_after(pod_of(timeline, CLASSIC)["init"], "INIT") == "refused"


@requirement(
    "mesh.istio.mutual-tls",
    SHOULD,
    since="1.29",
    scenario="mesh-istio-calls",
    source=PEER_AUTHENTICATION,
    needs=NEEDS,
)
def test_mutual_tls(timeline: Timeline) -> None:
    """A server is told the identity of its caller's service account, and a plain call is refused.

    The pod without a proxy reaches the same Service at a port that the proxy leaves open.
    """
    pod = pod_of(timeline, NATIVE)
    namespace = pod.last.raw["metadata"]["namespace"]
    identity = f"URI=spiffe://cluster.local/ns/{namespace}/sa/default"
    for container, word in (("init", "INIT"), ("app", "FIRST")):
        told = text_after(pod[container], word)
        assert identity in told.split(";"), f"the server saw {told!r}, not {identity}"
    plain = pod_of(timeline, "plain")["app"]
    assert plain.said("HEALTH answer")
    assert text_after(plain, "CALL") == "refused", "a call without mutual TLS was answered"


@requirement(
    "mesh.istio.outlives-app",
    SHOULD,
    since="1.29",
    scenario="mesh-istio-calls",
    source=(NATIVE_SIDECARS, SIDECARS),
    needs=NEEDS,
)
def test_outlives_app(timeline: Timeline) -> None:
    """The proxy carries the last call of an app that takes its time to stop, and then ends.

    It has drained by then, and exits with code 0.
    """
    pod = pod_of(timeline, NATIVE)
    app, proxy = pod["app"], pod[PROXY]
    told = text_after(app, "LAST")
    assert_prompt(timeline, told != "refused", "the last call was refused", room=1.0)
    assert app.said("LAST") < proxy.finished
    assert proxy.last.exit_code == 0
    assert proxy.restarts == 0


@requirement(
    "mesh.istio.outlives-app-classic",
    OBSERVED,
    since="1.29",
    scenario="mesh-istio-calls",
    source=NATIVE_SIDECARS,
    needs=NEEDS,
)
def test_outlives_app_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container it ends before such an app, which calls in vain."""
    pod = pod_of(timeline, CLASSIC)
    assert text_after(pod["app"], "LAST") == "refused"
    assert pod[PROXY].finished < pod["app"].said("EXIT")


@requirement(
    "mesh.istio.restricted",
    SHOULD,
    since="1.29",
    scenario="mesh-istio-restricted",
    source=ANNOTATIONS,
    needs=(*NEEDS, Capability.RESTRICTED_NAMESPACE),
)
def test_restricted(timeline: Timeline) -> None:
    """Where nothing redirects traffic, a pod with the proxy keeps to Pod Security level restricted.

    The proxy is a native sidecar all the same, and carries the call that its app gives it.
    """
    spec = timeline.created("mesh-istio-restricted-client")["spec"]
    assert form_of(spec, PROXY) == NATIVE
    assert names(spec, "initContainers") == [PROXY]
    told = text_after(timeline.pod_named("mesh-istio-restricted-client")["app"], "CALL")
    assert REQUEST_ID.fullmatch(told), f"the server saw no id of a proxy: {told!r}"
    assert timeline.pod_named("mesh-istio-restricted-client").phase == "Succeeded"


def job_of(timeline: Timeline, form: str) -> tuple[Object, Pod]:
    """Return the Job of a form, and its only pod."""
    name = f"mesh-istio-job-{form}"
    pods = [pod for pod in timeline.pods if pod.name.startswith(f"{name}-")]
    assert len(pods) == 1, f"{name} had {len(pods)} pods"
    return timeline.object("Job", name), pods[0]


@requirement(
    "mesh.istio.job-completes",
    SHOULD,
    by=CONTROLLED,
    since="1.29",
    scenario="mesh-istio-job",
    source=(NATIVE_SIDECARS, SIDECARS),
    needs=NEEDS,
)
def test_job_completes(timeline: Timeline) -> None:
    """A Job whose pod has the proxy as a native sidecar succeeds when its app is done."""
    job, pod = job_of(timeline, NATIVE)
    assert pod[PROXY].kind == "sidecar"
    assert pod["app"].said("DONE")
    status = job.last.status
    assert status.get("succeeded") == 1, f"the Job's status is {status}"
    assert not status.get("failed"), f"the Job's status is {status}"


@requirement(
    "mesh.istio.job-completes-classic",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="mesh-istio-job",
    source=NATIVE_SIDECARS,
    needs=NEEDS,
)
def test_job_completes_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container it keeps the Job from completing."""
    _, pod = job_of(timeline, CLASSIC)
    assert_held_up(timeline, pod["app"], pod[PROXY])


@requirement(
    "mesh.istio.rollout",
    SHOULD,
    by=CONTROLLED,
    since="1.29",
    scenario="mesh-istio-rollout",
    source=(NATIVE_SIDECARS, SIDECARS),
    needs=NEEDS,
)
def test_rollout(timeline: Timeline) -> None:
    """Of 300 requests a second for a minute none is lost while a server is rolled out twice.

    The server answers until it has ended, and the proxy as a native sidecar outlives it.
    """
    assert_none_lost(timeline, PROXY)


@requirement(
    "mesh.istio.rollout-classic",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="mesh-istio-rollout",
    source=NATIVE_SIDECARS,
    needs=NEEDS,
)
def test_rollout_classic(timeline: Timeline) -> None:
    """Where the proxy is a regular container it ends before the server, and requests are lost."""
    assert_some_lost(timeline, PROXY)
