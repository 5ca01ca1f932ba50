"""Counter-examples to the checks of `conformance.checks.test_probe`."""

from __future__ import annotations

from fixtures.evidence.recording import LogRecord, WatchRecord
from fixtures.kubeapi.times import SECOND, parse_time
from tests.kit.edits import Edit, counterexample, mended


def not_restarted(edit: Edit, container: str) -> None:
    """Let the statuses of a container have counted no restart."""
    for status in edit.statuses(container):
        status["restartCount"] = 0


@counterexample("probe.startup-holds-others", "liveness is asked for during start-up")
def killed_early(edit: Edit) -> None:
    edit.move_line("late", "TERM", before=("late", "UP"))


@counterexample("probe.startup-holds-others", "the sidecar is ready before it has started up")
def ready_early(edit: Edit) -> None:
    for status in edit.statuses("late"):
        if "running" in status["state"]:
            status["ready"] = True


@counterexample("probe.startup-holds-others", "the other probes stay without effect")
def never_released(edit: Edit) -> None:
    not_restarted(edit, "late")
    edit.drop_line("late", "TERM")


@counterexample("probe.startup-holds-after-restart", "the second instance is ready at once")
def ready_again_early(edit: Edit) -> None:
    for status in edit.statuses("late"):
        if status["restartCount"] == 1:
            status["ready"] = True


@counterexample("probe.startup-holds-after-restart", "the second instance inherits that it started")
def started_again_early(edit: Edit) -> None:
    for status in edit.statuses("late"):
        if status["restartCount"] == 1:
            status["started"] = True


@counterexample(
    "probe.startup-holds-after-restart", "the second instance is killed while it starts up"
)
def killed_again(edit: Edit) -> None:
    edit.statuses("late")[-1]["restartCount"] = 2


@counterexample("probe.startup-holds-after-restart", "the second instance never gets up")
def never_up_again(edit: Edit) -> None:
    said = [record for record in edit.of(LogRecord) if record.line.startswith("UP ")]
    edit.records.remove(said[1])


@counterexample(
    "probe.liveness-restarts", "a failed gRPC probe is ignored", scenario="probe-liveness-fails"
)
def failure_ignored(edit: Edit) -> None:
    not_restarted(edit, "grpc")


@counterexample(
    "probe.liveness-restarts",
    "a probe acts before its initial delay is over",
    scenario="probe-liveness-fails",
)
def undelayed_liveness(edit: Edit) -> None:
    edit.move_line("exec", "TERM", after=("exec", "START 1"))


@counterexample(
    "probe.liveness-restarts",
    "a failed TCP probe is ignored in an OnFailure pod",
    scenario="probe-liveness-passes",
)
def deafness_ignored(edit: Edit) -> None:
    not_restarted(edit, "tcp")


@counterexample(
    "probe.liveness-restarts",
    "the first failure counts although three are allowed",
    scenario="probe-liveness-passes",
)
def threshold_ignored(edit: Edit) -> None:
    edit.statuses("exec")[-1]["restartCount"] = 1


@counterexample(
    "probe.liveness-restarts",
    "a redirect to another host counts as failed",
    scenario="probe-liveness-passes",
)
def success_ignored(edit: Edit) -> None:
    edit.statuses("redirect")[-1]["restartCount"] = 1


@counterexample(
    "probe.liveness-restarts", "the probe is asked only once", scenario="probe-liveness-passes"
)
def asked_once(edit: Edit) -> None:
    edit.drop_line("tcp", "ASKED")


@counterexample("probe.liveness-count-monotonic", "the count begins anew")
def begins_anew(edit: Edit) -> None:
    edit.statuses("exec")[-1]["restartCount"] = 0


@counterexample("probe.liveness-count-monotonic", "the second failure is ignored")
def counted_once(edit: Edit) -> None:
    for status in edit.statuses("exec"):
        status["restartCount"] = min(status["restartCount"], 1)


@counterexample("probe.liveness-runs-prestop", "the preStop hook is left out")
def no_prestop(edit: Edit) -> None:
    edit.drop_line("exec", "PRESTOP")


@counterexample("probe.liveness-runs-prestop", "SIGTERM does not wait for the preStop hook")
def prestop_too_late(edit: Edit) -> None:
    edit.move_line("exec", "PRESTOP", after=("exec", "TERM"))


@counterexample("probe.liveness-runs-prestop", "the app is restarted with the sidecar")
def app_too(edit: Edit) -> None:
    edit.statuses("app")[-1]["restartCount"] = 1


@counterexample("probe.liveness-during-init", "liveness is asked for after initialisation only")
def after_init(edit: Edit) -> None:
    edit.move_line("exec", "START 2", after=("app", "START"))


@counterexample("probe.readiness-initial-delay", "readiness is asked for at once")
def undelayed(edit: Edit) -> None:
    edit.move_line("delayed", "ASKED", before=("delayed", "START"))


@counterexample("probe.readiness-initial-delay", "the sidecar is ready before it is asked")
def ready_unasked(edit: Edit) -> None:
    for status in edit.statuses("delayed"):
        if "running" in status["state"]:
            status["ready"] = True


@counterexample("probe.readiness-initial-delay", "the sidecar is restarted for its readiness")
def restarted_for_readiness(edit: Edit) -> None:
    edit.statuses("delayed")[-1]["restartCount"] = 1


@counterexample("probe.readiness-toggles", "the sidecar stays ready")
def stays_ready(edit: Edit) -> None:
    seen = False
    for status in edit.statuses("sidecar"):
        seen = seen or status["ready"]
        status["ready"] = seen


@counterexample("probe.readiness-toggles", "the pod stays Ready")
def pod_stays_ready(edit: Edit) -> None:
    seen = False
    for pod in edit.pods():
        for condition in pod["status"].get("conditions") or []:
            if condition["type"] == "Ready":
                seen = seen or condition["status"] == "True"
                condition["status"] = str(seen)


@counterexample("probe.readiness-toggles", "a readiness probe over HTTP is ignored")
def web_stays_ready(edit: Edit) -> None:
    for status in edit.statuses("web"):
        status["ready"] = "running" in status["state"]


@counterexample("probe.readiness-toggles", "the pod is Ready without its last sidecar")
def ready_without_last(edit: Edit) -> None:
    for pod in edit.pods():
        for condition in pod["status"].get("conditions") or []:
            if condition.get("message", "").endswith("[port]"):
                condition.update(status="True", message="")


@counterexample("probe.readiness-toggles", "the condition names another sidecar")
def wrong_name(edit: Edit) -> None:
    for pod in edit.pods():
        for condition in pod["status"].get("conditions") or []:
            if condition.get("message", "").endswith("[web port]"):
                condition["message"] = condition["message"].replace("web port", "port web")


@counterexample("probe.readiness-toggles", "a sidecar is restarted for its readiness")
def restarted_for_port(edit: Edit) -> None:
    edit.statuses("port")[-1]["restartCount"] = 1


@counterexample("probe.readiness-during-init", "readiness is not looked at before the app runs")
def ready_after_init(edit: Edit) -> None:
    for pod in edit.pods():
        if pod["status"].get("phase") == "Pending":
            for status in pod["status"].get("initContainerStatuses") or []:
                status["ready"] = False


@counterexample("probe.readiness-during-init", "readiness is asked for after initialisation only")
def asked_after_init(edit: Edit) -> None:
    edit.shift_line("delayed", "ASKED", 60)


@counterexample("probe.ready-without-probe", "the sidecar never becomes ready")
def never_ready(edit: Edit) -> None:
    for status in edit.statuses("plain"):
        status["ready"] = False


@counterexample("probe.ready-without-probe", "the sidecar is ready before it is started")
def ready_too_soon(edit: Edit) -> None:
    for status in edit.statuses("plain"):
        if "running" in status["state"]:
            status["ready"] = True


@counterexample("probe.ready-right-after-startup", "readiness waits for its next turn")
def ready_a_period_later(edit: Edit) -> None:
    ready = False
    for record in edit.of(WatchRecord):
        if record.object["kind"] == "Pod":
            for status in record.object["status"].get("initContainerStatuses") or []:
                ready = ready or (status["name"] == "late" and status["ready"])
            if ready:
                record.at += 25 * SECOND


@counterexample("probe.grace-override", "a failed liveness probe grants the pod's grace period")
def pods_grace(edit: Edit) -> None:
    not_restarted(edit, "not-alive")


@counterexample("probe.grace-override", "a failed startup probe grants no grace period")
def no_grace(edit: Edit) -> None:
    edit.move_line("not-up", "TERM", before=("not-up", "UP"))


@counterexample("probe.grace-override", "a failed liveness probe grants the least grace there is")
def least_grace(edit: Edit) -> None:
    lines = [one for one in edit.of(LogRecord) if one.container == "not-alive"]
    _, again = [parse_time(one.stamp) for one in lines if one.line.startswith("START ")]
    (told,) = [parse_time(one.stamp) for one in lines if one.line.startswith("TERM ")]
    # A kubelet grants 2 s at least.
    edit.shift_line("not-alive", "TERM", (again - told) / SECOND - 3)


@counterexample("probe.termination-readiness", "readiness is frozen when the pod is deleted")
def frozen(edit: Edit) -> None:
    for pod in edit.pods():
        if "deletionTimestamp" in pod["metadata"]:
            for status in pod["status"].get("initContainerStatuses") or []:
                if "running" in status["state"]:
                    status["ready"] = True


@counterexample("probe.termination-readiness", "the sidecar is stopped for its liveness")
def stopped_for_liveness(edit: Edit) -> None:
    edit.move_line("sidecar", "TERM", before=("app", "EXIT"))


@mended("probe.termination-liveness")
def not_asked_any_more(edit: Edit) -> None:
    lines = edit.of(LogRecord)
    (told,) = [one for one in lines if one.container == "app" and one.line.startswith("TERM ")]
    asked = [one for one in lines if one.line.startswith("LIVE ")]
    late = [one for one in asked if one.stamp > told.stamp]
    assert late, "no version asks in vain any more: the recording needs no mending"
    edit.records = [record for record in edit.records if record not in late]


@counterexample("probe.termination-liveness", "it is asked on while the app stops")
def asked_on(edit: Edit) -> None:
    edit.move_line("sidecar", "LIVE", after=("app", "EXIT"))


@counterexample("probe.workers-survive-restart-never", "the third instance is not asked any more")
def no_worker(edit: Edit) -> None:
    for status in edit.statuses("steady"):
        if status["restartCount"] > 1:
            status["ready"] = False


@counterexample(
    "probe.workers-survive-restart-never",
    "an OnFailure pod's sidecar is given up when it exits with 0",
    scenario="restart-exits",
)
def no_worker_in_onfailure(edit: Edit) -> None:
    for status in edit.statuses("zero-late", "restart-exits-onfailure"):
        if status["restartCount"]:
            status["ready"] = False


@counterexample("probe.named-port-own", "the app's port of that name is asked")
def other_port(edit: Edit) -> None:
    edit.drop_line("tcp", "ASKED")


@counterexample("probe.named-port-own", "the sidecar is restarted, as its port did not answer")
def port_without_answer(edit: Edit) -> None:
    edit.statuses("http")[-1]["restartCount"] = 1


@counterexample("probe.https", "the probe is sent in plain text")
def plain_probe(edit: Edit) -> None:
    edit.rename_line("server", "PROBED 22", "PROBED 71")


@counterexample("probe.https", "a probe that failed is sent again in plain text")
def plain_fallback(edit: Edit) -> None:
    edit.add_line("server", "PROBED 71", like=("server", "PROBED 22"), seconds=0.5)


@counterexample("probe.https-unverified", "the handshake of the startup probe fails")
def startup_handshake_fails(edit: Edit) -> None:
    edit.drop_line("server", "ASKED /startup")


@counterexample("probe.https-unverified", "the handshake of the liveness probe fails")
def liveness_handshake_fails(edit: Edit) -> None:
    edit.drop_line("server", "ASKED /liveness")


@counterexample("probe.https-unverified", "the sidecar is restarted although it answers")
def restarted_in_spite(edit: Edit) -> None:
    for status in edit.statuses("server"):
        status["restartCount"] = 1


@counterexample("probe.https-unverified", "the answer to the readiness probe does not count")
def never_ready_in_spite(edit: Edit) -> None:
    for pod in edit.pods():
        for condition in pod["status"].get("conditions") or ():
            if condition["type"] == "Ready":
                condition["status"] = "False"


def retell(edit: Edit, old: str, new: str) -> None:
    """Let the Events about failed probes have had other words."""
    told = [event for event in edit.objects("Event") if event["reason"] == "Unhealthy"]
    assert any(old in event["message"] for event in told)
    for event in told:
        event["message"] = event["message"].replace(old, new)


@counterexample("probe.failure-event", "what the command printed is left out")
def not_printed(edit: Edit) -> None:
    retell(edit, "not yet", "")


@counterexample("probe.failure-event", "another kind of probe is named")
def other_probe(edit: Edit) -> None:
    retell(edit, "Readiness", "Liveness")
