from __future__ import annotations

import inspect
import json
from fnmatch import fnmatchcase
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from conformance.catalogue import declared, load_scenarios
from fixtures.evidence.moments import InconclusiveError
from fixtures.evidence.recording import ActionRecord, WatchRecord
from fixtures.stage.scenario import scenario_named
from tests.conformance.test_sources import is_source
from tests.kit import edits
from tests.kit.edits import Edit
from tests.kit.judging import judge, label_for
from tests.power.fields import served, staged, table
from tests.power.fields.table import By, Covered, Kind, Uncovered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.evidence.recording import Recording

BY_ID = {one.requirement.id: one for one in declared()}
FIELDS = served.kept()[1]
SET = staged.scenarios()
SPEC = [one for one in table.COVERED if one.by is not By.KUBELET]
READ = [
    (field, check)
    for one in table.COVERED
    if one.by is By.KUBELET
    for field in one.fields
    for check in one.checks
]


def scenarios_of(one: Covered) -> set[str]:
    return {name for check in one.checks for name in BY_ID[check].requirement.scenarios}


def test_every_field_is_read_by_a_check_or_has_its_reason() -> None:
    missing = [field for field in FIELDS if table.entry_of(field) is None]
    assert missing == [], (
        "say in tests/power/fields/table.py which check reads it, or why none does"
    )


def test_no_entry_is_without_a_field() -> None:
    of = {field: table.entry_of(field) for field in FIELDS}
    idle = [
        pattern
        for entry in table.ENTRIES
        for pattern in entry.fields
        if not any(of[field] is entry and fnmatchcase(field, pattern) for field in FIELDS)
    ]
    assert idle == [], "the API serves no such field, or an entry before has it"


@pytest.mark.parametrize("one", table.COVERED, ids=lambda one: one.fields[0])
def test_what_is_read_is_named_in_full_and_read_by_checks_that_judge(one: Covered) -> None:
    assert [field for field in one.fields if field not in FIELDS] == []
    assert one.checks
    for check in one.checks:
        assert BY_ID[check].requirement.scenarios, f"{check} judges nothing"


@pytest.mark.parametrize("one", SPEC, ids=lambda one: one.fields[0])
def test_the_scenarios_of_its_checks_set_a_field_in_the_way_that_is_told(one: Covered) -> None:
    for field in one.fields:
        by_manifest = scenarios_of(one) & set(SET.get(field, ()))
        assert bool(by_manifest) == (one.by is By.MANIFEST), f"{field}: {sorted(by_manifest)}"
    if one.by is By.MANIFEST:
        for check in one.checks:
            names = BY_ID[check].requirement.scenarios
            assert any(set(SET[field]) & set(names) for field in one.fields), check
    if one.by is By.STEPS:
        text = "".join(map(steps_of, sorted(scenarios_of(one))))
        assert [field for field in one.fields if field.rpartition(".")[2] not in text] == []
    if one.by is By.API:
        stored = {
            field
            for name in scenarios_of(one)
            for pod in pods_of(edits.load(edits.labels()[0], name))
            for field in staged.fields_of(pod["spec"])
        }
        assert [field for field in one.fields if field not in stored] == []


def steps_of(scenario: str) -> str:
    """Return the module that the steps of a scenario stand in."""
    load_scenarios()
    return inspect.getsource(import_module(scenario_named(scenario).steps.__module__))


def pods_of(recording: Recording) -> Iterator[dict[str, Any]]:
    """Yield the pods that a recording shows."""
    for record in recording.records:
        shown: Any = None
        if isinstance(record, WatchRecord):
            shown = record.object
        elif isinstance(record, ActionRecord):
            shown = record.answer.get("body")
        if isinstance(shown, dict) and shown.get("kind") == "Pod":
            yield shown


@pytest.mark.parametrize(("field", "check"), READ)
def test_a_check_that_reads_a_status_does_not_pass_without_it(field: str, check: str) -> None:
    one = BY_ID[check]
    label = label_for(one)
    assert label
    dropped = []
    recordings = {}
    for name in one.requirement.scenarios:
        edit = Edit(edits.load(label, name))
        if any(has(pod, field.split(".")) for pod in pods_of(edit.result())):
            edit.drop_field(field)
            dropped.append(name)
        recordings[name] = edit.result()
    assert dropped, f"no pod of {check} has {field}"
    # A status that is missing breaks what is promised, leaves it open, or is an error.
    with pytest.raises((AssertionError, InconclusiveError, LookupError)):
        judge(one, recordings)


def has(value: object, path: list[str]) -> bool:
    """Tell whether a path leads to something."""
    if isinstance(value, list):
        return any(has(one, path) for one in value)
    return not path or (isinstance(value, dict) and has(value.get(path[0]), path[1:]))


@pytest.mark.parametrize("one", table.UNCOVERED, ids=lambda one: one.fields[0])
def test_a_reason_can_be_read_somewhere_and_holds_for_the_version(one: Uncovered) -> None:
    assert one.why.endswith(".")
    assert is_source(one.source), one.source
    assert bool(one.gate) == (one.kind is Kind.GATE)
    if one.gate:
        run = json.loads((edits.RECORDINGS / edits.labels()[0] / "run.json").read_text("utf-8"))
        gates = run["components"]["gates"]["kube-apiserver"]
        assert gates.get(one.gate) is False, f"{one.gate} is {gates.get(one.gate)}"
    for check in one.declared:
        assert not BY_ID[check].requirement.scenarios, f"{check} is judged: is the field not read?"


def test_each_kind_of_reason_is_told() -> None:
    assert set(table.ABOUT) == set(Kind)
