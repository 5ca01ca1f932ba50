"""The log of an ended sidecar may be removed while its pod is initialised, which is no failure."""

from __future__ import annotations

import pytest

from conformance.catalogue import declared
from fixtures.evidence.moments import InconclusiveError
from tests.kit import edits
from tests.kit.edits import Edit
from tests.kit.judging import judge, label_for


def test_a_previous_log_that_was_removed_with_its_container_leaves_the_answer_open() -> None:
    (one,) = (each for each in declared() if each.requirement.id == "dbg.exec-logs-attach")
    label = label_for(one)
    assert label
    edit = Edit(edits.load(label, "dbg-init"))
    body = "unable to retrieve container logs for containerd://2299"
    edit.action("previous log").answer["body"] = body
    with pytest.raises(InconclusiveError, match="was removed before the previous log"):
        judge(one, {"dbg-init": edit.result()})
