"""Verify a report: that it is whole and unchanged, and follows from its recordings.

The digests find what was changed by accident, or without its list. Who changes a report and its
list is found out by the recordings, which are judged again. Requirements that only the suite of the
report has, or only this one, are said and refuse nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.errors import EnvironmentBrokenError, UsageError
from fixtures.host.files import sha256
from reports import digests, jsonreport, packed
from reports.markup import line_of
from reports.model import UNKEPT, Level, Verdict, verdict_words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

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
    given: Path | None = options.recordings
    if given and not given.is_dir():
        raise UsageError(f"{given} is no folder: give that of the recordings")
    found = verify(folder, given)
    for problem in found.problems:
        print(f"refused: {line_of(problem)}")  # noqa: T201 - a command's output
    for note in found.notes:
        print(f"note: {line_of(note)}")  # noqa: T201
    if found.problems:
        return REFUSED
    report = jsonreport.read(folder / "report.json")
    judged = (
        "its recordings, judged again, say the same"
        if found.judged_again
        else "its recordings are not at hand, and were not judged again"
    )
    print(line_of(f"{report.label}: {verdict_words(report)}; verified: {judged}"))  # noqa: T201
    return 0


@dataclass
class Findings:
    """What is wrong with a report, and what a reader should know of it, a sentence each."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    judged_again: bool = False


def verify(folder: Path, recordings: Path | None = None) -> Findings:
    """Verify the report in a folder.

    `recordings` is where they are, if neither in `folder/recordings` nor packed beside the report.
    """
    archive = folder / packed.FILE
    if recordings is not None or not archive.is_file() or (folder / "recordings").is_dir():
        return _verify(folder, recordings or folder / "recordings")
    with tempfile.TemporaryDirectory() as temporary:
        unpacked = Path(temporary) / "recordings"
        try:
            packed.unpack(archive, unpacked)
        except UsageError as error:
            return Findings([str(error)])
        return _verify(folder, unpacked)


def _verify(folder: Path, recordings: Path) -> Findings:
    found = Findings()
    try:
        report = jsonreport.read(folder / "report.json")
    except UsageError as error:
        found.problems.append(str(error))
        return found
    found.problems += _contradictions(folder, report)
    listed = _suite("--list").splitlines()[:-1]
    known = {line.split()[0]: line.split()[1] for line in listed}
    found.problems += _ids(report, known)
    found.notes += _levels(report, known)
    found.problems += _digests(folder, recordings, report)
    missing = sorted(known.keys() - {result.id for result in report.results})
    if recordings.is_dir():
        found.judged_again = True
        again = _judged_again(folder, recordings, report, found.problems)
        if again is not None and again.suite == report.suite:
            found.problems += [f"{one} is missing" for one in missing]
            missing = []
        verdicts = {result.id: result.verdict for result in again.results} if again else {}
        found.notes += [
            f"{one}, which the report does not have, is {verdicts[one]} by its recordings"
            for one in missing
            if verdicts.get(one) in UNKEPT
        ]
    found.notes += _others(report, known, missing)
    return found


def _others(report: Report, known: Mapping[str, str], missing: Sequence[str]) -> Iterator[str]:
    """Yield what only one of two suites has."""
    if missing:
        yield f"it does not have {len(missing)} requirements of this suite: {', '.join(missing)}"
    unknown = [result.id for result in report.results if result.id not in known]
    if unknown:
        yield f"this suite does not have {len(unknown)} of its requirements: {', '.join(unknown)}"


def _contradictions(folder: Path, report: Report) -> Iterator[str]:
    value = json.loads((folder / "report.json").read_bytes())
    if value.get("exitStatus") != report.exit_status:
        yield (
            f"its exitStatus is {value.get('exitStatus')!r}, but its results make it"
            f" {report.exit_status}"
        )


def _ids(report: Report, known: Mapping[str, str]) -> Iterator[str]:
    ids = [result.id for result in report.results]
    twice = sorted(one for one, times in Counter(ids).items() if times > 1)
    yield from (f"{one} is there {ids.count(one)} times" for one in twice)
    for result in report.results:
        # A level decides what a verdict means for the run.
        decides = known.get(result.id) == Level.MUST and result.level != Level.MUST
        if decides and result.verdict in UNKEPT and result.verdict != Verdict.KNOWN_FAILURE:
            yield f"{result.id} is MUST, not {result.level}, and its verdict is {result.verdict}"


def _levels(report: Report, known: Mapping[str, str]) -> Iterator[str]:
    """Yield which levels are others now: promises are found to be stronger, or weaker."""
    for result in report.results:
        level = known.get(result.id, result.level)
        if level != result.level:
            yield f"{result.id} was {result.level}, and is {level} now"


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


def _judged_again(
    folder: Path, recordings: Path, report: Report, problems: list[str]
) -> Report | None:
    """Judge the recordings again with this suite, and add where the verdicts differ."""
    with tempfile.TemporaryDirectory() as temporary:
        kept, output = Path(temporary) / "kept", Path(temporary) / "out"
        kept.mkdir()
        try:
            shutil.copy(folder / "run.json", kept)
            shutil.copytree(recordings, kept / "recordings")
        except OSError as error:
            problems.append(f"the recordings cannot be judged again: {error}")
            return None
        baseline = ["--no-baseline"] if "--no-baseline" in report.reproduce.split() else []
        said = _suite("--replay", str(kept), "--output", str(output), *baseline)
        paths = list(output.glob("*/report.json"))
        if not paths:
            problems.append(f"the recordings cannot be judged again: {said}")
            return None
        again = jsonreport.read(paths[0])
    if (again.label, again.unsupported) != (report.label, report.unsupported):
        sidecars = again.unsupported or "with sidecars"
        problems.append(f"the recordings are of {again.label} ({sidecars})")
    verdicts = {result.id: result.verdict for result in again.results}
    for result in report.results:
        other = verdicts.get(result.id, Verdict.SKIPPED)
        if Verdict.SKIPPED not in (result.verdict, other) and other != result.verdict:
            problems.append(
                f"{result.id} is {result.verdict} in the report, and judged again {other}"
            )
    return again


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
