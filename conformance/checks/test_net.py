"""Network: sidecars behind Services, host ports and port-forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.checks.bounds import assert_prompt
from conformance.checks.orders import shown
from conformance.requirements import CONTROLLED, MUST, OBSERVED, SHOULD, requirement
from conformance.scenarios.net import (
    HEADLESS,
    HOST_PORTS,
    PUBLISHED,
    SERVICE_NAME,
    SIDECAR_PORT,
    UNREADY,
)
from conformance.sources import (
    DOCS,
    INIT_CONTAINERS,
    KEP_SIDECARS,
    POD_REFERENCE,
    POD_TERMINATION,
    SIDECARS,
    pull,
    upstream,
)
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.errors import NotDoneError
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fixtures.evidence.moments import Moment
    from fixtures.evidence.timeline import Timeline
    from fixtures.evidence.version import Version

    Json = Mapping[str, Any]

PORT_FORWARD = f"{DOCS}/tasks/access-application-cluster/port-forward-access-application-cluster/"
SERVICES = f"{DOCS}/concepts/services-networking/service/"
MAIN_PORT = 8082


def slices(timeline: Timeline, service: str) -> Sequence[Json]:
    """Return all versions of the EndpointSlices of a Service, of either address family."""
    return [
        version.raw
        for one in timeline.objects("EndpointSlice")
        for version in one.versions
        if version.raw["metadata"]["labels"].get(SERVICE_NAME) == service
        and version.event != "DELETED"
    ]


def ports(timeline: Timeline, service: str) -> set[int]:
    """Return the port numbers at which a Service was ever served."""
    return {
        port["port"]
        for thing in slices(timeline, service)
        if thing.get("endpoints")
        for port in thing.get("ports") or []
    }


def endpoint_ports(timeline: Timeline, service: str) -> set[int]:
    """Return the port numbers in the Endpoints object of a Service, as the suite read it.

    Skips the check where the API server does not serve it.
    """
    found = [
        action
        for action in timeline.actions_named("endpoints")
        if action.arguments["path"].endswith(f"/{service}")
    ]
    if not found:
        raise NotDoneError(f"the suite never read the Endpoints of {service}")
    if not found[0].accepted:
        pytest.skip(f"the Endpoints of {service} were answered {found[0].message}")
    subsets = found[0].body.get("subsets") or []
    return {port["port"] for subset in subsets for port in subset.get("ports") or []}


def assert_leads_to(timeline: Timeline, service: str, port: int) -> None:
    """Assert that a Service was served at this port and no other."""
    found = ports(timeline, service)
    assert found == {port}, f"{service} leads to ports {found or 'none'}, not to {port}"


def readiness(timeline: Timeline, service: str, pod: str) -> list[bool]:
    """Return the successive values of `ready` of the endpoint that a pod is, until it ends."""
    found: list[bool] = []
    for thing in slices(timeline, service):
        for point in thing.get("endpoints") or []:
            conditions = point["conditions"]
            ready = bool(conditions.get("ready"))
            ends = bool(conditions.get("terminating"))
            if point["targetRef"]["name"] == pod and not ends and found[-1:] != [ready]:
                found.append(ready)
    return found


@requirement("net.shared-localhost", MUST, since="1.29", scenario="net-web", source=SIDECARS)
def test_shared_localhost(timeline: Timeline) -> None:
    """Sidecars and regular containers share localhost and the pod's address."""
    pod = timeline.pod_named("net-web")
    assert pod["app"].said("LOCAL proxy")
    address = pod.last.status["podIP"]
    for name in ("proxy", "app"):
        assert pod[name].said(f"ADDRESS {address}")


@requirement(
    "net.service-numeric",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=(SIDECARS, KEP_SIDECARS),
    needs=(Capability.SIDECARS, Capability.SERVICE_NETWORK),
)
def test_service_numeric(timeline: Timeline) -> None:
    """A Service with a numeric targetPort reaches the sidecar that listens there."""
    assert_leads_to(timeline, "net-web-number", SIDECAR_PORT)
    assert timeline.pod_named("net-web-client")["client"].said("GOT number proxy")


@requirement(
    "net.service-named",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=(f"{SERVICES}#field-spec-ports", KEP_SIDECARS, pull(128850)),
    needs=(Capability.SIDECARS, Capability.SERVICE_NETWORK),
)
def test_service_named(timeline: Timeline) -> None:
    """A Service whose targetPort is a port name of a sidecar reaches that sidecar."""
    assert_leads_to(timeline, "net-web-name", SIDECAR_PORT)
    assert timeline.pod_named("net-web-client")["client"].said("GOT name proxy")


@requirement(
    "net.endpoints-named",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=(f"{SERVICES}#field-spec-ports", pull(127976)),
    needs=(Capability.SIDECARS, Capability.SERVICE_NETWORK, Capability.ENDPOINTS),
)
def test_endpoints_named(timeline: Timeline) -> None:
    """The Endpoints object of a Service leads to a sidecar's port by its name as by its number."""
    by_number = endpoint_ports(timeline, "net-web-number")
    if by_number != {SIDECAR_PORT}:
        raise InconclusiveError(f"the Endpoints of a port by number are {by_number or 'none'}")
    found = endpoint_ports(timeline, "net-web-name")
    assert found == {SIDECAR_PORT}, f"the Endpoints of a port by name are {found or 'none'}"


@requirement(
    "net.service-protocol",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=upstream("staging/src/k8s.io/endpointslice/utils.go FindPort"),
    needs=(Capability.SIDECARS, Capability.SERVICE_NETWORK),
)
def test_service_protocol(timeline: Timeline) -> None:
    """The name of a sidecar's port means that port only to a Service of the same protocol."""
    assert timeline.created("net-web-talk")
    assert timeline.created("net-web-mute")
    assert_leads_to(timeline, "net-web-talk", SIDECAR_PORT)
    found = ports(timeline, "net-web-mute")
    assert not found, f"a Service for UDP leads to a port for TCP: {found}"


@requirement(
    "net.plain-init-port-not-used",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=INIT_CONTAINERS,
)
def test_plain_init_port_not_used(timeline: Timeline) -> None:
    """A port name of a plain init container is never the target of a Service."""
    assert ports(timeline, "net-web-number") == {SIDECAR_PORT}, "the pod was no endpoint at all"
    assert slices(timeline, "net-web-early"), "the Service has no EndpointSlice"
    found = ports(timeline, "net-web-early")
    assert found == set(), f"the Service was served at {found}"


@requirement(
    "net.named-port-precedence",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=upstream("pkg/api/v1/pod/util.go FindPort"),
)
def test_named_port_precedence(timeline: Timeline) -> None:
    """Where a sidecar and a regular container share a port name, the regular container's counts."""
    assert_leads_to(timeline, "net-web-both", MAIN_PORT)


@requirement(
    "net.endpoint-follows-readiness",
    SHOULD,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=KEP_SIDECARS,
    needs=(Capability.SIDECARS, Capability.SERVICE_NETWORK),
)
def test_endpoint_follows_readiness(timeline: Timeline) -> None:
    """A pod's endpoint is ready only while its sidecar is, and is ready again when it is again."""
    found = readiness(timeline, "net-web-number", "net-web")
    assert found[-3:] == [True, False, True], f"the endpoint was ready: {found}"


@requirement(
    "net.headless",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=(f"{SERVICES}#headless-services", KEP_SIDECARS),
)
def test_headless(timeline: Timeline) -> None:
    """A headless Service leads to a sidecar's port while the pod is ready."""
    assert_leads_to(timeline, HEADLESS, SIDECAR_PORT)
    found = readiness(timeline, HEADLESS, "net-web")
    assert found[-3:] == [True, False, True], f"the endpoint was ready: {found}"


@requirement(
    "net.unready-published",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=f"{DOCS}/reference/kubernetes-api/service-resources/service-v1/",
)
def test_unready_published(timeline: Timeline) -> None:
    """A Service that publishes unready pods has them while their sidecars start, run and stop.

    It leads to a sidecar's port even before the pod is initialised.
    """
    assert_leads_to(timeline, UNREADY, SIDECAR_PORT)
    initialised = timeline.action("exec", name="net-web", argv=["touch", "/shared/go"])
    (published, *_) = [
        shown(one, version, "published")
        for one in timeline.objects("EndpointSlice")
        for version in one.versions
        if one.last.raw["metadata"]["labels"].get(SERVICE_NAME) == UNREADY
        and version.raw.get("endpoints")
    ]
    early = published < initialised.begun
    message = "the pod was not published before it was initialised"
    assert_prompt(timeline, early, message, room=PUBLISHED)
    points = [one for thing in slices(timeline, UNREADY) for one in thing.get("endpoints") or []]
    told = [one["conditions"].get("ready") for one in points]
    assert all(told), f"the endpoint was ready: {told}"
    stopping = any(one["conditions"].get("terminating") for one in points)
    assert_prompt(timeline, stopping, "the pod was not published while it stopped", room=4)


@requirement(
    "net.serving-while-terminating",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=f"{POD_TERMINATION}-flow",
    needs=(Capability.SIDECARS, Capability.UNCHANGED_GRACE),
)
def test_serving_while_terminating(timeline: Timeline) -> None:
    """The endpoint of a pod that stops is not ready, and serves as long as its sidecar is ready."""
    stopped = timeline.pod_named("net-web")["app"].said("EXIT")
    ending = [
        seen
        for one in timeline.objects("EndpointSlice")
        if one.last.raw["metadata"]["labels"].get(SERVICE_NAME) == "net-web-number"
        for seen in one.history(terminating, "terminating endpoints")
        if seen.value
    ]
    assert ending, "the endpoint was never terminating"
    told = [seen.value for seen in ending]
    assert not any(ready for one in told for ready, _ in one), f"(ready, serving) was {told}"
    early = [seen.value for seen in ending if before(seen.moment, stopped)]
    serves = early and all(serving for one in early for _, serving in one)
    assert_prompt(timeline, serves, f"while app stopped (ready, serving) was {early}", room=4)


def terminating(version: Version) -> list[tuple[bool, bool]]:
    """Return whether each endpoint of a slice that terminates is ready, and whether it serves."""
    conditions = [point["conditions"] for point in version.raw.get("endpoints") or []]
    return [(one["ready"], one["serving"]) for one in conditions if one.get("terminating")]


@requirement(
    "net.traffic-while-terminating",
    SHOULD,
    by=CONTROLLED,
    since="1.29",
    scenario="net-web",
    source=KEP_SIDECARS,
    needs=(Capability.SIDECARS, Capability.UNCHANGED_GRACE, Capability.SERVICE_NETWORK),
)
def test_traffic_while_terminating(timeline: Timeline) -> None:
    """A Service is still answered by the sidecar while the main container terminates."""
    pod, client = timeline.pod_named("net-web"), timeline.pod_named("net-web-client")["client"]
    begin, end = pod["app"].said("TERM"), pod["proxy"].said("TERM")
    assert end - begin >= 4, "the main container was not given its time"
    answers = []
    for line in client.last.lines:
        if line.text.startswith("GOT number proxy"):
            number = line.text.split()[-1]
            asked, got = client.said(f"ASK number {number}"), client.said(line.text)
            answers.append(both(before(begin, asked), before(got, end)))
    what = "request was answered between SIGTERM to app and SIGTERM to proxy"
    if None in answers and True not in answers:
        raise InconclusiveError(f"the evidence does not tell whether a {what}")
    assert_prompt(timeline, True in answers, f"no {what}", room=4)


def before(first: Moment, second: Moment) -> bool | None:
    """Tell whether one moment came first; None where that is open, as for requests at the edge."""
    try:
        return first < second
    except InconclusiveError:
        return None


def both(one: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001 - two answers
    """Return whether both hold; None where that is open."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


@requirement(
    "net.hostport-works",
    OBSERVED,
    since="1.29",
    scenario="net-hostport",
    source=POD_REFERENCE,
    needs=(Capability.SIDECARS, Capability.SERVICE_NETWORK, Capability.POD_NETWORK),
)
def test_hostport_works(timeline: Timeline) -> None:
    """The node forwards a hostPort of a sidecar as it does that of a regular container."""
    client = timeline.pod_named("net-hostport-client")["client"]
    sidecar, regular = HOST_PORTS
    if not client.ever_said(f"GOT {regular} app"):
        pytest.skip("this cluster does not forward host ports at all")
    assert client.ever_said(f"GOT {sidecar} proxy"), "the sidecar's host port was not forwarded"


@requirement(
    "net.host-network",
    OBSERVED,
    since="1.29",
    scenario="net-hostport",
    source=(POD_REFERENCE, KEP_SIDECARS),
)
def test_host_network(timeline: Timeline) -> None:
    """In a pod with its node's network a sidecar is probed, and serves, at the node's address."""
    pod = timeline.pod_named("net-hostport-network")
    addresses = (pod.last.status.get("podIP"), pod.last.status.get("hostIP"))
    assert addresses[0] == addresses[1], f"address of the pod and of its node: {addresses}"
    assert pod["proxy"].said("UP") < pod["app"].said("START")
    assert pod["app"].said("LOCAL proxy")
    ready = [seen.value.status for seen in pod.conditions("Ready")]
    assert ready[-1:] == ["True"], f"Ready was {ready}"


@requirement(
    "net.port-forward",
    OBSERVED,
    since="1.29",
    scenario="net-web",
    source=PORT_FORWARD,
    needs=(Capability.SIDECARS, Capability.PORT_FORWARD),
)
def test_port_forward(timeline: Timeline) -> None:
    """Port-forward reaches a sidecar while the pod is still initialising."""
    asked = timeline.action("forward", port=SIDECAR_PORT)
    answer = str(asked.answer["output"])
    assert answer.splitlines()[-1:] == ["proxy"], f"port-forward brought {asked.answer}"
    pod = timeline.pod_named("net-web")
    running = pod.history(lambda version: version.phase == "Running", "running")
    assert not running[0].value
    assert asked.moment < running[1].moment
