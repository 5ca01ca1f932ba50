"""Runs are compared by folder, file, or label by label; 1 is a regression and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reports import jsonreport
from reports.__main__ import main
from reports.diff import match
from reports.model import Verdict
from tests.kit.samples import report, result

if TYPE_CHECKING:
    from pathlib import Path

    from reports.model import Report


def made(folder: Path, found: Report) -> Path:
    """Write a report into a run's folder, and return that."""
    jsonreport.write(found, folder / jsonreport.FILE)
    return folder


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return made(tmp_path / "good", report(result("a.b"), result("a.c")))


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return made(tmp_path / "bad", report(result("a.b", Verdict.FAIL), result("a.c")))


def test_a_regression_is_one_and_all_else_nought(good: Path, bad: Path) -> None:
    assert main(["diff", str(good), str(bad)]) == 1
    assert main(["diff", str(good / "report.json"), str(bad)]) == 1
    assert main(["diff", str(bad), str(good)]) == 0
    assert main(["diff", str(bad), str(bad)]) == 0


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_each_form_is_written_to_a_file_or_printed(
    good: Path, bad: Path, tmp_path: Path, form: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    words = ["diff", str(good), str(bad), "--format", form]
    assert main(words) == 1
    printed = capfdbinary.readouterr().out
    assert main([*words, "--output", str(tmp_path / "out")]) == 1
    assert (tmp_path / "out").read_bytes() == printed
    assert b"breaks 1 promise that the earlier run kept" in printed
    if form == "json":
        assert json.loads(printed)["regression"] is True


def test_folders_of_runs_are_compared_label_by_label(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for night, labels in (("old", ("v1.34.3", "v1.30.1", "v1.37.2")), ("new", ("v1.34.4",))):
        for label in labels:
            made(tmp_path / night / label, report(result("a.b"), label=label))
    made(tmp_path / "new" / "v1.37.2", report(result("a.b", Verdict.FAIL)))
    made(tmp_path / "new" / "v1.31.0", report(result("a.b"), label="v1.31.0"))
    assert main(["diff", str(tmp_path / "old"), str(tmp_path / "new")]) == 1
    assert capfd.readouterr().out.splitlines() == [
        "2 runs were compared: 1 has a regression (v1.37.2); 1 has verdicts that changed.",
        "only among the earlier runs, not compared: v1.30.1",
        "only among the later runs, not compared: v1.31.0",
        "v1.34.3 -> v1.34.4: v1.34.4 has all 1 verdicts of v1.34.3.",
        "  unchanged: 1 of 1",
        (
            "v1.37.2 -> v1.37.2: The later run of v1.37.2 breaks 1 promise that the earlier"
            " run kept; has 0 of 1 verdicts unchanged."
        ),
        "  REGRESSION verdict of the run: conformant -> not conformant",
        "  worse (1):",
        "    REGRESSION a.b MUST: pass -> fail: the reason of a.b",
        "  unchanged: 0 of 1",
    ]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("v1.34.3", "v1.34.4", True),
        ("v1.38.0-alpha.1", "v1.38.0-alpha.2", True),
        ("v1.38.0-rc.1", "v1.38.0", True),
        ("v1.34.3", "v1.35.0", False),
        ("v1.34.3", "v1.34.4+kubelet-v1.34.1", False),
        ("v1.34.3+kubelet-v1.33.1", "v1.34.4+kubelet-v1.33.1", True),
        ("v1.34.3+kubelet-v1.33.1", "v1.34.4+kubelet-v1.33.2", False),
        ("v1.31.2+k3s1@a-5b6a7988", "v1.31.3+k3s1@a-5b6a7988", True),
        ("v1.31.2@a-5b6a7988", "v1.31.2@b-5b6a7989", False),
    ],
)
def test_labels_belong_together_by_minor_swaps_and_cluster(old: str, new: str, found: bool) -> None:  # noqa: FBT001
    assert match((old,), (new,)) == ({old: new} if found else {})


def test_what_could_be_meant_twice_is_not_guessed() -> None:
    assert match(("v1.34.1", "v1.34.2"), ("v1.34.3",)) == {}
    assert match(("v1.34.1", "v1.34.2"), ("v1.34.2", "v1.34.3")) == {
        "v1.34.1": "v1.34.3",
        "v1.34.2": "v1.34.2",
    }


def test_what_cannot_be_compared_is_said_in_one_line(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path / "runs" / "v1.28.1", report(label="v1.28.1"))
    made(tmp_path / "others" / "v1.29.1", report(label="v1.29.1"))
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "report.json").write_text("{", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    for folder in (good, good):
        made(tmp_path / "twice" / folder.name, report())
    made(tmp_path / "twice" / "again", report())
    cases = {
        ("good", "empty"): "no report",
        ("good", "none"): "no report",
        ("good", "runs"): "is one run and",
        ("runs", "good"): "is one run and",
        ("good", "damaged"): "not JSON",
        ("runs", "others"): "have no run in common",
        ("twice", "runs"): "holds two reports of v1.37.2",
    }
    for (old, new), words in cases.items():
        assert main(["diff", str(tmp_path / old), str(tmp_path / new)]) == 4
        told = capsys.readouterr().err
        assert words in told
        assert told.count("\n") == 1
    unwritable = str(good / "report.json" / "out")
    assert main(["diff", str(good), str(good), "--output", unwritable]) == 4
