"""Counter-examples to the checks of `conformance.checks.test_node`."""

from __future__ import annotations

from fixtures.evidence.recording import PAUSE_API_SERVER, ActionRecord, LogRecord
from tests.kit.edits import Edit, counterexample, mended, shift


def mirror(edit: Edit) -> str:
    """Return the name of the static pod."""
    names: set[str] = {pod["metadata"]["name"] for pod in edit.pods()}
    return next(name for name in names if name.startswith("node-kubelet-static-"))


def only_first(edit: Edit, container: str, pod: str) -> None:
    """Let a container have had one instance only, and have stayed as it was then."""
    statuses = [status for status in edit.statuses(container, pod) if status.get("containerID")]
    identity = statuses[0]["containerID"]
    first = dict([status for status in statuses if status["containerID"] == identity][-1])
    for status in statuses:
        if status["containerID"] != identity:
            status.clear()
            status.update(first)


def in_second(edit: Edit, pod: str, container: str, text: str) -> LogRecord:
    """Return what a container said in its second instance."""
    lines = [
        record
        for record in edit.of(LogRecord)
        if (record.pod, record.container) == (pod, container) and record.line.startswith(text)
    ]
    assert len(lines) > 1, f"{container} said {text} {len(lines)} times"
    return lines[-1]


def say_with(edit: Edit, pod: str, early: tuple[str, str], late: tuple[str, str]) -> None:
    """Let a second instance say something a second before what came before it."""
    model, record = in_second(edit, pod, *early), in_second(edit, pod, *late)
    record.at, record.stamp = model.at, model.stamp
    record.line = f"{late[1]} {model.line.rsplit(' ', 1)[1]}"
    shift(record, -1)


@counterexample("node.reboot-order", "the sidecar does not wait for the init container")
def early_sidecar(edit: Edit) -> None:
    say_with(edit, "node-kubelet-reboot", ("init-1", "DONE"), ("sidecar", "START"))


@counterexample("node.reboot-order", "an init container is not run again")
def init_skipped(edit: Edit) -> None:
    only_first(edit, "init-2", "node-kubelet-reboot")


@counterexample("node.sandbox-lost-onfailure", "what had succeeded is run again")
def done_again(edit: Edit) -> None:
    edit.statuses("done", "node-kubelet-reboot")[-1].update(
        containerID="containerd://another",
        state={"running": {"startedAt": "2030-01-01T00:00:00Z"}},
    )


@counterexample("node.sandbox-lost-onfailure", "what has failed stays away")
def failed_stays_away(edit: Edit) -> None:
    only_first(edit, "app", "node-kubelet-reboot")


@counterexample("node.sidecar-left-created", "it is waited for")
def never_more(edit: Edit) -> None:
    only_first(edit, "left", "node-kubelet-image")


@counterexample("node.kubelet-restart-count", "the count begins anew")
def counted_anew(edit: Edit) -> None:
    edit.statuses("sidecar", "node-kubelet-ends")[-1]["restartCount"] = 0


@counterexample("node.container-removed", "the container is never made again")
def not_made_again(edit: Edit) -> None:
    only_first(edit, "sidecar", "node-loss")


@counterexample("node.container-removed", "the main container is restarted with it")
def app_too(edit: Edit) -> None:
    identity = edit.statuses("app", "node-loss")[-1]["containerID"]
    edit.statuses("app", "node-loss")[-1]["containerID"] = identity + "0"


@counterexample("node.container-removed", "the restart is not counted")
def removed_uncounted(edit: Edit) -> None:
    for status in edit.statuses("sidecar", "node-loss"):
        status["restartCount"] = 0


@counterexample("node.mount-propagation", "the sidecar sees nothing of it")
def not_propagated(edit: Edit) -> None:
    edit.action("exec", container="sidecar").answer["output"] = ""


@counterexample("node.mount-propagation", "the app that did not ask sees it")
def propagated_to_all(edit: Edit) -> None:
    edit.action("exec", container="app").answer["output"] = "found\n"


@counterexample("node.mount-propagation", "the next instance of the sidecar sees nothing of it")
def propagated_once(edit: Edit) -> None:
    looked = [one for one in edit.of(ActionRecord) if one.name == "exec"]
    looked[-1].answer["output"] = ""


@counterexample("node.kubelet-restart-no-restart", "the sidecar is restarted")
def restarted(edit: Edit) -> None:
    edit.statuses("sidecar", "node-kubelet-runs")[-1]["restartCount"] = 1


@counterexample("node.kubelet-restart-no-restart", "the init container is run again")
def init_rerun(edit: Edit) -> None:
    edit.statuses("init", "node-kubelet-runs")[-1].update(
        containerID="containerd://another",
        state={"running": {"startedAt": "2030-01-01T00:00:00Z"}},
    )


@counterexample("node.kubelet-restart-status-stable", "the sidecar is shown unready for a moment")
def flaps(edit: Edit) -> None:
    edit.statuses("sidecar", "node-kubelet-runs")[-1]["ready"] = False


@counterexample("node.kubelet-restart-status-stable", "the pod is shown unready for a moment")
def pod_flaps(edit: Edit) -> None:
    for condition in edit.pods("node-kubelet-runs")[-1]["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = "False"


@counterexample("node.kubelet-restart-status-stable", "one without probes is shown not started")
def bare_flaps(edit: Edit) -> None:
    edit.statuses("bare", "node-kubelet-runs")[-1]["started"] = False


@counterexample("node.kubelet-restart-status-stable", "one that was not ready is shown ready")
def turns_ready(edit: Edit) -> None:
    edit.statuses("unready", "node-kubelet-starting")[-1]["ready"] = True


@counterexample("node.kubelet-restart-status-stable", "one with a startup probe starts once more")
def startup_only_flaps(edit: Edit) -> None:
    edit.statuses("sidecar", "node-kubelet-ends")[-1].update(started=False, ready=False)


@mended("node.kubelet-restart-startup-gate")
def held_back(edit: Edit) -> None:
    pod = "node-kubelet-starting"
    edit.move_line("app", "START", after=("sidecar", "UP"), pod=pod)


@counterexample("node.kubelet-restart-startup-gate", "the app starts with the kubelet")
def not_held_back(edit: Edit) -> None:
    pod = "node-kubelet-starting"
    edit.move_line("app", "START", before=("sidecar", "UP"), pod=pod)


@counterexample("node.update-during-reboot", "the new image is never used")
def update_lost(edit: Edit) -> None:
    only_first(edit, "sidecar", "node-kubelet-image")


@counterexample("node.update-during-reboot", "the sidecar is made again from its former image")
def former_image(edit: Edit) -> None:
    edit.keep_image("sidecar", "node-kubelet-image")


@counterexample("node.update-during-reboot", "a pod that lost its sandbox never has the new image")
def update_lost_with_sandbox(edit: Edit) -> None:
    only_first(edit, "sidecar", "node-kubelet-reboot")


@counterexample("node.sandbox-lost-never", "the sidecar is run again")
def sidecar_again(edit: Edit) -> None:
    edit.statuses("sidecar", "node-kubelet-never")[-1].update(
        containerID="containerd://another",
        state={"running": {"startedAt": "2030-01-01T00:00:00Z"}},
    )


@counterexample("node.sandbox-lost-never", "the pod goes on")
def never_failed(edit: Edit) -> None:
    for pod in edit.pods("node-kubelet-never"):
        if pod["status"]["phase"] == "Failed":
            pod["status"]["phase"] = "Running"


@counterexample("node.sandbox-lost-done", "what was done is run again")
def app_of_done_again(edit: Edit) -> None:
    for pod in edit.pods("node-kubelet-done")[-2:]:
        (status,) = pod["status"]["containerStatuses"]
        ended = {**status["state"].get("terminated", {}), "containerID": "containerd://another"}
        status.update(containerID="containerd://another", state={"terminated": ended})


@counterexample("node.sandbox-lost-done", "a sidecar is run again")
def sidecar_of_done_again(edit: Edit) -> None:
    edit.statuses("sidecar", "node-kubelet-done")[-1]["restartCount"] = 1


@counterexample("node.sandbox-lost-done", "the pod has failed")
def done_and_failed(edit: Edit) -> None:
    edit.pods("node-kubelet-done")[-1]["status"]["phase"] = "Failed"


@counterexample("node.sandbox-lost-done", "the app is told to wait again")
def done_and_waiting(edit: Edit) -> None:
    edit.statuses("app", "node-kubelet-done")[-1]["state"] = {"waiting": {"reason": "Unknown"}}


@counterexample("node.sandbox-recreate-init-first", "the second init container is skipped")
def skipped(edit: Edit) -> None:
    only_first(edit, "init-2", "node-kubelet-created")


@counterexample("node.sandbox-recreate-init-first", "the main container does not wait for it")
def early_app(edit: Edit) -> None:
    say_with(edit, "node-kubelet-created", ("init-2", "DONE"), ("app", "START"))


@counterexample("node.static-pod", "the static pod never gets ready")
def never_ready(edit: Edit) -> None:
    for pod in edit.pods(mirror(edit)):
        for condition in pod["status"].get("conditions") or []:
            if condition["type"] == "Ready":
                condition["status"] = "False"


@counterexample("node.static-pod", "the sidecar is told to stop with the app")
def static_stops_at_once(edit: Edit) -> None:
    edit.move_line("sidecar", "TERM", before=("app", "EXIT"), pod=mirror(edit))


@counterexample("node.static-pod", "the app stops while its manifest is still there")
def static_stops_early(edit: Edit) -> None:
    edit.move_line("app", "TERM", after=("app", "START"), pod=mirror(edit))


@counterexample("node.static-pod-sidecar-removed", "the sidecar is never made again")
def static_not_made_again(edit: Edit) -> None:
    only_first(edit, "sidecar", mirror(edit))


@counterexample("node.static-pod-sidecar-removed", "the pod does not get ready again")
def static_unready(edit: Edit) -> None:
    removed = edit.action("remove-container").answer["output"].split()[-1]
    for pod in edit.pods(mirror(edit)):
        for one in pod["status"].get("initContainerStatuses") or []:
            if one["name"] == "sidecar" and not one.get("containerID", "").endswith(removed):
                for condition in pod["status"]["conditions"]:
                    if condition["type"] == "Ready":
                        condition["status"] = "False"


@counterexample("node.apiserver-down-startup", "the second sidecar waits for the API server")
def waits(edit: Edit) -> None:
    output = "paused with: init\nresumed with: sidecar-1\n"
    edit.action(PAUSE_API_SERVER).answer["output"] = output


@counterexample("node.metrics", "sidecars are not counted as init containers")
def not_counted(edit: Edit) -> None:
    name = 'kubelet_started_containers_total{container_type="init_container"}'
    # Two plain init containers of each of the two pods that lost their sandboxes.
    edit.action("read-started").answer["lines"] = [f"{name} 4"]


@counterexample("node.metrics", "nothing is told of what the sidecar uses")
def no_usage(edit: Edit) -> None:
    edit.action("read-usage").answer["lines"] = []


@counterexample("node.old-kubelet-skew", "the sidecar of a pod that was refused is started")
def started_all_the_same(edit: Edit) -> None:
    for pod in edit.pods("api-kubelet-gate-off-sidecar"):
        state = {"running": {"startedAt": pod["metadata"]["creationTimestamp"]}}
        status = {"name": "sidecar", "restartCount": 0, "state": state, "containerID": "x://1"}
        pod["status"]["initContainerStatuses"] = [{**status, "lastState": {}, "ready": False}]


@counterexample("node.old-kubelet-skew", "the API server drops the sidecar's restart policy")
def dropped_for_the_kubelet(edit: Edit) -> None:
    for pod in edit.pods("api-kubelet-gate-off-sidecar"):
        del pod["spec"]["initContainers"][0]["restartPolicy"]


@counterexample("node.old-kubelet-skew", "a pod without sidecars is refused as well")
def others_refused(edit: Edit) -> None:
    for pod in edit.pods("api-kubelet-gate-off-plain"):
        pod["status"]["phase"] = "Failed"


@counterexample("node.graceful-shutdown-order", "the first sidecar stops with the second")
def shut_down_at_once(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", before=("sidecar-2", "EXIT"))


@counterexample("node.graceful-shutdown-order", "the sidecars stop with the app")
def shut_down_with_the_app(edit: Edit) -> None:
    edit.move_line("sidecar-2", "TERM", before=("app", "EXIT"))


@counterexample("node.graceful-shutdown-order", "the first sidecar is cut short")
def cut_short(edit: Edit) -> None:
    edit.drop_line("sidecar-1", "EXIT")


@counterexample("node.graceful-shutdown-order", "the pod is never seen to end")
def never_ended(edit: Edit) -> None:
    for pod in edit.pods():
        pod["status"]["phase"] = "Running"


@counterexample("node.pressure-eviction", "the pod is stopped in its own grace period")
def evicted_in_order(edit: Edit) -> None:
    edit.shift_line("app", "TERM", -20, "node-pressure")


@counterexample("node.pressure-eviction", "the app has the time that it takes to stop")
def app_stopped_in_order(edit: Edit) -> None:
    edit.add_line("app", "EXIT", like=("app", "TERM"), seconds=1, pod="node-pressure")


@counterexample("node.pressure-eviction", "the pod is said to have succeeded")
def evicted_and_succeeded(edit: Edit) -> None:
    for pod in edit.pods("node-pressure"):
        if pod["status"]["phase"] == "Failed":
            pod["status"]["phase"] = "Succeeded"


@counterexample("node.pressure-eviction", "the pod that uses what it requests is evicted")
def modest_evicted(edit: Edit) -> None:
    for pod in edit.pods("node-pressure-modest"):
        pod["status"]["phase"] = "Failed"
