"""Counter-examples to the checks of `conformance.checks.test_mesh_istio`."""

from __future__ import annotations

from typing import Any

from conformance.scenarios.mesh_istio import AUTO
from fixtures.evidence.lines import CLOCK
from fixtures.evidence.recording import LogRecord
from tests.kit.edits import Edit, counterexample

PROXY = "istio-proxy"
CALLS, JOB = "mesh-istio-calls", "mesh-istio-job"
RESTRICTED = "mesh-istio-restricted"
NATIVE, CLASSIC, PLAIN = (f"{CALLS}-{form}" for form in ("native", "classic", "plain"))


def spec_of(edit: Edit, name: str) -> dict[str, Any]:
    """Return the spec of a pod as it was stored, to be changed in place."""
    spec: dict[str, Any] = edit.action("create", name=name).answer["body"]["spec"]
    return spec


def make_regular(spec: dict[str, Any]) -> None:
    """Let the proxy of a pod have been injected as a regular container."""
    proxy = next(one for one in spec["initContainers"] if one["name"] == PROXY)
    spec["initContainers"].remove(proxy)
    proxy.pop("restartPolicy")
    spec["containers"].append(proxy)


def make_sidecar(spec: dict[str, Any]) -> None:
    """Let the proxy of a pod have been injected as a native sidecar."""
    proxy = next(one for one in spec["containers"] if one["name"] == PROXY)
    spec["containers"].remove(proxy)
    spec["initContainers"].insert(0, {**proxy, "restartPolicy": "Always"})


def told(edit: Edit, pod: str, container: str, word: str) -> list[LogRecord]:
    """Return the lines in which a container says something after a word, to be changed in place."""
    found = [
        record
        for record in edit.of(LogRecord)
        if (record.pod, record.container) == (pod, container) and record.line.startswith(f"{word} ")
    ]
    assert found, f"{container} never said {word!r}"
    return found


def answer(edit: Edit, pod: str, container: str, word: str, text: str) -> None:
    """Let a call of a container have had another answer."""
    for record in told(edit, pod, container, word):
        clock = CLOCK.fullmatch(record.line)
        assert clock is not None
        record.line = f"{word} {text} {clock['seconds']}.{clock['hundredths']}"


@counterexample("mesh.istio.injected", "the proxy is a regular container")
def regular(edit: Edit) -> None:
    make_regular(spec_of(edit, NATIVE))


@counterexample("mesh.istio.injected", "the proxy comes after the pod's own init container")
def behind(edit: Edit) -> None:
    listed = spec_of(edit, NATIVE)["initContainers"]
    listed.sort(key=lambda one: one["name"] == PROXY)


@counterexample("mesh.istio.injected-classic", "the annotation is passed over")
def passed_over(edit: Edit) -> None:
    make_sidecar(spec_of(edit, CLASSIC))


@counterexample("mesh.istio.form-by-kubelet", "new kubelets are not enough")
def by_old_rule(edit: Edit) -> None:
    make_regular(spec_of(edit, AUTO))


@counterexample("mesh.istio.starts-first", "the init container runs while the proxy starts")
def init_runs(edit: Edit) -> None:
    for pod in edit.pods(NATIVE):
        for status in pod["status"].get("initContainerStatuses") or []:
            if status["name"] == PROXY and "running" in status["state"]:
                status["started"] = False


@counterexample("mesh.istio.starts-first", "the proxy is started after the app")
def late_proxy(edit: Edit) -> None:
    edit.shift_state(PROXY, "startedAt", 30, NATIVE)


@counterexample("mesh.istio.init-network", "the init container has no network")
def no_network(edit: Edit) -> None:
    answer(edit, NATIVE, "init", "INIT", "refused")


@counterexample("mesh.istio.init-network", "the first call of the app is refused")
def missed(edit: Edit) -> None:
    edit.add_line("app", "MISSED", like=("app", "START"), seconds=0.01, pod=NATIVE)


@counterexample("mesh.istio.init-network-classic", "the init container has network")
def network(edit: Edit) -> None:
    edit.rename_line("init", "INIT refused", "INIT By=somebody", pod=CLASSIC)


@counterexample("mesh.istio.mutual-tls", "the server is told of no caller")
def nobody(edit: Edit) -> None:
    answer(edit, NATIVE, "app", "FIRST", "")


@counterexample("mesh.istio.mutual-tls", "a call without a proxy is answered")
def plain_answer(edit: Edit) -> None:
    edit.rename_line("app", "CALL refused", "CALL answer", pod=PLAIN)


@counterexample("mesh.istio.mutual-tls", "the pod without a proxy reaches nothing")
def unreachable(edit: Edit) -> None:
    edit.drop_line("app", "HEALTH answer", pod=PLAIN)


@counterexample("mesh.istio.outlives-app", "the last call is refused")
def refused(edit: Edit) -> None:
    answer(edit, NATIVE, "app", "LAST", "refused")


@counterexample("mesh.istio.outlives-app", "the proxy ends before the app")
def early_end(edit: Edit) -> None:
    edit.shift_state(PROXY, "finishedAt", -10, NATIVE)


@counterexample("mesh.istio.outlives-app", "the proxy is killed")
def killed(edit: Edit) -> None:
    end(edit, PROXY, NATIVE, 137)


def end(edit: Edit, container: str, pod: str, code: int) -> None:
    """Let a container have ended with another exit code."""
    for status in edit.statuses(container, pod):
        if "terminated" in status["state"]:
            status["state"]["terminated"]["exitCode"] = code


@counterexample("mesh.istio.outlives-app", "the proxy was restarted")
def restarted(edit: Edit) -> None:
    for status in edit.statuses(PROXY, NATIVE):
        status["restartCount"] = 1


@counterexample("mesh.istio.outlives-app-classic", "the last call is answered")
def answered(edit: Edit) -> None:
    edit.rename_line("app", "LAST refused", "LAST By=somebody", pod=CLASSIC)


@counterexample("mesh.istio.outlives-app-classic", "the proxy ends after the app")
def late_end(edit: Edit) -> None:
    edit.shift_state(PROXY, "finishedAt", 20, CLASSIC)


@counterexample("mesh.istio.restricted", "the app's call does not go through the proxy")
def passed_by(edit: Edit) -> None:
    for record in told(edit, f"{RESTRICTED}-client", "app", "CALL"):
        record.line = "CALL none"


@counterexample("mesh.istio.restricted", "an init container changes the network of the pod")
def redirected(edit: Edit) -> None:
    spec_of(edit, f"{RESTRICTED}-client")["initContainers"].insert(0, {"name": "istio-init"})


@counterexample("mesh.istio.restricted", "the proxy is a regular container")
def restricted_regular(edit: Edit) -> None:
    make_regular(spec_of(edit, f"{RESTRICTED}-client"))


@counterexample("mesh.istio.restricted", "the proxy keeps the pod from succeeding")
def stays(edit: Edit) -> None:
    for pod in edit.pods(f"{RESTRICTED}-client"):
        pod["status"]["phase"] = "Running"


def pod_of_job(edit: Edit, form: str) -> str:
    """Return the name of the pod of a Job."""
    names = [str(pod["metadata"]["name"]) for pod in edit.pods()]
    return next(name for name in names if name.startswith(f"{JOB}-{form}-"))


@counterexample("mesh.istio.job-completes", "the Job waits for the proxy")
def job_waits(edit: Edit) -> None:
    for job in edit.objects("Job", f"{JOB}-native"):
        job["status"] = {"active": 1}


@counterexample("mesh.istio.job-completes", "a pod failed before")
def job_failed(edit: Edit) -> None:
    edit.objects("Job", f"{JOB}-native")[-1]["status"]["failed"] = 1


@counterexample("mesh.istio.job-completes-classic", "the Job is complete")
def job_completes(edit: Edit) -> None:
    body = edit.action("read").answer["body"]
    body["status"] = {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}


@counterexample("mesh.istio.job-completes-classic", "the proxy ends with the app")
def proxy_ends(edit: Edit) -> None:
    for status in edit.statuses(PROXY, pod_of_job(edit, "classic")):
        status["state"] = {"terminated": {"exitCode": 0, "startedAt": None, "finishedAt": None}}
