"""Steps of scenarios. Jobs: completion, failure, retries and replacement of their pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.kubeapi.status import condition_of
from fixtures.patience import CRON
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.stage.staging import Staging

    Json = Mapping[str, Any]

COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
FAILED, DONE, ENDLESS = ROLES = ("0", "1", "2")
"""The indexes of job-success, by what becomes of them."""

INDEXES = 2
"""The Indexed Job has so many pods, which run side by side."""


@scenario("job-classic-sidecar", seconds=10)
def job_classic_sidecar(staging: Staging) -> None:
    """Let the time pass in which a Job with a native sidecar would be complete."""
    staging.until_terminated("work")
    staging.until_running("helper")
    staging.observe(8, "the Job must not complete")
    staging.read("Job", "job-classic-sidecar")


def until_job_is(staging: Staging, *kinds: str) -> None:
    """Wait until a Job of the scenario has a condition of one of these kinds."""

    def met() -> bool:
        return any(condition_of(job, kind).true for job in staging.objects("Job") for kind in kinds)

    staging.until(f"the Job to be {' or '.join(kinds)}", met)


def pod_of(staging: Staging) -> str:
    """Wait for the only pod of the scenario's Job, and return its name."""
    staging.until("a pod", lambda: staging.objects("Pod"))
    return str(staging.objects("Pod")[0]["metadata"]["name"])


def ready_pods(staging: Staging, former: str = "") -> list[str]:
    """Return the names of the ready pods but the former, which a busy API shows ready for long."""
    names = [pod["metadata"]["name"] for pod in staging.objects("Pod")]
    return [name for name in names if name != former and staging.condition("Ready", name) == "True"]


def until_over(staging: Staging) -> None:
    """Wait until the Job is known to have succeeded or failed."""
    until_job_is(staging, "Complete", "Failed")


@scenario("job-never", seconds=26)
def job_never(staging: Staging) -> None:
    """Let the second sidecar crash, and wait for the end of the Job and for its removal."""
    pod = pod_of(staging)
    staging.until_said("sidecar-2", "START", pod)
    staging.until_said("app", "START", pod)
    staging.exec("app", "touch", "/shared/crash", pod=pod)
    until_over(staging)
    staging.until("the Job to be removed", lambda: not staging.objects("Job"))
    staging.until("its pod to be gone", lambda: not staging.objects("Pod"))


@scenario("job-indexed", seconds=14)
def job_indexed(staging: Staging) -> None:
    """Let one container of each pod fail once the other is done, and wait for the Job."""
    staging.until("two pods", lambda: len(staging.objects("Pod")) == INDEXES)
    for pod in [pod["metadata"]["name"] for pod in staging.objects("Pod")]:
        staging.until_said("first", "DONE", pod)
        staging.until_said("second", "START", pod)
        staging.exec("second", "touch", "/shared/fail", pod=pod)
    until_over(staging)


@scenario("job-flapping", seconds=9)
def job_flapping(staging: Staging) -> None:
    """Let the sidecar crash, and wait for the Job."""
    pod = pod_of(staging)
    staging.until_said("sidecar", "START", pod)
    staging.until_said("app", "START", pod)
    staging.exec("app", "touch", "/shared/crash", pod=pod)
    until_over(staging)
    staging.until("the pod to be gone", lambda: not staging.objects("Pod"))


@scenario("job-success", seconds=20)
def job_success(staging: Staging) -> None:
    """Let one pod be done when another has failed, and wait for the Job.

    Before 1.31 it has no success policy, and ends with its last pod only.
    """

    def pod_of_index(index: str) -> str:
        (name,) = [
            pod["metadata"]["name"]
            for pod in staging.objects("Pod")
            if pod["metadata"]["annotations"][COMPLETION_INDEX] == index
        ]
        return str(name)

    def job() -> Json:
        return staging.object("Job", staging.name) or {}

    staging.until("three pods", lambda: len(staging.objects("Pod")) == len(ROLES))
    for index in ROLES:
        staging.until_said("app", "START", pod_of_index(index))
    staging.until("an index to have failed", lambda: job()["status"].get("failedIndexes"))
    staging.exec("app", "touch", "/shared/go", pod=pod_of_index(DONE))
    if "successPolicy" in job()["spec"]:
        until_over(staging)
    else:
        staging.until("the index to be done", lambda: job()["status"].get("completedIndexes"))


@scenario("job-failing", seconds=35)
def job_failing(staging: Staging) -> None:
    """Wait for the Job."""
    until_over(staging)


@scenario("job-policy", seconds=20)
def job_policy(staging: Staging) -> None:
    """Wait for the Job."""
    until_over(staging)


@scenario("job-suspended", seconds=23, uses=("patch jobs.batch",))
def job_suspended(staging: Staging) -> None:
    """Suspend the Job, resume it while its pod still stops, and let its deadline be over."""
    staging.until("a pod of the Job to be ready", lambda: ready_pods(staging))
    (first,) = ready_pods(staging)
    staging.until_said("app", "UP", pod=first)
    staging.patch(staging.name, {"spec": {"suspend": True}}, kind="Job")
    staging.until_said("sidecar-2", "TERM", pod=first)
    until_job_is(staging, "Suspended")
    staging.patch(staging.name, {"spec": {"suspend": False}}, kind="Job")
    staging.until("a new pod of the Job to be ready", lambda: ready_pods(staging, former=first))
    (second,) = ready_pods(staging, former=first)
    staging.until_said("app", "UP", pod=second)
    staging.patch(staging.name, {"spec": {"activeDeadlineSeconds": 1}}, kind="Job")
    until_job_is(staging, "Failed")
    staging.until("all pods to be gone", lambda: not staging.objects("Pod"))


@scenario("job-cron", seconds=52, uses=("patch cronjobs.batch",))
def job_cron(staging: Staging) -> None:
    """Wait for the first Job that the schedule brings, and let it be the only one."""
    staging.until("a Job", lambda: staging.objects("Job"), CRON)
    staging.patch(staging.name, {"spec": {"suspend": True}}, kind="CronJob")
    until_job_is(staging, "Complete", "Failed")
