"""Network: sidecars behind Services, host ports and port-forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures.moments import InconclusiveError
from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fixtures.moments import Moment
    from fixtures.stage.run import Run
    from fixtures.timeline import Timeline

    Json = Mapping[str, Any]

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"
INIT = "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/"
KEP = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers"

SERVICE_NAME = "kubernetes.io/service-name"
HOST_PORTS = ("30923", "30924")
"""Of the sidecar and of the main container."""
SIDECAR_PORT = 8080
MAIN_PORT = 8082
NAMED_SINCE = 33
"""The minor from which on Services look for port names at sidecars."""


@scenario("net-web", seconds=17)
def net_web(run: Run) -> None:
    """Ask by port-forward while the pod initialises, by Services later and until its end."""
    run.until("proxy to be started", lambda: run.status("proxy", "net-web").get("started"))
    run.until_running("early", "net-web")
    run.forward(SIDECAR_PORT, "GET / HTTP/1.0\r\n\r\n", "net-web")
    run.exec("proxy", "touch", "/shared/go", pod="net-web")
    run.until_ready()
    services = {"number": "net-web-number", "name": "net-web-name"}
    aim(
        run,
        "client",
        {
            target: f"http://{run.read('Service', service).body['spec']['clusterIP']}/"
            for target, service in services.items()
        },
    )
    node = (run.pod("net-web") or {})["status"]["hostIP"]
    aim(run, "host-client", {port: f"http://{node}:{port}/" for port in HOST_PORTS})
    run.until_said("client", "GOT number proxy", "net-web-client", seconds=30)

    run.exec("proxy", "rm", "/shared/ready", pod="net-web")
    run.until("the endpoint not to be ready", lambda: not served(run, "net-web-number"))
    run.exec("proxy", "touch", "/shared/ready", pod="net-web")
    run.until("the endpoint to be ready again", lambda: served(run, "net-web-number"))
    run.until_ready("net-web")
    run.delete("net-web")
    run.until_gone("net-web")


def aim(run: Run, client: str, targets: Mapping[str, str]) -> None:
    """Tell a client what to ask for, again and again: URLs by name."""
    lines = "\n".join(f"{name} {url}" for name, url in targets.items())
    run.exec(client, "sh", "-c", f"echo '{lines}' > /tmp/targets", pod="net-web-client")


def served(run: Run, service: str) -> bool:
    """Tell whether a Service has an endpoint that is ready, with a port."""
    return any(
        thing["metadata"]["labels"].get(SERVICE_NAME) == service
        and thing.get("ports")
        and any(point["conditions"].get("ready") for point in thing.get("endpoints") or [])
        for thing in run.objects("EndpointSlice")
    )


def slices(timeline: Timeline, service: str) -> Sequence[Json]:
    """Return all versions of the EndpointSlices of a Service, those of its address kinds alike."""
    return [
        thing
        for versions in timeline.objects("EndpointSlice")
        for _, kind, thing in versions
        if thing["metadata"]["labels"].get(SERVICE_NAME) == service and kind != "DELETED"
    ]


def ports(timeline: Timeline, service: str) -> set[int]:
    """Return the port numbers at which a Service was ever served."""
    return {
        port["port"]
        for thing in slices(timeline, service)
        if thing.get("endpoints")
        for port in thing.get("ports") or []
    }


def leads_to(timeline: Timeline, service: str, port: int) -> None:
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
    pod["app"].said("LOCAL proxy")
    address = pod.object["status"]["podIP"]
    for name in ("proxy", "app"):
        pod[name].said(f"ADDRESS {address}")


@requirement("net.service-numeric", MUST, since="1.29", scenario="net-web", source=(SIDECARS, KEP))
def test_service_numeric(timeline: Timeline) -> None:
    """A Service with a numeric targetPort reaches the sidecar that listens there."""
    leads_to(timeline, "net-web-number", SIDECAR_PORT)
    timeline.pod_named("net-web-client")["client"].said("GOT number proxy")


@requirement(
    "net.service-named",
    MUST,
    since="1.33",
    scenario="net-web",
    source="https://github.com/kubernetes/kubernetes/pull/128850",
)
def test_service_named(timeline: Timeline) -> None:
    """A Service whose targetPort is a port name of a sidecar reaches that sidecar."""
    leads_to(timeline, "net-web-name", SIDECAR_PORT)
    timeline.pod_named("net-web-client")["client"].said("GOT name proxy")


@requirement("net.plain-init-port-not-used", MUST, since="1.29", scenario="net-web", source=INIT)
def test_plain_init_port_not_used(timeline: Timeline) -> None:
    """A port name of a plain init container is never the target of a Service."""
    assert ports(timeline, "net-web-number") == {SIDECAR_PORT}, "the pod was no endpoint at all"
    assert slices(timeline, "net-web-early"), "the Service has no EndpointSlice"
    found = ports(timeline, "net-web-early")
    assert found == set(), f"the Service was served at {found}"


@requirement(
    "net.named-port-precedence",
    OBSERVED,
    since="1.33",
    scenario="net-web",
    source="kubernetes/kubernetes pkg/api/v1/pod/util.go FindPort",
)
def test_named_port_precedence(timeline: Timeline) -> None:
    """Where a sidecar and a regular container share a port name, the regular container's counts."""
    leads_to(timeline, "net-web-both", MAIN_PORT)


@requirement("net.endpoint-follows-readiness", SHOULD, since="1.29", scenario="net-web", source=KEP)
def test_endpoint_follows_readiness(timeline: Timeline) -> None:
    """A pod's endpoint is ready only while its sidecar is, and is ready again when it is again."""
    found = readiness(timeline, "net-web-number", "net-web")
    assert found[-3:] == [True, False, True], f"the endpoint was ready: {found}"


@requirement("net.traffic-while-terminating", SHOULD, since="1.29", scenario="net-web", source=KEP)
def test_traffic_while_terminating(timeline: Timeline) -> None:
    """A Service is still answered by the sidecar while the main container terminates."""
    pod, client = timeline.pod_named("net-web"), timeline.pod_named("net-web-client")["client"]
    begin, end = pod["app"].said("TERM"), pod["proxy"].said("TERM")
    assert end - begin >= 4, "the main container was not given its time"
    answered = 0
    for line in client.last.lines:
        if line.text.startswith("GOT number proxy"):
            number = line.text.split()[-1]
            asked, got = client.said(f"ASK number {number}"), client.said(f"{line.text}")
            answered += certainly(begin, asked) and certainly(got, end)
    assert answered, "no request was answered between SIGTERM to app and SIGTERM to proxy"


def certainly(first: Moment, second: Moment) -> bool:
    """Tell whether one moment came first beyond doubt: of many requests some are at the edge."""
    try:
        return first < second
    except InconclusiveError:
        return False


@requirement(
    "net.hostport-works",
    OBSERVED,
    since="1.29",
    scenario="net-web",
    source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_sandbox.go",
)
def test_hostport_works(timeline: Timeline) -> None:
    """The node forwards hostPorts of regular containers, but not those of sidecars."""
    client = timeline.pod_named("net-web-client")["host-client"]
    sidecar, regular = HOST_PORTS
    if not client.ever_said(f"GOT {regular} app"):
        pytest.skip("this cluster does not forward host ports at all")
    assert not client.ever_said(f"GOT {sidecar} proxy"), "the sidecar's host port was forwarded"
    client.said(f"GOT {sidecar} nothing")


@requirement(
    "net.port-forward",
    OBSERVED,
    since="1.29",
    scenario="net-web",
    source="https://kubernetes.io/docs/tasks/access-application-cluster/"
    "port-forward-access-application-cluster/",
)
def test_port_forward(timeline: Timeline) -> None:
    """Port-forward reaches a sidecar while the pod is still initialising."""
    asked = timeline.action("forward", port=SIDECAR_PORT)
    answer = str(asked.answer["output"])
    assert answer.splitlines()[-1:] == ["proxy"], f"port-forward brought {asked.answer}"
    pod = timeline.pod_named("net-web")
    running = pod.history(lambda p: p["status"].get("phase") == "Running", "running")
    assert not running[0].value
    assert asked.moment < running[1].moment
