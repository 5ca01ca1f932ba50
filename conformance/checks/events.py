"""What checks of several areas assert of Events, which their senders may drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.evidence.moments import InconclusiveError
from fixtures.kubeapi.times import SECOND

if TYPE_CHECKING:
    from fixtures.evidence.pods import Pod
    from fixtures.evidence.timeline import Timeline


def assert_told(timeline: Timeline, pod: Pod, message: str, *, told: object) -> None:
    """Assert that an Event about a pod has `told` of something, `message` says of what.

    Skips the check where the kubelet is known to send few of them (eventRecordQPS). Raises
    InconclusiveError where other Events of the kubelet about the pod are missing as well, for it
    drops what is too many, and where it may not have been sent before the recording ended.
    """
    if told:
        return
    few = timeline.kubelet_of(pod).few_events
    if few:
        pytest.skip(f"{message}, but {few}")
    started = len(timeline.events("Started", pod=pod.name))
    ran = sum(container.ever_started for container in pod.containers.values())
    if not started:
        raise InconclusiveError(f"{message}, but no events of the kubelet were seen")
    if started < ran:
        raise InconclusiveError(
            f"{message}, but the kubelet has dropped events: it told of the start of {started} of "
            f"{ran} containers"
        )
    delay, rest = timeline.event_delay(pod), recorded_after(timeline, pod)
    if delay > rest:
        raise InconclusiveError(
            f"{message}, but Events of the kubelet came {delay:.1f} s late, and the recording "
            f"ended {rest:.1f} s after the pod"
        )
    raise AssertionError(message)


def recorded_after(timeline: Timeline, pod: Pod) -> float:
    """Return for how long a scenario was recorded after the last container of a pod, in seconds."""
    ends = [
        instance.finished.earliest
        for container in pod.containers.values()
        for instance in container.instances[-1:]
        if "exitCode" in instance.state
    ]
    last = timeline.recording.records[-1].at
    return (last - max(ends, default=timeline.begun)) / SECOND
