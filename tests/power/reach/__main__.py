"""What no scenario makes Kubernetes execute: `nox -s reach`.

Components are compiled with counters and take the place of those of a kind cluster, the suite runs
on it, and what was executed is reported by function. Options that are not listed here go to the
suite as they are. Components are compiled once, and a run that is there already in the folder of
--output, by the same suite with the same options, is not made again.
"""

from __future__ import annotations

import argparse
import json
import posixpath
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.session import revision
from fixtures.errors import EnvironmentBrokenError, SuiteError, UsageError, unwritten
from fixtures.host.progress import Progress
from fixtures.images import kubernetes, releases
from tests.power import components
from tests.power.reach import builds, measure, page, places, profiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import FrameType

    from tests.power.components import Component

ROOT = Path(__file__).parents[3]
DEFAULT_OUTPUT = "reports/out/reach"
NOT_TAKEN = ("--context", "--kubeconfig", "--replay", "--swap", "--list")
"""Options of the suite that would leave no component to measure."""

CHANGED = ("+", "unknown")
"""How the revision of a suite ends that may be another one with the same name."""

JUDGED = (0, 1)
"""Exit statuses of a run that judged all it was asked for."""

ENDED = (*JUDGED, 3)
"""Those of a run that staged its scenarios: 3 is that of a MUST check which is an error."""

STOPPING = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Run:
    """A run that counters are of: of which suite, with which options and builds, how it ended."""

    suite: str
    options: tuple[str, ...]
    builds: tuple[str, ...]
    status: int | None = None

    def serves(self, wanted: Run) -> bool:
        """Whether nothing else would come of the wanted one: a changed checkout may be another."""
        same = replace(self, status=None) == wanted and not self.suite.endswith(CHANGED)
        return same and self.status in JUDGED


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each version and print the report; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="nox -s reach --", description=__doc__, allow_abbrev=False
    )
    parser.add_argument(
        "--kubernetes", metavar="VERSION[,...]", help="of the clusters (default: newest)"
    )
    parser.add_argument(
        "--component",
        metavar="NAME[,...]",
        help="of " + ", ".join(one.name for one in components.COMPONENTS) + " (default: all)",
    )
    parser.add_argument("--build-only", action="store_true", help="compile, and stop")
    parser.add_argument("--page", action="store_true", help="print docs/reach.md and stop")
    parser.add_argument(
        "--output",
        metavar="DIR",
        type=Path,
        default=Path(DEFAULT_OUTPUT),
        help="where reports and counters go, in a folder a version (default: %(default)s)",
    )
    options, rest = parser.parse_known_args(arguments)
    try:
        if options.page:
            say("\n".join(page.lines()))
            return 0
        require_own_cluster(rest)
        wanted = components.named(options.component)
        versions = releases.resolve_list(options.kubernetes)
        progress = Progress()
        for version in versions:
            for component in wanted:
                builds.counting(component, version, progress)
        if not options.build_only:
            for version in versions:
                folder = options.output.absolute() / version
                for line in measure.lines(reach(version, wanted, rest, folder, progress)):
                    say(line)
    except SuiteError as error:
        print(f"ERROR: {error}", file=sys.stderr)  # noqa: T201 - the answer
        return error.exit_status
    except OSError as error:
        broken = unwritten(options.output, error)
        print(f"ERROR: {broken}", file=sys.stderr)  # noqa: T201 - the answer
        return broken.exit_status
    return 0


def require_own_cluster(words: Iterable[str]) -> None:
    """Raise UsageError for options of the suite with which nothing could be measured."""
    for word in words:
        name = word.partition("=")[0]
        if name in NOT_TAKEN:
            raise UsageError(
                f"reach makes its own cluster with components of its own: leave out {name}"
            )


def reach(
    version: str,
    wanted: Sequence[Component],
    words: Sequence[str],
    folder: Path,
    progress: Progress,
) -> measure.Reach:
    """Return the reach of a version, and write it into the folder as text and as JSON.

    The suite runs where the folder has no counters of the same run. Raises SuiteError, OSError.
    """
    built = {one.name: builds.counting(one, version, progress) for one in wanted}
    names = tuple(sorted(place.name for place in built.values()))
    done = ran(Run(revision(), tuple(words), names), built, version, folder, progress)
    counters = [folder / "counters" / one.name for one in wanted]
    folders = [package_folders(one, built[one.name]) for one in wanted]
    parts = [
        *((one, [place], held) for one, place, held in zip(wanted, counters, folders, strict=True)),
        # Any of them is linked of what they share.
        (components.SHARED, counters, folders[0]),
    ]
    with progress.step(f"reading what was executed of {version}"):
        found = measure.Reach(
            kubernetes=version,
            suite=done.suite,
            options=done.options,
            status=done.status or 0,
            components=tuple(
                of_component(one, read_from, held, folder / f"{one.name}.profile")
                for one, read_from, held in parts
            ),
        )
    text = found.model_dump_json(by_alias=True, indent=1)
    (folder / "reach.json").write_text(f"{text}\n", encoding="utf-8")
    lines = "".join(f"{line}\n" for line in measure.lines(found))
    (folder / "reach.txt").write_text(lines, encoding="utf-8")
    return found


def ran(
    wanted: Run, built: Mapping[str, Path], version: str, folder: Path, progress: Progress
) -> Run:
    """Run the suite, unless its counters are there; return the run that they are of."""
    record = folder / "run.json"
    earlier = read(record)
    if earlier is not None and earlier.serves(wanted):
        progress.line(f"the counters of {version} in {folder} are those of such a run")
        return earlier
    record.unlink(missing_ok=True)
    counters = folder / "counters"
    shutil.rmtree(counters, ignore_errors=True)
    counters.mkdir(parents=True)
    status = waited_for(command(wanted.options, built, version, folder))
    if status == UsageError.exit_status:
        raise UsageError("the suite cannot meet this request: see what it said above")
    if status not in ENDED or not any(counters.glob("*/covcounters.*")):
        raise EnvironmentBrokenError(
            f"the run on {version} ended with {status} before it was done: see what it said above"
        )
    done = replace(wanted, status=status)
    record.write_text(json.dumps(asdict(done), indent=1) + "\n", encoding="utf-8")
    return done


def read(record: Path) -> Run | None:
    """Return the run that was recorded, None where there is none that can be read."""
    try:
        value = json.loads(record.read_text(encoding="utf-8"))
        return Run(value["suite"], tuple(value["options"]), tuple(value["builds"]), value["status"])
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return None


def command(
    options: Iterable[str], built: Mapping[str, Path], version: str, folder: Path
) -> list[str]:
    """Return the command line of the run; `built` are the folders of the builds by component."""
    swaps = [f"--swap={name}={place}/bin/{name}-reach" for name, place in built.items()]
    return [
        *(sys.executable, "-m", "conformance", f"--kubernetes={version}", *swaps),
        *("-p", "tests.power.reach.harvest", f"--harvest={folder / 'counters'}"),
        *(f"--output={folder / 'run'}", *options),
    ]


def waited_for(words: Sequence[str]) -> int:
    """Run a command to its end and return its status; a signal to us goes on to it."""
    with subprocess.Popen(words, cwd=ROOT) as process:

        def forward(number: int, _: FrameType | None) -> None:
            process.send_signal(number)

        # A terminal sends Ctrl-C to both; the suite takes the first signal only.
        before = {number: signal.signal(number, forward) for number in STOPPING}
        try:
            return process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def package_folders(component: Component, built: Path) -> dict[str, Path]:
    """Return the folders of the packages that a component is linked of, by import path."""
    held = kubernetes.packages(component.name, built / "module")
    return {package.path: package.folder for package in held}


def of_component(
    component: Component, counters: Sequence[Path], folders: Mapping[str, Path], profile: Path
) -> measure.ComponentReach:
    """Return the reach of a component by its counters."""
    blocks = profiles.read(counters, component.packages, profile)
    packages = sorted({posixpath.dirname(block.file) for block in blocks})
    functions = places.functions({name: folders[name] for name in packages}, component.words)
    return measure.of_component(component, blocks, functions)


def say(line: str) -> None:
    """Print a line for the person."""
    print(line, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    sys.exit(main())
