"""Judging kept recordings with the checks of the catalogue, without pytest's machinery."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING

from fixtures.evidence.components import Component, Components, Kubelet
from fixtures.evidence.control import TERM, Control, Lag
from fixtures.evidence.timeline import Timeline
from tests import counterexamples
from tests.kit import edits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.catalogue import Declared
    from fixtures.evidence.recording import Recording


SLOW = Control([Lag(TERM, TERM.usual + 4, 0, sys.maxsize, "", "a pod without sidecars")])
"""The control of a run in which the nodes were slow all the time."""


GATES = {
    "ContainerRestartRules": (34, 35),
    "InPlacePodVerticalScaling": (27, 33),
    "InPlacePodVerticalScalingInitContainers": (36, 36),
    "PodLifecycleSleepActionAllowZero": (32, 33),
    "RestartAllContainersOnContainerExits": (35, 36),
}
"""The minors since which feature gates that checks ask for are there, and on by default."""


def components(minor: int) -> Components:
    """Return the components of a cluster of one minor, with nothing changed in its settings."""
    gates = {name: minor >= on for name, (there, on) in GATES.items() if minor >= there}
    plain = Components.of_one_version(f"v1.{minor}.0")
    kubelet = Kubelet(version=f"v1.{minor}.0", gates=gates, settings={"eventRecordQPS": 50})
    return plain.model_copy(
        update={"gates": {Component.API_SERVER: gates}, "kubelets": {"": kubelet}}
    )


def judge(
    one: Declared,
    recordings: Mapping[str, Recording],
    control: Control | None = None,
    of: Components | None = None,
) -> None:
    """Let a check judge these recordings of these components; what it raises comes through."""
    timelines = {
        name: Timeline(
            recording,
            components=of or components(recording.header.minor),
            control=lambda: control or Control(),
        )
        for name, recording in recordings.items()
    }
    wanted = inspect.signature(one.check).parameters
    given: dict[str, object] = {}
    if "timeline" in wanted:
        (given["timeline"],) = timelines.values()
    if "timelines" in wanted:
        given["timelines"] = timelines
    one.check(**given)


def good(one: Declared) -> dict[str, Recording]:
    """Return recordings on which a requirement's check passes, by scenario.

    Where no version keeps its promise, one is mended by an edit.
    """
    counterexamples.load()
    label = label_for(one)
    assert label, f"no kept run has {', '.join(one.requirement.scenarios)}"
    found = {name: edits.load(label, name) for name in one.requirement.scenarios}
    mend = edits.MENDED.get(one.requirement.id)
    if mend is not None:
        (name,) = found
        edit = edits.Edit(found[name])
        mend(edit)
        found[name] = edit.result()
    return found


def label_for(one: Declared) -> str | None:
    """Return the newest kept run that has all scenarios of a requirement, and promises it."""
    for label in edits.labels():
        found = components(int(label.split(".")[1]))
        if one.requirement.unpromised_by(found) is None and all(
            edits.found(label, name) for name in one.requirement.scenarios
        ):
            return label
    return None
