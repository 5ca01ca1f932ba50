"""A run is registered as it is, after it was verified, and never over another one silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.errors import UsageError
from reports import digests, packed, register, registry, verify
from reports.__main__ import main
from tests.kit.samples import report
from tests.reports import test_verify
from tests.reports.test_verify import change, cut

if TYPE_CHECKING:
    from pathlib import Path

judged, folder = test_verify.judged, test_verify.folder


@pytest.fixture
def unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge no recordings again, which takes seconds: this is about the files."""
    monkeypatch.setattr(verify, "_judged_again", lambda *_: None)


def words(folder: Path, tmp_path: Path, *more: str) -> list[str]:
    target = str(tmp_path / "registry")
    return ["register", str(folder), "--distribution", "kind", "--registry", target, *more]


def test_a_run_is_kept_unmodified_and_can_be_verified(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(folder, tmp_path)) == 0
    entry = tmp_path / "registry" / "kind" / "v1.37.2"
    assert {one.name for one in entry.iterdir()} == {*register.FILES, packed.FILE}
    for name in register.FILES:
        assert (entry / name).read_bytes() == (folder / name).read_bytes()
    page = (entry.parents[1] / registry.PAGE).read_text(encoding="utf-8")
    assert page == registry.page(entry.parents[1])
    assert "## Partial reports" in page
    capsys.readouterr()
    assert main(["verify", str(entry)]) == 0
    assert "judged again, say the same" in capsys.readouterr().out


@pytest.mark.usefixtures("unjudged")
def test_recordings_may_be_left_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(folder, tmp_path, "--recordings", "leave")) == 0
    entry = tmp_path / "registry" / "kind" / "v1.37.2"
    assert {one.name for one in entry.iterdir()} == set(register.FILES)
    assert main(["verify", str(entry)]) == 0
    assert "were not judged again" in capsys.readouterr().out


@pytest.mark.usefixtures("unjudged")
def test_nothing_is_written_over_silently(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(folder, tmp_path)) == 0
    assert main(words(folder, tmp_path)) == 4
    assert "is there already: --replace replaces it" in capsys.readouterr().err
    assert main(words(folder, tmp_path, "--replace", "--recordings", "leave")) == 0
    assert not (tmp_path / "registry" / "kind" / "v1.37.2" / packed.FILE).exists()
    twice = words(folder, tmp_path, "--replace")
    assert main([*twice[:1], str(folder), *twice[1:]]) == 4


@pytest.mark.usefixtures("unjudged")
def test_what_is_not_verified_is_not_registered(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(folder)
    assert main(words(folder, tmp_path)) == 1
    assert "recordings/api-gate.jsonl was changed" in capsys.readouterr().out
    assert not (tmp_path / "registry").exists()


@pytest.mark.usefixtures("unjudged")
def test_a_new_entry_is_of_this_suite(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder, test_verify.other_suite)
    digests.write(report(), folder / digests.FILE)
    assert main(words(folder, tmp_path)) == 1
    assert "requirements of this suite" in capsys.readouterr().out


@pytest.mark.usefixtures("unjudged")
def test_what_cannot_be_registered_is_said(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([*words(folder, tmp_path)[:3], "../kind"]) == 4
    monkeypatch.setattr(register, "MOST", 10)
    assert main(words(folder, tmp_path)) == 4
    (folder / "recordings").rename(tmp_path / "elsewhere")
    assert main(words(folder, tmp_path)) == 4
    assert main(words(tmp_path, tmp_path)) == 4
    assert not (tmp_path / "registry").exists()


@pytest.mark.parametrize("label", ["..", "v1.37.2/../..", "@a", "a/b"])
def test_a_label_that_is_no_version_names_no_folder(label: str) -> None:
    with pytest.raises(UsageError, match="cannot name an entry"):
        register.version_of(report(label=label))
    assert register.version_of(report(label="v1.31.2+k3s1@a-5b6a7988")) == "v1.31.2+k3s1"
