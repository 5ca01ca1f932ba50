"""`report.json`: the record of a run that every other format can be made from again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fixtures.errors import UsageError, first_problem
from fixtures.host.files import write_whole
from reports.model import API_VERSION, KIND, Report

if TYPE_CHECKING:
    from pathlib import Path


FILE = "report.json"

FIRST = ("apiVersion", "kind", "label", "verdict", "exitStatus")
"""The keys that a reader looks for first; all others follow as the model has them."""


def write(report: Report, path: Path) -> None:
    """Write a report; the same report gives the same bytes.

    ValueError for NaN and TypeError for values that JSON does not have (both are defects of the
    caller); OSError where the file cannot be written. The file is whole or absent.
    """
    # A lone surrogate (undecodable output of a container) has no UTF-8, but its backslash form
    # is a valid JSON escape, from which the same string is read back.
    write_whole(path, encode(as_json(report)))


def read(path: Path) -> Report:
    """Read a report that `write` wrote, by this or an earlier suite of the same apiVersion.

    Keys that a later suite added are ignored. UsageError, with one line that names the file, where
    it cannot be read, is of another apiVersion, is incomplete, or contradicts itself.
    """
    value = decoded(path)
    if not isinstance(value, dict) or value.get("kind") != KIND:
        raise UsageError(f"{path}: not a report: its kind is not {KIND}")
    if value.get("apiVersion") != API_VERSION:
        raise UsageError(
            f"{path}: apiVersion {value.get('apiVersion')!r} is unknown to this suite, which reads"
            f" {API_VERSION!r}: use the suite that wrote it, or a newer one"
        )
    try:
        report = Report.model_validate(value)
    except ValidationError as problem:
        raise UsageError(f"{path}: not a valid report: {first_problem(problem)}") from problem
    if value.get("verdict") != report.verdict:
        raise UsageError(
            f"{path}: not a valid report: its verdict is {value.get('verdict')!r},"
            f" but its results make it {report.verdict.value!r}"
        )
    return report


def decoded(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    """Return what a JSON file holds. Raises UsageError, with one line that names the file."""
    try:
        return json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{path}: not JSON: {problem}") from problem


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def encode(value: object) -> bytes:
    """Return JSON as all files of the suite have it: indented, keys as given, one last newline."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode(errors="backslashreplace")


def as_json(report: Report) -> dict[str, Any]:
    """Return the JSON values of a report: results by id, scenarios by name, facts by key."""
    value = report.model_dump()
    for key in ("suite", "cluster", "timing"):
        value[key] = _ordered(value[key])
    value["results"] = sorted(value["results"], key=itemgetter("id", "scenario"))
    value["scenarios"] = sorted(value["scenarios"], key=itemgetter("name"))
    return dict.fromkeys(FIRST) | value


def _ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_ordered(entry) for entry in value]
    return value
