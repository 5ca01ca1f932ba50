"""Measure what a sidecar costs: `nox -s overhead`.

A cluster of one node is made, forms of one pod are measured on it in turn, and a page tells what
the figures show. It says nothing about whether promises are kept.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.options import DEFAULT_OUTPUT, Parser, positive
from conformance.overhead import measuring
from conformance.overhead.measuring import Measurement, Place
from conformance.overhead.variants import PROXY, variants
from conformance.overhead.watching import Watching
from conformance.session import revision, suite_version
from fixtures.clusters.kind import KindProvider, Request, add_host_options
from fixtures.errors import EnvironmentBrokenError, SuiteError, UsageError, unwritten
from fixtures.evidence.capabilities import Capability
from fixtures.host.progress import Progress
from fixtures.images import golang, parts, releases
from fixtures.kubeapi import owner
from fixtures.kubeapi.kinds import path_of
from fixtures.software import own, shelf
from fixtures.stage.manifest import Images
from fixtures.versions import minor_of
from reports import overhead, overheadpage
from reports.estimates import FEWEST
from reports.overhead import OverheadReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixtures.clusters import Cluster, Node
    from fixtures.kubeapi.client import Api

FOLDER = "overhead"
"""Below the folder of a version's report."""
ROUNDS = 9
OLDEST_MINOR = 29
"""The first minor with sidecars that no feature gate has to turn on."""
LARGEST_SEED = 2**31
INTERRUPTED = 2
"""The exit status where a person has ended it."""


def parser() -> Parser:
    """Return the parser of the options."""
    own = Parser(prog="nox -s overhead --", description=__doc__, allow_abbrev=False)
    own.hint = "see 'nox -s overhead -- --help'"
    own.add_argument(
        "--kubernetes",
        metavar="VERSION",
        help="v1.37.2, or 1.34 for its newest patch (default: the newest stable minor)",
    )
    own.add_argument(
        "--rounds",
        metavar="N",
        type=rounds,
        default=ROUNDS,
        help=f"how many pods of each variant are measured, {FEWEST} at least"
        " (default: %(default)s)",
    )
    own.add_argument(
        "--seed",
        metavar="S",
        type=positive,
        help="of the order within the rounds (default: another one each time)",
    )
    own.add_argument(
        "--output",
        metavar="DIR",
        default=DEFAULT_OUTPUT,
        help=f"what is found goes to DIR/<version>/{FOLDER} (default: %(default)s)",
    )
    add_host_options(own.add_argument)
    return own


def rounds(text: str) -> int:
    """Read a number of rounds. Raises argparse's error for too few: they have no intervals."""
    number = positive(text)
    if number < FEWEST:
        raise argparse.ArgumentTypeError(
            f"{number} rounds have no interval of 95 %: {FEWEST} are the fewest"
        )
    return number


def main(arguments: Sequence[str]) -> int:
    """Measure, write what was found, and return the exit status: 0, 3 or 4."""
    try:
        options = parser().parse_args(arguments)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        _measure(options)
    except SuiteError as error:
        print(f"ERROR: {error}", file=sys.stderr)  # noqa: T201 - the answer
        return error.exit_status
    except KeyboardInterrupt:
        print("ERROR: it was interrupted", file=sys.stderr)  # noqa: T201 - the answer
        return INTERRUPTED
    return 0


def _measure(options: argparse.Namespace) -> None:
    version, *others = releases.resolve_list(options.kubernetes)
    if others:
        raise UsageError("one version is measured at a time: give --kubernetes one of them")
    if minor_of(version) < OLDEST_MINOR:
        raise UsageError(
            f"{version} has no native sidecars by default: measure 1.{OLDEST_MINOR} or newer"
        )
    seed = options.seed or secrets.randbelow(LARGEST_SEED) + 1
    folder = Path(options.output) / version / FOLDER
    require_writable(folder)
    progress = Progress()
    provider = KindProvider(
        Request(
            version,
            engine=options.engine,
            image_source=options.node_image,
            install_missing=options.install_missing,
        )
    )
    provider.plan(progress)
    if not parts.is_ready(parts.LOAD):
        golang.require()
    provider.prepare(progress, [Capability.ENVOY])
    archive = shelf.image_archive(own.LOAD, progress)
    run_id = owner.new_run_id()
    with provider.create(run_id, folder, progress) as cluster:
        for node in cluster.nodes:
            load_image(node, archive)
        namespace = cluster.spaces.shared
        cluster.spaces.open(namespace)
        with Watching(cluster.api, namespace) as watching:
            place = Place(
                cluster.api,
                namespace,
                cluster.nodes[0],
                watching,
                images_of(cluster),
                run_id,
            )
            proxy = Capability.ENVOY in cluster.software.capabilities
            measurement = Measurement(place, variants(proxy=proxy), options.rounds, seed)
            measurement.take(progress)
        facts, missing = _facts(cluster), cluster.software.missing
    without = {PROXY: "; ".join(missing.values())} if missing else {}
    report = made(version, measurement, facts, without)
    try:
        overhead.write(report, folder / overhead.FILE)
        overheadpage.write(report, folder / overheadpage.FILE)
    except OSError as error:
        raise unwritten(folder, error) from error
    for line in told(report, folder):
        print(line)  # noqa: T201 - the answer


def require_writable(folder: Path) -> None:
    """Raise UsageError where nothing can be written into a folder, before anything is made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError as error:
        raise UsageError(
            f"cannot write to {folder}: {error.strerror}: give another --output"
        ) from error
    if not writable:
        raise UsageError(f"cannot write to {folder}: give another --output")


def load_image(node: Node, archive: Path) -> None:
    """Load all images of an OCI archive into a node. Raises EnvironmentBrokenError."""
    importing = ("ctr", "--namespace=k8s.io", "images", "import", "-")
    node.execute(*importing, stdin=archive.read_bytes())


def images_of(cluster: Cluster) -> Images:
    """Return the images that stand for the names in the manifests."""
    software = {**cluster.software.references, own.LOAD.name: own.LOAD.reference}
    return Images(
        cluster.fixture_image, cluster.other_image, cluster.fixture_image_loaded, software
    )


def made(
    version: str, measurement: Measurement, facts: dict[str, Any], missing: dict[str, str]
) -> OverheadReport:
    """Return the report. Raises EnvironmentBrokenError where too few pods could be measured."""
    for variant in measurement.variants:
        count = sum(life.variant == variant.name for life in measurement.lives)
        if count < FEWEST:
            reasons = [one.reason for one in measurement.left_out if one.variant == variant.name]
            raise EnvironmentBrokenError(
                f"only {count} pods of {variant.name} could be measured, which are too few: "
                f"{reasons[-1]}"
            )
    words = ["nox", "-s", "overhead", "--", "--kubernetes", version]
    words += ["--rounds", str(measurement.rounds), "--seed", str(measurement.seed)]
    return OverheadReport(
        label=version,
        reproduce=shlex.join(words),
        seed=measurement.seed,
        rounds=measurement.rounds,
        suite={"version": suite_version(), "revision": revision()},
        cluster=facts,
        variants=tuple(variant.described for variant in measurement.variants),
        lives=tuple(measurement.lives),
        left_out=tuple(measurement.left_out),
        missing=missing,
    )


def _facts(cluster: Cluster) -> dict[str, Any]:
    """Return JSON values about the cluster, its only node, and the requests."""
    return {
        **cluster.facts,
        "software": dict(cluster.software.facts),
        **_node(cluster.api, cluster.nodes[0].name),
        "requests": {
            "ratePerSecond": measuring.RATE,
            "seconds": measuring.SECONDS,
            "connections": measuring.CONNECTIONS,
        },
    }


def _node(api: Api, name: str) -> dict[str, Any]:
    status = api.require("GET", path_of("Node", None, name))["status"]
    about, capacity = status["nodeInfo"], status["capacity"]
    return {
        "kubelet": about["kubeletVersion"],
        "runtime": about["containerRuntimeVersion"],
        "kernel": about["kernelVersion"],
        "cpus": capacity["cpu"],
        "memory": capacity["memory"],
    }


def told(report: OverheadReport, folder: Path) -> list[str]:
    """Return what a person reads at the end: all sentences, and where the page is."""
    lines = []
    for measured in report.measures:
        lines.append(f"{measured.title}:")
        lines += [f"  {one.sentence}" for one in measured.comparisons]
    lines += [f"{name} was not measured: {why}" for name, why in report.missing.items()]
    for one in report.left_out:
        lines.append(f"left out: {one.variant} of round {one.round}: {one.reason}")
    return [*lines, f"all figures are in {folder / overheadpage.FILE}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
