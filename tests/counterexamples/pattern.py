"""Counter-examples to the checks of `conformance.checks.test_pattern`."""

from __future__ import annotations

from tests.kit.edits import Edit, counterexample


def pod_of(edit: Edit, form: str) -> str:
    """Return the name of the pod of this form; see `conformance.checks.test_pattern.pod_of`."""
    names = {str(pod["metadata"]["name"]) for pod in edit.pods()}
    return next(name for name in sorted(names) if name.startswith(form))


@counterexample("pattern.log-shipper", "the sidecar misses the first line")
def missed(edit: Edit) -> None:
    edit.drop_line("logshipper", "logging 1", pod_of(edit, "pattern-log-shipper-native"))


@counterexample("pattern.log-shipper", "the sidecar is stopped before the last line")
def missed_at_last(edit: Edit) -> None:
    edit.drop_line("logshipper", "logging last", pod_of(edit, "pattern-log-shipper-native"))


@counterexample("pattern.log-shipper", "the app is killed before its last line")
def killed(edit: Edit) -> None:
    edit.drop_line("myapp", "WROTE last", pod_of(edit, "pattern-log-shipper-native"))


@counterexample("pattern.log-shipper", "the sidecar never prints a line")
def silent(edit: Edit) -> None:
    edit.drop_line("logshipper", "logging")


@counterexample("pattern.log-shipper", "the pod is not ready with its sidecar")
def unready(edit: Edit) -> None:
    for pod in edit.pods():
        for condition in pod["status"].get("conditions") or []:
            if condition["type"] == "Ready":
                condition["status"] = "False"


@counterexample("pattern.log-shipper", "the Deployment never becomes available")
def unavailable(edit: Edit) -> None:
    for deployment in edit.objects("Deployment"):
        deployment["status"].pop("availableReplicas", None)


@counterexample("pattern.log-shipper-classic", "the shipper is there until the app has ended")
def shipped(edit: Edit) -> None:
    pod = pod_of(edit, "pattern-log-shipper-classic")
    edit.add_line("logshipper", "logging last", like=("logshipper", "logging 3"), pod=pod)


@counterexample("pattern.secret-helper", "the app starts without its secret")
def no_secret(edit: Edit) -> None:
    edit.rename_line("app", "SECRET first", "SECRET none", pod="pattern-helpers-native")


@counterexample("pattern.secret-helper", "the secret is not renewed")
def not_renewed(edit: Edit) -> None:
    edit.rename_line("app", "SECRET second", "SECRET first", pod="pattern-helpers-native")


@counterexample("pattern.secret-helper-classic", "the secret is renewed")
def renewed(edit: Edit) -> None:
    edit.rename_line("app", "SECRET first", "SECRET second", pod="pattern-helpers-classic")


@counterexample("pattern.config-helper", "the app starts without its configuration")
def too_early(edit: Edit) -> None:
    edit.rename_line("app", "CONFIG first", "CONFIG none", pod="pattern-helpers-native")


@counterexample("pattern.config-helper", "the app never sees the change")
def unchanged(edit: Edit) -> None:
    edit.drop_line("app", "CONFIG second", pod="pattern-helpers-native")


@counterexample("pattern.config-helper-classic", "the configuration is there in time")
def in_time(edit: Edit) -> None:
    edit.rename_line("app", "CONFIG none", "CONFIG first", pod="pattern-helpers-classic")


@counterexample("pattern.lock-helper", "the lock is given back while the app works")
def given_back(edit: Edit) -> None:
    edit.shift_line("lock", "RELEASED", -3, pod="pattern-helpers-native")


@counterexample("pattern.lock-helper", "the app finds the lock free")
def free(edit: Edit) -> None:
    edit.rename_line("app", "LOCK held", "LOCK free", pod="pattern-helpers-native")


@counterexample("pattern.lock-helper-classic", "the lock is held until the app has ended")
def held(edit: Edit) -> None:
    edit.shift_line("lock", "RELEASED", 60, pod="pattern-helpers-classic")


@counterexample("pattern.adapter", "the adapter misses the last thing")
def uncounted(edit: Edit) -> None:
    edit.drop_line("adapter", "COUNT 2", pod="pattern-helpers-native")


@counterexample("pattern.adapter-classic", "the adapter has counted everything")
def counted(edit: Edit) -> None:
    edit.rename_line("adapter", "COUNT 1", "COUNT 2", pod="pattern-helpers-classic")


@counterexample("pattern.ambassador", "the first request is refused")
def refused(edit: Edit) -> None:
    edit.rename_line("app", "FIRST", "FIRST refused", pod="pattern-ambassador-native")


@counterexample("pattern.ambassador", "the last request is refused")
def refused_at_last(edit: Edit) -> None:
    edit.rename_line("app", "LAST", "LAST refused", pod="pattern-ambassador-native")


@counterexample("pattern.ambassador-classic", "the last request is carried")
def carried(edit: Edit) -> None:
    edit.rename_line("app", "LAST", "LAST answer", pod="pattern-ambassador-classic")


@counterexample("pattern.init-network", "the init container has no network")
def no_network(edit: Edit) -> None:
    edit.rename_line("init", "INIT", "INIT refused", pod="pattern-ambassador-native")


@counterexample("pattern.init-network-classic", "the init container has a proxy")
def network(edit: Edit) -> None:
    edit.rename_line("init", "INIT", "INIT answer", pod="pattern-ambassador-classic")


@counterexample("pattern.job-helper", "the Job does not complete")
def incomplete(edit: Edit) -> None:
    for job in edit.objects("Job", "pattern-job-native"):
        job["status"].pop("conditions", None)


@counterexample("pattern.job-helper", "the sidecar is stopped before it has shipped the result")
def unshipped(edit: Edit) -> None:
    edit.drop_line("shipper", "result second", pod_of(edit, "pattern-job-native"))


@counterexample("pattern.job-helper-classic", "the helper ends with the work")
def ended(edit: Edit) -> None:
    for status in edit.statuses("shipper", pod_of(edit, "pattern-job-classic")):
        running = status["state"].pop("running", None)
        if running:
            exited = {"exitCode": 0, "reason": "Completed", "containerID": status["containerID"]}
            status["state"]["terminated"] = exited | running | {"finishedAt": running["startedAt"]}


@counterexample("pattern.job-helper-classic", "the Job completes")
def complete(edit: Edit) -> None:
    status = edit.action("read").answer["body"]["status"]
    status["conditions"] = [{"type": "Complete", "status": "True"}]


@counterexample("pattern.dead-helper", "the sidecar is not restarted, and the work goes on without")
def not_restarted(edit: Edit) -> None:
    pod = pod_of(edit, "pattern-job-native")
    edit.rename_line("work", "TOOK second piece", "TOOK second nothing", pod=pod)


@counterexample("pattern.dead-helper", "the sidecar is restarted once more")
def restarted_again(edit: Edit) -> None:
    for status in edit.statuses("source", pod_of(edit, "pattern-job-native")):
        status["restartCount"] *= 2


@counterexample("pattern.dead-helper-classic", "the helper serves again")
def serves(edit: Edit) -> None:
    pod = pod_of(edit, "pattern-job-classic")
    edit.rename_line("work", "TOOK second nothing", "TOOK second piece", pod=pod)


@counterexample("pattern.dead-helper-classic", "the helper is restarted")
def restarted(edit: Edit) -> None:
    for status in edit.statuses("source", pod_of(edit, "pattern-job-classic")):
        status["restartCount"] += 1
