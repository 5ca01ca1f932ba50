"""What checks of several areas assert of pods that are stopped to make room, or to free a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixtures.evidence.pods import Pod

TARGET = "DisruptionTarget"
"""The condition of a pod that says why it is stopped, where nobody has deleted it."""


def assert_target(pod: Pod, reason: str) -> None:
    """Assert that a pod told this reason from the beginning of its deletion to its end."""
    told = [
        (version.condition(TARGET).status, version.condition(TARGET).reason)
        for version in pod.versions
        if version.being_deleted
    ]
    assert told, f"{pod.name} was never seen stopping"
    assert set(told) == {("True", reason)}, f"{TARGET} of {pod.name} was {told}"
