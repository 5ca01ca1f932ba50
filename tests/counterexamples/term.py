"""Counter-examples to the checks of `conformance.checks.test_term`."""

from __future__ import annotations

from http import HTTPStatus

from conformance.checks.disruptions import TARGET
from conformance.scenarios.res import PREEMPTED, PREEMPTING
from fixtures.evidence.instances import KILLED
from fixtures.evidence.recording import WatchRecord
from fixtures.kubeapi.times import SECOND
from tests.kit.edits import Edit, counterexample


def first_pod(edit: Edit) -> str:
    """Return the name of the first pod that was seen."""
    return str(edit.pods()[0]["metadata"]["name"])


def delay_removal(edit: Edit, pod: str, seconds: int) -> None:
    """Let a pod that was to be deleted have ended and been removed later."""
    deleted = [
        record
        for record in edit.of(WatchRecord)
        if record.object["kind"] == "Pod"
        and record.object["metadata"]["name"] == pod
        and "deletionTimestamp" in record.object["metadata"]
    ]
    for record in deleted[1:]:
        record.at += seconds * SECOND


def restart(edit: Edit, container: str, after: str) -> None:
    """Let a container have been started again a second after it said something."""
    edit.add_line(container, "START", like=(container, after), seconds=1)
    for status in edit.statuses(container):
        if "terminated" in status["state"]:
            status["restartCount"] += 1


@counterexample(
    "term.main-first", "a sidecar is told to stop before the app is done", scenario="ordered-start"
)
def early_at_completion(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", before=("app", "DONE"))


@counterexample(
    "term.main-first", "a sidecar is told to stop together with the app", scenario="term-delete"
)
def early_at_deletion(edit: Edit) -> None:
    edit.move_line("sidecar-3", "TERM", before=("app", "EXIT"))


@counterexample(
    "term.main-first", "a sidecar without a hook is told to stop with the app", scenario="term-gap"
)
def early_without_a_hook(edit: Edit) -> None:
    edit.move_line("sidecar-3", "TERM", after=("app", "TERM"))


@counterexample(
    "term.main-first", "a sidecar waits for the last container of the list", scenario="term-gap"
)
def waits_for_the_last_one(edit: Edit) -> None:
    edit.move_line("sidecar-3", "TERM", before=("slow", "EXIT"))


@counterexample("term.reverse-order", "the first sidecar is told to stop before the second ended")
def early_term(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", before=("sidecar-2", "EXIT"))


@counterexample("term.order-on-delete", "two sidecars are told to stop at once")
def not_one_by_one(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", before=("sidecar-2", "EXIT"))


@counterexample("term.order-on-delete", "the sidecars are told to stop together with the app")
def all_together(edit: Edit) -> None:
    for name in ("sidecar-3", "sidecar-2", "sidecar-1"):
        edit.move_line(name, "TERM", after=("app", "TERM"))


@counterexample("term.sidecar-serves-during-main-shutdown", "the sidecar is gone before the app")
def refuses(edit: Edit) -> None:
    edit.rename_line("app", "SERVED", "REFUSED")


@counterexample("term.sidecar-serves-during-main-shutdown", "the sidecar hangs")
def hangs_while_app_stops(edit: Edit) -> None:
    edit.rename_line("app", "SERVED", "LATE")


@counterexample("term.prestop-all-at-once", "a hook runs only when the turn of its sidecar comes")
def hook_in_turn(edit: Edit) -> None:
    edit.rename_line("sidecar-2", "MET", "ALONE")


@counterexample("term.prestop-all-at-once", "the hook of a sidecar never runs")
def no_hook(edit: Edit) -> None:
    for word in ("HOOK", "MET"):
        edit.drop_line("sidecar-1", word)


@counterexample("term.prestop-before-term", "a sidecar is told to stop while its hook still runs")
def term_during_hook(edit: Edit) -> None:
    edit.move_line("sidecar-3", "TERM", before=("sidecar-3", "HOOKED"))


@counterexample("term.prestop-before-term", "a sidecar is told to stop right after its hook")
def term_before_turn(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", after=("sidecar-1", "MET"))


@counterexample("term.prestop-runs-on-completion", "the hook of a sidecar does not run")
def no_hook_at_completion(edit: Edit) -> None:
    edit.drop_line("sidecar-1", "HOOK")


@counterexample("term.prestop-that-stops-process", "the sidecar is started again")
def back_after_hook(edit: Edit) -> None:
    restart(edit, "hook-stops", "STOPPED")


@counterexample(
    "term.grace-shared", "a sidecar has a grace period of its own", scenario="term-overtime"
)
def own_period(edit: Edit) -> None:
    edit.shift_line("sidecar-2", "STILL", 9)


@counterexample("term.grace-shared", "the app has twice its grace period", scenario="term-overtime")
def twice_the_period(edit: Edit) -> None:
    edit.shift_line("app", "STILL", 9)


@counterexample(
    "term.grace-shared",
    "the grace period of a sidecar begins with its turn",
    scenario="status-ends",
)
def period_by_turns(edit: Edit) -> None:
    edit.shift_line("is-killed", "STILL", 7, "status-ends-well")


@counterexample("term.main-eats-grace", "the first sidecar waits until the last one is killed")
def one_by_one(edit: Edit) -> None:
    edit.shift_line("sidecar-1", "TERM", 4)


@counterexample("term.main-eats-grace", "a sidecar has a grace period of its own")
def own_period_after_app(edit: Edit) -> None:
    edit.shift_line("sidecar-2", "STILL", 9)


@counterexample("term.main-eats-grace", "a sidecar is killed at once")
def no_time_to_stop(edit: Edit) -> None:
    edit.shift_line("sidecar-2", "STILL", -2)


@counterexample("term.main-eats-grace", "the sidecar that stops at once is killed as well")
def killed_while_stopping(edit: Edit) -> None:
    for status in edit.statuses("sidecar-1"):
        if "terminated" in status["state"]:
            status["state"]["terminated"]["exitCode"] = 137


@counterexample("term.main-eats-grace", "a sidecar is not told to stop before it is killed")
def killed_unasked(edit: Edit) -> None:
    edit.drop_line("sidecar-1", "TERM")


@counterexample("term.main-eats-grace", "the sidecars are told to stop before the grace is over")
def not_waited(edit: Edit) -> None:
    for name in ("sidecar-1", "sidecar-2"):
        edit.shift_line(name, "TERM", -4)


@counterexample("term.sidecar-eats-grace", "the earlier sidecar is killed without being told")
def no_term(edit: Edit) -> None:
    edit.drop_line("sidecar-1", "TERM")


@counterexample("term.sidecar-eats-grace", "the earlier sidecar is told to stop with the later one")
def told_together(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", after=("sidecar-2", "TERM"))


@counterexample("term.sidecar-eats-grace", "the pod fails for the exit code of a sidecar")
def failed_by_sidecar(edit: Edit) -> None:
    for pod in edit.pods():
        if pod["status"].get("phase") == "Succeeded":
            pod["status"]["phase"] = "Failed"


@counterexample("term.sidecar-eats-grace", "another grace period than the pod's holds")
def another_grace(edit: Edit) -> None:
    edit.shift_line("sidecar-2", "STILL", 22)
    edit.shift_line("sidecar-1", "TERM", 22)


@counterexample(
    "term.prestop-overrun",
    "the sidecars' hooks are cut short one after the other",
    scenario="job-policy",
)
def hooks_one_by_one(edit: Edit) -> None:
    for word in ("TERM", "STILL"):
        edit.shift_line("sidecar-1", word, 5)


@counterexample("term.prestop-overrun", "a hook may run for ever", scenario="job-policy")
def endless_hook(edit: Edit) -> None:
    for word in ("TERM", "STILL"):
        for name in ("sidecar-1", "sidecar-2"):
            edit.shift_line(name, word, 30)


@counterexample(
    "term.prestop-overrun", "the time of the hook is not charged", scenario="status-ends"
)
def hook_not_charged(edit: Edit) -> None:
    edit.shift_line("app", "STILL", 8, "status-ends-killed")


@counterexample(
    "term.prestop-overrun", "the sidecar waits until the app is killed", scenario="status-ends"
)
def waits_for_the_kill(edit: Edit) -> None:
    edit.shift_line("sidecar", "TERM", 3, "status-ends-killed")


@counterexample(
    "term.natural-never-onfailure",
    "the pod hangs: it never leaves Running",
    scenario="ordered-start",
)
def hangs(edit: Edit) -> None:
    for pod in edit.pods():
        pod["status"]["phase"] = "Running"


@counterexample(
    "term.natural-never-onfailure", "with OnFailure the sidecar runs on", scenario="job-indexed"
)
def hangs_onfailure(edit: Edit) -> None:
    edit.drop_line("sidecar", "TERM", first_pod(edit))
    for pod in edit.pods(first_pod(edit)):
        pod["status"]["phase"] = "Running"


@counterexample(
    "term.natural-beside-backoff",
    "the pod waits until the back-off is over, and the sidecar is back",
)
def back_after_backoff(edit: Edit) -> None:
    edit.statuses("down")[-1]["restartCount"] = 2


@counterexample("term.natural-beside-backoff", "the sidecar is back before the pod ends")
def is_back(edit: Edit) -> None:
    edit.add_line("down", "AGAIN", like=("app", "DONE"), seconds=9, pod="status-ends-badly")


@counterexample("term.natural-beside-backoff", "the pod does not end")
def goes_on(edit: Edit) -> None:
    for pod in edit.pods("status-ends-badly"):
        if pod["status"].get("phase") == "Failed":
            pod["status"]["phase"] = "Running"


@counterexample(
    "term.onfailure-keeps-while-retrying", "the sidecar stops although the app is to be restarted"
)
def stops_between(edit: Edit) -> None:
    edit.move_line("sidecar", "TERM", after=("second", "FAIL"), pod=first_pod(edit))


@counterexample("term.always-never-completes", "a sidecar stops when the app has exited")
def stops_with_app(edit: Edit) -> None:
    edit.move_line("sidecar-2", "TERM", after=("app", "FIRST"))


@counterexample("term.always-never-completes", "the sidecars are started anew with the app")
def all_anew(edit: Edit) -> None:
    edit.move_line("sidecar-3", "START", after=("app", "FIRST"))


@counterexample("term.during-init", "the deletion waits until the grace period is over")
def waits_for_nobody(edit: Edit) -> None:
    delay_removal(edit, "term-init-early", 90)


@counterexample("term.during-init", "the sidecars are started in order to be stopped")
def started_late(edit: Edit) -> None:
    (running, *_) = edit.statuses("init", "term-init-early")
    for status in edit.statuses("sidecar-1", "term-init-early"):
        status["state"] = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
        status["containerID"] = f"{running.get('containerID')}-sidecar"


@counterexample("term.nonstarted-sidecar", "SIGTERM is withheld until the grace period is over")
def withheld(edit: Edit) -> None:
    for word in ("TERM", "EXIT"):
        edit.shift_line("sidecar-1", word, 90, "term-init-unstarted")
    delay_removal(edit, "term-init-unstarted", 90)


@counterexample("term.nonstarted-sidecar", "the sidecar is killed without being told to stop")
def killed_unstarted(edit: Edit) -> None:
    for word in ("TERM", "EXIT"):
        edit.drop_line("sidecar-1", word, "term-init-unstarted")


@counterexample("term.during-init", "the deletion waits for half of the grace period")
def waits_for_half(edit: Edit) -> None:
    delay_removal(edit, "term-init-early", 45)


@counterexample("term.nonstarted-sidecar", "the one before it is told to stop at the same time")
def unordered_in_init(edit: Edit) -> None:
    edit.move_line("first", "TERM", before=("sidecar-1", "EXIT"), pod="term-init-unstarted")


@counterexample("term.regular-init-not-awaited", "the sidecar waits for the init container")
def waits_for_init(edit: Edit) -> None:
    edit.move_line("sidecar", "TERM", after=("init", "EXIT"), pod="term-init-plain")


@counterexample("term.ephemeral-not-awaited", "the sidecars wait for the ephemeral container")
def waits_for_ephemeral(edit: Edit) -> None:
    edit.move_line("sidecar-3", "TERM", after=("debugger", "EXIT"))


@counterexample("term.gap-in-chain", "the first sidecar waits for the third")
def waits_across_gap(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", after=("sidecar-3", "EXIT"))


@counterexample("term.no-restart-while-terminating", "the sidecar is started again")
def back_after_crash(edit: Edit) -> None:
    restart(edit, "crashes", "CRASH")


@counterexample("term.image-change-ignored", "the sidecar is started again with the new image")
def back_with_new_image(edit: Edit) -> None:
    edit.add_line("sidecar-2", "START", like=("app", "EXIT"))


@counterexample("term.image-change-ignored", "the pod waits for more than its grace period")
def delayed_by_image(edit: Edit) -> None:
    delay_removal(edit, "term-delete", 60)


@counterexample("term.delete-grace-override", "the pod's own grace period holds")
def own_grace(edit: Edit) -> None:
    for name in ("app", "sidecar-2"):
        edit.shift_line(name, "STILL", 55)


@counterexample("term.delete-grace-override", "the app is killed at once")
def no_grace(edit: Edit) -> None:
    edit.shift_line("app", "STILL", -4)


@counterexample("term.force", "the removal waits for the containers")
def removal_waits(edit: Edit) -> None:
    for pod in edit.pods():
        if pod["metadata"].get("deletionGracePeriodSeconds") == 0:
            for status in pod["status"]["containerStatuses"]:
                status["state"] = {"terminated": {"exitCode": 137}}


@counterexample("term.force", "the sidecar has the pod's whole grace period")
def spared_by_force(edit: Edit) -> None:
    edit.shift_line("sidecar", "STILL", 40)


@counterexample("term.shorter-second-delete", "the first grace period holds")
def first_holds(edit: Edit) -> None:
    edit.add_line("app", "STILL", like=("app", "TERM"), seconds=20)


@counterexample("term.sleep-hook", "the hook does not sleep")
def no_sleep(edit: Edit) -> None:
    edit.shift_line("sidecar", "TERM", -3)


@counterexample("term.sleep-hook", "the hook begins when the app has ended")
def sleeps_late(edit: Edit) -> None:
    edit.shift_line("sidecar", "TERM", 4)


@counterexample("term.sleep-hook", "a sleep of no length is refused")
def zero_refused(edit: Edit) -> None:
    answer = edit.action("create", name="term-sleep-zero").answer
    answer["status"] = HTTPStatus.UNPROCESSABLE_ENTITY


@counterexample("term.active-deadline", "the pod does not fail", scenario="term-ways")
def no_deadline(edit: Edit) -> None:
    for pod in edit.pods("term-ways-deadline"):
        pod["status"]["phase"] = "Running"


@counterexample("term.active-deadline", "a sidecar runs on", scenario="term-ways")
def outlives_deadline(edit: Edit) -> None:
    edit.drop_line("sidecar-1", "TERM", "term-ways-deadline")


@counterexample("term.active-deadline", "the app stops before the deadline", scenario="term-ways")
def stops_before_deadline(edit: Edit) -> None:
    edit.move_line("app", "TERM", after=("app", "UP"), pod="term-ways-deadline")


@counterexample(
    "term.active-deadline", "initialisation takes as long as it likes", scenario="term-init"
)
def spared_in_init(edit: Edit) -> None:
    for pod in edit.pods("term-init-plain"):
        pod["status"]["phase"] = "Pending"


@counterexample("term.active-deadline-order", "the sidecars are told to stop at once")
def deadline_unordered(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", before=("sidecar-2", "EXIT"), pod="term-ways-deadline")


@counterexample("term.active-deadline-order", "the sidecars wait for a container that is done")
def waits_for_the_done(edit: Edit) -> None:
    for name in ("sidecar-2", "sidecar-1"):
        for word in ("TERM", "EXIT"):
            edit.shift_line(name, word, 39, "term-ways-deadline")


@counterexample("term.eviction-api", "the sidecars wait for the first container to exit")
def evicted_too_early(edit: Edit) -> None:
    edit.move_line("sidecar-2", "TERM", after=("quick", "EXIT"), pod="term-ways-evicted")


@counterexample("term.eviction-api", "the sidecars are told to stop together with the app")
def evicted_unordered(edit: Edit) -> None:
    edit.move_line("sidecar-2", "TERM", before=("app", "EXIT"), pod="term-ways-evicted")


@counterexample("term.kubelet-restart", "the app has only what was left of its grace period")
def what_was_left(edit: Edit) -> None:
    edit.shift_line("app", "STILL", -4, "node-kubelet-stops")


@counterexample("term.kubelet-restart", "the sidecar is told to stop when the kubelet comes back")
def no_longer_waits(edit: Edit) -> None:
    edit.shift_line("sidecar", "TERM", -6, "node-kubelet-stops")


@counterexample("term.alpha-unordered", "a sidecar is told to stop when the app has ended")
def in_order_as_alpha(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", after=("app", "EXIT"))


@counterexample("term.alpha-unordered", "a sidecar has ended when the app is told to stop")
def before_the_app_as_alpha(edit: Edit) -> None:
    edit.move_line("sidecar-2", "EXIT", before=("app", "TERM"))


@counterexample("term.stopsignal", "the sidecar gets SIGTERM, whatever it names")
def term_instead(edit: Edit) -> None:
    edit.rename_line("named", "USR1", "TERM")


@counterexample("term.stopsignal", "the app gets SIGTERM, whatever it names")
def term_instead_for_the_app(edit: Edit) -> None:
    edit.rename_line("app", "USR2", "TERM")


@counterexample("term.stopsignal", "a sidecar that names none gets the signal of the other")
def signal_of_another(edit: Edit) -> None:
    edit.rename_line("unnamed", "TERM", "USR1")


@counterexample("term.stopsignal", "the sidecar gets SIGTERM as well")
def both_signals(edit: Edit) -> None:
    edit.add_line("named", "TERM", like=("named", "USR1"), seconds=0.2)


@counterexample("term.stopsignal", "the status of the sidecar tells another signal")
def another_signal_told(edit: Edit) -> None:
    for status in edit.statuses("named"):
        status["stopSignal"] = "SIGTERM"


@counterexample("term.stopsignal", "the sidecars get their signals together")
def signals_together(edit: Edit) -> None:
    edit.move_line("named", "USR1", before=("unnamed", "EXIT"))


@counterexample("term.stopsignal", "a sidecar gets its signal before the app has ended")
def signal_before_the_app(edit: Edit) -> None:
    edit.move_line("unnamed", "TERM", before=("app", "EXIT"))


@counterexample("term.preemption", "the sidecar is told to stop with the app")
def preempted_at_once(edit: Edit) -> None:
    edit.move_line("sidecar", "TERM", before=("app", "EXIT"), pod=PREEMPTED)


@counterexample("term.preemption", "a preempted pod has no grace period")
def preempted_by_force(edit: Edit) -> None:
    for status in edit.statuses("sidecar", PREEMPTED):
        if "terminated" in status["state"]:
            status["state"]["terminated"]["exitCode"] = KILLED


@counterexample("term.preemption", "a pod that stops leaves its room at once")
def room_too_early(edit: Edit) -> None:
    edit.shift_line("app", "START", -10, PREEMPTING)


@counterexample("term.preemption", "the condition is lost while the pod stops")
def target_lost(edit: Edit) -> None:
    status = edit.pods(PREEMPTED)[-1]["status"]
    status["conditions"] = [one for one in status["conditions"] if one["type"] != TARGET]
