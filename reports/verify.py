"""Verify a report: that it is whole and unchanged, and follows from its recordings.

The digests find what was changed by accident, or without its list. Who changes a report and its
list is found out by the recordings, which are judged again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fixtures.errors import EnvironmentBrokenError, UsageError
from fixtures.host.files import sha256
from reports import digests, jsonreport
from reports.markup import line_of
from reports.model import Verdict, verdict_words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from reports.model import Report

ROOT = Path(__file__).parents[1]
REFUSED = 1
"""The exit status where a report is refused."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="holds report.json")
    parser.add_argument(
        "--recordings",
        metavar="DIR",
        type=Path,
        help="holds the recordings, where they are kept elsewhere (default: DIR/recordings)",
    )


def run(options: argparse.Namespace) -> int:
    """Verify and say what is wrong; return 0, or 1 where the report is refused.

    Raises SuiteError where there is no report, or nothing can be judged here.
    """
    folder: Path = options.folder
    if not (folder / "report.json").is_file():
        raise UsageError(f"{folder} holds no report.json: name the folder of a run")
    recordings: Path = options.recordings or folder / "recordings"
    if options.recordings and not recordings.is_dir():
        raise UsageError(f"{recordings} is no folder: give that of the recordings")
    found = list(problems(folder, recordings))
    for problem in found:
        print(f"refused: {line_of(problem)}")  # noqa: T201 - a command's output
    if found:
        return REFUSED
    report = jsonreport.read(folder / "report.json")
    judged = (
        "its recordings, judged again, say the same"
        if recordings.is_dir()
        else "its recordings are not at hand, and were not judged again"
    )
    print(line_of(f"{report.label}: {verdict_words(report)}; verified: {judged}"))  # noqa: T201
    return 0


def problems(folder: Path, recordings: Path) -> Iterator[str]:
    """Yield what is wrong with the report in a folder, a sentence each."""
    try:
        report = jsonreport.read(folder / "report.json")
    except UsageError as error:
        yield str(error)
        return
    yield from _contradictions(folder, report)
    yield from _ids(report)
    yield from _digests(folder, recordings, report)
    if recordings.is_dir():
        yield from _judged_again(folder, recordings, report)


def _contradictions(folder: Path, report: Report) -> Iterator[str]:
    value = json.loads((folder / "report.json").read_bytes())
    if value.get("exitStatus") != report.exit_status:
        yield (
            f"its exitStatus is {value.get('exitStatus')!r}, but its results make it"
            f" {report.exit_status}"
        )


def _ids(report: Report) -> Iterator[str]:
    ids = [result.id for result in report.results]
    yield from (f"{one} is there {ids.count(one)} times" for one in set(ids) if ids.count(one) > 1)
    listed = _suite("--list").splitlines()[:-1]
    known = {line.split()[0]: line.split()[1] for line in listed}
    for result in report.results:
        if result.id not in known:
            yield f"{result.id} is no requirement of this suite"
        elif known[result.id] != result.level:
            yield f"{result.id} is {known[result.id]}, not {result.level}"
    yield from (f"{one} is missing" for one in sorted(known.keys() - set(ids)))


def _digests(folder: Path, recordings: Path, report: Report) -> Iterator[str]:
    try:
        listed = digests.read(folder / digests.FILE)
    except UsageError as error:
        yield str(error)
        return
    for name, expected in listed.items():
        path = recordings / Path(name).name if "/" in name else folder / name
        if path.is_file():
            if sha256(path) != expected:
                yield f"{name} was changed: it has not the digest that {digests.FILE} has"
        elif "/" not in name or recordings.is_dir():
            yield f"{name} is missing"
    needed = ["report.json", *(f"recordings/{one.name}.jsonl" for one in report.scenarios)]
    yield from (f"{name} is not in {digests.FILE}" for name in needed if name not in listed)
    for path in sorted(recordings.glob("*.jsonl")):
        if f"recordings/{path.name}" not in listed:
            yield f"recordings/{path.name} is not in {digests.FILE}"


def _judged_again(folder: Path, recordings: Path, report: Report) -> Iterator[str]:
    """Judge the recordings again with this suite, and yield where the verdicts differ."""
    with tempfile.TemporaryDirectory() as temporary:
        kept, output = Path(temporary) / "kept", Path(temporary) / "out"
        kept.mkdir()
        try:
            shutil.copy(folder / "run.json", kept)
            shutil.copytree(recordings, kept / "recordings")
        except OSError as error:
            yield f"the recordings cannot be judged again: {error}"
            return
        baseline = ["--no-baseline"] if "--no-baseline" in report.reproduce.split() else []
        said = _suite("--replay", str(kept), "--output", str(output), *baseline)
        paths = list(output.glob("*/report.json"))
        if not paths:
            yield f"the recordings cannot be judged again: {said}"
            return
        again = jsonreport.read(paths[0])
    if (again.label, again.unsupported) != (report.label, report.unsupported):
        yield f"the recordings are of {again.label} ({again.unsupported or 'with sidecars'})"
    verdicts: dict[str, Any] = {result.id: result.verdict for result in again.results}
    for result in report.results:
        other = verdicts.get(result.id)
        if Verdict.SKIPPED not in (result.verdict, other) and other != result.verdict:
            yield f"{result.id} is {result.verdict} in the report, and judged again {other}"


def _suite(*words: str) -> str:
    """Run the suite of this checkout and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode and not words[0].startswith("--replay"):
        raise EnvironmentBrokenError(f"the suite cannot be asked for its catalogue: {done.stdout}")
    return done.stdout
