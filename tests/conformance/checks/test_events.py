"""Events that are missing because the kubelet has dropped them prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.catalogue import declared
from fixtures.evidence.moments import InconclusiveError
from fixtures.evidence.timeline import Timeline
from tests.kit.edits import Edit
from tests.kit.judging import good, judge

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

BY_ID = {one.requirement.id: one for one in declared()}
NEED_EVENTS = {
    "status.events-fieldpath": "Killing",
    "status.killing-event-early": "Killing",
}
"""The checks that need an Event, and the reason of that."""


def judge_without(requirement: str, unwanted: Callable[[Json], bool]) -> None:
    one = BY_ID[requirement]
    recordings = good(one)
    scenario = one.requirement.scenarios[0]
    edit = Edit(recordings[scenario])
    edit.drop_events("Event", unwanted)
    judge(one, recordings | {scenario: edit.result()})


@pytest.mark.parametrize("requirement", NEED_EVENTS)
def test_without_any_event_of_the_kubelet_the_answer_is_open(requirement: str) -> None:
    with pytest.raises(InconclusiveError, match="no events of the kubelet were seen"):
        judge_without(requirement, lambda event: event["reason"] != "Scheduled")


@pytest.mark.parametrize("requirement", NEED_EVENTS)
def test_where_the_kubelet_has_dropped_others_the_answer_is_open(requirement: str) -> None:
    def dropped(event: Json) -> bool:
        # Of the containers only the first was told of.
        first = "init-1" in str(event) or "exits-1}" in str(event)
        return event["reason"] == NEED_EVENTS[requirement] or not (
            event["reason"] in ("Scheduled", "Started") and (first or "unready" in str(event))
        )

    with pytest.raises(InconclusiveError, match="the kubelet has dropped events"):
        judge_without(requirement, dropped)


@pytest.mark.parametrize("requirement", NEED_EVENTS)
def test_one_event_that_is_missing_among_all_others_is_a_failure(requirement: str) -> None:
    with pytest.raises(AssertionError):
        judge_without(requirement, lambda event: event["reason"] == NEED_EVENTS[requirement])


@pytest.mark.parametrize("requirement", NEED_EVENTS)
def test_one_that_may_not_have_been_sent_yet_leaves_the_answer_open(
    requirement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Timeline, "event_delay", lambda *_: 600.0)
    with pytest.raises(InconclusiveError, match=r"Events of the kubelet came 600\.0 s late"):
        judge_without(requirement, lambda event: event["reason"] == NEED_EVENTS[requirement])
