"""The declarations load and are well formed: a session of half an hour is not where to find out."""

from __future__ import annotations

import dataclasses
import re
from string import Formatter
from typing import TYPE_CHECKING

import pytest
import yaml

from conformance import catalogue
from conformance.__main__ import parser
from conformance.selection import Selection
from tests.hostile.cases import ABOUT_SHAPES, CASES, SHAPES, Case
from tests.hostile.changes import MANIFESTS, Applied, FakeNode, GivenToNamespaces
from tests.hostile.clusters import Shape

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = {
    *("kubeconfig", "output", "folder", "number"),
    *("kubeconfigs", "context", "disk", "address", "local"),
}
"""What braces of command lines may name."""

CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def manifest_of(case: Case) -> str | None:
    named = isinstance(case.change, (Applied, FakeNode, GivenToNamespaces))
    return case.change.name if named else None  # type: ignore[attr-defined]


def test_each_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


def test_shapes_are_shapes_of_clusters() -> None:
    assert list(SHAPES) == list(ABOUT_SHAPES)
    fields = {field.name for field in dataclasses.fields(Shape)}
    assert all(set(values) <= fields for values in SHAPES.values())


@CASE
def test_a_case_says_what_it_is_and_runs_something(case: Case) -> None:
    assert case.about.endswith(".")
    assert case.shape in SHAPES
    assert case.runs
    assert not case.runs[-1].beside_the_next


@CASE
def test_what_is_run_are_options_of_the_suite(case: Case) -> None:
    for run in case.runs:
        if run.options[:1] == ("cleanup",):
            continue
        _, rest = parser().parse_known_args(run.options)
        assert rest == []


@CASE
def test_the_checks_that_are_run_exist(case: Case) -> None:
    declared = [one.requirement for one in catalogue.declared()]
    for run in case.runs:
        if "--only" not in run.options:
            continue
        options, _ = parser().parse_known_args(run.options)
        selection = Selection.from_options(options, declared)
        assert any(selection.leaves_out(one) is None for one in declared)


@CASE
def test_braces_name_what_there_is(case: Case) -> None:
    for run in case.runs:
        for text in (*run.options, run.output, *run.environment.values()):
            names = {name for _, name, _, _ in Formatter().parse(text) if name}
            assert names <= GIVEN


@CASE
def test_what_has_to_be_said_are_patterns(case: Case) -> None:
    for run in case.runs:
        for pattern in (*run.says, *run.never):
            re.compile(pattern)
        assert run.stop is None or re.compile(run.stop.after)


def test_every_manifest_is_of_a_case_and_every_case_finds_its_own() -> None:
    used = {name for case in CASES if (name := manifest_of(case))}
    assert used == {path.stem for path in MANIFESTS.glob("*.yaml")}


@pytest.mark.parametrize("path", sorted(MANIFESTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_manifests_are_objects(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        assert {"apiVersion", "kind", "metadata"} <= set(document)
