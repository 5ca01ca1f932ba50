"""Counter-examples to the checks of rollouts in a mesh, which are the same for all meshes.

No registry of images was in reach where recordings were kept: Istio's stands for Linkerd's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fixtures.evidence.recording import LogRecord
from tests.kit.edits import Edit, counterexamples

if TYPE_CHECKING:
    from collections.abc import Callable

    Break = Callable[[Edit], None]

MESHES = ("istio", "linkerd")
PROXIES = {f"{mesh}-proxy" for mesh in MESHES}


def of_all(promise: str, breaks: str) -> Callable[[Break], Break]:
    """Register an edit that breaks a promise of every mesh."""
    return counterexamples([f"mesh.{mesh}.{promise}" for mesh in MESHES], breaks)


def recount(edit: Edit, form: str, **changed: Any) -> None:  # noqa: ANN401 - JSON values
    """Let the client of a form have counted otherwise."""
    said = [
        record
        for record in edit.of(LogRecord)
        if record.pod.endswith(f"-{form}-client") and record.line.startswith("COUNTED ")
    ]
    assert said, f"the client of the {form} form has counted nothing"
    for record in said:
        counted: dict[str, Any] = json.loads(record.line.removeprefix("COUNTED "))
        record.line = f"COUNTED {json.dumps(counted | changed)}"


def is_native_server(pod: dict[str, Any]) -> bool:
    """Tell whether a pod is one of those that are rolled out in the native form."""
    name = pod["metadata"]["name"]
    return "-native-" in name and not name.endswith("-client")


@of_all("rollout", "a request is lost")
def one_lost(edit: Edit) -> None:
    recount(edit, "native", lost=1, why={"503 Service Unavailable": 1})


@of_all("rollout", "fewer requests were sent")
def fewer(edit: Edit) -> None:
    recount(edit, "native", sent=17999)


@of_all("rollout", "no request took its time")
def none_slow(edit: Edit) -> None:
    recount(edit, "native", slow=0)


@of_all("rollout", "pods were replaced once only")
def once(edit: Edit) -> None:
    last = [pod for pod in edit.pods() if is_native_server(pod)][-1]["metadata"]["name"]
    edit.drop_events("Pod", lambda pod: pod["metadata"]["name"] == last)


@of_all("rollout", "the proxy of a server is a regular container")
def wrong_form(edit: Edit) -> None:
    changed = 0
    for pod in filter(is_native_server, edit.pods()):
        spec = pod["spec"]
        for proxy in [one for one in spec.get("initContainers", []) if one["name"] in PROXIES]:
            spec["initContainers"].remove(proxy)
            proxy.pop("restartPolicy")
            spec["containers"].append(proxy)
            changed += 1
    assert changed, "no server has a proxy"


@of_all("rollout-classic", "no request is lost")
def none_lost(edit: Edit) -> None:
    recount(edit, "classic", lost=0, lostSlow=0, why={})
