"""A late or a wrong status alone neither hides a failure nor makes one."""

from __future__ import annotations

import pytest

from conformance.catalogue import declared
from fixtures.evidence.moments import InconclusiveError
from tests.kit import edits
from tests.kit.edits import Edit
from tests.kit.judging import judge, label_for

BY_ID = {one.requirement.id: one for one in declared()}


def edited(requirement: str) -> Edit:
    one = BY_ID[requirement]
    (scenario,) = one.requirement.scenarios
    label = label_for(one)
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
