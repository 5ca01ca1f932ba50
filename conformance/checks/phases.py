"""The phase of a pod as several areas ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixtures.evidence.pods import Pod


def assert_failed(pod: Pod, reason: str) -> None:
    """Assert that a pod has failed for this reason."""
    found = (pod.phase, pod.last.status.get("reason"))
    assert found == ("Failed", reason), f"{pod.name} is {found}"
