"""Recordings: what was written is read again, and a crash costs at most the last line."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import UsageError
from fixtures.stage.recording import SCHEMA, Recorder, read_recording

if TYPE_CHECKING:
    from pathlib import Path

HEADER = {"scenario": "one", "minor": 37}
# Halves of surrogate pairs are what is left of output that is no text.
TEXTS = st.text(max_size=30) | st.text("a\udcff", max_size=5)


def recorded(folder: Path, *lines: str) -> Path:
    """Return a whole recording of these log lines."""
    path = folder / "one.jsonl"
    path.unlink(missing_ok=True)
    recorder = Recorder(path, HEADER)
    for line in lines:
        recorder.write("log", line=line)
    recorder.close()
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "recordings" / "one.jsonl"
    recorder = Recorder(path, HEADER)
    recorder.write("wait", at=recorder.begun, ended=recorder.begun + 5, what="it", met=True)
    recorder.watch('{"type":"ADDED","object":{"kind":"Pod"}}\n', recorder.begun + 1)
    recorder.close()
    recording = read_recording(path)
    assert recording.complete
    assert recording.failure is None
    assert recording.scenario == "one"
    assert recording.header == {
        "type": "header",
        "schema": SCHEMA,
        "at": recorder.begun,
        **HEADER,
    }
    wait, watch, end = recording.records
    assert wait["what"] == "it"
    assert watch == {
        "type": "watch",
        "at": recorder.begun + 1,
        "event": {"type": "ADDED", "object": {"kind": "Pod"}},
    }
    assert end["type"] == "end"
    assert recording.of("watch", "end") == [watch, end]
    assert recording.seconds == (end["at"] - recorder.begun) / 1e9


@given(st.lists(TEXTS, max_size=5))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = recorded(tmp_path_factory.getbasetemp(), *lines)
    assert [record["line"] for record in read_recording(path).of("log")] == lines


@given(st.lists(TEXTS, min_size=1, max_size=5), st.data())
def test_a_crash_costs_at_most_the_last_line(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], data: st.DataObject
) -> None:
    """Wherever the file breaks off, even within a character, what is before it can be read."""
    path = recorded(tmp_path_factory.getbasetemp(), *lines)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    cut = data.draw(st.integers(first, len(whole) - 1))
    path.write_bytes(whole[:cut])
    recording = read_recording(path)
    assert len(recording.records) == whole[first:cut].count(b"\n")
    assert [r["line"] for r in recording.of("log")] == lines[: len(recording.records)]
    assert not recording.complete
    assert recording.failure == "the recording breaks off: the run was interrupted"


def test_every_line_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    recorder = Recorder(path, HEADER)
    for number in range(3):
        recorder.write("log", line=str(number))
        assert path.read_bytes().count(b"\n") == number + 2
        assert path.read_bytes().endswith(b"\n")
    recorder.close()


def test_the_reason_of_a_failure_outweighs_the_interruption(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    recorder = Recorder(path, HEADER)
    recorder.write("failure", reason="no such image")
    recorder.write("failure", reason="and more")
    assert read_recording(path).failure == "no such image"
    recorder.close()
    assert read_recording(path).failure == "no such image"


def test_nothing_follows_the_end(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    recorder = Recorder(path, HEADER)
    recorder.close()
    before = path.read_bytes()
    recorder.write("log", line="late")
    recorder.watch("{}", 1)
    recorder.close()
    assert path.read_bytes() == before
    assert read_recording(path).complete


def test_many_may_write_at_once_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    recorder = Recorder(path, HEADER)
    ready = threading.Barrier(5)

    def write(name: int) -> None:
        ready.wait()
        for count in range(100):
            recorder.write("log", line=f"{name} {count} {'x' * 9000 * (count % 50 == 0)}")

    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for writer in writers:
        writer.start()
    ready.wait()
    for count in range(20):
        recorder.write("log", line=f"4 {count}")
    recorder.close()
    for writer in writers:
        writer.join()
    recording = read_recording(path)
    assert recording.complete
    words = [record["line"].split() for record in recording.of("log")]
    for name in range(5):
        mine = [int(count) for who, count, *_ in words if who == str(name)]
        assert mine == list(range(len(mine)))


class Impatient:
    """A lock for which somebody with one more line always waits."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._lock = threading.Lock()
        self._waiting = True

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if self._waiting:
            self._waiting = False
            self._recorder.write("log", line="one more")


def test_nothing_comes_between_the_end_and_the_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one.jsonl"
    recorder = Recorder(path, HEADER)
    monkeypatch.setattr(recorder, "_lock", Impatient(recorder))
    recorder.close()
    assert read_recording(path).complete


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    path = recorded(tmp_path, "precious")
    with pytest.raises(FileExistsError):
        Recorder(path, HEADER)
    assert read_recording(path).of("log")[0]["line"] == "precious"


def header(**more: object) -> str:
    return json.dumps({"type": "header", "schema": SCHEMA, "at": 1, "scenario": "one", **more})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (header(schema=SCHEMA + 1) + "\n", "judge it with the suite version that recorded it"),
        (header(schema=None) + "\n", "judge it with the suite version that recorded it"),
        ("", "is not a recording of this suite"),
        (header(), "is not a recording of this suite"),
        ('{"type":"log","at":1}\n', "is not a recording of this suite"),
        (header() + "\nwhat\n", "is damaged in line 2: record again"),
        (header() + "\n[]\n", "is damaged in line 2: record again"),
        (header() + "\n3\n", "is damaged in line 2: record again"),
        (header() + '\n{"type":"end"}\n', "is damaged in line 2: record again"),
        ("hello\n", "is damaged in line 1: record again"),
        ("\N{SNOWMAN}\udcff\n", "is damaged in line 1: record again"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UsageError) as caught:
        read_recording(path)
    message = str(caught.value)
    assert message.startswith(f"{path} ")
    assert words in message
    assert "\n" not in message
