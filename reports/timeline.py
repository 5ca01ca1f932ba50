"""`python -m reports timeline RECORDING`: one scenario as a picture, or as text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.errors import UsageError
from fixtures.evidence.recording import read_recording
from fixtures.evidence.timeline import Timeline
from fixtures.host.files import write_whole
from reports.chart import chart
from reports.svgchart import svg
from reports.textchart import text

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("recording", metavar="RECORDING", type=Path, help="a recordings/*.jsonl")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--svg", action="store_true", help="a picture (the default with --output)")
    form.add_argument("--text", action="store_true", help="lines (the default without it)")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write to a file")


def run(options: argparse.Namespace) -> int:
    """Write the timeline. Raises UsageError where the recording cannot be read."""
    output: Path | None = options.output
    try:
        drawn = chart(Timeline(read_recording(options.recording)))
    except OSError as problem:
        raise UsageError(f"{options.recording}: cannot be read: {problem.strerror}") from problem
    picture = options.svg or (output is not None and not options.text)
    # Containers print what is not UTF-8; it is shown as it can be.
    told = ((svg(drawn, alone=True) if picture else text(drawn)) + "\n").encode(errors="replace")
    if output is None:
        sys.stdout.buffer.write(told)
        return 0
    try:
        write_whole(output, told)
    except OSError as problem:
        raise UsageError(f"{output}: cannot be written: {problem.strerror}") from problem
    return 0
