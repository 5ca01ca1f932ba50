"""Steps of scenarios. Network: sidecars behind Services, host ports and port-forward."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from typing import TYPE_CHECKING

from fixtures.evidence.capabilities import Capability
from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.namespaces import PRIVILEGED
from fixtures.patience import ANSWER
from fixtures.stage.scenario import scenario
from fixtures.stage.waits import WaitedInVainError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fixtures.stage.staging import Staging

IPV6 = 6
SERVICE_NAME = "kubernetes.io/service-name"
"""The label by which an EndpointSlice names its Service."""
HOST_PORTS = ("23923", "23924")
"""The host ports of the sidecar and of the main container."""
HEADLESS = "net-web-headless"
UNREADY = "net-web-unready"
"""The Service that publishes pods which are not ready."""
PUBLISHED = ANSWER.seconds
"""In seconds: for how long that is waited for."""
HOST_TRIES = 3
"""How often the sidecar's host port is asked for."""
SIDECAR_PORT = 8080


@scenario("net-web", seconds=17)
def net_web(staging: Staging) -> None:
    """Ask by port-forward while the pod initialises, by Services later and until its end.

    One Service is to publish the pod while it initialises.
    """
    staging.until("proxy to be started", lambda: staging.status("proxy", "net-web").started)
    staging.until_running("early", "net-web")
    with suppress(WaitedInVainError):
        staging.until("the pod to be published", lambda: served(staging, UNREADY), ANSWER)
    if staging.has(Capability.PORT_FORWARD):
        staging.forward(SIDECAR_PORT, "GET / HTTP/1.0\r\n\r\n", "net-web")
    staging.exec("proxy", "touch", "/shared/go", pod="net-web")
    staging.until_ready()
    until_served(staging, "ready", lambda service: served(staging, service))
    services = {"number": "net-web-number", "name": "net-web-name"}
    aim(
        staging,
        "net-web-client",
        {
            target: url(staging.read("Service", service).body["spec"]["clusterIP"])
            for target, service in services.items()
        },
    )
    staging.until_said("client", "GOT number proxy", "net-web-client", patience=ANSWER)

    staging.exec("proxy", "rm", "/shared/proxy/ready", pod="net-web")
    until_served(staging, "not ready", lambda service: not served(staging, service))
    staging.exec("proxy", "touch", "/shared/proxy/ready", pod="net-web")
    until_served(staging, "ready again", lambda service: served(staging, service))
    staging.until_ready("net-web")
    if staging.has(Capability.ENDPOINTS):
        for service in services.values():
            path = path_of("Endpoints", staging.namespace, service)
            staging.get(path, "endpoints", may_fail=True)
    staging.delete("net-web")
    staging.until_said("app", "TERM", pod="net-web")
    with suppress(WaitedInVainError):
        staging.until(
            "the endpoints to be terminating",
            lambda: all(terminating(staging, service) for service in ("net-web-number", UNREADY)),
            ANSWER,
        )
    # Not through app: some runtimes let nobody into a container that is being stopped.
    staging.exec("proxy", "touch", "/shared/end", pod="net-web", may_fail=True)
    staging.until_gone("net-web")


@scenario("net-hostport", seconds=12, level=PRIVILEGED)
def net_hostport(staging: Staging) -> None:
    """Ask for both ports of the node, and some more times for what nobody may serve."""
    staging.until_ready()
    node = (staging.pod("net-hostport") or {})["status"]["hostIP"]
    sidecar, regular = HOST_PORTS
    aim(staging, "net-hostport-client", {port: url(node, port) for port in HOST_PORTS})
    staging.until_said("client", f"GOT {regular}", "net-hostport-client", patience=ANSWER)
    staging.until(
        f"port {sidecar} to be asked for {HOST_TRIES} times",
        lambda: answers(staging, sidecar) >= HOST_TRIES,
    )


def answers(staging: Staging, port: str) -> int:
    """Return how often the client has told what it got from a port of the node."""
    lines = staging.sight.lines("net-hostport-client", "client")
    return sum(line.startswith(f"GOT {port} ") for line in lines)


def url(address: str, port: str = "") -> str:
    """Return the URL of the root of a server; an IPv6 address stands in brackets."""
    host = f"[{address}]" if ipaddress.ip_address(address).version == IPV6 else address
    return f"http://{host}:{port}/" if port else f"http://{host}/"


def aim(staging: Staging, pod: str, targets: Mapping[str, str]) -> None:
    """Tell the client in a pod what to ask for, again and again: URLs by name."""
    lines = "\n".join(f"{name} {url}" for name, url in targets.items())
    staging.exec("client", "sh", "-c", f"echo '{lines}' > /shared/targets", pod=pod)


def until_served(staging: Staging, how: str, met: Callable[[str], bool]) -> None:
    """Wait until it holds for the Services whose endpoints follow the readiness of the sidecar.

    Their controller tells of the newest state only, and of each Service when it comes to it.
    """
    staging.until(f"the endpoints to be {how}", lambda: all(map(met, ("net-web-number", HEADLESS))))


def served(staging: Staging, service: str) -> bool:
    """Tell whether a Service has an endpoint that is ready, with a port."""
    return has_endpoint(staging, service, "ready")


def terminating(staging: Staging, service: str) -> bool:
    """Tell whether a Service has an endpoint whose pod is being stopped."""
    return has_endpoint(staging, service, "terminating")


def has_endpoint(staging: Staging, service: str, condition: str) -> bool:
    """Tell whether a Service has an endpoint of which a condition is true, with a port."""
    return any(
        thing["metadata"]["labels"].get(SERVICE_NAME) == service
        and thing.get("ports")
        and any(point["conditions"].get(condition) for point in thing.get("endpoints") or [])
        for thing in staging.objects("EndpointSlice")
    )
