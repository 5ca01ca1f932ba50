"""What checks of several areas assert of Events, which their senders may drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from fixtures.evidence.pods import Pod
    from fixtures.evidence.timeline import Timeline


def assert_told(timeline: Timeline, pod: Pod, message: str, *, told: object) -> None:
    """Assert that an Event about a pod has `told` of something, `message` says of what.

    Skips the check where the kubelet is known to send few of them (eventRecordQPS). Raises
    InconclusiveError where other Events of the kubelet about the pod are missing as well: it drops
    what is too many.
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
    raise AssertionError(message)
