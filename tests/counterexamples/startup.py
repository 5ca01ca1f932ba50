"""Counter-examples to the checks of `conformance.checks.test_startup`."""

from __future__ import annotations

from tests.kit.edits import Edit, counterexample


def shown(edit: Edit, container: str, pod: str | None = None, **changes: object) -> None:
    """Let the last status of a container have shown this."""
    edit.statuses(container, pod)[-1].update(changes)


def ran(edit: Edit, container: str, pod: str | None = None) -> None:
    """Let a container that never ran be seen running in the end."""
    status = edit.statuses(container, pod)[-1]
    status["state"] = {"running": {"startedAt": "2030-01-01T00:00:00Z"}}
    status["containerID"] = "containerd://out-of-turn"


@counterexample("startup.list-order", "the second init container starts before the first sidecar")
def swapped(edit: Edit) -> None:
    edit.move_line("init-2", "START", before=("sidecar-1", "START"))


@counterexample("startup.startup-probe-gates-next", "the next entry does not wait for the probe")
def ungated(edit: Edit) -> None:
    edit.move_line("init-2", "START", before=("sidecar-1", "UP"))


@counterexample(
    "startup.startup-probe-gates-next",
    "the next entry does not wait for a probe over HTTP",
    scenario="startup-open",
)
def ungated_http(edit: Edit) -> None:
    edit.move_line("init-2", "START", before=("server", "UP"))


@counterexample(
    "startup.startup-probe-gates-next",
    "the app does not wait for a probe over gRPC",
    scenario="probe-liveness-passes",
)
def ungated_grpc(edit: Edit) -> None:
    edit.move_line("app", "START", before=("grpc", "UP"))


@counterexample("startup.sidecar-started-gates-next", "the next entry waits for the exit")
def after_exit(edit: Edit) -> None:
    edit.move_line("init-2", "START", after=("sidecar-1", "EXIT"))


@counterexample("startup.sidecar-started-gates-next", "the next entry does not wait at all")
def before_start(edit: Edit) -> None:
    edit.move_line("app", "START", before=("sidecar-2", "UP"))


@counterexample("startup.no-probe-immediate", "nothing follows a sidecar that is not up")
def held_back(edit: Edit) -> None:
    edit.never_started("init-1")
    edit.drop_line("unready", "UP")


@counterexample("startup.no-probe-immediate", "a sidecar without a probe does not count as started")
def not_started(edit: Edit) -> None:
    for status in edit.statuses("unready"):
        status["started"] = False


@counterexample("startup.startup-failure-restarts", "the sidecar is not restarted")
def left_alone(edit: Edit) -> None:
    for status in edit.statuses("not-up"):
        status["restartCount"] = 0


@counterexample("startup.startup-failure-restarts", "the preStop hook is left out")
def no_hook(edit: Edit) -> None:
    edit.drop_line("not-up", "PRESTOP")


@counterexample("startup.startup-failure-restarts", "the next entry starts nevertheless")
def not_held_back(edit: Edit) -> None:
    edit.move_line("short", "START", before=("not-up", "UP"))


@counterexample("startup.startup-failure-restarts", "the pod begins to run nevertheless")
def runs_without(edit: Edit) -> None:
    edit.pods()[-1]["status"]["phase"] = "Running"


@counterexample(
    "startup.startup-failure-restarts",
    "one that was restarted later is left alone",
    scenario="startup-no-regate",
)
def left_alone_later(edit: Edit) -> None:
    edit.drop_line("crasher", "UP")


@counterexample(
    "startup.startup-failure-restarts", "the app is restarted with it", scenario="startup-no-regate"
)
def app_with_crasher(edit: Edit) -> None:
    shown(edit, "app", restartCount=2)


@counterexample(
    "startup.startup-failure-restarts",
    "another sidecar is restarted with it",
    scenario="startup-no-regate",
)
def calm_with_crasher(edit: Edit) -> None:
    shown(edit, "calm", restartCount=1)


@counterexample(
    "startup.startup-failure-restarts",
    "the pod is Pending again meanwhile",
    scenario="startup-no-regate",
)
def pending_again(edit: Edit) -> None:
    edit.pods()[-1]["status"]["phase"] = "Pending"


@counterexample("startup.startup-failure-never-not-fatal", "the pod fails")
def fatal(edit: Edit) -> None:
    edit.pods()[-1]["status"]["phase"] = "Failed"


@counterexample("startup.startup-failure-never-not-fatal", "the sidecar is not restarted")
def given_up(edit: Edit) -> None:
    for status in edit.statuses("late"):
        status["restartCount"] = 0


@counterexample(
    "startup.recovers-in-never-pod", "the third instance is not probed, nothing follows"
)
def unprobed(edit: Edit) -> None:
    edit.never_started("app")


@counterexample("startup.recovers-in-never-pod", "the app starts before the sidecar has recovered")
def before_recovery(edit: Edit) -> None:
    edit.move_line("app", "START", before=("late", "UP"))


@counterexample("startup.poststart-gates-next", "the next entry does not wait for the hook")
def during_hook(edit: Edit) -> None:
    edit.move_line("server", "START", before=("hooked", "HOOKED"))


@counterexample("startup.poststart-failure-blocks", "the sidecar is not restarted")
def hook_ignored(edit: Edit) -> None:
    for status in edit.statuses("hooked"):
        status["restartCount"] = 0


@counterexample("startup.poststart-failure-blocks", "the next entry starts without a good hook")
def hook_not_awaited(edit: Edit) -> None:
    edit.move_line("server", "START", before=("hooked", "HOOKED"))


@counterexample("startup.readiness-does-not-gate", "nothing follows a sidecar that is not ready")
def waits_for_readiness(edit: Edit) -> None:
    for name in ("init-1", "hooked", "server", "init-2", "app"):
        edit.never_started(name)


@counterexample("startup.readiness-does-not-gate", "the pod is Ready although its sidecar is not")
def ready_without(edit: Edit) -> None:
    for condition in edit.pods()[-1]["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = "True"


@counterexample("startup.liveness-does-not-gate", "nothing follows a sidecar that is not alive")
def waits_for_liveness(edit: Edit) -> None:
    edit.never_started("init")
    edit.never_started("app")


@counterexample(
    "startup.regular-after-all", "the app starts before the last init container is done"
)
def before_init(edit: Edit) -> None:
    edit.move_line("app", "START", before=("init-2", "DONE"))


@counterexample("startup.regular-after-all", "the app starts before the last sidecar has")
def before_last(edit: Edit) -> None:
    edit.move_line("app", "START", before=("sidecar-2", "UP"))


@counterexample("startup.last-entry-is-sidecar", "the app does not wait for the last sidecar")
def last_not_awaited(edit: Edit) -> None:
    edit.move_line("app", "START", before=("sidecar-2", "UP"))


@counterexample("startup.serves-later-init", "the sidecar cannot be reached over the network")
def unreachable(edit: Edit) -> None:
    edit.rename_line("init-2", "GOT greeting", "GOT")


@counterexample("startup.serves-later-init", "the sidecar's file cannot be seen")
def unseen(edit: Edit) -> None:
    edit.rename_line("init-2", "READ letter", "READ")


@counterexample("startup.serves-later-init", "it takes the init container a second attempt")
def second_attempt(edit: Edit) -> None:
    shown(edit, "init-2", restartCount=1)


@counterexample("startup.init-before-fails-never", "the pod waits for ever")
def not_failed(edit: Edit) -> None:
    for pod in edit.pods("startup-init-fails-before"):
        pod["status"]["phase"] = "Pending"


@counterexample("startup.init-before-fails-never", "the sidecar starts nevertheless")
def sidecar_starts(edit: Edit) -> None:
    ran(edit, "sidecar", "startup-init-fails-before")


@counterexample("startup.init-before-fails-retry", "the init container is not retried")
def not_retried(edit: Edit) -> None:
    for status in edit.statuses("init-1", "startup-init-retry-onfailure"):
        status["restartCount"] = 0


@counterexample("startup.init-before-fails-retry", "the sidecar does not wait for the retry")
def sidecar_too_early(edit: Edit) -> None:
    pod = "startup-init-retry-always"
    edit.move_line("sidecar", "START", before=("init-1", "DONE"), pod=pod)


@counterexample("startup.init-before-fails-retry", "it is run again when a later one fails")
def run_again_later(edit: Edit) -> None:
    shown(edit, "init-1", "startup-init-retry-always", restartCount=2)


@counterexample("startup.init-before-fails-retry", "the pod is Running during the retry")
def running_too_early(edit: Edit) -> None:
    pods = edit.pods("startup-init-retry-always")
    first = next(pod for pod in pods if pod["status"]["phase"] == "Running")
    before = pods[pods.index(first) - 1]
    before["status"]["phase"] = "Running"


@counterexample("startup.init-before-fails-retry", "the pod fails")
def pod_fails(edit: Edit) -> None:
    edit.pods("startup-init-retry-onfailure")[-1]["status"]["phase"] = "Failed"


@counterexample("startup.init-after-fails-never", "the sidecar is not stopped")
def not_stopped(edit: Edit) -> None:
    pod = "startup-init-fails-after"
    edit.drop_line("sidecar", "TERM", pod)
    running = {"running": {"startedAt": "2030-01-01T00:00:00Z"}}
    for status in edit.statuses("sidecar", pod):
        if "terminated" in status["state"]:
            status["state"] = running


@counterexample("startup.init-after-fails-never", "the pod waits for ever")
def never_failed(edit: Edit) -> None:
    for pod in edit.pods("startup-init-fails-after"):
        pod["status"]["phase"] = "Pending"


@counterexample("startup.init-after-fails-never", "the app starts nevertheless")
def app_starts(edit: Edit) -> None:
    ran(edit, "app", "startup-init-fails-after")


@counterexample("startup.init-after-fails-retry", "the init container is not retried")
def not_retried_after(edit: Edit) -> None:
    for status in edit.statuses("init-2", "startup-init-retry-always"):
        status["restartCount"] = 0


@counterexample("startup.init-after-fails-retry", "the sidecar is restarted with it")
def restarted_with_it(edit: Edit) -> None:
    shown(edit, "sidecar", "startup-init-retry-always", restartCount=1)


@counterexample("startup.init-after-fails-retry", "a sidecar that crashes meanwhile stays down")
def stays_down(edit: Edit) -> None:
    edit.drop_line("sidecar", "START 2", "startup-init-retry-onfailure")


@counterexample("startup.init-after-fails-retry", "the first init container is run again, too")
def from_the_first(edit: Edit) -> None:
    shown(edit, "init-1", "startup-init-retry-onfailure", restartCount=2)


@counterexample("startup.init-after-fails-retry", "the pod goes back to Pending")
def back_to_pending(edit: Edit) -> None:
    edit.pods("startup-init-retry-onfailure")[-1]["status"]["phase"] = "Pending"


@counterexample("startup.bad-image-blocks", "the pod fails")
def bad_image_fails(edit: Edit) -> None:
    edit.pods("startup-bad-image-never")[-1]["status"]["phase"] = "Failed"


@counterexample("startup.bad-image-blocks", "the next entry starts without the sidecar")
def next_without_image(edit: Edit) -> None:
    ran(edit, "init", "startup-bad-image-always")


@counterexample("startup.bad-image-blocks", "the sidecar waits for another reason")
def other_reason(edit: Edit) -> None:
    for status in edit.statuses("sidecar", "startup-bad-image-onfailure"):
        status["state"] = {"waiting": {"reason": "PodInitializing"}}


@counterexample("startup.crash-during-init-restarted", "the sidecar is restarted after the init")
def too_late(edit: Edit) -> None:
    pod = "restart-exits-onfailure"
    edit.move_line("one-early", "START 2", after=("init", "DONE"), pod=pod)


@counterexample("startup.crash-during-init-restarted", "it is not probed again")
def not_started_again(edit: Edit) -> None:
    for status in edit.statuses("one-early", "restart-exits-onfailure"):
        status["started"] = status["started"] and not status["restartCount"]


@counterexample("startup.crash-during-init-restarted", "the init container is run again")
def rerun(edit: Edit) -> None:
    shown(edit, "init", "restart-exits-never", restartCount=1)


@counterexample("startup.restart-does-not-regate", "the app waits for the sidecar to be up again")
def regated(edit: Edit) -> None:
    edit.move_line("app", "START 1", after=("crasher", "GIVES UP"))


@counterexample("startup.very-short-sidecar", "a sidecar that is over counts as started")
def short_counts(edit: Edit) -> None:
    shown(edit, "short", started=True)


@counterexample("startup.very-short-sidecar", "the app starts nevertheless")
def app_after_short(edit: Edit) -> None:
    ran(edit, "app")


@counterexample("startup.image-change-during-init", "the sidecar is not restarted")
def image_ignored(edit: Edit) -> None:
    edit.drop_line("early", "START 2")
    for status in edit.statuses("early"):
        status["restartCount"] = 0


@counterexample("startup.image-change-during-init", "the sidecar is restarted with the old image")
def old_image(edit: Edit) -> None:
    edit.keep_image("early")


@counterexample("startup.image-change-during-init", "the next sidecar starts meanwhile")
def next_too_early(edit: Edit) -> None:
    edit.move_line("probed", "START", before=("init", "DONE"))


@counterexample("startup.image-change-during-init", "another sidecar is restarted, too")
def another_restarted(edit: Edit) -> None:
    edit.move_line("calm", "TERM", before=("init", "DONE"))


@counterexample("startup.image-change-during-init", "the init container is restarted, too")
def init_restarted(edit: Edit) -> None:
    shown(edit, "init", "restart-image-init", restartCount=1)
