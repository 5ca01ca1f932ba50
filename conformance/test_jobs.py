"""Jobs: completion, failure, retries and replacement of pods with endless sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.moments import SECOND, InconclusiveError, Moment
from fixtures.requirements import Level, requirement
from fixtures.stage import manifest
from fixtures.stage.scenario import scenario
from fixtures.timeline import parse_time

if TYPE_CHECKING:
    from fixtures.stage.run import Run
    from fixtures.timeline import Pod, Timeline

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
SIDECAR_JOBS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#jobs-with-sidecar-containers"
TUTORIAL = "https://kubernetes.io/docs/tutorials/configuration/pod-sidecar-containers/"
JOBS = "https://kubernetes.io/docs/concepts/workloads/controllers/job/"
CRONJOBS = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
CONTROLLER = "kubernetes/kubernetes pkg/controller/job/job_controller.go"

KILLED = 137
OK = 200
CREATED = 201


def job_is(run: Run, *conditions: str, seconds: float = 120) -> None:
    """Wait until a Job of the scenario has one of these conditions."""

    def met() -> bool:
        return any(
            condition["type"] in conditions and condition["status"] == "True"
            for job in run.objects("Job")
            for condition in job["status"].get("conditions") or []
        )

    run.until(f"the Job to be {' or '.join(conditions)}", met, seconds)


def pod_of(run: Run) -> str:
    """Wait for the only pod of the scenario's Job, and return its name."""
    run.until("a pod", lambda: run.objects("Pod"), 60)
    return str(run.objects("Pod")[0]["metadata"]["name"])


def until_over(run: Run) -> None:
    """Wait until the Job is known to have succeeded or failed."""
    job_is(run, "Complete", "Failed")


@scenario("job-never", seconds=18)
def job_never(run: Run) -> None:
    """Let the second sidecar crash, and wait for the Job."""
    run.until_said("sidecar-2", "START", pod_of(run))
    run.until_said("app", "START", pod_of(run))
    run.exec("app", "touch", "/shared/crash")
    until_over(run)


@scenario("job-indexed", seconds=14)
def job_indexed(run: Run) -> None:
    """Let one container of each pod fail once the other is done, and wait for the Job."""
    run.until("two pods", lambda: len(run.objects("Pod")) == 2, 60)
    for pod in [pod["metadata"]["name"] for pod in run.objects("Pod")]:
        run.until_said("first", "DONE", pod)
        run.until_said("second", "START", pod)
        run.exec("second", "touch", "/shared/fail", pod=pod)
    until_over(run)


@scenario("job-flapping", seconds=5)
def job_flapping(run: Run) -> None:
    """Let the sidecar crash, and wait for the Job."""
    run.until_said("sidecar", "START", pod_of(run))
    run.until_said("app", "START", pod_of(run))
    run.exec("app", "touch", "/shared/crash")
    until_over(run)
    run.until("the pod to be gone", lambda: not run.objects("Pod"), 60)


@scenario("job-failing", seconds=23)
def job_failing(run: Run) -> None:
    """Wait for the Job."""
    until_over(run)


@scenario("job-policy", seconds=14)
def job_policy(run: Run) -> None:
    """Ask whether a failure policy may name a sidecar, and wait for the Job."""
    (document,) = (
        manifest.prepare(one, scenario=run.name, run="dry-run", images=run.images)
        for one in manifest.load(run.name)
    )
    document["metadata"]["name"] = "job-policy-named"
    document["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"]["containerName"] = "sidecar-1"
    run.create(document, dry_run=True)
    until_over(run)


@scenario("job-suspended", seconds=23)
def job_suspended(run: Run) -> None:
    """Suspend the Job, resume it while its pod still stops, and let its deadline be over."""

    def running_pods() -> list[str]:
        return [
            pod["metadata"]["name"]
            for pod in run.objects("Pod")
            if run.condition("Ready", pod["metadata"]["name"]) == "True"
            and "deletionTimestamp" not in pod["metadata"]
        ]

    run.until("a pod of the Job to be ready", running_pods, 120)
    (first,) = running_pods()
    run.until_said("app", "UP", pod=first)
    run.patch(run.name, {"spec": {"suspend": True}}, kind="Job")
    run.until_said("sidecar-2", "TERM", pod=first)
    run.patch(run.name, {"spec": {"suspend": False}}, kind="Job")
    run.until("a new pod of the Job to be ready", running_pods, 120)
    (second,) = running_pods()
    run.until_said("app", "UP", pod=second)
    run.patch(run.name, {"spec": {"activeDeadlineSeconds": 1}}, kind="Job")
    job_is(run, "Failed")
    run.until("all pods to be gone", lambda: not run.objects("Pod"), 60)


@scenario("job-cron", seconds=52)
def job_cron(run: Run) -> None:
    """Wait for the first Job that the schedule brings."""
    job_is(run, "Complete", "Failed", seconds=180)
    run.patch(run.name, {"spec": {"suspend": True}}, kind="CronJob")


def job(timeline: Timeline) -> dict[str, Any]:
    """Return the last version of the scenario's only Job."""
    found = timeline.objects("Job")
    assert len(found) == 1, f"expected one Job, saw {len(found)}"
    return dict(found[0][-1][2])


def condition(timeline: Timeline, kind: str) -> dict[str, Any]:
    """Return a condition of the Job that is true; fails where there is none."""
    conditions = job(timeline)["status"].get("conditions") or []
    for one in conditions:
        if one["type"] == kind and one["status"] == "True":
            return dict(one)
    shown = ", ".join(f"{one['type']} {one.get('reason', '')}" for one in conditions) or "nothing"
    raise AssertionError(f"the Job is not {kind}; its conditions tell: {shown}")


def stamped(what: str, stamp: str) -> Moment:
    """Return the moment of a time of whole seconds in an object."""
    begin = parse_time(stamp)
    return Moment(what, begin, begin + SECOND - 1, "status of the Job")


def completes(timeline: Timeline, pods: int) -> None:
    """Assert that the Job completed with so many pods, and none that failed."""
    condition(timeline, "Complete")
    status = job(timeline)["status"]
    told = f"the Job counts {status}"
    assert (status.get("succeeded"), status.get("failed") or 0) == (pods, 0), told
    phases = [pod.phase for pod in timeline.pods]
    assert phases == ["Succeeded"] * pods, f"the pods ended as {phases}"


@requirement(
    "job.completes-never",
    MUST,
    since="1.29",
    scenario="job-never",
    source=(SIDECAR_JOBS, TUTORIAL),
)
def test_completes_never(timeline: Timeline) -> None:
    """A Job with the restart policy Never completes although its sidecars are endless."""
    completes(timeline, 1)
    assert timeline["app"].said("DONE") < timeline["sidecar-1"].said("TERM")


@requirement(
    "job.completes-onfailure",
    MUST,
    since="1.29",
    scenario="job-indexed",
    source=(SIDECAR_JOBS, TUTORIAL),
)
def test_completes_onfailure(timeline: Timeline) -> None:
    """A Job with the restart policy OnFailure completes although its sidecars are endless."""
    completes(timeline, 2)
    for pod in timeline.pods:
        assert pod["second"].said("DONE") < pod["sidecar"].said("TERM")


@requirement(
    "job.sidecar-restarts-in-never",
    MUST,
    since="1.29",
    scenario="job-never",
    source=TUTORIAL,
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
    since="1.29",
    scenario="job-never",
    source="https://github.com/kubernetes/kubernetes/pull/124942",
)
def test_completion_after_sidecar_stop(timeline: Timeline) -> None:
    """The completion of a Job waits for the sidecars to stop, and its time includes them."""
    condition(timeline, "Complete")
    completion = stamped("completion of the Job", job(timeline)["status"]["completionTime"])
    # One sidecar is killed after 4 s, the other takes a second after that.
    assert completion - timeline["app"].said("DONE") >= 3.5
    for _, _, version in timeline.objects("Job")[0]:
        if version["status"].get("succeeded"):
            assert version["status"].get("completionTime"), "a success was counted early"


@requirement(
    "job.sidecar-exit-code-ignored",
    MUST,
    since="1.29",
    scenario="job-never",
    source=SIDECAR_JOBS,
)
def test_sidecar_exit_code_ignored(timeline: Timeline) -> None:
    """Exit codes of sidecars do not make a Job fail, neither during its run nor at its end."""
    assert timeline["sidecar-2"].first.exit_code == 1
    assert timeline["sidecar-2"].last.exit_code == KILLED
    assert timeline["app"].last.exit_code == 0
    completes(timeline, 1)


@requirement("job.main-failure-counts", MUST, since="1.29", scenario="job-failing", source=JOBS)
def test_main_failure_counts(timeline: Timeline) -> None:
    """A failing app fails its pod and stops its sidecars; retries follow the back-off limit."""
    assert len(timeline.pods) == 2, f"the Job made {len(timeline.pods)} pods"
    for pod in timeline.pods:
        assert pod["app"].last.exit_code == 1
        assert pod["app"].said("DONE") < pod["sidecar"].said("TERM")
        assert pod["sidecar"].last.exit_code == 0
        assert pod.phase == "Failed"
    assert job(timeline)["status"].get("failed") == 2
    assert condition(timeline, "Failed")["reason"] == "BackoffLimitExceeded"


@requirement(
    "job.sidecar-restarts-consume-backofflimit",
    OBSERVED,
    since="1.29",
    scenario="job-flapping",
    source=(CONTROLLER, f"{JOBS}#pod-backoff-failure-policy"),
)
def test_sidecar_restarts_consume_backofflimit(timeline: Timeline) -> None:
    """With OnFailure, restarts of sidecars count as retries: they alone can fail a healthy Job."""
    assert condition(timeline, "Failed")["reason"] == "BackoffLimitExceeded"
    (pod,) = timeline.pods
    assert pod["sidecar"].restarts == 1
    assert pod["sidecar"].said("CRASH") < pod["app"].said("TERM")
    assert len(pod["app"].instances) == 1


@requirement(
    "job.never-ignores-sidecar-restarts",
    OBSERVED,
    since="1.29",
    scenario="job-never",
    source=CONTROLLER,
)
def test_never_ignores_sidecar_restarts(timeline: Timeline) -> None:
    """With Never, restarts of sidecars do not count as retries."""
    assert job(timeline)["spec"]["backoffLimit"] == 0
    assert timeline["sidecar-2"].restarts == 1
    completes(timeline, 1)


@requirement(
    "job.failure-policy-sees-sidecar",
    OBSERVED,
    since="1.29",
    scenario="job-policy",
    source="kubernetes/kubernetes pkg/controller/job/pod_failure_policy.go",
)
def test_failure_policy_sees_sidecar(timeline: Timeline) -> None:
    """Exit codes of sidecars count in a pod failure policy, which may also name a sidecar."""
    assert timeline["app"].last.exit_code == 1
    for name in ("sidecar-1", "sidecar-2"):
        assert timeline[name].last.exit_code == KILLED
    failed = condition(timeline, "Failed")
    assert failed["reason"] == "PodFailurePolicy", f"the Job failed for {failed['reason']}"
    named = timeline.action("create", name="job-policy-named")
    assert named.status == CREATED, f"a policy that names a sidecar was answered {named.status}"


@requirement("job.active-deadline", MUST, since="1.29", scenario="job-suspended", source=JOBS)
def test_active_deadline(timeline: Timeline) -> None:
    """The active deadline of a Job fails it and stops its pods with their sidecars."""
    limit = timeline.action("patch", patch={"spec": {"activeDeadlineSeconds": 1}})
    assert limit.status == OK
    assert condition(timeline, "Failed")["reason"] == "DeadlineExceeded"
    pod = timeline.pods[-1]
    for container in pod.containers.values():
        assert pod["app"].said("UP") < container.said("TERM")
    assert pod["sidecar-1"].said("EXIT") < pod.gone


def in_reverse_order(pod: Pod) -> None:
    """Assert that the app stopped first, then the second sidecar, then the first."""
    assert pod["app"].said("EXIT") < pod["sidecar-2"].said("TERM")
    assert pod["sidecar-2"].said("EXIT") < pod["sidecar-1"].said("TERM")


@requirement("job.suspend-resume", MUST, since="1.29", scenario="job-suspended", source=JOBS)
def test_suspend_resume(timeline: Timeline) -> None:
    """A suspended Job stops its pod's app and sidecars in order; resumed, it starts afresh."""
    assert len(timeline.pods) == 2, f"the Job made {len(timeline.pods)} pods"
    first, second = timeline.pods
    suspended = [
        version["spec"].get("suspend") is True
        for _, _, version in timeline.objects("Job")[0]
        for one in version["status"].get("conditions") or []
        if one["type"] == "Suspended" and one["status"] == "True"
    ]
    assert any(suspended), "the Job never told that it is suspended"
    in_reverse_order(first)
    assert first["app"].said("EXIT") < second["app"].said("UP")
    for container in second.containers.values():
        assert container.restarts == 0
        assert container.ever_started


@requirement(
    "job.replacement-failed",
    OBSERVED,
    since="1.29",
    scenario="job-suspended",
    source="https://github.com/kubernetes/enhancements/tree/master/keps/sig-apps/"
    "3939-allow-replacement-when-fully-terminated",
)
def test_replacement_failed(timeline: Timeline) -> None:
    """Where only failed pods are to be replaced, a new pod waits for the sidecars' end, too."""
    assert job(timeline)["spec"].get("podReplacementPolicy") == "Failed"
    if not any(
        version["spec"].get("suspend") is False and version["status"].get("terminating")
        for _, _, version in timeline.objects("Job")[0]
    ):
        raise InconclusiveError("the Job was not resumed while its first pod was still stopping")
    first, second = timeline.pods
    assert first["sidecar-1"].said("EXIT") < second["sidecar-1"].said("START")
    created = stamped("creation of the second pod", second.object["metadata"]["creationTimestamp"])
    assert created - first["sidecar-1"].said("TERM") >= 1


@requirement("job.indexed-parallel", OBSERVED, since="1.29", scenario="job-indexed", source=JOBS)
def test_indexed_parallel(timeline: Timeline) -> None:
    """An Indexed Job whose pods run side by side completes although its sidecars are endless."""
    completes(timeline, 2)
    indexes = job(timeline)["status"].get("completedIndexes")
    assert indexes == "0,1", f"of the indexes 0 and 1 {indexes} completed"
    one, two = timeline.pods
    assert one["sidecar"].said("START") < two["sidecar"].said("EXIT")
    assert two["sidecar"].said("START") < one["sidecar"].said("EXIT")


@requirement("job.cronjob", OBSERVED, since="1.29", scenario="job-cron", source=CRONJOBS)
def test_cronjob(timeline: Timeline) -> None:
    """The Jobs of a CronJob complete although their sidecars are endless."""
    completes(timeline, 1)
    assert timeline["app"].said("DONE") < timeline["sidecar"].said("TERM")
