"""Every check passes on a good recording and fails on each of its counter-examples."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

import pytest

from conformance.catalogue import Declared, declared
from tests import counterexamples
from tests.kit import edits
from tests.kit.edits import COUNTEREXAMPLES, CounterExample, Edit
from tests.kit.judging import judge, label_for

if TYPE_CHECKING:
    from fixtures.evidence.recording import Recording

for _info in pkgutil.iter_modules(counterexamples.__path__):
    importlib.import_module(f"tests.counterexamples.{_info.name}")

JUDGED = [one for one in declared() if one.requirement.scenarios]
BY_ID = {one.requirement.id: one for one in declared()}


def good(one: Declared) -> dict[str, Recording]:
    label = label_for(one)
    assert label, f"no kept run has {', '.join(one.requirement.scenarios)}"
    return {name: edits.load(label, name) for name in one.requirement.scenarios}


@pytest.mark.parametrize("one", JUDGED, ids=lambda one: one.requirement.id)
def test_passes_on_a_good_recording(one: Declared) -> None:
    judge(one, good(one))


@pytest.mark.parametrize("example", COUNTEREXAMPLES, ids=lambda e: f"{e.requirement}: {e.breaks}")
def test_fails_on_a_counter_example(example: CounterExample) -> None:
    one = BY_ID[example.requirement]
    recordings = good(one)
    scenario = example.scenario or one.requirement.scenarios[0]
    edit = Edit(recordings[scenario])
    example.edit(edit)
    recordings[scenario] = edit.result()
    with pytest.raises(AssertionError):
        judge(one, recordings)


def test_no_check_lacks_a_counter_example() -> None:
    without = {one.requirement.id for one in JUDGED} - {e.requirement for e in COUNTEREXAMPLES}
    assert not without
