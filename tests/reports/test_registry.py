"""The registry's page lists what was registered, and is current."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fixtures.errors import UsageError
from fixtures.host.files import sha256
from reports import digests, jsonreport, registry, verify
from reports.__main__ import main
from reports.model import Verdict
from tests.kit.charts import HOSTILE
from tests.kit.samples import report, result

if TYPE_CHECKING:
    from pathlib import Path

    from reports.model import Report


def entry(folder: Path, distribution: str, found: Report) -> Path:
    made = folder / distribution / found.label
    jsonreport.write(found, made / jsonreport.FILE)
    digests.write(found, made / digests.FILE)
    return made


def test_the_page_is_current() -> None:
    page = registry.FOLDER / registry.PAGE
    assert page.read_text(encoding="utf-8") == registry.page(registry.FOLDER), "run 'nox -s docs'"


def test_what_is_registered_is_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    # `register` has judged the recordings again, and `python -m reports verify` does.
    monkeypatch.setattr(verify, "_judged_again", lambda *_: None)
    for one in registry.entries(registry.FOLDER):
        assert verify.verify(one.folder).problems == [], one.folder


def test_what_is_registered_names_no_folder_of_a_machine() -> None:
    for one in registry.entries(registry.FOLDER):
        for name in (jsonreport.FILE, "run.json"):
            command = json.loads((one.folder / name).read_bytes())["reproduce"]
            assert "/" not in command, one.folder


def test_full_and_partial_reports_are_told_apart(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = entry(tmp_path, "kind", report(result("a.b"), result("a.c")))
    skipped = report(result("a.b"), result("a.c", Verdict.SKIPPED), label="v1.9.1")
    entry(tmp_path, "kind", skipped)
    entry(tmp_path, "kind", report(result("a.b"), label="v1.30.1"))
    assert main(["registry", "--registry", str(tmp_path)]) == 0
    told = capfd.readouterr().out
    full, partial = told.split("## Partial reports")
    assert full.index("v1.30.1") < full.index("v1.37.2")
    assert "| conformant | 2 of 2 | 2 pass | 0.1.0 at c251519 |" in full
    assert "v1.9.1" not in full
    assert "| kept | 1 of 2 | 1 skipped, 1 pass |" in partial
    assert sha256(whole / digests.FILE) in partial
    assert "(kind/v1.37.2/report.json)" in full


def test_texts_of_others_are_texts(tmp_path: Path) -> None:
    hostile = report(
        result("a.b"), reproduce=f"{HOSTILE}\n| a |", suite={"version": HOSTILE, "revision": "`"}
    )
    entry(tmp_path, "kind", hostile)
    told = registry.page(tmp_path)
    assert "<script" not in told
    assert "\x1b" not in told
    assert sum(line.startswith("| ") for line in told.splitlines()) == 4


def test_an_entry_without_its_list_is_refused(tmp_path: Path) -> None:
    (entry(tmp_path, "kind", report()) / digests.FILE).unlink()
    with pytest.raises(UsageError, match="register it again"):
        registry.page(tmp_path)
