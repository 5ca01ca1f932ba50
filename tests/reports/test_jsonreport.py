"""report.json is complete, stable, and read back as it was."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given

from fixtures.errors import UsageError
from fixtures.evidence.moments import Comparison
from reports import jsonreport, schema
from reports.model import API_VERSION, KIND, Report, RunVerdict, Verdict
from tests.kit.samples import FACTS, REPORTS, mixed, report, result

if TYPE_CHECKING:
    from pathlib import Path

VALIDATOR = jsonschema.Draft202012Validator(schema.schema())


def written(found: Report, folder: Path) -> Any:  # noqa: ANN401 - any JSON value
    jsonreport.write(found, folder / "report.json")
    return json.loads((folder / "report.json").read_bytes())


@given(REPORTS)
def test_every_report_fits_the_schema_and_is_read_back_as_it_was(found: Report) -> None:
    value = json.loads(jsonreport.encode(jsonreport.as_json(found)))
    VALIDATOR.validate(value)
    assert Report.model_validate(value) == found


@given(FACTS)
def test_facts_of_any_shape_come_back(facts: dict[str, Any]) -> None:
    value = json.loads(jsonreport.encode(jsonreport.as_json(report(cluster=facts))))
    assert Report.model_validate(value).cluster == facts


def test_a_file_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.json"
    jsonreport.write(mixed(), path)
    back = jsonreport.read(path)
    assert back.results == tuple(sorted(mixed().results, key=lambda r: r.id))
    assert back.model_copy(update={"results": mixed().results}) == mixed()
    assert [entry.name for entry in path.parent.iterdir()] == ["report.json"]
    jsonreport.write(back, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_the_same_report_gives_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    found = mixed()
    turned = found.model_copy(
        update={
            "results": tuple(reversed(found.results)),
            "cluster": dict(reversed(list(found.cluster.items()))),
        }
    )
    jsonreport.write(found, tmp_path / "a")
    jsonreport.write(turned, tmp_path / "b")
    content = (tmp_path / "a").read_bytes()
    assert content == (tmp_path / "b").read_bytes()
    assert content.endswith(b"}\n")
    ids = [entry["id"] for entry in json.loads(content)["results"]]
    assert ids == sorted(ids)


def test_the_keys_that_were_promised_are_there(tmp_path: Path) -> None:
    value = written(mixed(), tmp_path)
    assert value["apiVersion"] == API_VERSION
    assert value["kind"] == KIND
    assert value["verdict"] == "not conformant"
    assert value["exitStatus"] == 1
    assert {"label", "suite", "cluster", "reproduce", "scenarios", "timing", "notices"} <= set(
        value
    )
    first = value["results"][0]
    assert {"id", "title", "level", "since", "verdict", "reason", "scenario", "seconds"} <= set(
        first
    )


def test_an_unbounded_width_is_null(tmp_path: Path) -> None:
    comparison = Comparison("app started", "before", "app ready", 1.0, float("inf"), "unknown")
    value = written(report(result(comparisons=(comparison,))), tmp_path)
    assert value["results"][0]["comparisons"][0]["rightWidth"] is None
    assert jsonreport.read(tmp_path / "report.json").results[0].comparisons == (comparison,)


def test_the_schema_has_the_words_of_the_model() -> None:
    made = schema.schema()
    assert schema.FILE.read_bytes() == jsonreport.encode(made), "run 'nox -s docs'"
    VALIDATOR.check_schema(made)
    properties, kinds = made["properties"], made["$defs"]
    assert properties["apiVersion"]["const"] == API_VERSION
    assert properties["kind"]["const"] == KIND
    assert set(kinds["RunVerdict"]["enum"]) == set(RunVerdict)
    assert set(kinds["Verdict"]["enum"]) == set(Verdict)
    value = jsonreport.as_json(mixed())
    assert set(made["required"]) == set(value)
    assert set(kinds["Result"]["required"]) == set(value["results"][0])
    assert set(kinds["ScenarioTime"]["required"]) == set(value["scenarios"][0])
    assert set(kinds["Suite"]["required"]) == {"version", "revision"}
    assert not any("required" in kinds[name] for name in ("ClusterFacts", "Timing"))


def test_the_schema_leaves_room_for_additions(tmp_path: Path) -> None:
    value = written(mixed(), tmp_path)
    value["later"] = value["results"][0]["later"] = value["scenarios"][0]["later"] = {"x": 1}
    VALIDATOR.validate(value)
    assert Report.model_validate(value).label == "v1.37.2"


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("verdict", "fine"), ("level", "MAY"), ("since", "v1.29"), ("seconds", -1), ("id", "No Id")],
)
def test_the_schema_refuses_a_wrong_result(tmp_path: Path, key: str, wrong: object) -> None:
    value = written(mixed(), tmp_path)
    value["results"][0][key] = wrong
    assert not VALIDATOR.is_valid(value)


def test_the_schema_wants_an_issue_for_a_known_failure(tmp_path: Path) -> None:
    value = written(report(result(verdict=Verdict.KNOWN_FAILURE)), tmp_path)
    value["results"][0]["issue"] = ""
    assert not VALIDATOR.is_valid(value)


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        jsonreport.read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"{\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"kind": NaN}', "not JSON"),
        (b"[]", "not a report"),
        (b'{"kind": "ConformanceMatrix"}', "not a report"),
        (b'{"kind": "ConformanceReport"}', "apiVersion None is unknown"),
        (
            b'{"kind": "ConformanceReport", "apiVersion": "sidecar-conformance/v2"}',
            "apiVersion 'sidecar-conformance/v2' is unknown to this suite",
        ),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    assert words in refusal(path)


def test_a_missing_file_is_refused_in_one_line(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "report.json")


# exitStatus is derived, for readers that are not this suite.
@pytest.mark.parametrize("key", sorted(set(jsonreport.as_json(mixed())) - {"exitStatus"}))
def test_a_report_without_a_key_or_with_a_wrong_one_is_refused(tmp_path: Path, key: str) -> None:
    value = written(mixed(), tmp_path)
    for broken in ({k: v for k, v in value.items() if k != key}, {**value, key: 7}):
        (tmp_path / "report.json").write_text(json.dumps(broken), encoding="utf-8")
        assert key in refusal(tmp_path / "report.json")


@pytest.mark.parametrize(
    ("place", "wrong", "words"),
    [
        (("results", 0, "verdict"), "fine", "results[0].verdict: input should be 'pass', "),
        (("results", 0, "level"), "MAY", "results[0].level: input should be 'MUST', "),
        (("results", 0, "id"), "No Id", "results[0].id: string should match pattern"),
        (("results", 0, "scenario"), ["one"], "results[0].scenario: input should be "),
        (("results", 0, "seconds"), True, "results[0].seconds: input should be a valid number"),
        (("results", 0, "seconds"), "7", "results[0].seconds: input should be a valid number"),
        (("results", 0, "seconds"), -1, "results[0].seconds: input should be greater than "),
        (("results", 0, "sources"), [1], "results[0].sources[0]: input should be a valid string"),
        (("results", 1), "x", "results[1]: input should be a valid dictionary"),
        (("scenarios", 0, "waitedFor"), None, "scenarios[0].waitedFor: input should be a valid "),
        (("timing", "stageSeconds"), None, "timing.stageSeconds: input should be a valid number"),
        (("cluster", "gates", "Some"), 1, "cluster.gates.Some: input should be a valid boolean"),
        (("verdict",), "conformant", "its verdict is 'conformant', but its results make it"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(
    tmp_path: Path, place: tuple[str | int, ...], wrong: object, words: str
) -> None:
    value = copy.deepcopy(written(mixed(), tmp_path))
    target = value
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = wrong
    (tmp_path / "report.json").write_text(json.dumps(value), encoding="utf-8")
    assert words in refusal(tmp_path / "report.json")


def test_a_failed_write_leaves_the_old_report_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    jsonreport.write(report(result()), path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        jsonreport.write(report(result(seconds=float("nan"))), path)
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    with pytest.raises(OSError, match="blocked"):
        jsonreport.write(report(result()), blocked)
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["blocked", "report.json"]
