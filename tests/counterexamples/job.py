"""Counter-examples to the checks of `conformance.checks.test_job`."""

from __future__ import annotations

from conformance.scenarios.job import COMPLETION_INDEX, DONE, ENDLESS, FAILED
from tests.kit.edits import Edit, counterexample


def pod_names(edit: Edit) -> list[str]:
    """Return the names of the pods in the order in which they were seen."""
    return list(dict.fromkeys(str(pod["metadata"]["name"]) for pod in edit.pods()))


def pod_of_index(edit: Edit, index: str) -> str:
    """Return the name of the pod of an index."""
    return next(
        str(pod["metadata"]["name"])
        for pod in edit.pods()
        if pod["metadata"]["annotations"].get(COMPLETION_INDEX) == index
    )


def endless(edit: Edit) -> None:
    """Let the Job never have ended."""
    for job in edit.objects("Job"):
        job["status"].pop("conditions", None)
        job["status"].pop("succeeded", None)
        job["status"].pop("completionTime", None)


def failed(edit: Edit, reason: str) -> None:
    """Let the Job have failed for this reason."""
    endless(edit)
    condition = {"type": "Failed", "status": "True", "reason": reason}
    edit.objects("Job")[-1]["status"] = {"conditions": [condition], "failed": 1}


@counterexample("job.completes-never", "the Job waits for its sidecars for ever")
def never_waits(edit: Edit) -> None:
    endless(edit)


@counterexample("job.completes-never", "the sidecar is stopped before the app is done")
def never_early(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", before=("app", "DONE"))


@counterexample("job.completes-onfailure", "the Job waits for its sidecars for ever")
def onfailure_waits(edit: Edit) -> None:
    endless(edit)


@counterexample("job.completes-onfailure", "a pod of the Job is counted as failed")
def counted_as_failed(edit: Edit) -> None:
    edit.objects("Job")[-1]["status"]["failed"] = 1


@counterexample("job.sidecar-restarts-in-never", "the sidecar stays away")
def stays_away(edit: Edit) -> None:
    edit.drop_line("sidecar-2", "AGAIN")


@counterexample("job.sidecar-restarts-in-never", "its status forgets the restart")
def forgotten(edit: Edit) -> None:
    for status in edit.statuses("sidecar-2"):
        status["restartCount"] = 0


@counterexample("job.completion-after-sidecar-stop", "the Job's time is that of its app")
def early_completion(edit: Edit) -> None:
    for job in edit.objects("Job"):
        if "completionTime" in job["status"]:
            job["status"]["completionTime"] = job["status"]["startTime"]


@counterexample("job.sidecar-exit-code-ignored", "the Job fails for its sidecar's exit code")
def failed_by_sidecar(edit: Edit) -> None:
    failed(edit, "BackoffLimitExceeded")


@counterexample("job.main-failure-counts", "the Job is not tried again")
def no_retry(edit: Edit) -> None:
    second = pod_names(edit)[1]
    edit.drop_events("Pod", lambda pod: bool(pod["metadata"]["name"] == second))


@counterexample("job.main-failure-counts", "the sidecar runs on after the app failed")
def runs_on(edit: Edit) -> None:
    edit.drop_line("sidecar", "TERM", pod_names(edit)[0])


@counterexample("job.main-failure-counts", "the failures are not counted")
def not_counted(edit: Edit) -> None:
    endless(edit)


@counterexample("job.backoff-after-sidecar-stop", "the wait begins when the app has failed")
def early_replacement(edit: Edit) -> None:
    edit.shift_line("sidecar", "EXIT", 6, pod_names(edit)[0])


@counterexample("job.backoff-after-sidecar-stop", "the failed pod is not replaced")
def not_replaced(edit: Edit) -> None:
    no_retry(edit)


@counterexample("job.sidecar-restarts-consume-backofflimit", "the Job goes on")
def goes_on(edit: Edit) -> None:
    endless(edit)


@counterexample("job.never-ignores-sidecar-restarts", "the restart uses up the retries")
def used_up(edit: Edit) -> None:
    failed(edit, "BackoffLimitExceeded")


@counterexample("job.failure-policy-sees-sidecar", "the policy does not see the sidecars' codes")
def unseen(edit: Edit) -> None:
    failed(edit, "BackoffLimitExceeded")


@counterexample("job.failure-policy-sees-sidecar", "a rule takes the exit code of another one")
def ignored(edit: Edit) -> None:
    endless(edit)


@counterexample("job.active-deadline", "the Job outlives its deadline")
def outlives(edit: Edit) -> None:
    for job in edit.objects("Job"):
        job["status"].pop("conditions", None)


@counterexample("job.active-deadline", "a sidecar of the Job runs on")
def sidecar_outlives(edit: Edit) -> None:
    edit.drop_line("sidecar-1", "TERM", pod_names(edit)[-1])


@counterexample("job.suspend-resume", "the sidecars are told to stop at once")
def at_once(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", before=("sidecar-2", "EXIT"), pod=pod_names(edit)[0])


@counterexample("job.suspend-resume", "the resumed Job makes no new pod")
def not_resumed(edit: Edit) -> None:
    second = pod_names(edit)[1]
    edit.drop_events("Pod", lambda pod: bool(pod["metadata"]["name"] == second))


@counterexample("job.suspend-resume", "the status of the resumed Job cannot be written")
def status_refused(edit: Edit) -> None:
    suspended = False
    for job in edit.objects("Job"):
        conditions = job["status"].get("conditions") or []
        suspended = suspended or any(one["type"] == "Suspended" for one in conditions)
        if suspended:
            job["status"] = {"conditions": [{"type": "Suspended", "status": "True"}]}


@counterexample("job.suspend-resume", "the time of the Job goes on while it is suspended")
def never_begun_anew(edit: Edit) -> None:
    first = edit.objects("Job")[1]["status"]["startTime"]
    for job in edit.objects("Job"):
        if "startTime" in job["status"]:
            job["status"]["startTime"] = first


@counterexample("job.failed-index", "an index counts as failed when its app fails")
def failed_early(edit: Edit) -> None:
    edit.shift_line("sidecar", "EXIT", 30, pod_of_index(edit, FAILED))


@counterexample("job.failed-index", "an index is tried again")
def index_tried_again(edit: Edit) -> None:
    for pod in edit.pods(pod_of_index(edit, ENDLESS)):
        pod["metadata"]["annotations"][COMPLETION_INDEX] = FAILED


@counterexample("job.failed-index", "all others fail with it")
def all_indexes_failed(edit: Edit) -> None:
    for job in edit.objects("Job"):
        if "failedIndexes" in job["status"]:
            job["status"]["failedIndexes"] = "0-2"


@counterexample("job.success-policy", "the policy is met before the sidecar has stopped")
def met_early(edit: Edit) -> None:
    edit.shift_line("sidecar", "EXIT", 30, pod_of_index(edit, DONE))


@counterexample("job.success-policy", "the other pod's sidecar is stopped with its app")
def others_unordered(edit: Edit) -> None:
    edit.move_line("sidecar", "TERM", after=("app", "TERM"), pod=pod_of_index(edit, ENDLESS))


@counterexample("job.success-policy", "the policy is not heeded")
def not_heeded(edit: Edit) -> None:
    failed(edit, "FailedIndexes")


@counterexample("job.ends-after-sidecars", "the Job is Complete at once", scenario="job-success")
def complete_at_once(edit: Edit) -> None:
    edit.shift_line("sidecar", "EXIT", 30, pod_of_index(edit, ENDLESS))


@counterexample("job.ends-after-sidecars", "the Job is Failed at once", scenario="job-flapping")
def failed_at_once(edit: Edit) -> None:
    edit.shift_line("sidecar", "EXIT", 30)


@counterexample(
    "job.ends-after-sidecars", "the pod does not count as terminating", scenario="job-flapping"
)
def not_terminating(edit: Edit) -> None:
    for job in edit.objects("Job"):
        job["status"].pop("terminating", None)


@counterexample("job.time-to-live", "it begins when the app is done")
def lives_too_short(edit: Edit) -> None:
    edit.shift_line("sidecar-1", "TERM", 20)


@counterexample("job.time-to-live", "the Job stays")
def lives_on(edit: Edit) -> None:
    edit.drop_events("Job", lambda job: "deletionTimestamp" in job["metadata"])


@counterexample("job.time-to-live", "the pod stays")
def pod_lives_on(edit: Edit) -> None:
    for event in edit.events("Pod"):
        if event["type"] == "DELETED":
            event["type"] = "MODIFIED"


@counterexample("job.terminating", "the Job counts no pod as terminating")
def never_terminating(edit: Edit) -> None:
    for job in edit.objects("Job"):
        job["status"].pop("terminating", None)


@counterexample("job.terminating", "a pod that stops is active as well")
def still_active(edit: Edit) -> None:
    for job in edit.objects("Job"):
        if job["status"].get("terminating"):
            job["status"]["active"] = 1


@counterexample("job.terminating", "a pod is over when its app is")
def over_with_app(edit: Edit) -> None:
    edit.shift_line("sidecar-1", "EXIT", 10, pod_names(edit)[0])


@counterexample("job.replacement-failed", "the new pod comes while the old one still stops")
def replaced_early(edit: Edit) -> None:
    edit.shift_line("sidecar-1", "START", -10, pod_names(edit)[1])


@counterexample("job.indexed-parallel", "one index never completes")
def half(edit: Edit) -> None:
    for job in edit.objects("Job"):
        job["status"]["completedIndexes"] = "0"


@counterexample("job.cronjob", "the Job waits for its sidecars for ever")
def cron_waits(edit: Edit) -> None:
    endless(edit)


@counterexample("job.classic-sidecar-blocks-completion", "the Job completes beside its helper")
def classic_completes(edit: Edit) -> None:
    status = edit.action("read").answer["body"]["status"]
    status.update(active=0, succeeded=1, conditions=[{"type": "Complete", "status": "True"}])


@counterexample("job.classic-sidecar-blocks-completion", "the helper is stopped like a sidecar")
def classic_stopped(edit: Edit) -> None:
    done = edit.statuses("work")[-1]["state"]
    edit.statuses("helper")[-1]["state"] = done
