"""A node that runs no pod in a user namespace is no failure, and is told of in its own words."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.catalogue import declared
from fixtures.evidence.recording import LogRecord, WatchRecord
from tests.kit.edits import Edit
from tests.kit.judging import good, judge

Json = dict[str, Any]

ID = "sec.user-namespace"
MESSAGE = "Failed to create pod sandbox: runtime does not support user namespaces"
(ONE,) = [one for one in declared() if one.requirement.id == ID]


def before_it_ran() -> Edit:
    """Return what is left of a good recording where no container of the pod was ever made."""
    edit = Edit(good(ONE)["sec-userns"])
    edit.records = [
        record
        for record in edit.records
        if not isinstance(record, LogRecord)
        and not (isinstance(record, WatchRecord) and "containerID" in str(record.object))
    ]
    return edit


def test_what_keeps_the_pod_from_running_is_the_reason_of_unsupported() -> None:
    edit = before_it_ran()
    (told,) = [
        one
        for one in edit.of(WatchRecord)
        if one.object["kind"] == "Event" and one.object["reason"] == "Scheduled"
    ]
    failed = edit.again(told)
    failed.object["metadata"].update(name="sec-userns.failed", uid="failed")
    failed.object.update(reason="FailedCreatePodSandBox", message=MESSAGE)
    with pytest.raises(pytest.skip.Exception, match=MESSAGE):
        judge(ONE, {"sec-userns": edit.result()})


def test_a_pod_that_never_runs_without_such_a_reason_is_no_pass() -> None:
    with pytest.raises(AssertionError):
        judge(ONE, {"sec-userns": before_it_ran().result()})


def test_a_cluster_that_drops_the_field_is_not_judged() -> None:
    edit = Edit(good(ONE)["sec-userns"])
    edit.drop_field("spec.hostUsers")
    with pytest.raises(pytest.skip.Exception, match="keeps no hostUsers"):
        judge(ONE, {"sec-userns": edit.result()})
