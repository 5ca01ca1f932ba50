"""Steps of scenarios. Debugging: looking into a sidecar of a pod that is being initialised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.evidence.capabilities import Capability
from fixtures.kubeapi.kinds import path_of
from fixtures.stage.manifest import secure_container
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


@scenario("dbg-init", seconds=9)
def dbg_init(staging: Staging) -> None:
    """Look into the sidecar in every way there is; it is not to count as started meanwhile."""
    log = path_of("Pod", staging.namespace, "dbg-init") + "/log"
    staging.until_said("sidecar", "TICK")
    # That one of these fails is for the checks to say.
    staging.exec("sidecar", "sh", "-c", "echo from inside; exit 5", may_fail=True)
    if staging.has(Capability.ATTACH):
        staging.attach("sidecar", "TICK")
    staging.get(log, "log", container="sidecar", may_fail=True)
    staging.exec("sidecar", "touch", "/shared/end", may_fail=True)
    staging.until_restarted("sidecar")
    staging.get(log, "previous log", container="sidecar", previous="true", may_fail=True)
    if staging.has(Capability.EPHEMERAL_CONTAINERS):
        debug(staging)
    staging.read("Pod", "dbg-init")


def debug(staging: Staging) -> None:
    """Look at the processes of the sidecar from an ephemeral container."""
    debugger = {
        "name": "debugger",
        "image": staging.images.fixture,
        "imagePullPolicy": staging.images.pull_policy,
        "targetContainerName": "sidecar",
        "command": ["sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline | head -n 1"],
    }
    staging.patch(
        "dbg-init",
        {"spec": {"ephemeralContainers": [secure_container(debugger)]}},
        subresource="ephemeralcontainers",
        may_fail=True,
    )
    staging.until_terminated("debugger")
    staging.until_said("debugger", "sh -c")
