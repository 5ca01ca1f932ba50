"""What checks of several areas assert of the images that sidecars are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.evidence.errors import NeverError, NotDoneError
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from fixtures.evidence.pods import Container
    from fixtures.evidence.timeline import Action, Timeline


def change_of(timeline: Timeline, sidecar: Container) -> Action:
    """Return how the suite gave another image to a sidecar, for the first time.

    Raises NeverError where the API server refused it, NotDoneError where it was never done.
    """
    for action in timeline.actions_named("patch", name=sidecar.pod.name):
        for changed in action.arguments["patch"]["spec"]["initContainers"]:
            if changed["name"] == sidecar.name:
                if not action.accepted:
                    raise NeverError(f"the new image of {sidecar} was refused: {action.message}")
                return action
    raise NotDoneError(f"the suite never changed the image of {sidecar}")


def images_of(sidecar: Container, number: int) -> set[str]:
    """Return the IDs of the images that an instance of a sidecar was shown to run."""
    return {
        str(seen.value.raw.get("imageID"))
        for seen in sidecar.statuses
        if seen.value.restarts == number and seen.value.running
    }


def assert_image_used(
    timeline: Timeline, sidecar: Container, number: int = 1, *, former: int = 0
) -> None:
    """Assert that an instance of a sidecar runs another image than a former one, as it was told.

    The runtime tells it by its ID. A reference in the status may be any name of an image.
    """
    change_of(timeline, sidecar)
    before, after = images_of(sidecar, former), images_of(sidecar, number)
    if not (before and after):
        message = f"no status shows {sidecar}#{former} and {sidecar}#{number} running"
        raise InconclusiveError(message)
    assert before.isdisjoint(after), f"{sidecar}#{number} still runs the former image: {before}"
