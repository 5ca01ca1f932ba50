"""Jobs: completion, failure, retries and replacement of pods with endless sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_at_least, assert_prompt
from conformance.checks.forms import assert_held_up
from conformance.checks.needs import OWN_GRACE
from conformance.checks.orders import assert_reverse_order, shown
from conformance.requirements import CONTROLLED, MUST, OBSERVED, requirement
from conformance.scenarios.job import COMPLETION_INDEX, DONE, ENDLESS, FAILED
from conformance.sources import DOCS, SIDECAR_JOBS, SIDECAR_TUTORIAL, SIDECARS, pull, upstream
from fixtures.evidence.errors import NotDoneError
from fixtures.evidence.instances import KILLED
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fixtures.evidence.moments import Moment
    from fixtures.evidence.pods import Pod
    from fixtures.evidence.timeline import Timeline
    from fixtures.evidence.version import Version

JOBS = f"{DOCS}/concepts/workloads/controllers/job/"
JOB_REFERENCE = f"{DOCS}/reference/kubernetes-api/workload-resources/job-v1/"
CRON_JOBS = f"{DOCS}/concepts/workloads/controllers/cron-jobs/"
JOB_CONTROLLER = upstream("pkg/controller/job/job_controller.go")
KEP_REPLACEMENT = (
    "https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
    "3939-allow-replacement-when-fully-terminated"
)


def assert_job_is(timeline: Timeline, kind: str, reason: str = "") -> None:
    """Assert that the Job is `Complete` or `Failed`, for this reason where one is given."""
    job = timeline.job.last
    told = ", ".join(f"{name} {one.reason}" for name, one in job.conditions.items()) or "nothing"
    assert job.condition(kind).true, f"the Job is not {kind}; its conditions tell: {told}"
    given = job.condition(kind).reason
    assert reason in ("", given), f"the Job is {kind} for {given}, not for {reason}"


def assert_completed(timeline: Timeline, pods: int) -> None:
    """Assert that the Job completed with so many pods, and none that failed."""
    assert_job_is(timeline, "Complete")
    status = timeline.job.last.status
    counts = (status.get("succeeded"), status.get("failed") or 0)
    assert counts == (pods, 0), f"the Job counts {status}"
    phases = [pod.phase for pod in timeline.pods]
    assert phases == ["Succeeded"] * pods, f"the pods ended as {phases}"


def pod_of_index(timeline: Timeline, index: str) -> Pod:
    """Return the only pod of an index of the Job."""
    found = [
        pod
        for pod in timeline.pods
        if pod.last.raw["metadata"]["annotations"].get(COMPLETION_INDEX) == index
    ]
    assert len(found) == 1, f"index {index} had {len(found)} pods"
    return found[0]


def first_told(timeline: Timeline, tells: Callable[[Version], object], what: str) -> Moment:
    """Return when the first version of the Job that tells of something was seen."""
    for version in timeline.job.versions:
        if tells(version):
            return shown(timeline.job, version, what)
    raise AssertionError(f"the Job was never seen {what}")


@requirement(
    "job.classic-sidecar-blocks-completion",
    MUST,
    by=CONTROLLED,
    since="1.28",
    scenario="job-classic-sidecar",
    needs=(),
    source=(SIDECARS, SIDECAR_TUTORIAL),
)
def test_classic_sidecar_blocks_completion(timeline: Timeline) -> None:
    """An endless helper that is a regular container keeps a Job from completing.

    It holds on every cluster, whether it knows native sidecars or not.
    """
    pod = timeline.pod
    assert pod.phase == "Running"
    assert_held_up(timeline, pod["work"], pod["helper"])


@requirement(
    "job.completes-never",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="job-never",
    source=(SIDECAR_JOBS, SIDECAR_TUTORIAL),
)
def test_completes_never(timeline: Timeline) -> None:
    """A Job with the restart policy Never completes although its sidecars are endless."""
    assert_completed(timeline, 1)
    assert timeline["app"].said("DONE") < timeline["sidecar-1"].said("TERM")


@requirement(
    "job.completes-onfailure",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="job-indexed",
    source=(SIDECAR_JOBS, SIDECAR_TUTORIAL),
)
def test_completes_onfailure(timeline: Timeline) -> None:
    """A Job with the restart policy OnFailure completes although its sidecars are endless."""
    assert_completed(timeline, 2)
    for pod in timeline.pods:
        assert pod["second"].said("DONE") < pod["sidecar"].said("TERM")


@requirement(
    "job.sidecar-restarts-in-never",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="job-never",
    source=SIDECAR_TUTORIAL,
)
def test_sidecar_restarts_in_never(timeline: Timeline) -> None:
    """In a Job with the restart policy Never, a sidecar that exits is restarted nevertheless."""
    sidecar = timeline["sidecar-2"]
    assert sidecar.first.exit_code == 1
    assert sidecar.said("CRASH") < sidecar.said("AGAIN")
    assert sidecar.said("AGAIN") < timeline["app"].said("DONE")
    assert sidecar.restarts == 1, f"sidecar-2 was restarted {sidecar.restarts} times"


@requirement(
    "job.completion-after-sidecar-stop",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="job-never",
    source=pull(124942),
    needs=OWN_GRACE,
)
def test_completion_after_sidecar_stop(timeline: Timeline) -> None:
    """The completion of a Job waits for the sidecars to stop, and its time includes them."""
    assert_job_is(timeline, "Complete")
    stamp = timeline.job.last.status["completionTime"]
    completion = timeline.clocks.second(stamp, "the Job completed", "status of the Job")
    # One sidecar is killed with the end of the grace period, and the other stops after that.
    assert completion - timeline["app"].said("DONE") >= 3.5
    for version in timeline.job.versions:
        if version.status.get("succeeded"):
            assert version.status.get("completionTime"), "a success was counted early"


@requirement(
    "job.time-to-live",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="job-never",
    source=f"{DOCS}/concepts/workloads/controllers/ttlafterfinished/",
    needs=OWN_GRACE,
)
def test_time_to_live(timeline: Timeline) -> None:
    """A finished Job is removed with its pod after its time to live, which is 3 s here.

    That time begins when the sidecars have stopped. Times of the API are whole seconds.
    """
    assert_job_is(timeline, "Complete")
    deleted = next((one for one in timeline.job.versions if one.being_deleted), timeline.job.last)
    stamp = deleted.raw["metadata"].get("deletionTimestamp")
    assert stamp, "the Job was not deleted"
    removed = timeline.clocks.second(stamp, "the Job was deleted", "deletionTimestamp")
    assert removed - timeline["sidecar-1"].said("TERM") >= 2
    for one in (timeline.job, timeline.pod):
        assert one.gone


@requirement(
    "job.sidecar-exit-code-ignored",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="job-never",
    source=SIDECAR_JOBS,
    needs=OWN_GRACE,
)
def test_sidecar_exit_code_ignored(timeline: Timeline) -> None:
    """Exit codes of sidecars do not make a Job fail, neither during its run nor at its end."""
    assert timeline["sidecar-2"].first.exit_code == 1
    assert timeline["sidecar-2"].last.exit_code == KILLED
    assert timeline["app"].last.exit_code == 0
    assert_completed(timeline, 1)


@requirement(
    "job.main-failure-counts",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="job-failing",
    source=JOBS,
)
def test_main_failure_counts(timeline: Timeline) -> None:
    """A failing app fails its pod and stops its sidecars; retries follow the back-off limit."""
    assert len(timeline.pods) == 2, f"the Job made {len(timeline.pods)} pods"
    for pod in timeline.pods:
        assert pod["app"].last.exit_code == 1
        assert pod["app"].said("DONE") < pod["sidecar"].said("TERM")
        assert pod["sidecar"].last.exit_code == 0
        assert pod.phase == "Failed"
    assert timeline.job.last.status.get("failed") == 2
    assert_job_is(timeline, "Failed", "BackoffLimitExceeded")


@requirement(
    "job.backoff-after-sidecar-stop",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="job-failing",
    source=(f"{JOBS}#pod-backoff-failure-policy", pull(124942)),
    needs=OWN_GRACE,
)
def test_backoff_after_sidecar_stop(timeline: Timeline) -> None:
    """A failed pod is replaced 10 s after its sidecars have stopped, not after its app has failed.

    The sidecar takes 6 s to stop, and times of the API are whole seconds.
    """
    assert len(timeline.pods) > 1, "the failed pod was not replaced"
    first, second = timeline.pods[:2]
    if not first["sidecar"].said("EXIT") - first["app"].said("DONE") >= 5:
        raise NotDoneError("the sidecar did not take 6 s to stop")
    stamp = second.last.raw["metadata"]["creationTimestamp"]
    created = timeline.clocks.second(stamp, "the second pod was created", "creationTimestamp")
    assert created - first["sidecar"].said("EXIT") >= 8


@requirement(
    "job.sidecar-restarts-consume-backofflimit",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="job-flapping",
    source=(JOB_CONTROLLER, f"{JOBS}#pod-backoff-failure-policy"),
)
def test_sidecar_restarts_consume_backofflimit(timeline: Timeline) -> None:
    """With OnFailure, restarts of sidecars count as retries: they alone can fail a healthy Job."""
    assert_job_is(timeline, "Failed", "BackoffLimitExceeded")
    (pod,) = timeline.pods
    assert pod["sidecar"].restarts == 1
    assert pod["sidecar"].said("CRASH") < pod["app"].said("TERM")
    assert len(pod["app"].instances) == 1


@requirement(
    "job.never-ignores-sidecar-restarts",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="job-never",
    source=JOB_CONTROLLER,
)
def test_never_ignores_sidecar_restarts(timeline: Timeline) -> None:
    """With Never, restarts of sidecars do not count as retries."""
    assert timeline.job.spec["backoffLimit"] == 0
    assert timeline["sidecar-2"].restarts == 1
    assert_completed(timeline, 1)


@requirement(
    "job.failure-policy-sees-sidecar",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="job-policy",
    source=(JOB_REFERENCE, f"{JOBS}#pod-failure-policy"),
    needs=OWN_GRACE,
)
def test_failure_policy_sees_sidecar(timeline: Timeline) -> None:
    """A rule of a pod failure policy that names a sidecar goes by that one's exit code alone.

    The rules before the one that fails the Job name others, and would have the pod ignored.
    """
    rules = timeline.job.spec["podFailurePolicy"]["rules"]
    named = [rule["onExitCodes"].get("containerName") for rule in rules]
    if named != ["app", "sidecar-1", "sidecar-2"]:
        raise NotDoneError("the rules of the policy name no sidecar")
    assert len(timeline.pods) == 1, f"the Job made {len(timeline.pods)} pods"
    (pod,) = timeline.pods
    assert pod["app"].last.exit_code == 1
    for name in ("sidecar-1", "sidecar-2"):
        assert pod[name].last.exit_code == KILLED
    assert_job_is(timeline, "Failed", "PodFailurePolicy")


@requirement(
    "job.failed-index",
    MUST,
    by=CONTROLLED,
    since="1.29",
    gates=("JobBackoffLimitPerIndex",),
    scenario="job-success",
    source=f"{JOBS}#backoff-limit-per-index",
    needs=OWN_GRACE,
)
def test_failed_index(timeline: Timeline) -> None:
    """An index whose app fails counts as failed once its sidecar has stopped, and others go on."""
    failed, done = pod_of_index(timeline, FAILED), pod_of_index(timeline, DONE)
    assert failed["app"].last.exit_code == 1
    assert failed["app"].said("FAIL") < failed["sidecar"].said("TERM")
    assert failed.phase == "Failed", f"the pod is {failed.phase}"
    assert first_told(
        timeline, lambda job: job.status.get("failedIndexes"), "with a failed index"
    ) > failed["sidecar"].said("EXIT")
    indexes = timeline.job.last.status.get("failedIndexes")
    assert indexes == FAILED, f"of the indexes 0 to 2 {indexes} failed"
    assert failed["sidecar"].said("EXIT") < done["app"].said("DONE")
    assert done.phase == "Succeeded", f"the pod that was not to fail is {done.phase}"


@requirement(
    "job.success-policy",
    MUST,
    by=CONTROLLED,
    since="1.31",
    gates=("JobSuccessPolicy",),
    scenario="job-success",
    source=f"{JOBS}#success-policy",
    needs=OWN_GRACE,
)
def test_success_policy(timeline: Timeline) -> None:
    """A success policy is met once the sidecar of its pod has stopped; then all others are stopped.

    They stop in their order, and the Job is complete.
    """
    done, endless = pod_of_index(timeline, DONE), pod_of_index(timeline, ENDLESS)
    assert done["app"].said("DONE") < done["sidecar"].said("TERM")
    assert first_told(
        timeline, lambda job: job.condition("SuccessCriteriaMet").true, "successful"
    ) > done["sidecar"].said("EXIT")
    assert done["sidecar"].said("EXIT") < endless["app"].said("TERM")
    assert_reverse_order(endless, ("sidecar",))
    assert_job_is(timeline, "Complete", "SuccessPolicy")


@requirement(
    "job.ends-after-sidecars",
    MUST,
    by=CONTROLLED,
    since="1.31",
    gates=("JobPodReplacementPolicy",),
    scenario=("job-flapping", "job-success"),
    source=f"{JOBS}#terminal-job-conditions",
    needs=OWN_GRACE,
)
def test_ends_after_sidecars(timelines: Mapping[str, Timeline]) -> None:
    """A Job is Complete or Failed only when the sidecars of all its pods have stopped.

    Its status tells before what it will be, and that pods are terminating.
    """
    flapping, success = timelines["job-flapping"], timelines["job-success"]
    for timeline, sidecar, target, end in (
        (flapping, flapping["sidecar"], "FailureTarget", "Failed"),
        (success, pod_of_index(success, ENDLESS)["sidecar"], "SuccessCriteriaMet", "Complete"),
    ):
        assert_job_is(timeline, end)
        stamp = timeline.job.last.condition(end).raw["lastTransitionTime"]
        ended = timeline.clocks.second(stamp, f"the Job was {end}", "status of the Job")
        assert sidecar.said("EXIT") < ended, f"the Job was {end} before {sidecar} had stopped"
        between = [
            version.status.get("terminating")
            for version in timeline.job.versions
            if version.condition(target).true and not version.condition(end).true
        ]
        assert 1 in between, f"with {target} the Job counted {between} pods that terminate"


@requirement(
    "job.active-deadline",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="job-suspended",
    source=JOBS,
    needs=OWN_GRACE,
)
def test_active_deadline(timeline: Timeline) -> None:
    """The active deadline of a Job fails it and stops its pods with their sidecars."""
    limit = timeline.action("patch", patch={"spec": {"activeDeadlineSeconds": 1}})
    assert limit.accepted, f"the deadline was answered {limit.message}"
    assert_job_is(timeline, "Failed", "DeadlineExceeded")
    pod = timeline.pods[-1]
    for container in pod.containers.values():
        assert pod["app"].said("UP") < container.said("TERM")
    assert pod["sidecar-1"].said("EXIT") < pod.gone


@requirement(
    "job.suspend-resume",
    MUST,
    by=CONTROLLED,
    since="1.29",
    scenario="job-suspended",
    source=JOBS,
    needs=OWN_GRACE,
)
def test_suspend_resume(timeline: Timeline) -> None:
    """A suspended Job stops its pod's app and sidecars in order; resumed, it starts afresh.

    Its status tells both, and its time begins anew.
    """
    assert len(timeline.pods) == 2, f"the Job made {len(timeline.pods)} pods"
    first, second = timeline.pods
    told = timeline.job.history(lambda version: version.condition("Suspended").status, "Suspended")
    assert [seen.value for seen in told if seen.value] == ["True", "False"], (
        f"the condition Suspended was {[seen.value for seen in told]}"
    )
    stamp = timeline.job.last.status["startTime"]
    start = timeline.clocks.second(stamp, "the resumed Job started", "status of the Job")
    assert first["app"].said("UP") < start, "the Job counts its time from before it was suspended"
    assert_reverse_order(first, ("sidecar-1", "sidecar-2"))
    assert first["app"].said("EXIT") < second["app"].said("UP")
    for container in second.containers.values():
        assert container.restarts == 0
        assert container.ever_started, f"{container} was never started"


@requirement(
    "job.terminating",
    MUST,
    by=CONTROLLED,
    since="1.29",
    gates=("JobPodReplacementPolicy",),
    scenario="job-suspended",
    source=(JOB_REFERENCE, KEP_REPLACEMENT),
    needs=OWN_GRACE,
)
def test_terminating(timeline: Timeline) -> None:
    """A Job counts a pod as terminating until its sidecars have stopped, and not as active."""
    stops = next(filter(terminating, timeline.job.versions), None)
    # Its sidecars take 4 s to stop.
    assert_prompt(timeline, stops, "no pod of the Job was ever terminating", room=4)
    counts = [version.status for version in timeline.job.versions if terminating(version)]
    for status in counts:
        others = (status["terminating"], status.get("active") or 0, status.get("ready") or 0)
        assert others == (1, 0, 0), f"(terminating, active, ready) was {others}"
    later = [one for one in timeline.job.versions if stops and one.seen > stops.seen]
    over = next((one for one in later if not terminating(one)), None)
    assert over, "the pod was counted as terminating to the end"
    stopped = timeline.pods[0]["sidecar-1"].said("EXIT")
    assert shown(timeline.job, over, "without a terminating pod") > stopped


def terminating(version: Version) -> int:
    """Return how many pods a version of a Job counts as terminating."""
    return int(version.status.get("terminating") or 0)


@requirement(
    "job.replacement-failed",
    MUST,
    by=CONTROLLED,
    since="1.29",
    gates=("JobPodReplacementPolicy",),
    scenario="job-suspended",
    source=(f"{JOBS}#pod-replacement-policy", KEP_REPLACEMENT),
    needs=OWN_GRACE,
)
def test_replacement_failed(timeline: Timeline) -> None:
    """Where only failed pods are to be replaced, a new pod waits for the sidecars' end, too."""
    assert timeline.job.spec.get("podReplacementPolicy") == "Failed"
    if not any(
        version.spec.get("suspend") is False and version.status.get("terminating")
        for version in timeline.job.versions
    ):
        raise InconclusiveError("the Job was not resumed while its first pod was still stopping")
    first, second = timeline.pods
    assert first["sidecar-1"].said("EXIT") < second["sidecar-1"].said("START")
    stamp = second.last.raw["metadata"]["creationTimestamp"]
    created = timeline.clocks.second(stamp, "the second pod was created", "creationTimestamp")
    assert_at_least(timeline, created - first["sidecar-1"].said("TERM"), 1)


@requirement(
    "job.indexed-parallel",
    OBSERVED,
    by=CONTROLLED,
    since="1.29",
    scenario="job-indexed",
    source=JOBS,
)
def test_indexed_parallel(timeline: Timeline) -> None:
    """An Indexed Job whose pods run side by side completes although its sidecars are endless."""
    assert_completed(timeline, 2)
    indexes = timeline.job.last.status.get("completedIndexes")
    assert indexes == "0,1", f"of the indexes 0 and 1 {indexes} completed"
    one, two = timeline.pods
    assert one["sidecar"].said("START") < two["sidecar"].said("EXIT")
    assert two["sidecar"].said("START") < one["sidecar"].said("EXIT")


@requirement(
    "job.cronjob", OBSERVED, by=CONTROLLED, since="1.29", scenario="job-cron", source=CRON_JOBS
)
def test_cronjob(timeline: Timeline) -> None:
    """The Jobs of a CronJob complete although their sidecars are endless."""
    assert_completed(timeline, 1)
    assert timeline["app"].said("DONE") < timeline["sidecar"].said("TERM")
