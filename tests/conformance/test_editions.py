"""Editions: what is older than a check is no error, and what was lost is no older recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.catalogue import load_scenarios
from conformance.editions import OlderError, editions, require_known, why_older
from fixtures.evidence.capabilities import Capabilities
from fixtures.evidence.errors import EvidenceLostError, NotDoneError
from fixtures.evidence.evidence import Evidence
from fixtures.evidence.facts import RunFacts
from fixtures.stage import manifest
from tests.kit.tapes import Tape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def evidence(
    folder: Path, scenarios: Mapping[str, str] | None, staged: tuple[str, ...] | None = None
) -> Evidence:
    tape = Tape(scenario="vol-files")
    tape.end()
    tape.write(folder / "recordings" / "vol-files.jsonl")
    facts = RunFacts(
        label="v1.37.2",
        capabilities=Capabilities(minor=37, missing={}),
        versions={},
        cluster={},
        reproduce="nox",
        scenarios=scenarios,
        staged=staged,
    )
    facts.write(folder)
    return Evidence(RunFacts.read(folder), folder)


def test_an_edition_changes_with_the_manifest_and_with_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_scenarios()
    before = editions(["vol-files", "wl-daemonset", "no-such-scenario"])
    assert sorted(before) == ["vol-files", "wl-daemonset"]
    for name in before:
        text = (manifest.MANIFESTS / f"{name}.yaml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(manifest, "MANIFESTS", tmp_path)
    assert editions(before) == before
    (tmp_path / "vol-files.yaml").write_text("other", encoding="utf-8")
    after = editions(before)
    assert after["vol-files"] != before["vol-files"]
    assert after["wl-daemonset"] == before["wl-daemonset"]
    # Two scenarios with one manifest differ by their steps.
    (tmp_path / "vol-files.yaml").write_bytes((tmp_path / "wl-daemonset.yaml").read_bytes())
    assert len(set(editions(before).values())) == 2


@pytest.mark.parametrize("known", [None, {}, {"vol-files": "1"}])
def test_a_run_that_did_not_know_a_scenario_is_older(
    tmp_path: Path, known: Mapping[str, str] | None
) -> None:
    found = evidence(tmp_path, known)
    require_known(found, ["vol-files"])
    with pytest.raises(OlderError, match="recorded before there was this scenario: net-web") as it:
        require_known(found, ["vol-files", "net-web"])
    assert why_older(it.value, found, ["vol-files", "net-web"]) == str(it.value)


@pytest.mark.parametrize("staged", [None, ("net-web", "vol-files")])
def test_a_scenario_that_was_lost_is_not_older(
    tmp_path: Path, staged: tuple[str, ...] | None
) -> None:
    require_known(evidence(tmp_path, {"net-web": "1", "vol-files": "1"}, staged), ["net-web"])


def test_a_run_that_left_a_scenario_out_is_older(tmp_path: Path) -> None:
    found = evidence(tmp_path, {"net-web": "1", "vol-files": "1"}, ("vol-files",))
    with pytest.raises(OlderError, match="recorded without this scenario: net-web"):
        require_known(found, ["net-web"])


@pytest.mark.parametrize("known", [None, {}, {"vol-files": "1"}])
def test_a_step_that_the_suite_did_not_know_is_missing_for_that(
    tmp_path: Path, known: Mapping[str, str] | None
) -> None:
    found = evidence(tmp_path, known)
    raised = NotDoneError("the suite never did read")
    reason = why_older(raised, found, ["vol-files"])
    assert reason == "recorded before there was this step: the suite never did read"
    assert why_older(EvidenceLostError("a gap"), found, ["vol-files"]) == ""
    assert why_older(AssertionError("it failed"), found, ["vol-files"]) == ""
    assert why_older(None, found, ["vol-files"]) == ""


def test_a_step_that_the_suite_knew_is_lost(tmp_path: Path) -> None:
    found = evidence(tmp_path, editions(["vol-files"]))
    assert why_older(NotDoneError("the suite never did read"), found, ["vol-files"]) == ""
