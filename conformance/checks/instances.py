"""What checks of several areas assert of the instances of a container."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixtures.evidence.pods import Container


def assert_ran_once(container: Container) -> None:
    """Assert that a container had one instance, and has counted no restart."""
    assert len(container.instances) == 1, f"{container} ran {len(container.instances)} times"
    assert container.restarts == 0, f"{container} was restarted {container.restarts} times"
