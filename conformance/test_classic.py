"""Classic sidecars: helpers that are regular containers, as all had to be before native ones.

These promises hold on every cluster. On one that knows no sidecars they are why nothing else helps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.run import Run
    from fixtures.timeline import Timeline

MUST = Level.MUST
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"
TUTORIAL = "https://kubernetes.io/docs/tutorials/configuration/pod-sidecar-containers/"


@scenario("job-classic-sidecar", seconds=10)
def job_classic_sidecar(run: Run) -> None:
    """Let the time pass in which a Job with a native sidecar would be complete."""
    run.until_terminated("work")
    run.observe(8, "the Job must not complete")
    run.read("Job", "job-classic-sidecar")


@requirement(
    "job.classic-sidecar-blocks-completion",
    MUST,
    since="1.28",
    scenario="job-classic-sidecar",
    needs=(),
    source=(SIDECARS, TUTORIAL),
)
def test_classic_sidecar_blocks_completion(timeline: Timeline) -> None:
    """An endless helper that is a regular container keeps a Job from completing."""
    pod = timeline.pod
    assert pod["work"].last.exit_code == 0
    assert "running" in pod["helper"].status["state"], f"the helper is {pod['helper'].status}"
    assert pod.phase == "Running"
    (reading,) = [action for action in timeline.actions if action.name == "read"]
    status = reading.body["status"]
    assert status.get("active") == 1, f"the Job's status is {status}"
    assert not status.get("conditions"), f"the Job is {status['conditions']}"
