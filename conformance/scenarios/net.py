"""Steps of scenarios. Network: sidecars behind Services, host ports and port-forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.stage.staging import Staging

SERVICE_NAME = "kubernetes.io/service-name"
"""The label by which an EndpointSlice names its Service."""
HOST_PORTS = ("30923", "30924")
"""The host ports of the sidecar and of the main container."""
SIDECAR_PORT = 8080


@scenario("net-web", seconds=17)
def net_web(staging: Staging) -> None:
    """Ask by port-forward while the pod initialises, by Services later and until its end."""
    staging.until("proxy to be started", lambda: staging.status("proxy", "net-web").started)
    staging.until_running("early", "net-web")
    staging.forward(SIDECAR_PORT, "GET / HTTP/1.0\r\n\r\n", "net-web")
    staging.exec("proxy", "touch", "/shared/go", pod="net-web")
    staging.until_ready()
    services = {"number": "net-web-number", "name": "net-web-name"}
    aim(
        staging,
        "client",
        {
            target: f"http://{staging.read('Service', service).body['spec']['clusterIP']}/"
            for target, service in services.items()
        },
    )
    node = (staging.pod("net-web") or {})["status"]["hostIP"]
    aim(staging, "host-client", {port: f"http://{node}:{port}/" for port in HOST_PORTS})
    staging.until_said("client", "GOT number proxy", "net-web-client", seconds=30)

    staging.exec("proxy", "rm", "/shared/ready", pod="net-web")
    staging.until("the endpoint not to be ready", lambda: not served(staging, "net-web-number"))
    staging.exec("proxy", "touch", "/shared/ready", pod="net-web")
    staging.until("the endpoint to be ready again", lambda: served(staging, "net-web-number"))
    staging.until_ready("net-web")
    staging.delete("net-web")
    staging.until_gone("net-web")


def aim(staging: Staging, client: str, targets: Mapping[str, str]) -> None:
    """Tell a client what to ask for, again and again: URLs by name."""
    lines = "\n".join(f"{name} {url}" for name, url in targets.items())
    staging.exec(client, "sh", "-c", f"echo '{lines}' > /tmp/targets", pod="net-web-client")


def served(staging: Staging, service: str) -> bool:
    """Tell whether a Service has an endpoint that is ready, with a port."""
    return any(
        thing["metadata"]["labels"].get(SERVICE_NAME) == service
        and thing.get("ports")
        and any(point["conditions"].get("ready") for point in thing.get("endpoints") or [])
        for thing in staging.objects("EndpointSlice")
    )
