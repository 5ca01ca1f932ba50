"""What checks of patterns and meshes share: pods in native and in classic form, and their Jobs.

The name of a pod begins with that of its scenario, and goes on with its form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.evidence.errors import NeverError

if TYPE_CHECKING:
    from fixtures.evidence.pods import Container, Pod
    from fixtures.evidence.timeline import Timeline


def pod_of(timeline: Timeline, form: str) -> Pod:
    """Return the pod of a form, or the one that its workload made; NeverError without one."""
    name = f"{timeline.recording.scenario}-{form}"
    for pod in timeline.pods:
        if pod.name.startswith(name):
            return pod
    raise NeverError(f"no pod of {name} was seen")


def assert_held_up(timeline: Timeline, work: Container, helper: Container) -> None:
    """Assert that the work of a Job is done, and that a helper which runs on keeps it active.

    The Job was read after that by the steps, once.
    """
    assert work.last.exit_code == 0
    assert helper.state == "running", f"{helper} is {helper.status}"
    status = timeline.action("read").body["status"]
    assert status.get("active") == 1, f"the Job's status is {status}"
    assert not status.get("conditions"), f"the Job is {status['conditions']}"
