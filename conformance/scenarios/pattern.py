"""Steps of scenarios. Patterns: what people build with sidecars, and how it had to be before.

The classic form of a pod has the same containers with the same scripts, without sidecars.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.scenarios.job import until_job_is
from fixtures.patience import GONE
from fixtures.stage.manifest import pod_specs
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Collection

    from fixtures.stage.staging import Staging

    Json = dict[str, Any]

NATIVE, CLASSIC = FORMS = "native", "classic"
"""How the names of the objects of each form end."""


@scenario("pattern-log-shipper", seconds=13)
def pattern_log_shipper(staging: Staging) -> None:
    """Delete the Deployments of both forms when lines were shipped and the native is available."""
    create_classic(staging)
    for form in FORMS:
        pod = pod_of(staging, form)
        staging.until_said("myapp", "WROTE 3", pod)
        staging.until_said("logshipper", "logging 3", pod)
    staging.until(
        "the Deployment to be available",
        lambda: (
            (staging.object("Deployment", f"{staging.name}-{NATIVE}") or {})
            .get("status", {})
            .get("availableReplicas")
        ),
    )
    for form in FORMS:
        staging.delete(f"{staging.name}-{form}", kind="Deployment")
    staging.until("all pods to be gone", lambda: not staging.objects("Pod"), GONE)


@scenario("pattern-helpers", seconds=19)
def pattern_helpers(staging: Staging) -> None:
    """Delete the pods when the app has its second configuration, and the native a new secret."""
    create_classic(staging, once=("secrets",))
    staging.until_said("secrets", "RENEWED", pod_of(staging, NATIVE))
    end_both(staging, "CONFIG second")


@scenario("pattern-ambassador", seconds=17)
def pattern_ambassador(staging: Staging) -> None:
    """Delete the pods of both forms when the app has asked for the first time."""
    create_classic(staging)
    end_both(staging, "FIRST")


@scenario("pattern-job", seconds=19)
def pattern_job(staging: Staging) -> None:
    """Wait for the native Job; let the classic one go on without the helper that has died."""
    create_classic(staging)
    classic = pod_of(staging, CLASSIC)
    staging.until_terminated("source", classic)
    until_job_is(staging, "Complete", "Failed")
    # In that time the native helper was restarted; the classic one must not be.
    staging.exec("work", "touch", "/shared/enough", pod=classic)
    staging.until_terminated("work", classic)
    staging.observe(5, "the classic Job must not complete")
    staging.read("Job", f"{staging.name}-{CLASSIC}")
    staging.until_caught_up()


def create_classic(staging: Staging, once: Collection[str] = ()) -> None:
    """Create the classic form of what the manifest has in its native form; see `classic_form`."""
    native = next(one for one in staging.documents if one["metadata"]["name"].endswith(NATIVE))
    staging.create(classic_form(native, once))


def pod_of(staging: Staging, form: str) -> str:
    """Wait for the pod of a form, or the one that its workload makes, and return its name."""

    def found() -> list[str]:
        names = [pod["metadata"]["name"] for pod in staging.objects("Pod")]
        return [name for name in names if name.startswith(f"{staging.name}-{form}")]

    staging.until(f"the pod of the {form} form", found)
    return found()[0]


def end_both(staging: Staging, text: str) -> None:
    """Delete the pods of both forms when the app of each has said `text`."""
    pods = [pod_of(staging, form) for form in FORMS]
    for pod in pods:
        staging.until_said("app", text, pod)
    for pod in pods:
        staging.delete(pod)
    for pod in pods:
        staging.until_gone(pod)


def classic_form(native: Json, once: Collection[str] = ()) -> Json:
    """Return a pod or a workload with its sidecars as regular containers, behind those it has.

    Those of the names in `once` become init containers, which end when they have done their work
    once: their variable ONCE tells them so.
    """
    classic = renamed(native)
    for _, spec in pod_specs(classic):
        listed = spec.pop("initContainers")
        spec["initContainers"] = []
        for container in listed:
            native_sidecar = container.pop("restartPolicy", None)
            if native_sidecar and container["name"] not in once:
                spec["containers"].append(container)
                continue
            if native_sidecar:
                container.pop("startupProbe", None)
                container["env"] = [{"name": "ONCE", "value": "yes"}]
            spec["initContainers"].append(container)
    return classic


def renamed(native: Json) -> Json:
    """Return a copy of an object with the name of its classic form wherever its own stands.

    What comes before the form in its name may stand before it in the names of others, too.
    """
    name = native["metadata"]["name"].partition(f"-{NATIVE}")[0]
    text = json.dumps(native).replace(f"{name}-{NATIVE}", f"{name}-{CLASSIC}")
    copied: Json = json.loads(text)
    return copied
