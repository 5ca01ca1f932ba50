"""The command draws one recording, and says in one line what is wrong with another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reports.__main__ import main
from tests.kit.charts import tape

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    made, path = tape("caf\u00e9"), tmp_path / "one.jsonl"
    made.end(21)
    made.write(path)
    return path


def test_it_prints_lines(recording: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["timeline", str(recording)]) == 0
    assert "sidecar: #0 said 'caf\u00e9'" in capfdbinary.readouterr().out.decode()


def test_it_draws(recording: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["timeline", str(recording), "--svg"]) == 0
    assert capfdbinary.readouterr().out.startswith(b"<svg")
    output = recording.with_suffix(".svg")
    assert main(["timeline", str(recording), "--output", str(output)]) == 0
    assert output.read_text(encoding="utf-8").startswith("<svg")
    assert main(["timeline", str(recording), "--text", "--output", str(output)]) == 0
    assert "said 'TERM'" in output.read_text(encoding="utf-8")


def test_what_is_wrong_is_one_line(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no.jsonl").write_text("nothing\n")
    for arguments, words in (
        ([str(tmp_path / "nowhere")], "cannot be read: No such file"),
        ([str(tmp_path / "no.jsonl")], "is damaged in line 1"),
        ([str(recording), "--output", str(tmp_path / "no" / "where" / "x")], ""),
    ):
        status = main(["timeline", *arguments])
        told = capsys.readouterr().err
        if words:
            assert status == 4
            assert words in told
            assert told.count("\n") == 1
