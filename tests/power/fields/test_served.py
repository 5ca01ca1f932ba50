from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.errors import UsageError
from fixtures.images import golang
from tests.kit import edits
from tests.power.fields import served

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/definitions/{served.CORE}{name}"}


def definition(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"properties": properties}


DEFINITIONS = {
    f"{served.CORE}PodSpec": definition(
        initContainers={"type": "array", "items": reference("Container")},
        containers={"type": "array", "items": reference("Container")},
        selector={"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"},
        nodeSelector={"type": "object", "additionalProperties": {"type": "string"}},
    ),
    f"{served.CORE}Container": definition(env={"items": reference("EnvVar")}, args={}),
    f"{served.CORE}EnvVar": definition(name={}),
    f"{served.CORE}PodStatus": definition(phase={}),
}
FIELDS = [
    "spec.containers",
    "spec.initContainers",
    "spec.initContainers.args",
    "spec.initContainers.env",
    "spec.initContainers.env.name",
    "spec.nodeSelector",
    "spec.selector",
    "status.phase",
]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the source of v1.38.0 be downloaded, and a list be kept."""
    path = tmp_path / "k8s.io" / "kubernetes@v1.38.0" / served.SPECIFICATION
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"definitions": DEFINITIONS}), encoding="utf-8")

    def download(modules: Iterable[str]) -> dict[str, str]:
        return {
            one: "reading it:\n\tunknown revision"
            for one in modules
            if not (tmp_path / one).is_dir()
        }

    monkeypatch.setattr(golang, "download", download)
    monkeypatch.setattr(golang, "environment", lambda: {"GOMODCACHE": str(tmp_path)})
    monkeypatch.setattr(served, "LIST", tmp_path / "served.txt")
    served.LIST.write_text("v1.37.2\nspec.containers\nspec.old\n", encoding="utf-8")
    return path


def test_fields_are_those_of_the_core_types_that_pods_are_made_of() -> None:
    assert list(served.fields_of(DEFINITIONS)) == FIELDS


@pytest.mark.usefixtures("source")
def test_the_list_of_a_version_is_kept_and_what_changed_is_told() -> None:
    told = list(served.keep("v1.38.0"))
    assert told == [*(f"+ {field}" for field in FIELDS[1:]), "- spec.old"]
    assert served.kept() == ("v1.38.0", tuple(FIELDS))
    assert list(served.keep("v1.38.0")) == []


@pytest.mark.usefixtures("source")
def test_a_version_that_cannot_be_had_leaves_the_list_as_it_is() -> None:
    with pytest.raises(UsageError, match=r"v1\.39\.0 cannot be had as Go module: unknown revision"):
        list(served.keep("v1.39.0"))
    assert served.kept() == ("v1.37.2", ("spec.containers", "spec.old"))


def test_the_list_is_of_the_newest_version_whose_recordings_are_kept() -> None:
    newest = edits.labels()[0]
    remedy = f"take that of the recordings: python -m tests.power.fields --take {newest}"
    assert served.kept()[0] == newest, remedy


def test_no_field_is_listed_twice() -> None:
    fields = served.kept()[1]
    assert len(fields) == len(set(fields))
