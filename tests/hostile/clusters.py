"""Clusters that the suite does not make for itself: of several nodes, of IPv6, of two versions.

Run it as `python -m tests.hostile.clusters --nodes 2 --kubeconfig FILE --until FILE`: the cluster
is there until the second file is.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from fixtures.clusters import podnetwork, swap
from fixtures.clusters.kind import KindProvider, Request
from fixtures.errors import SuiteError
from fixtures.host.progress import Progress
from fixtures.images import releases
from fixtures.kubeapi import owner

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from fixtures.clusters import Cluster
    from fixtures.clusters.nodes import EngineNode
    from fixtures.evidence.capabilities import Capability

SERVICES = "fd00:10:96::/112"
"""The addresses of services of IPv6."""


@dataclass(frozen=True)
class Shape:
    """What a cluster is to be like: `worker_version` is that of the workers' kubelets."""

    version: str
    nodes: int = 1
    ipv6: bool = False
    worker_version: str | None = None

    @property
    def family(self) -> str:
        """The only IP family of the cluster, in kind's words."""
        return podnetwork.IPV6 if self.ipv6 else podnetwork.IPV4


class ShapedProvider(KindProvider):
    """The suite's own way to a kind cluster, with more nodes or another IP family."""

    def __init__(self, shape: Shape, request: Request) -> None:
        super().__init__(request)
        self.shape = shape

    def configuration(self, patches: Path, *, is_built: bool, apart: bool) -> dict[str, Any]:
        """See KindProvider."""
        document = super().configuration(patches, is_built=is_built, apart=apart)
        return shaped(document, self.shape, patches if is_built else None)

    def prepare(self, progress: Progress, software: Collection[Capability] = ()) -> None:
        """See Provider."""
        super().prepare(progress, software)
        if self.shape.worker_version:
            swap.binary(_kubelet(self.shape.worker_version), progress)

    @contextmanager
    def create(
        self, run_id: str, run_dir: Path, progress: Progress, *, apart: bool = False
    ) -> Iterator[Cluster]:
        """See Provider. Pods of all nodes reach each other."""
        with super().create(run_id, run_dir, progress, apart=apart) as cluster:
            nodes = cast("Sequence[EngineNode]", cluster.nodes)
            if cluster.facts["node"]["image"] == "built":
                podnetwork.connect(nodes, self.shape.family)
                if self.shape.ipv6:
                    refuse_services(nodes)
            if self.shape.worker_version:
                for node in nodes[1:]:
                    put_kubelet(self.shape.worker_version, node, nodes[0], progress)
            yield cluster


def shaped(document: dict[str, Any], shape: Shape, folder: Path | None) -> dict[str, Any]:
    """Return kind's configuration of one node, made into that of the shape.

    `folder` takes a configuration of the pod network for each node; None where the node image
    brings one for all of them.
    """
    control, *_ = document["nodes"]
    if shape.nodes > 1:
        # kind takes the taint of a control plane off where there is one node, and must find it.
        control["kubeadmConfigPatches"] = [
            yaml.safe_dump(_untainted(yaml.safe_load(text)))
            for text in control["kubeadmConfigPatches"]
        ]
    document["nodes"] = [control, *({"role": "worker"} for _ in range(shape.nodes - 1))]
    networking = document.setdefault("networking", {})
    networking["ipFamily"] = shape.family
    # By default kind publishes an IPv6 API server at [::1], from which no engine's rules lead on.
    networking["apiServerAddress"] = "127.0.0.1"
    if "podSubnet" in networking:
        networking["podSubnet"] = podnetwork.PODS[shape.family]
    if folder is not None:
        for number, one in enumerate(document["nodes"]):
            network = podnetwork.mount(folder, number, shape.family)
            one["extraMounts"] = [*one.get("extraMounts", []), network]
    return document


def _untainted(document: dict[str, Any]) -> dict[str, Any]:
    """Let pods go to the node of the control plane, as kind does where there is no other."""
    if document["kind"] == "InitConfiguration":
        document["nodeRegistration"] = {"taints": []}
    return document


def refuse_services(nodes: Sequence[EngineNode]) -> None:
    """Refuse what no service answers for: of IPv4 the entrypoint of the node image does so."""
    for node in nodes:
        node.execute("ip6tables", "-w", "-A", "FORWARD", "-d", SERVICES, "-j", "REJECT")


def _kubelet(version: str) -> swap.Swap:
    return swap.Swap("kubelet", version=version)


def put_kubelet(version: str, node: EngineNode, control: EngineNode, progress: Progress) -> None:
    """Give a worker the kubelet of another version, and wait until the API server knows it."""
    program = swap.binary(_kubelet(version), progress)
    with progress.step(f"putting kubelet {version} into {node.name}"):
        swap.replace_kubelet(program, node)
        said = f"jsonpath={{.status.nodeInfo.kubeletVersion}}={version}"
        for condition in (said, "condition=Ready"):
            control.kubectl(
                *("wait", f"node/{node.name}", f"--for={condition}", "--timeout=120s"), timeout=150
            )


@contextmanager
def cluster(shape: Shape, folder: Path, progress: Progress) -> Iterator[Cluster]:
    """Make a cluster of this shape, which is gone after the block; `folder` is for its logs."""
    provider = ShapedProvider(shape, Request(shape.version))
    provider.plan(progress)
    provider.prepare(progress)
    with provider.create(owner.new_run_id(), folder, progress) as made:
        yield made


def main(arguments: Sequence[str] | None = None) -> int:
    """Keep a cluster until a file appears; return the exit status."""
    parser = argparse.ArgumentParser(prog="tests.hostile.clusters", description=__doc__)
    parser.add_argument("--kubernetes", metavar="VERSION", default="")
    parser.add_argument("--nodes", type=int, default=1, metavar="N")
    parser.add_argument("--ipv6", action="store_true", help="a cluster without IPv4")
    parser.add_argument("--worker-version", metavar="VERSION", help="of the workers' kubelets")
    parser.add_argument("--kubeconfig", type=Path, required=True, metavar="FILE")
    parser.add_argument("--until", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)
    progress = Progress()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        worker = options.worker_version
        shape = Shape(
            version=releases.resolve_list(options.kubernetes or None)[0],
            nodes=options.nodes,
            ipv6=options.ipv6,
            worker_version=releases.resolve(worker) if worker else None,
        )
        with (
            tempfile.TemporaryDirectory() as folder,
            cluster(shape, Path(folder), progress) as made,
        ):
            shutil.copy(cast("Path", made.kubeconfig), options.kubeconfig)
            names = ", ".join(node.name for node in made.nodes)
            progress.line(f"{options.kubeconfig} is the kubeconfig of {names}")
            while not options.until.exists():
                time.sleep(1)
    except SuiteError as error:
        print(f"clusters: {error}", file=sys.stderr)  # noqa: T201 - the answer
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
