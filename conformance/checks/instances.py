"""What checks of several areas assert of the instances of a container."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixtures.evidence.pods import Container


def assert_ran(container: Container, times: int) -> None:
    """Assert that a container had so many instances, and has counted a restart for each but one."""
    assert len(container.instances) == times, f"{container} ran {len(container.instances)} times"
    restarts = times - 1
    assert container.restarts == restarts, f"{container} was restarted {container.restarts} times"


def assert_ran_once(container: Container) -> None:
    """Assert that a container had one instance, and has counted no restart."""
    assert_ran(container, 1)
