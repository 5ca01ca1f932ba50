"""Steps of scenarios. Scheduling: pods that want what another pod has taken."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.namespaces import PRIVILEGED
from fixtures.stage import manifest
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixtures.stage.staging import Staging

    Json = dict[str, Any]


REFUSED = ("sched-hostport-second", "sched-hostport-app", "sched-hostport-other")
"""The pods that want a port which the first one has."""


@scenario("sched-hostport", seconds=4, applies=False, level=PRIVILEGED, refused=REFUSED)
def sched_hostport(staging: Staging) -> None:
    """Let one pod take two ports, and ask for the same ports of the same node."""
    first, *others = staging.documents
    staging.create(first)
    staging.until_ready("sched-hostport-first")
    create_for(staging, others, node_of(staging, staging.pod("sched-hostport-first") or {}))
    until_looked_at(staging, others)


@scenario("sched-scoring", seconds=12, applies=False)
def sched_scoring(staging: Staging) -> None:
    """See which node is preferred, put a sidecar there that asks for much, and see it again."""
    before, loaded, after = staging.documents
    staging.create(before)
    staging.until_finished(before["metadata"]["name"])
    stored = staging.read("Pod", before["metadata"]["name"]).body
    create_for(staging, [loaded], node_of(staging, stored))
    staging.until_ready(loaded["metadata"]["name"])
    staging.create(after)
    staging.until_finished(after["metadata"]["name"])


def node_of(staging: Staging, pod: Json) -> Json:
    """Return the node that a pod was put on."""
    found: Json = staging.get(path_of("Node", None, pod["spec"]["nodeName"])).body
    return found


def create_for(staging: Staging, pods: Sequence[Json], node: Json) -> None:
    """Create pods that the scheduler may put on this node only."""
    host = node["metadata"]["labels"][manifest.HOSTNAME]
    for pod in pods:
        pod["spec"]["nodeSelector"] = {manifest.HOSTNAME: host}
        staging.create(pod)


def until_looked_at(staging: Staging, pods: Sequence[Json]) -> None:
    """Wait until the scheduler has said of each pod whether it has a node."""
    for name in (pod["metadata"]["name"] for pod in pods):
        staging.until(
            f"{name} to be looked at by the scheduler",
            partial(staging.condition, "PodScheduled", name),
        )
