"""Counter-examples to the checks of `conformance.checks.test_net`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.scenarios.net import HEADLESS, SERVICE_NAME, UNREADY
from fixtures.evidence.recording import ActionRecord, LogRecord, WatchRecord
from tests.kit.edits import Edit, counterexample, mended

if TYPE_CHECKING:
    from collections.abc import Iterator

    Json = dict[str, Any]


def slices(edit: Edit, service: str) -> Iterator[Json]:
    """Yield all versions of the EndpointSlices of a Service."""
    found = [
        thing
        for thing in edit.objects("EndpointSlice")
        if thing["metadata"]["labels"].get(SERVICE_NAME) == service
    ]
    assert found
    yield from found


def serve_at(edit: Edit, service: str, port: int | None) -> None:
    """Let a Service be served at this port of the pod only, or at none."""
    model = next(thing for thing in slices(edit, "net-web-number") if thing.get("endpoints"))
    for thing in slices(edit, service):
        thing["endpoints"] = model["endpoints"]
        thing["ports"] = [] if port is None else [{"name": "", "port": port, "protocol": "TCP"}]


@counterexample("net.shared-localhost", "nothing answers at localhost")
def no_localhost(edit: Edit) -> None:
    edit.rename_line("app", "LOCAL proxy", "LOCAL")


@counterexample("net.shared-localhost", "the sidecar has an address of its own")
def other_address(edit: Edit) -> None:
    edit.rename_line("proxy", "ADDRESS", "ADDRESS 10.9.8.7")


@counterexample("net.service-numeric", "the Service is never answered")
def unanswered(edit: Edit) -> None:
    edit.rename_line("client", "GOT number proxy", "GOT number nothing")


@counterexample("net.service-numeric", "the Service has no port")
def no_port(edit: Edit) -> None:
    serve_at(edit, "net-web-number", None)


@counterexample("net.service-named", "port names of sidecars are not looked up")
def name_not_found(edit: Edit) -> None:
    serve_at(edit, "net-web-name", None)


@counterexample("net.service-named", "the endpoint is right and nothing answers")
def name_unanswered(edit: Edit) -> None:
    edit.rename_line("client", "GOT name proxy", "GOT name nothing")


@counterexample("net.service-protocol", "the sidecar's port for UDP is not found")
def udp_not_found(edit: Edit) -> None:
    serve_at(edit, "net-web-talk", None)


@counterexample("net.service-protocol", "a port for TCP is found by its name for UDP")
def other_protocol(edit: Edit) -> None:
    serve_at(edit, "net-web-mute", 8080)


@counterexample("net.plain-init-port-not-used", "the plain init container's port is served")
def plain_init(edit: Edit) -> None:
    serve_at(edit, "net-web-early", 8083)


@counterexample("net.named-port-precedence", "the sidecar's port wins")
def sidecar_wins(edit: Edit) -> None:
    serve_at(edit, "net-web-both", 8081)


@counterexample("net.endpoint-follows-readiness", "the endpoint stays ready")
def stays_ready(edit: Edit) -> None:
    for thing in slices(edit, "net-web-number"):
        for point in thing.get("endpoints") or []:
            point["conditions"]["ready"] = True


@counterexample("net.endpoint-follows-readiness", "the endpoint does not get ready again")
def stays_unready(edit: Edit) -> None:
    unready = False
    for thing in slices(edit, "net-web-number"):
        for point in thing.get("endpoints") or []:
            unready = unready or not point["conditions"]["ready"]
            if unready and point["conditions"].get("serving"):
                point["conditions"]["ready"] = False


@counterexample("net.traffic-while-terminating", "nothing is answered once the pod is deleted")
def cut_off(edit: Edit) -> None:
    deleted = edit.action("delete").at
    for record in edit.of(LogRecord):
        if record.at > deleted and record.line.startswith("GOT number proxy"):
            record.line = record.line.replace("proxy", "nothing")


@counterexample("net.traffic-while-terminating", "the sidecar is told to stop with the main one")
def stopped_at_once(edit: Edit) -> None:
    edit.move_line("proxy", "TERM", after=("app", "TERM"), pod="net-web")


@mended("net.hostport-works")
def forwarded(edit: Edit) -> None:
    edit.rename_line("client", "GOT 23923 nothing", "GOT 23923 proxy")


@counterexample("net.hostport-works", "the sidecar's host port is not forwarded")
def not_mapped(edit: Edit) -> None:
    edit.rename_line("client", "GOT 23923 proxy", "GOT 23923 nothing")


@counterexample("net.hostport-works", "it leads to another container")
def led_astray(edit: Edit) -> None:
    edit.rename_line("client", "GOT 23923 proxy", "GOT 23923 app")


@counterexample("net.port-forward", "the sidecar cannot be reached while the pod initialises")
def not_forwarded(edit: Edit) -> None:
    edit.action("forward").answer = {"output": "", "error": "connection refused"}


def read_endpoints(edit: Edit, service: str) -> Json:
    """Return an Endpoints object as the suite read it, to be changed in place."""
    for action in edit.of(ActionRecord):
        if action.name == "endpoints" and action.arguments["path"].endswith(service):
            body: Json = action.answer["body"]
            return body
    raise AssertionError(f"the Endpoints of {service} were not read")


@counterexample("net.endpoints-named", "port names of sidecars are not looked up")
def no_endpoints(edit: Edit) -> None:
    del read_endpoints(edit, "net-web-name")["subsets"]


@counterexample("net.endpoints-named", "the name leads to another port")
def other_endpoints(edit: Edit) -> None:
    for subset in read_endpoints(edit, "net-web-name")["subsets"]:
        subset["ports"][0]["port"] = 8081


def ending(edit: Edit) -> list[Json]:
    """Return the conditions of the endpoint while its pod stops, to be changed in place."""
    return [
        point["conditions"]
        for thing in slices(edit, "net-web-number")
        for point in thing.get("endpoints") or []
        if point["conditions"].get("terminating")
    ]


@counterexample("net.serving-while-terminating", "the endpoint serves no more while app stops")
def serves_no_more(edit: Edit) -> None:
    for conditions in ending(edit):
        conditions["serving"] = False


@counterexample("net.serving-while-terminating", "an endpoint that terminates is ready")
def ready_to_the_end(edit: Edit) -> None:
    for conditions in ending(edit):
        conditions["ready"] = True


@counterexample("net.host-network", "the pod has an address of its own")
def own_address(edit: Edit) -> None:
    for pod in edit.pods("net-hostport-network"):
        pod["status"]["podIP"] = "10.9.8.7"


@counterexample("net.host-network", "the sidecar's startup probe does not hold the app back")
def not_probed(edit: Edit) -> None:
    edit.move_line("app", "START", before=("proxy", "UP"), pod="net-hostport-network")


@counterexample("net.headless", "port names of sidecars are not looked up")
def headless_without_port(edit: Edit) -> None:
    serve_at(edit, HEADLESS, None)


@counterexample("net.headless", "the sidecar's readiness makes no difference")
def headless_always_ready(edit: Edit) -> None:
    for thing in slices(edit, HEADLESS):
        for point in thing.get("endpoints") or []:
            point["conditions"]["ready"] = True


def published(edit: Edit) -> list[Json]:
    """Return the endpoints of the Service that publishes unready pods, to be changed in place."""
    return [point for thing in slices(edit, UNREADY) for point in thing.get("endpoints") or []]


@counterexample("net.unready-published", "the pod is published when it is initialised")
def published_late(edit: Edit) -> None:
    (go,) = (
        record
        for record in edit.of(ActionRecord)
        if record.arguments.get("argv") == ["touch", "/shared/go"]
    )
    for record in edit.of(WatchRecord):
        thing = record.object
        if (
            thing["kind"] == "EndpointSlice"
            and thing["metadata"]["labels"][SERVICE_NAME] == UNREADY
        ):
            record.at = max(record.at, go.ended)


@counterexample("net.unready-published", "the pod counts as unready while its sidecar does")
def published_as_unready(edit: Edit) -> None:
    published(edit)[0]["conditions"]["ready"] = False


@counterexample("net.unready-published", "the pod is not published while it stops")
def unpublished_early(edit: Edit) -> None:
    for point in published(edit):
        point["conditions"]["terminating"] = False


@counterexample("net.unready-published", "the sidecar's port is not found")
def unready_without_port(edit: Edit) -> None:
    serve_at(edit, UNREADY, None)
