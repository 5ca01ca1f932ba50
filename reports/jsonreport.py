"""`report.json`: the record of a run that every other format can be made from again."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fixtures.errors import UsageError
from reports.files import write_whole
from reports.model import (
    API_VERSION,
    KIND,
    Comparison,
    Report,
    Result,
    ScenarioTime,
    Verdict,
    exit_status,
)

if TYPE_CHECKING:
    from pathlib import Path


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
    try:
        value = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{path}: not JSON: {problem}") from problem
    if not isinstance(value, dict) or value.get("kind") != KIND:
        raise UsageError(f"{path}: not a report: its kind is not {KIND}")
    if value.get("apiVersion") != API_VERSION:
        raise UsageError(
            f"{path}: apiVersion {value.get('apiVersion')!r} is unknown to this suite, which reads"
            f" {API_VERSION!r}: use the suite that wrote it, or a newer one"
        )
    try:
        return from_json(value)
    except _MalformedError as problem:
        raise UsageError(f"{path}: not a valid report: {problem}") from problem


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def encode(value: object) -> bytes:
    """Return JSON as all files of the suite have it: indented, keys as given, one last newline."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode(errors="backslashreplace")


def as_json(report: Report) -> dict[str, Any]:
    """Return the JSON values of a report: results by id, scenarios by name, facts by key."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "label": report.label,
        "verdict": report.verdict.value,
        "exitStatus": exit_status(report),
        "unsupported": report.unsupported,
        "reproduce": report.reproduce,
        "suite": _ordered(report.suite),
        "cluster": _ordered(report.cluster),
        "notices": list(report.notices),
        "timing": _ordered(report.timing),
        "results": [_result(r) for r in sorted(report.results, key=lambda r: (r.id, r.scenario))],
        "scenarios": [
            {
                "name": scenario.name,
                "seconds": scenario.seconds,
                "waitedFor": scenario.waited_for,
                "waitedSeconds": scenario.waited_seconds,
            }
            for scenario in sorted(report.scenarios, key=lambda s: s.name)
        ],
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "id": result.id,
        "title": result.title,
        "level": result.level,
        "since": result.since,
        "verdict": result.verdict.value,
        "reason": result.reason,
        "issue": result.issue,
        "scenario": result.scenario,
        "seconds": result.seconds,
        "sources": list(result.sources),
        "evidence": result.evidence,
        "comparisons": [
            {
                "left": comparison.left,
                "relation": comparison.relation,
                "right": comparison.right,
                "leftWidth": _width(comparison.left_width),
                "rightWidth": _width(comparison.right_width),
                "answer": comparison.answer,
            }
            for comparison in result.comparisons
        ],
    }


def _width(seconds: float) -> float | None:
    """JSON has no infinity; null stands for a moment that is unbounded on a side."""
    return None if seconds == math.inf else seconds


def _ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_ordered(entry) for entry in value]
    return value


class _MalformedError(Exception):
    """Says which key of a report is missing or of the wrong type."""


def from_json(value: Mapping[str, Any]) -> Report:
    """Make the report that `as_json` turned into `value`; sequences come back as tuples.

    The caller has looked at kind and apiVersion.
    """
    report = Report(
        label=_get(value, "label", str),
        suite=_get(value, "suite", dict),
        cluster=_get(value, "cluster", dict),
        reproduce=_get(value, "reproduce", str),
        results=tuple(
            _result_from(entry, f"results[{index}]")
            for index, entry in enumerate(_get(value, "results", list))
        ),
        scenarios=tuple(
            _scenario_from(entry, f"scenarios[{index}]")
            for index, entry in enumerate(_get(value, "scenarios", list))
        ),
        timing=_get(value, "timing", dict),
        notices=_texts(value, "notices"),
        unsupported=_get(value, "unsupported", str),
    )
    stated = _get(value, "verdict", str)
    if stated != report.verdict:
        raise _MalformedError(
            f"its verdict is {stated!r}, but its results make it {report.verdict.value!r}"
        )
    return report


def _result_from(value: object, place: str) -> Result:
    word = _get(value, "verdict", str, place)
    if word not in set(Verdict):
        raise _MalformedError(f"{place}.verdict: {word!r} is not a verdict")
    return Result(
        id=_get(value, "id", str, place),
        title=_get(value, "title", str, place),
        level=_get(value, "level", str, place),
        since=_get(value, "since", str, place),
        verdict=Verdict(word),
        reason=_get(value, "reason", str, place),
        scenario=_get(value, "scenario", str, place),
        seconds=_number(value, "seconds", place),
        sources=_texts(value, "sources", place),
        evidence=_get(value, "evidence", str, place),
        comparisons=tuple(
            _comparison_from(entry, f"{place}.comparisons[{index}]")
            for index, entry in enumerate(_get(value, "comparisons", list, place))
        ),
        issue=_get(value, "issue", str, place),
    )


def _comparison_from(value: object, place: str) -> Comparison:
    return Comparison(
        left=_get(value, "left", str, place),
        relation=_get(value, "relation", str, place),
        right=_get(value, "right", str, place),
        left_width=_width_from(value, "leftWidth", place),
        right_width=_width_from(value, "rightWidth", place),
        answer=_get(value, "answer", str, place),
    )


def _scenario_from(value: object, place: str) -> ScenarioTime:
    return ScenarioTime(
        name=_get(value, "name", str, place),
        seconds=_number(value, "seconds", place),
        waited_for=_get(value, "waitedFor", str, place),
        waited_seconds=_number(value, "waitedSeconds", place),
    )


def _width_from(value: object, key: str, place: str) -> float:
    if isinstance(value, dict) and key in value and value[key] is None:
        return math.inf
    return _number(value, key, place)


def _number(value: object, key: str, place: str) -> float:
    found: float = _get(value, key, (int, float), place)
    return found


def _texts(value: object, key: str, place: str = "") -> tuple[str, ...]:
    found = _get(value, key, list, place)
    if not all(isinstance(text, str) for text in found):
        raise _MalformedError(f"{_at(place, key)}: not a list of strings")
    return tuple(found)


def _get(value: object, key: str, kind: type | tuple[type, ...], place: str = "") -> Any:  # noqa: ANN401 - a value of that kind
    if not isinstance(value, dict):
        raise _MalformedError(f"{place}: not an object")
    if key not in value:
        raise _MalformedError(f"{_at(place, key)}: missing")
    found = value[key]
    # bool is a subclass of int, but true is no number of seconds.
    if not isinstance(found, kind) or isinstance(found, bool):
        raise _MalformedError(f"{_at(place, key)}: a {type(found).__name__} is of the wrong type")
    return found


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
