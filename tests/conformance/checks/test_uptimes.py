"""Where containers have clocks of their own a good run has no failure, only doubts."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from conformance.catalogue import Declared, declared
from fixtures.evidence.moments import InconclusiveError
from fixtures.evidence.timeline import Timeline
from tests.kit import edits
from tests.kit.edits import Edit
from tests.kit.judging import good, judge, label_for

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_DOUBTS = 60
"""Of some two hundred checks: most orders are caused by more than a stamp may be late."""


def judged_with(edit: Callable[[Edit], None]) -> Counter[str]:
    """Return how often checks pass and doubt on kept recordings that were edited."""
    found: Counter[str] = Counter()
    for one in declared():
        if one.requirement.scenarios and label_for(one):
            found[verdict(one, edit)] += 1
    return found


def verdict(one: Declared, edit: Callable[[Edit], None]) -> str:
    recordings = {}
    for name, recording in good(one).items():
        changed = Edit(recording)
        edit(changed)
        recordings[name] = changed.result()
    try:
        judge(one, recordings)
    except InconclusiveError:
        return "inconclusive"
    return "pass"


EDITS = {
    "some are 1000 s before": lambda edit: edit.shift_uptimes(1000, re.compile("1$|sidecar$")),
    "some are 8 s before": lambda edit: edit.shift_uptimes(8, re.compile("1$|sidecar$")),
    "each counts from its own start": Edit.count_from_starts,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_clocks_of_their_own_fail_no_check(edit: Callable[[Edit], None]) -> None:
    found = judged_with(edit)
    assert found["pass"] > 0
    assert 0 < found["inconclusive"] <= MOST_DOUBTS


def test_an_edit_of_uptimes_is_seen() -> None:
    edit = Edit(edits.load("v1.37.2", "ordered-start"))
    edit.count_from_starts()
    assert "began with its pod" in Timeline(edit.result()).clocks.apart
