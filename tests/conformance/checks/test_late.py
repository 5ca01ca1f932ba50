"""A late or a wrong status alone neither hides a failure nor makes one."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from conformance.catalogue import declared
from fixtures.evidence.control import TERM, Control, Lag
from fixtures.evidence.errors import EvidenceLostError
from fixtures.evidence.moments import InconclusiveError
from tests.kit import edits
from tests.kit.edits import Edit
from tests.kit.judging import SLOW, good, judge, label_for
from tests.kit.lateness import merged, stretched

if TYPE_CHECKING:
    from conformance.catalogue import Declared

BY_ID = {one.requirement.id: one for one in declared()}
VERY_SLOW = Control([Lag(TERM, TERM.usual + 20, 0, sys.maxsize, "", "a pod without sidecars")])
"""The control of a run in which all took four times as long as on a busy node."""
JUDGED = [one for one in BY_ID.values() if one.requirement.scenarios]


@pytest.mark.parametrize("one", JUDGED, ids=lambda one: one.requirement.id)
def test_what_was_not_waited_for_need_not_be_shown(one: Declared) -> None:
    """A kubelet or a controller that tells late is healthy: a check may be undecided, and no more.

    Whose instances were never shown has no lines of them.
    """
    recordings = {name: merged(recording) for name, recording in good(one).items()}
    with suppress(InconclusiveError, EvidenceLostError):
        judge(one, recordings)


@pytest.mark.parametrize("one", JUDGED, ids=lambda one: one.requirement.id)
def test_what_takes_four_times_as_long_is_late_on_a_slow_node(one: Declared) -> None:
    recordings = {name: stretched(recording, 4) for name, recording in good(one).items()}
    with suppress(InconclusiveError):
        judge(one, recordings, VERY_SLOW)


def edited(requirement: str) -> Edit:
    (scenario,) = BY_ID[requirement].requirement.scenarios
    return edited_of(requirement, scenario)


def edited_of(requirement: str, scenario: str) -> Edit:
    label = label_for(BY_ID[requirement])
    assert label
    return Edit(edits.load(label, scenario))


def test_a_second_instance_that_was_never_seen_held_back_may_have_been_ready_too_soon() -> None:
    edit = edited("probe.startup-holds-after-restart")
    edit.drop_events(
        "Pod",
        lambda pod: any(
            status["restartCount"] == 1 and not status["started"]
            for status in pod["status"].get("initContainerStatuses") or []
        ),
    )
    with pytest.raises(InconclusiveError, match="no status shows late#1 running before"):
        judge(BY_ID["probe.startup-holds-after-restart"], {"probe-restart": edit.result()})


def test_what_runs_again_is_another_container_whatever_is_counted() -> None:
    edit = edited("phase.reboot-pending")
    for pod in edit.pods("node-kubelet-reboot"):
        status = pod["status"]
        for container in status.get("initContainerStatuses") or []:
            container["restartCount"] = 0
    judge(BY_ID["phase.reboot-pending"], {"node-kubelet": edit.result()})


def test_a_count_that_grows_without_a_new_instance_is_no_restart() -> None:
    edit = edited("rules.restart-all-not-on-delete")
    for pod in edit.pods():
        if "deletionTimestamp" in pod["metadata"]:
            for status in pod["status"]["initContainerStatuses"]:
                status["restartCount"] += 1
    judge(BY_ID["rules.restart-all-not-on-delete"], {"rules-restart-all": edit.result()})


def test_a_sidecar_may_first_be_shown_when_it_has_started() -> None:
    edit = edited_of("status.started-flag", "ordered-start")
    edit.drop_events(
        "Pod",
        lambda pod: any(
            status["name"] == "sidecar-1"
            and not (status["started"] or "terminated" in status["state"])
            for status in pod["status"].get("initContainerStatuses") or []
        ),
    )
    crash = edits.load("v1.37.2", "status-crash")
    judge(BY_ID["status.started-flag"], {"ordered-start": edit.result(), "status-crash": crash})


@pytest.mark.parametrize(
    "requirement", ["rules.restart-all-from-init", "rules.restart-all-from-main"]
)
def test_a_count_that_was_passed_is_none_that_was_missed(requirement: str) -> None:
    edit = edited(requirement)
    edit.drop_events(
        "Pod",
        lambda pod: any(
            status["name"] == "sidecar" and status["restartCount"] in {1, 2}
            for status in pod["status"].get("initContainerStatuses") or []
        ),
    )
    judge(BY_ID[requirement], {"rules-restart-all": edit.result()})


def test_a_restart_that_the_steps_gave_up_on_is_late_on_a_slow_node() -> None:
    one = BY_ID["startup.image-change-during-init"]
    edit = edited(one.requirement.id)
    edit.move_line("early", "START 2", after=("init", "DONE"), pod="restart-image-init")
    for control, raised in ((None, AssertionError), (SLOW, InconclusiveError)):
        with pytest.raises(raised, match="early#1 started"):
            judge(one, {"restart-image": edit.result()}, control)


@pytest.mark.parametrize(
    ("requirement", "container", "text"),
    [
        ("pattern.init-network", "init", "INIT"),
        ("pattern.ambassador", "app", "FIRST"),
    ],
)
def test_a_request_that_was_given_up_is_late_on_a_slow_node(
    requirement: str, container: str, text: str
) -> None:
    edit = edited(requirement)
    edit.rename_line(container, text, f"{text} refused", pod="pattern-ambassador-native")
    with pytest.raises(InconclusiveError, match="the node was slow"):
        judge(BY_ID[requirement], {"pattern-ambassador": edit.result()}, SLOW)


def test_the_count_of_restarts_may_first_be_shown_after_the_crash() -> None:
    edit = edited("node.kubelet-restart-count")
    edit.drop_events(
        "Pod",
        lambda pod: (
            pod["metadata"]["name"] == "node-kubelet-ends"
            and any(
                not status["restartCount"] and status["name"] == "sidecar"
                for status in pod["status"].get("initContainerStatuses") or []
            )
        ),
    )
    judge(BY_ID["node.kubelet-restart-count"], {"node-kubelet": edit.result()})
