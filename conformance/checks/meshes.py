"""What is promised of the proxy of a service mesh, whichever it is.

The pods are the clients `<scenario>-native` and `<scenario>-classic`, with an init container `init`
and an app, and those of the Jobs `<scenario>-job-native` and `<scenario>-job-classic`. They say
INIT, FIRST and LAST with the answer to a call, or `refused`.

Servers that are rolled out are those of Deployments `<scenario>-native` and `<scenario>-classic`.
The client of each counts its requests in a pod whose name has `-client` behind that.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.checks.bounds import assert_prompt
from conformance.checks.forms import assert_held_up, pod_of
from conformance.scenarios.meshes import REPLICAS, ROLLOUTS
from conformance.scenarios.pattern import CLASSIC, NATIVE
from fixtures.evidence.errors import NotDoneError
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.pods import Container
    from fixtures.evidence.timeline import Timeline

    Json = Mapping[str, Any]

RATE, SECONDS, ONE_SLOW_IN = 300, 60, 50
"""The requests of a client, and which of them take their time."""

PATIENCE = 8
"""In seconds: for so long a server that is told to stop answers what still comes."""


def text_after(container: Container, word: str) -> str:
    """Return what a container said after a word, the last time that it did."""
    container.said(word)
    lines = [line for one in container.instances for line in one.lines if line.begins_with(word)]
    return lines[-1].text.removeprefix(word).strip()


def form_of(spec: Json, proxy: str) -> str:
    """Return the form that the proxy of a stored pod has; empty where it has none."""
    for one in spec.get("initContainers") or []:
        if one["name"] == proxy and one.get("restartPolicy") == "Always":
            return NATIVE
    return CLASSIC if any(one["name"] == proxy for one in spec["containers"]) else ""


def assert_gates(timeline: Timeline, proxy: str) -> None:
    """Assert that nothing of the pod's own runs until its proxy, a sidecar, has started up."""
    pod = pod_of(timeline, NATIVE)
    assert pod[proxy].kind == "sidecar", f"{proxy} is no sidecar"
    assert "startupProbe" in pod[proxy].spec, f"{proxy} has no startup probe"
    starting = False
    for version in pod.versions:
        status = version.container(proxy)
        if status.running and not status.started:
            starting = True
            for name in ("init", "app"):
                state = version.container(name)
                assert state.waiting, f"{name} was {state.state} before {proxy} had started up"
    if not starting:
        raise InconclusiveError(f"{proxy} was not seen to be starting")
    assert pod["init"].said("INIT")
    assert pod["app"].said("START")


def assert_init_network(timeline: Timeline) -> None:
    """Assert that the init container and the app are answered."""
    pod = pod_of(timeline, NATIVE)
    assert pod["init"].said("INIT peer")
    assert pod["app"].said("FIRST peer")


def assert_no_init_network(timeline: Timeline) -> None:
    """Assert that in the classic form the init container is not answered."""
    assert pod_of(timeline, CLASSIC)["init"].said("INIT refused")


def assert_outlives(timeline: Timeline, proxy: str) -> None:
    """Assert that the proxy carries the last call of its app, and then ends by itself."""
    pod = pod_of(timeline, NATIVE)
    assert pod["app"].said("LAST peer") < pod[proxy].finished
    assert pod[proxy].last.exit_code == 0
    assert pod[proxy].restarts == 0, f"{proxy} was restarted {pod[proxy].restarts} times"


def assert_gone_before(timeline: Timeline) -> None:
    """Assert that in the classic form the last call of the app is refused."""
    app = pod_of(timeline, CLASSIC)["app"]
    assert app.said("FIRST peer")
    assert app.said("LAST refused")


def assert_job_completes(timeline: Timeline) -> None:
    """Assert that the native Job is complete."""
    assert pod_of(timeline, f"job-{NATIVE}")["app"].said("DONE")
    job = timeline.object("Job", f"{timeline.recording.scenario}-job-{NATIVE}").last
    assert job.condition("Complete").true, f"the Job's status is {job.status}"


def assert_job_goes_on(timeline: Timeline, proxy: str) -> None:
    """Assert that in the classic form the app is done, and the proxy keeps the Job active."""
    pod = pod_of(timeline, f"job-{CLASSIC}")
    assert_held_up(timeline, pod["app"], pod[proxy])


def assert_none_lost(timeline: Timeline, proxy: str) -> None:
    """Assert that in the native form no request is lost while the server is rolled out."""
    found = lost_in(timeline, proxy, NATIVE)
    assert_prompt(timeline, not found["lost"], f"requests were lost: {found}", room=PATIENCE)


def assert_some_lost(timeline: Timeline, proxy: str) -> None:
    """Assert that in the classic form requests are lost while the server is rolled out."""
    assert lost_in(timeline, proxy, CLASSIC)["lost"], "no request was lost"


def lost_in(timeline: Timeline, proxy: str, form: str) -> Json:
    """Return what the client of a form has counted, once all of it is what it is meant to be."""
    name = f"{timeline.recording.scenario}-{form}"
    client = timeline.pod_named(f"{name}-client")["client"]
    pods = [pod for pod in timeline.pods if pod.name.startswith(f"{name}-")]
    servers = [pod for pod in pods if pod.name != f"{name}-client"]
    begun, ended = client.said("BEGUN"), client.said("COUNTED")
    patches = timeline.actions_named("patch", name=name)
    if len(patches) != len(ROLLOUTS):
        raise NotDoneError(f"{name} was rolled out {len(patches)} times")
    assert begun < patches[0].moment
    if not patches[-1].begun < ended:
        raise InconclusiveError("the last rollout began when no request was sent any more")
    expected = REPLICAS * (len(ROLLOUTS) + 1)
    assert len(servers) == expected, f"{name} had {len(servers)} pods, not {expected}"
    for pod in servers:
        assert form_of(pod.spec, proxy) == form
    found: Json = json.loads(text_after(client, "COUNTED"))
    assert found["sent"] == RATE * SECONDS, f"{found['sent']} requests were sent"
    assert found["slow"] == RATE * SECONDS // ONE_SLOW_IN
    return found
