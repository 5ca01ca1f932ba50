"""Steps of scenarios. Probes: what those of a sidecar do to it, to its pod, and to one another."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fixtures.evidence.capabilities import Capability
from fixtures.kubeapi.client import UnreachableError
from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.status import condition_of
from fixtures.kubeapi.times import SECOND, parse_time
from fixtures.patience import UNREADY
from fixtures.stage import manifest
from fixtures.stage.scenario import scenario
from fixtures.stage.waits import WaitedInVainError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.stage.staging import Staging

    Json = Mapping[str, Any]

FAILING = ("exec", "http", "grpc", "slow", "redirect")
"""The sidecars that fail their liveness probes, named after how they are asked."""
PASSING = ("exec", "tcp", "http", "redirect", "grpc")
"""The sidecars that pass theirs."""
OFTEN = dict.fromkeys(PASSING, 3) | {"exec": 5}
"""How often each is to be asked: after two failures that by exec has to be asked twice more."""
DEAF = "tcp"
"""The one of them that stops to listen in the end."""
ASKED = ("sidecar", "web", "port")
"""The sidecars whose readiness comes and goes, in the order of the spec."""
PERIOD = 30
"""The longest period of a probe in each manifest, in seconds."""


@scenario("probe-liveness-fails", seconds=20, follows=FAILING)
def probe_liveness_fails(staging: Staging) -> None:
    """Wait until each sidecar was restarted, and one twice."""

    def restarted() -> bool:
        counts = {name: staging.status(name).restarts for name in FAILING}
        return all(counts.values()) and counts["exec"] > 1

    staging.until_said("app", "START")
    staging.until("each sidecar to be restarted, exec twice", restarted)


@scenario("probe-liveness-passes", seconds=20, follows=(DEAF,))
def probe_liveness_passes(staging: Staging) -> None:
    """Wait until each sidecar was asked often enough, and let one fail for good."""
    staging.until_ready()
    for name in PASSING:
        staging.until_said(name, "ASKED")
    staging.until("each sidecar to be asked often enough", lambda: all_asked(staging))
    staging.observe(2, "no sidecar to be restarted")
    staging.exec(DEAF, "touch", "/shared/deaf")
    staging.until_restarted(DEAF)


def all_asked(staging: Staging) -> bool:
    """Tell whether each sidecar has said often enough that it was asked."""
    lines = {name: staging.sight.lines(staging.name, name) for name in PASSING}
    asked = {
        name: sum(line.startswith("ASKED ") for line in found) for name, found in lines.items()
    }
    return all(asked[name] >= OFTEN[name] for name in PASSING)


@scenario("probe-gates", seconds=57, applies=False, follows=("late",))
def probe_gates(staging: Staging) -> None:
    """Let initialisation end when sidecars are ready; then let one fail its liveness probe."""
    until_kubelets_are_grown(staging)
    staging.apply()
    staging.until_starting("plain")
    staging.exec("plain", "touch", "/shared/plain-up")
    staging.until_running("init")
    staging.until(
        "late and delayed to be ready",
        lambda: all(staging.status(name).ready for name in ("late", "delayed")),
    )
    staging.exec("init", "touch", "/shared/go")
    staging.until_ready()
    staging.exec("late", "rm", "/shared/alive")
    staging.until_restarted("late")


@scenario("probe-restart", seconds=43, applies=False, follows=("late",))
def probe_restart(staging: Staging) -> None:
    """Let the sidecar fail its liveness probe right after its startup probe has been asked."""
    until_kubelets_are_grown(staging)
    staging.apply()
    # At once: on a busy node, too, the restart is to be over before the startup probe comes again.
    staging.until("late to be ready", lambda: staging.status("late").ready)
    staging.exec("late", "rm", "/shared/alive")
    staging.until_restarted("late")
    staging.until("late to be ready again", lambda: staging.status("late").ready)


@scenario("probe-tls", seconds=6)
def probe_tls(staging: Staging) -> None:
    """Let the app end when the pod is ready and the server was asked whether it is alive."""
    staging.until_ready()
    staging.until_said("server", "ASKED /liveness")
    staging.exec("app", "touch", "/shared/go")
    staging.until_finished()


@scenario("probe-ready", seconds=26)
def probe_ready(staging: Staging) -> None:
    """Give readiness, take it and give it back, delete the pod, and let its probes fail meanwhile.

    Each is waited for until a status shows it: a slow kubelet tells of the newest state only.
    """

    def until_unready(*sidecars: str) -> None:
        staging.until(
            f"{', '.join(sidecars)} and the pod to be unready",
            lambda: (
                staging.condition("Ready") == "False"
                and all(staging.status(name).ready != (name in sidecars) for name in ASKED)
            ),
        )

    staging.until_running("app")
    staging.exec("sidecar", "touch", "/shared/ready")
    staging.until_ready()
    staging.exec("sidecar", "rm", "/shared/ready")
    until_unready("sidecar")
    staging.exec("sidecar", "touch", "/shared/ready")
    staging.until_ready()
    staging.exec("sidecar", "rm", "/shared/web")
    until_unready("web")
    staging.exec("sidecar", "touch", "/shared/deaf")
    until_unready("web", "port")
    staging.exec("sidecar", "touch", "/shared/web")
    until_unready("port")
    staging.exec("sidecar", "rm", "/shared/deaf")
    staging.until_ready()
    staging.delete(grace=60)
    staging.until_said("app", "TERM")
    staging.exec("sidecar", "rm", "/shared/ready")
    # Some kubelets never tell of it.
    with suppress(WaitedInVainError):
        staging.until("sidecar to be unready", lambda: not staging.status("sidecar").ready, UNREADY)
    # A probe that has failed too often is not asked any more, until its container is restarted.
    staging.observe(4, "sidecar not to be asked for its liveness")
    staging.exec("sidecar", "rm", "/shared/alive")
    staging.observe(4, "sidecar not to be stopped for its liveness")
    # Not through app: some runtimes let nobody into a container that is being stopped.
    staging.exec("sidecar", "touch", "/shared/go")
    staging.until_gone()


def until_kubelets_are_grown(staging: Staging) -> None:
    """Wait until every kubelet is older than the period of a probe.

    Probes with a period longer than the kubelet's age begin after a random part of that period.
    """
    staging.observe(youth(staging, PERIOD + 10), "kubelets to be older than the period of a probe")


def youth(staging: Staging, age: float) -> float:
    """Return in how many seconds each kubelet will have run for `age` seconds, at least 0."""
    if not staging.has(Capability.NODES):
        return 0.0
    nodes = staging.get(path_of("Node", None), "nodes").body["items"]
    starts = [kubelet_start(staging, node) for node in nodes if not manifest.is_apart(node)]
    return max(0.0, max(starts, default=0.0) + age - time.time())


def kubelet_start(staging: Staging, node: Json) -> float:
    """Return when a kubelet was started, in seconds since the epoch; 0 where nothing tells.

    Where its metrics may not be read, or not now, it is taken to be as old as its node's condition
    Ready, which outlives a short restart.
    """
    name = node["metadata"]["name"]
    path = path_of("Node", None, name) + "/proxy/metrics"
    with suppress(UnreachableError):
        samples = staging.metrics("kubelet-start", path, "process_start_time_seconds", node=name)
        if samples:
            return float(samples[0].value)
    ready = condition_of(node, "Ready")
    return parse_time(ready.raw["lastTransitionTime"]) / SECOND if ready else 0.0
