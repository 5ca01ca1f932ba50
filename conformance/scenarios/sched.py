"""Steps of scenarios. Scheduling: pods that want what another pod has taken."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.namespaces import PRIVILEGED
from fixtures.stage import manifest
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


REFUSED = ("sched-hostport-second", "sched-hostport-app", "sched-hostport-other")
"""The pods that want a port which the first one has."""


@scenario("sched-hostport", seconds=4, applies=False, level=PRIVILEGED, refused=REFUSED)
def sched_hostport(staging: Staging) -> None:
    """Let one pod take two ports, and ask for the same ports of the same node."""
    first, *others = staging.documents
    staging.create(first)
    staging.until_ready("sched-hostport-first")
    name = (staging.pod("sched-hostport-first") or {})["spec"]["nodeName"]
    node = staging.get(path_of("Node", None, name)).body
    host = node["metadata"]["labels"][manifest.HOSTNAME]
    for pod in others:
        pod["spec"]["nodeSelector"] = {manifest.HOSTNAME: host}
        staging.create(pod)
    for name in REFUSED:
        staging.until(
            f"{name} to be looked at by the scheduler",
            partial(staging.condition, "PodScheduled", name),
        )


@scenario("sched-scoring", seconds=12, applies=False)
def sched_scoring(staging: Staging) -> None:
    """See which node is preferred, put a sidecar there that asks for much, and see it again."""
    before, loaded, after = staging.documents
    staging.create(before)
    staging.until_finished(before["metadata"]["name"])
    stored = staging.read("Pod", before["metadata"]["name"]).body
    node = staging.get(path_of("Node", None, stored["spec"]["nodeName"])).body
    host = node["metadata"]["labels"][manifest.HOSTNAME]
    loaded["spec"]["nodeSelector"] = {manifest.HOSTNAME: host}
    staging.create(loaded)
    staging.until_ready(loaded["metadata"]["name"])
    staging.create(after)
    staging.until_finished(after["metadata"]["name"])
