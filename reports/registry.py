"""`python -m reports registry`: the page of the registry, all reports that were registered."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from fixtures.errors import UsageError
from fixtures.host.files import sha256
from fixtures.versions import by_label
from reports import digests, jsonreport, packed
from reports.markup import markdown
from reports.model import JUDGED, Verdict, counts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from reports.model import Report

FOLDER = Path(__file__).with_name("registry")
PAGE = "README.md"


@dataclass(frozen=True)
class Entry:
    """One registered report."""

    folder: Path
    distribution: str
    version: str
    report: Report

    @property
    def full(self) -> bool:
        """Whether no check was left out."""
        return all(result.verdict is not Verdict.SKIPPED for result in self.report.results)

    @property
    def digest(self) -> str:
        """The digest of its list of digests, and so of all that the list covers."""
        return sha256(self.folder / digests.FILE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "--registry", metavar="DIR", type=Path, default=FOLDER, help="default: reports/registry"
    )


def run(options: argparse.Namespace) -> int:
    """Print the page. Raises UsageError where a report cannot be read."""
    sys.stdout.buffer.write(page(options.registry).encode(errors="replace"))
    return 0


def entries(registry: Path) -> list[Entry]:
    """Return all entries, by distribution and version. Raises UsageError."""
    found = []
    for path in registry.glob(f"*/*/{jsonreport.FILE}"):
        folder = path.parent
        if not (folder / digests.FILE).is_file():
            raise UsageError(f"{folder} has no {digests.FILE}: register it again")
        made = Entry(folder, folder.parent.name, folder.name, jsonreport.read(path))
        found.append(made)
    return sorted(found, key=lambda one: (one.distribution, by_label(one.version)))


def page(registry: Path) -> str:
    """Return the page in Markdown; the same entries give the same text. Raises UsageError."""
    return "\n".join(_lines(entries(registry))) + "\n"


def _lines(found: Sequence[Entry]) -> Iterator[str]:
    yield "# Registry of results\n"
    yield "Made by `nox -s docs`. Each entry is a report as a run wrote it, with the digests of its"
    yield "recordings. [docs/report.md](../../docs/report.md#the-registry) says how one is added.\n"
    yield "    python -m reports verify reports/registry/DISTRIBUTION/VERSION\n"
    yield "refuses an entry that was changed, and judges its recordings again where they are packed"
    yield "beside it.\n"
    full = [one for one in found if one.full]
    partial = [one for one in found if not one.full]
    yield "## Full reports\n"
    yield from _table(full)
    if partial:
        yield "\n## Partial reports\n"
        yield "Checks were left out. These are no claim of conformance.\n"
        yield from _table(partial)
    if found:
        yield "\n## How to reproduce\n"
        yield "The digest is that of the entry's `SHA256SUMS`.\n"
        yield "| entry | command | recordings | digest |"
        yield "|---|---|---|---|"
    for one in found:
        kept = "kept" if (one.folder / packed.FILE).is_file() else "elsewhere"
        yield (
            f"| {_link(one)} | {markdown(one.report.reproduce) or 'unknown'} | {kept} |"
            f" `{one.digest}` |"
        )


def _table(found: Sequence[Entry]) -> Iterator[str]:
    if not found:
        yield "There are none."
        return
    yield "| distribution | version | verdict | judged | checks | suite |"
    yield "|---|---|---|---|---|---|"
    for one in found:
        results = one.report.results
        judged = sum(result.verdict in JUDGED for result in results)
        tally = ", ".join(f"{number} {verdict}" for verdict, number in counts(results).items())
        suite = f"{one.report.suite['version']} at {one.report.suite['revision']}"
        yield (
            f"| {markdown(one.distribution)} | {_link(one, one.version)} | {one.report.verdict} |"
            f" {judged} of {len(results)} | {tally} | {markdown(suite)} |"
        )


def _link(one: Entry, words: str = "") -> str:
    text = words or f"{one.distribution} {one.version}"
    address = f"{quote(one.distribution)}/{quote(one.version)}/{jsonreport.FILE}"
    return f"[{markdown(text)}]({address})"
