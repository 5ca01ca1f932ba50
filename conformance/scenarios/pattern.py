"""Steps of scenarios. Patterns: what people build with sidecars, and how it had to be before.

The classic form of a pod has the same containers with the same scripts, without sidecars.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

    Json = dict[str, Any]

NATIVE, CLASSIC = "native", "classic"
"""How the names of the pods of each form end."""


@scenario("pattern-log-shipper", seconds=7)
def pattern_log_shipper(staging: Staging) -> None:
    """Wait until the sidecar has printed some lines and the Deployment is available."""
    staging.until_said("myapp", "WROTE 3")
    staging.until_said("logshipper", "logging 3")
    staging.until(
        "the Deployment to be available",
        lambda: (
            (staging.object("Deployment", "pattern-log-shipper") or {})
            .get("status", {})
            .get("availableReplicas")
        ),
    )


@scenario("pattern-helpers", seconds=17)
def pattern_helpers(staging: Staging) -> None:
    """Delete the pods of both forms when the app has its second configuration."""
    in_both_forms(staging, "CONFIG second")


@scenario("pattern-ambassador", seconds=17)
def pattern_ambassador(staging: Staging) -> None:
    """Delete the pods of both forms when the app has asked for the first time."""
    in_both_forms(staging, "FIRST")


def in_both_forms(staging: Staging, text: str) -> None:
    """Delete the native pod and its classic form, which is made here, when the app said `text`."""
    native = next(one for one in staging.documents if one["metadata"]["name"].endswith(NATIVE))
    pods = [staging.create(classic_form(native)).body["metadata"]["name"]]
    pods.append(native["metadata"]["name"])
    for pod in pods:
        staging.until_said("app", text, pod=pod)
    for pod in pods:
        staging.delete(pod)
    for pod in pods:
        staging.until_gone(pod)


def classic_form(native: Json) -> Json:
    """Return a pod with its sidecars as regular containers, behind those that it has."""
    pod = copy.deepcopy(native)
    pod["metadata"]["name"] = pod["metadata"]["name"].removesuffix(NATIVE) + CLASSIC
    spec = pod["spec"]
    listed = spec.pop("initContainers")
    spec["initContainers"] = [one for one in listed if "restartPolicy" not in one]
    for container in listed:
        if container.pop("restartPolicy", None):
            spec["containers"].append(container)
    return pod
