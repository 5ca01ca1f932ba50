"""What checks of several areas assert of the images that sidecars are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.bounds import assert_prompt
from fixtures.evidence.errors import NeverError, NotDoneError
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from fixtures.evidence.instances import Instance
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


def images_of(sidecar: Container, instance: Instance) -> set[str]:
    """Return the IDs of the images that an instance of a sidecar was shown to run."""
    return {
        str(seen.value.raw.get("imageID"))
        for seen in sidecar.statuses
        if seen.value.id == instance.id and seen.value.running
    }


def assert_image_used(
    timeline: Timeline,
    sidecar: Container,
    instance: Instance | None = None,
    *,
    former: Instance | None = None,
    room: float = 0,
) -> None:
    """Assert that a sidecar runs another image than a former instance of it, as it was told.

    These are its second instance and its first, unless others are given. The runtime tells the
    image by its ID. A reference in the status may be any name of an image. `room` are the seconds
    that the kubelet had to learn of the image, where something else than the image made it start
    the instance.
    """
    change_of(timeline, sidecar)
    instance, former = instance or sidecar.instance(1), former or sidecar.first
    before, after = images_of(sidecar, former), images_of(sidecar, instance)
    if not (before and after):
        raise InconclusiveError(f"no status shows {former} and {instance} running")
    message = f"{instance} still runs the former image: {before}"
    if room:
        assert_prompt(timeline, before.isdisjoint(after), message, room=room)
    assert before.isdisjoint(after), message
