"""Counter-examples to the checks of Linkerd and of its substitute, which judge by the same words.

No registry of images was in reach where recordings were kept. Those of the substitute stand for
Linkerd's, with what only Linkerd does put into them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.evidence.recording import InstanceRecord, LogEndRecord, LogRecord
from tests.kit.edits import Edit, counterexample, counterexamples, mended

if TYPE_CHECKING:
    from collections.abc import Callable

    Break = Callable[[Edit], None]
    Json = dict[str, Any]

PROXY = "linkerd-proxy"
PLAIN = "mesh-linkerd-plain"
AREAS = ("mesh.linkerd", "mesh.linkerd-substitute")


def of_both(promise: str, breaks: str) -> Callable[[Break], Break]:
    """Register an edit that breaks a promise of Linkerd and of its substitute."""
    return counterexamples([f"{area}.{promise}" for area in AREAS], breaks)


def pod_of(edit: Edit, form: str) -> str:
    """Return the name of the pod of this form: `native`, `job-classic`."""
    names = {str(pod["metadata"]["name"]) for pod in edit.pods()}
    starts = tuple(f"{area.replace('.', '-')}-{form}" for area in AREAS)
    (name,) = (name for name in names if name.startswith(starts))
    return name


def created(edit: Edit, form: str) -> Json:
    """Return the spec of a client as it was stored, to be changed in place."""
    spec: Json = edit.action("create", name=pod_of(edit, form)).answer["body"]["spec"]
    return spec


@of_both("starts-first", "the init container runs while the proxy is starting")
def ungated(edit: Edit) -> None:
    for status in edit.statuses("init", pod_of(edit, "native")):
        status["state"] = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}


@of_both("starts-first", "the proxy is a regular container")
def no_sidecar(edit: Edit) -> None:
    for pod in edit.pods(pod_of(edit, "native")):
        for container in pod["spec"]["initContainers"]:
            container.pop("restartPolicy", None)


@of_both("init-network", "the init container has no network")
def no_network(edit: Edit) -> None:
    edit.rename_line("init", "INIT peer", "INIT refused", pod=pod_of(edit, "native"))


@of_both("init-network-classic", "the init container has a network")
def network(edit: Edit) -> None:
    edit.rename_line("init", "INIT refused", "INIT peer", pod=pod_of(edit, "classic"))


@of_both("outlives-app", "the last call is refused")
def refused_at_last(edit: Edit) -> None:
    edit.rename_line("app", "LAST peer", "LAST refused", pod=pod_of(edit, "native"))


@of_both("outlives-app", "the proxy is killed")
def killed(edit: Edit) -> None:
    for status in edit.statuses(PROXY, pod_of(edit, "native")):
        if "terminated" in status["state"]:
            status["state"]["terminated"]["exitCode"] = 137


@of_both("outlives-app", "the proxy ends before the last call")
def ended_early(edit: Edit) -> None:
    edit.shift_state(PROXY, "finishedAt", -20, pod_of(edit, "native"))


@of_both("outlives-app-classic", "the last call is carried")
def carried(edit: Edit) -> None:
    edit.rename_line("app", "LAST refused", "LAST peer", pod=pod_of(edit, "classic"))


@of_both("job-completes", "the Job does not complete")
def incomplete(edit: Edit) -> None:
    for job in edit.objects("Job"):
        job["status"].pop("conditions", None)


@of_both("job-completes-classic", "the Job completes")
def complete(edit: Edit) -> None:
    status = edit.action("read").answer["body"]["status"]
    status["conditions"] = [{"type": "Complete", "status": "True"}]


@counterexample("mesh.linkerd.injected", "the proxy comes after the pod's own init container")
def injected_late(edit: Edit) -> None:
    created(edit, "native")["initContainers"].reverse()


@counterexample("mesh.linkerd.injected", "the proxy is a plain init container")
def injected_plain(edit: Edit) -> None:
    for container in created(edit, "native")["initContainers"]:
        container.pop("restartPolicy", None)


@counterexample("mesh.linkerd.injected", "the proxy has the hooks of the classic form")
def injected_hooks(edit: Edit) -> None:
    created(edit, "native")["initContainers"][-2]["lifecycle"] = {"postStart": {}}


@counterexample("mesh.linkerd.injected-classic", "the annotation is ignored")
def injected_natively(edit: Edit) -> None:
    spec = created(edit, "classic")
    spec["initContainers"].append(spec["containers"].pop())


@mended("mesh.linkerd.mutual-tls")
def with_identities(edit: Edit) -> None:
    """Let the server have been told who calls, and a pod without a proxy have been refused."""
    native = edit.pods(pod_of(edit, "native"))[0]["metadata"]
    identity = f"default.{native['namespace']}.serviceaccount.identity.linkerd.cluster.local"
    for container, word in (("init", "INIT"), ("app", "FIRST")):
        edit.rename_line(
            container, f"{word} peer unknown", f"{word} peer {identity}", pod=native["name"]
        )
    job = pod_of(edit, "job-native")
    edit.rename_line("app", "FIRST", "HEALTH answer", pod=job)
    edit.rename_line("app", "DONE", "CALL refused", pod=job)
    for record in edit.records:
        if isinstance(record, LogRecord | LogEndRecord | InstanceRecord) and record.pod == job:
            record.pod = PLAIN
    for pod in edit.pods(job):
        pod["metadata"]["name"] = PLAIN


@counterexample("mesh.linkerd.mutual-tls", "the server is not told who calls")
def unknown(edit: Edit) -> None:
    for record in edit.of(LogRecord):
        if record.line.startswith("FIRST peer default."):
            record.line = "FIRST peer unknown"


@counterexample("mesh.linkerd.mutual-tls", "a call without a proxy is answered")
def plain(edit: Edit) -> None:
    edit.rename_line("app", "CALL refused", "CALL peer unknown", pod=PLAIN)
