"""`python -m reports register RUN --distribution NAME`: put verified runs into the registry."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.errors import UsageError
from fixtures.host.files import write_whole
from reports import digests, jsonreport, packed, registry, verify
from reports.markup import line_of
from reports.model import verdict_words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Container

    from reports.model import Report

MOST = 2**20
"""So many bytes of packed recordings may lie in the registry; those of a whole run are 0.25 MB."""

FILES = (jsonreport.FILE, "run.json", digests.FILE)
"""What an entry has of a run, unmodified. All other files can be made from it again."""

_VERSION = re.compile(r"v1\.[A-Za-z0-9.+_-]+")
_DISTRIBUTION = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "runs", metavar="RUN", nargs="+", type=Path, help="the folder of a run, with recordings"
    )
    parser.add_argument(
        "--distribution", metavar="NAME", required=True, help="whose Kubernetes it is: kind, k3s"
    )
    parser.add_argument(
        "--recordings",
        choices=("keep", "leave"),
        default="keep",
        help="keep them packed beside the report (the default), or leave them out",
    )
    parser.add_argument("--replace", action="store_true", help="replace an entry that is there")
    registry.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Verify all runs, then copy them; return 0, or 1 where one is refused and nothing is copied.

    Raises UsageError.
    """
    if not _DISTRIBUTION.fullmatch(options.distribution):
        raise UsageError(
            f"{options.distribution!r} is no name of a distribution: lower case letters, digits, -"
        )
    planned: dict[Path, tuple[Path, Report]] = {}
    problems = []
    for source in options.runs:
        found = _problems(source)
        problems += found
        if not found:
            report = jsonreport.read(source / jsonreport.FILE)
            target = options.registry / options.distribution / version_of(report)
            _require_new(target, planned, replace=options.replace)
            planned[target] = source, report
    if problems:
        for problem in problems:
            print(f"refused: {line_of(problem)}")  # noqa: T201 - a command's output
        return verify.REFUSED
    keep = options.recordings == "keep"
    archives = {target: _packed(source) if keep else b"" for target, (source, _) in planned.items()}
    for target, (source, report) in planned.items():
        _copy(source, target, archives[target])
        size = f", recordings in {len(archives[target]) // 1024} KiB" if archives[target] else ""
        print(line_of(f"{target}: {verdict_words(report)}{size}"))  # noqa: T201
    content = registry.page(options.registry).encode(errors="replace")
    write_whole(options.registry / registry.PAGE, content)
    return 0


def _problems(source: Path) -> list[str]:
    if not (source / jsonreport.FILE).is_file():
        raise UsageError(f"{source} holds no report.json: name the folder of a run")
    if not (source / "recordings").is_dir():
        raise UsageError(f"{source} holds no recordings: what they show cannot be verified")
    found = verify.verify(source)
    # A new entry is of this suite, so that what only one of two suites has is a problem here.
    return [f"{source}: {words}" for words in (*found.problems, *found.notes)]


def _packed(source: Path) -> bytes:
    archive = packed.pack(source / "recordings")
    if len(archive) > MOST:
        raise UsageError(
            f"the recordings of {source} are {len(archive) / 2**20:.1f} MiB packed, more than"
            f" {MOST / 2**20:g} MiB: give --recordings leave, and keep them elsewhere"
        )
    return archive


def version_of(report: Report) -> str:
    """Return the folder of an entry: the label, without what only tells one cluster's runs apart.

    Raises UsageError where the label begins with no version.
    """
    version = report.label.partition("@")[0]
    if not _VERSION.fullmatch(version):
        raise UsageError(f"{report.label!r} does not begin with a version: it cannot name an entry")
    return version


def _require_new(target: Path, planned: Container[Path], *, replace: bool) -> None:
    if target in planned:
        raise UsageError(f"two of these runs are {target.name}: register one")
    if target.exists() and not replace:
        raise UsageError(f"{target} is there already: --replace replaces it")


def _copy(source: Path, target: Path, archive: bytes) -> None:
    if target.exists():
        shutil.rmtree(target)
    for name in FILES:
        write_whole(target / name, (source / name).read_bytes())
    if archive:
        write_whole(target / packed.FILE, archive)
