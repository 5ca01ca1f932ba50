"""Counter-examples to the checks of `conformance.checks.test_restart`."""

from __future__ import annotations

from http import HTTPStatus

from tests.kit.edits import Edit, counterexample

NEVER, ONFAILURE, ALWAYS = (
    f"restart-exits-{policy}" for policy in ("never", "onfailure", "always")
)


def not_restarted(edit: Edit, container: str, pod: str | None = None) -> None:
    """Let a container have had no second instance."""
    edit.drop_line(container, "START 2", pod)
    for status in edit.statuses(container, pod):
        status["restartCount"] = 0


@counterexample("restart.always-any-exit", "a sidecar that exited with 0 is not restarted")
def completed(edit: Edit) -> None:
    not_restarted(edit, "zero-late", ALWAYS)


@counterexample("restart.always-any-exit", "a sidecar is not restarted during initialisation")
def not_during_init(edit: Edit) -> None:
    edit.move_line("one-early", "START 2", after=("app", "START"), pod=ALWAYS)


@counterexample("restart.ignores-pod-policy", "the sidecars of a Never pod are not restarted")
def as_pod_says(edit: Edit) -> None:
    for name in ("zero-early", "one-early", "zero-late", "one-late"):
        not_restarted(edit, name, NEVER)


@counterexample("restart.ignores-pod-policy", "exit code 0 ends a sidecar of an OnFailure pod")
def on_failure_only(edit: Edit) -> None:
    not_restarted(edit, "zero-late", ONFAILURE)


@counterexample("restart.backoff", "the third instance does not wait")
def hot_loop(edit: Edit) -> None:
    edit.move_line("one", "START 3", after=("one", "END 2"), pod="restart-backoff")


@counterexample("restart.backoff", "the wait does not grow")
def constant(edit: Edit) -> None:
    edit.move_line("zero", "START 4", after=("zero", "END 3"), pod="restart-backoff")


@counterexample("restart.backoff", "the third instance of a Never pod does not wait")
def hot_loop_in_never(edit: Edit) -> None:
    edit.move_line("zero", "START 3", after=("zero", "END 2"), pod="restart-backoff-never")


@counterexample("restart.backoff", "an Always pod does not wait", scenario="status-crash")
def hot_loop_in_always(edit: Edit) -> None:
    edit.add_line("crasher", "STAY", like=("crasher", "CRASH"), seconds=6)


@counterexample("restart.backoff-per-container", "the app waits with the sidecars")
def wait_together(edit: Edit) -> None:
    edit.move_line("app", "START 2", after=("one", "START 4"), pod="restart-backoff")


@counterexample("restart.backoff-per-container", "another sidecar waits with the first")
def sidecars_wait_together(edit: Edit) -> None:
    edit.move_line("two", "START 2", after=("one", "START 4"), pod="restart-backoff")


@counterexample("restart.backoff-per-container", "the next entry waits with a sidecar")
def entries_wait_together(edit: Edit) -> None:
    edit.move_line("app", "START", after=("one", "START 3"), pod="restart-backoff-never")


@counterexample("restart.main-unaffected", "the app is restarted with a sidecar")
def app_with_it(edit: Edit) -> None:
    edit.statuses("app", ALWAYS)[-1]["restartCount"] = 1


@counterexample("restart.main-unaffected", "a sidecar is restarted with another one")
def another_with_it(edit: Edit) -> None:
    edit.statuses("zero-early", ALWAYS)[-1]["restartCount"] = 2


@counterexample(
    "restart.main-unaffected",
    "a sidecar that does not exit is restarted with another one",
    scenario="startup-no-regate",
)
def calm_with_it(edit: Edit) -> None:
    edit.statuses("calm")[-1]["restartCount"] = 1


@counterexample("restart.sidecar-unaffected-by-main", "the sidecar is restarted with the app")
def sidecar_with_it(edit: Edit) -> None:
    edit.statuses("calm")[-1]["restartCount"] = 1


@counterexample("restart.sidecar-unaffected-by-main", "initialisation is done again")
def init_again(edit: Edit) -> None:
    status = edit.statuses("init")[-1]
    status["state"] = {"running": {"startedAt": "2030-01-01T00:00:00Z"}}
    status["containerID"] = "containerd://again"


@counterexample("restart.main-not-gated-after-init", "the app waits for the sidecar")
def main_waits(edit: Edit) -> None:
    edit.move_line("app", "START 2", after=("crasher", "GIVES UP"))


@counterexample("restart.both-down-main-restarts", "the app is not restarted")
def main_stays_down(edit: Edit) -> None:
    not_restarted(edit, "app", "node-kubelet-ends")


@counterexample("restart.both-down-main-restarts", "the sidecar is restarted")
def sidecar_too(edit: Edit) -> None:
    edit.statuses("sidecar", "node-kubelet-ends")[-1]["restartCount"] = 2


@counterexample("restart.stops-when-main-done", "a sidecar that leaves is restarted once more")
def once_more(edit: Edit) -> None:
    edit.statuses("zero-early", ONFAILURE)[-1]["restartCount"] = 2


@counterexample("restart.stops-when-main-done", "the pod does not end")
def never_ends(edit: Edit) -> None:
    for pod in edit.pods(NEVER):
        if pod["status"].get("phase") == "Succeeded":
            pod["status"]["phase"] = "Running"


@counterexample("restart.last-state", "the last state is forgotten")
def forgotten(edit: Edit) -> None:
    status = edit.statuses("sidecar")[-1]
    status["lastState"]["terminated"].update(exitCode=0, reason="Completed")


@counterexample("restart.previous-log", "the log is that of the present instance")
def wrong_log(edit: Edit) -> None:
    answer = edit.action("previous-log").answer
    answer["body"] = answer["body"].replace("START 1", "START 2")


@counterexample("restart.previous-log", "the log of the instance before is gone")
def no_log(edit: Edit) -> None:
    edit.action("previous-log").answer["status"] = HTTPStatus.BAD_REQUEST


@counterexample("restart.previous-log", "the kubelet has removed the instance before")
def removed_with_log(edit: Edit) -> None:
    answer = edit.action("previous-log").answer
    answer["body"] = "unable to retrieve container logs for containerd://0123456789abcdef"


@counterexample("restart.waiting-crashloop", "back-off is not shown")
def not_shown(edit: Edit) -> None:
    for status in edit.statuses("one", "restart-backoff"):
        if "waiting" in status["state"]:
            status["state"] = {"terminated": {"exitCode": 1, "reason": "Error"}}


@counterexample("restart.waiting-crashloop", "back-off is not shown in a Never pod")
def not_shown_in_never(edit: Edit) -> None:
    for status in edit.statuses("one", "restart-backoff-never"):
        if "waiting" in status["state"]:
            status["state"] = {"terminated": {"exitCode": 1, "reason": "Error"}}


@counterexample("restart.exit0-stays-terminated", "an exit with 0 is shown as a crash")
def shown_as_crash(edit: Edit) -> None:
    for status in edit.statuses("zero", "restart-backoff"):
        if "terminated" in status["state"]:
            status["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}


@counterexample("restart.oomkilled", "the reason is not told")
def no_reason(edit: Edit) -> None:
    for status in edit.statuses("hog", ALWAYS):
        for part in ("state", "lastState"):
            if "terminated" in (status.get(part) or {}):
                status[part]["terminated"]["reason"] = "Error"


@counterexample("restart.oomkilled", "the sidecar is not restarted")
def hog_stays_down(edit: Edit) -> None:
    edit.rename_line("hog", "START 2", "SILENCE", ALWAYS)


@counterexample("restart.oomkilled", "the app is killed, too")
def app_killed(edit: Edit) -> None:
    edit.statuses("app", ALWAYS)[-1]["restartCount"] = 1


@counterexample("restart.image-update", "the sidecar is not restarted")
def image_ignored(edit: Edit) -> None:
    not_restarted(edit, "late")


@counterexample("restart.image-update", "the sidecar is restarted with the old image")
def old_image(edit: Edit) -> None:
    edit.keep_image("late", "restart-image")


@counterexample("restart.image-update", "the first of several sidecars keeps its old image")
def old_image_of_first(edit: Edit) -> None:
    edit.keep_image("calm", "restart-image-init")


@counterexample("restart.image-update", "a sidecar of a Never pod is not restarted")
def ignored_in_never(edit: Edit) -> None:
    for status in edit.statuses("crashed", "restart-image-down"):
        status["restartCount"] = min(status["restartCount"], 2)


@counterexample("restart.image-update", "a Never pod's sidecar is restarted with the old image")
def old_image_in_never(edit: Edit) -> None:
    edit.keep_image("crashed", "restart-image-down")


@counterexample("restart.image-update", "the sidecar is killed without its preStop hook")
def no_hook_for_image(edit: Edit) -> None:
    edit.drop_line("late", "PRESTOP")


@counterexample("restart.image-update", "the sidecar is not given its grace period")
def no_grace_for_image(edit: Edit) -> None:
    edit.drop_line("late", "EXIT")


@counterexample("restart.image-update", "the next sidecar is restarted with it")
def next_restarted(edit: Edit) -> None:
    edit.move_line("spoiled", "TERM", after=("late", "TERM"), pod="restart-image")


@counterexample("restart.image-update", "the other sidecars are restarted, too")
def others_restarted(edit: Edit) -> None:
    edit.statuses("early", "restart-image-init")[-1]["restartCount"] = 2


@counterexample("restart.image-update", "the app is restarted, too")
def app_restarted(edit: Edit) -> None:
    edit.statuses("app", "restart-image")[-1]["restartCount"] = 1


@counterexample("restart.image-update-on-probe-restart", "the old image is used once more")
def old_image_once_more(edit: Edit) -> None:
    edit.keep_image("probed", "restart-image-init")


@counterexample(
    "restart.image-update-on-probe-restart", "one that has crashed is made from the old image"
)
def old_image_after_crash(edit: Edit) -> None:
    edit.keep_image("crashed", "restart-image-down")


@counterexample("restart.image-update-on-probe-restart", "the app is restarted, too")
def app_restarted_with_probed(edit: Edit) -> None:
    edit.statuses("app", "restart-image-down")[-1]["restartCount"] = 1


@counterexample("restart.image-update-on-probe-restart", "the sidecar is not restarted")
def not_restarted_for_probe(edit: Edit) -> None:
    not_restarted(edit, "probed")


@counterexample("restart.image-update-bad-image", "the app is stopped")
def app_stopped(edit: Edit) -> None:
    edit.statuses("app", "restart-image")[-1]["state"] = {
        "terminated": {"exitCode": 0, "reason": "Completed"}
    }


@counterexample("restart.image-update-bad-image", "the pod stays Ready")
def stays_ready(edit: Edit) -> None:
    for condition in edit.pods("restart-image")[-1]["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = "True"


@counterexample("restart.image-update-bad-image", "the sidecar keeps its old image")
def keeps_old(edit: Edit) -> None:
    running = {"running": {"startedAt": "2030-01-01T00:00:00Z"}}
    edit.statuses("spoiled")[-1].update(state=running, ready=True)


@counterexample("restart.blocked-by-sync", "the sidecar is restarted during the app's preStop hook")
def not_blocked(edit: Edit) -> None:
    edit.move_line("sidecar", "START 2", before=("app", "HOOKED"))
