from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.host.commands import CommandError
from fixtures.host.progress import Progress
from fixtures.images import kubernetes
from tests.power.mutants import builds, mutator
from tests.power.mutants.samples import NODE, place

if TYPE_CHECKING:
    from pathlib import Path

FOUND = kubernetes.Sources("v1.37.2", "1.26.0", {"k8s.io/api": "v0.37.2"}, {})
REFUSED = CommandError(
    "go build: exited with status 1",
    output="k8s.io/api\n# k8s.io/kubernetes/pkg/kubelet\nkubelet.go:7:2: x declared and not used\n",
    status=1,
)


@pytest.fixture(autouse=True)
def _sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kubernetes, "sources", lambda _: FOUND)
    monkeypatch.setattr(mutator, "program", lambda: tmp_path / "mutator")
    monkeypatch.setattr(mutator, "mutated", lambda *_: "package node\n")


def test_the_module_is_taken_from_a_directory_and_one_file_of_it_from_elsewhere(
    tmp_path: Path,
) -> None:
    module, overlay = builds.prepare(place(), "v1.37.2", "package node\n", tmp_path)
    text = (module / "go.mod").read_text(encoding="utf-8")
    assert "\texample.org/node => ./source\n" in text
    assert "\tk8s.io/api => k8s.io/api v0.37.2\n" in text
    ((original, changed),) = json.loads(overlay.read_text())["Replace"].items()
    assert original == str(module / "source" / "node.go")
    assert (module / "source" / "node.go").samefile(NODE.folder / "node.go")
    assert changed == str(tmp_path / "node.go")
    assert (tmp_path / "node.go").read_text(encoding="utf-8") == "package node\n"


def test_preparing_again_is_the_same(tmp_path: Path) -> None:
    first = builds.prepare(place(), "v1.37.2", "package node\n", tmp_path)
    assert builds.prepare(place(), "v1.37.2", "package node\n", tmp_path) == first


def test_a_build_gives_the_program_and_the_diff(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(kubernetes, "build", lambda *words, **more: asked.append((words, more)))
    built = builds.build(place(), "kubelet", "v1.37.2", tmp_path, Progress())
    assert built.program == tmp_path / "bin" / "kubelet"
    assert "+++ b/example.org/node/node.go" in (tmp_path / builds.DIFF).read_text()
    ((words, more),) = asked
    assert words[:4] == (FOUND, ["kubelet"], tmp_path / "module", tmp_path / "bin")
    assert more == {"overlay": tmp_path / "overlay.json"}


def test_what_the_compiler_refuses_is_not_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise REFUSED

    monkeypatch.setattr(kubernetes, "build", refuse)
    built = builds.build(place(), "kubelet", "v1.37.2", tmp_path, Progress())
    assert built.program is None
    assert built.refused.splitlines() == REFUSED.output.splitlines()[1:]


@pytest.mark.parametrize(
    ("output", "status"), [("go: no space left on device", 1), (REFUSED.output, None)]
)
def test_a_broken_machine_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: str, status: int | None
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise CommandError("go build", output=output, status=status)

    monkeypatch.setattr(kubernetes, "build", break_down)
    with pytest.raises(CommandError):
        builds.build(place(), "kubelet", "v1.37.2", tmp_path, Progress())


def test_what_is_no_go_is_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> str:
        raise CommandError("mutator", output="mutator: 7:1: expected declaration\n", status=1)

    monkeypatch.setattr(mutator, "mutated", refuse)
    built = builds.build(place(), "kubelet", "v1.37.2", tmp_path, Progress())
    assert built.refused == "mutator: 7:1: expected declaration"
