"""A run as a step of a pipeline: what its inputs ask for, and what it tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance import step
from fixtures.errors import UsageError
from reports import jsonreport
from reports.model import RunVerdict, Verdict
from tests.kit.samples import report, result

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_only_what_was_given_becomes_an_option() -> None:
    environment = {"INPUT_KUBERNETES": " ", "INPUT_QUICK": "false", "INPUT_ARGS": ""}
    assert list(step.words(environment, Path("/out"))) == ["--output=/out"]


def test_every_input_becomes_an_option() -> None:
    environment = {
        "INPUT_KUBERNETES": "1.36,1.37",
        "INPUT_CONTEXT": "-dashed context",
        "INPUT_KUBECONFIG": "kube/config",
        "INPUT_ONLY": "term.*",
        "INPUT_LEVEL": "must",
        "INPUT_QUICK": "true",
        "INPUT_ARGS": "--patience 3 --swap 'kubelet=/a b'",
        "GITHUB_WORKSPACE": "/workspace",
    }
    assert list(step.words(environment, Path("/out"))) == [
        *("--kubernetes=1.36,1.37", "--context=-dashed context", "--only=term.*", "--level=must"),
        *("--kubeconfig=/workspace/kube/config", "--output=/out", "--quick"),
        *("--patience", "3", "--swap", "kubelet=/a b"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [("QUICK", "yes", "write true or false"), ("ARGS", "'open", "cannot be read as words")],
)
def test_an_input_that_cannot_be_read_is_a_usage_error_with_outputs(
    tmp_path: Path, name: str, text: str, remedy: str
) -> None:
    environment = {f"INPUT_{name}": text, "GITHUB_OUTPUT": str(tmp_path / "output")}
    with pytest.raises(UsageError, match=remedy):
        step.run(environment, lambda _: 0, lambda _: None)
    assert "status=4\nverdict=\n" in (tmp_path / "output").read_text()


@pytest.mark.parametrize("workspace", step.WORKSPACES)
def test_paths_are_of_the_workspace(tmp_path: Path, workspace: str) -> None:
    asked: list[Sequence[str]] = []

    def judge(words: Sequence[str]) -> int:
        asked.append(words)
        return 0

    environment = {workspace: str(tmp_path), "INPUT_OUTPUT": "out"}
    assert step.run(environment, judge, lambda _: None) == 0
    assert asked == [[f"--output={tmp_path / 'out'}"]]


def test_a_run_without_a_report_is_an_annotation(tmp_path: Path) -> None:
    said: list[str] = []
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)}
    assert step.run(environment, lambda _: 3, said.append) == 3
    (line,) = said
    assert line.startswith("::error title=sidecar conformance%3A no report::exit status 3")
    assert step.run({"GITHUB_WORKSPACE": str(tmp_path)}, lambda _: 3, said.append) == 3
    assert len(said) == 1


def test_of_several_runs_the_worst_one_counts(tmp_path: Path) -> None:
    assert step.worst(tmp_path) is None
    for label, verdict in (("v1.36.3", Verdict.PASS), ("v1.37.2", Verdict.FAIL)):
        (tmp_path / label).mkdir()
        jsonreport.write(report(result(verdict=verdict)), tmp_path / label / "report.json")
        expected = "conformant" if verdict is Verdict.PASS else "not conformant"
        assert step.worst(tmp_path) == expected


def test_a_report_that_cannot_be_read_claims_nothing(tmp_path: Path) -> None:
    (tmp_path / "v1.37.2").mkdir()
    (tmp_path / "v1.37.2" / "report.json").write_text("{")
    assert step.worst(tmp_path) is RunVerdict.UNDECIDED
