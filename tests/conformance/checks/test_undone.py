"""What the suite never came to do, since its steps ended before, is no failure of anybody."""

from __future__ import annotations

import pytest

from conformance.catalogue import declared
from fixtures.evidence.errors import NotDoneError
from fixtures.evidence.recording import ActionRecord
from tests.kit.edits import Edit
from tests.kit.judging import good, judge

BY_ID = {one.requirement.id: one for one in declared()}


@pytest.mark.parametrize(
    ("requirement", "action", "arguments", "done"),
    [
        ("resize.conditions", "patch", {"subresource": "resize"}, 0),
        ("resize.restart-policy", "patch", {"subresource": "resize"}, 0),
        ("resize.deferred", "patch", {"subresource": "resize"}, 1),
        ("resize.infeasible", "patch", {"subresource": "resize"}, 1),
        ("node.static-pod", "remove-static", {}, 0),
        ("vol.downward-updated", "patch", {"kind": "Pod"}, 0),
    ],
)
def test_what_the_suite_did_not_come_to_is_no_failure(
    requirement: str, action: str, arguments: dict[str, str], done: int
) -> None:
    one = BY_ID[requirement]
    ((scenario, recording),) = good(one).items()
    edit = Edit(recording)
    taken = [
        record
        for record in edit.of(ActionRecord)
        if record.name == action and record.arguments.items() >= arguments.items()
    ]
    assert len(taken) > done
    edit.records = [record for record in edit.records if record not in taken[done:]]
    with pytest.raises(NotDoneError):
        judge(one, {scenario: edit.result()})
