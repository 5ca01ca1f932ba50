from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.clusters import kindconfig
from fixtures.host.limits import Host
from tests.hostile import clusters
from tests.hostile.clusters import Shape


def document(folder: Path, *, is_built: bool) -> dict[str, Any]:
    host = Host(cgroup_v1=False, may_lower_oom_scores=True)
    return kindconfig.cluster_config(37, host=host, is_built=is_built, patches=folder / "patches")


def test_the_control_plane_takes_pods_beside_its_workers(tmp_path: Path) -> None:
    made = clusters.shaped(document(tmp_path, is_built=False), Shape("v1.37.2", nodes=3), None)
    control, *workers = made["nodes"]
    assert [one["role"] for one in (control, *workers)] == ["control-plane", "worker", "worker"]
    patches = [yaml.safe_load(text) for text in control["kubeadmConfigPatches"]]
    (init,) = [one for one in patches if one["kind"] == "InitConfiguration"]
    assert init["nodeRegistration"] == {"taints": []}
    assert init["patches"] == {"directory": "/kind/patches"}


def test_kind_takes_the_taint_off_the_only_node_itself(tmp_path: Path) -> None:
    made = clusters.shaped(document(tmp_path, is_built=False), Shape("v1.37.2"), None)
    (control,) = made["nodes"]
    assert not any("taints" in text for text in control["kubeadmConfigPatches"])


def test_each_node_of_a_built_image_gives_its_pods_addresses_of_its_own(tmp_path: Path) -> None:
    shape = Shape("v1.37.2", nodes=2)
    made = clusters.shaped(document(tmp_path, is_built=True), shape, tmp_path / "patches")
    ranges = []
    for one in made["nodes"]:
        mount = one["extraMounts"][-1]
        assert mount["containerPath"] == "/etc/cni/net.d/10-pods.conflist"
        network = yaml.safe_load(Path(mount["hostPath"]).read_text())
        ranges.append(network["plugins"][0]["ipam"]["ranges"])
    assert ranges == [[[{"subnet": "10.244.0.0/24"}]], [[{"subnet": "10.244.1.0/24"}]]]
    assert made["networking"]["podSubnet"] == "10.244.0.0/16"


def test_a_cluster_of_ipv6_has_no_address_of_ipv4(tmp_path: Path) -> None:
    shape = Shape("v1.37.2", ipv6=True)
    made = clusters.shaped(document(tmp_path, is_built=True), shape, tmp_path / "patches")
    assert made["networking"]["ipFamily"] == "ipv6"
    assert made["networking"]["apiServerAddress"] == "127.0.0.1"
    assert made["networking"]["podSubnet"] == "fd00:10:244::/56"
    ipam = clusters.conflist(shape, 0)["plugins"][0]["ipam"]
    assert ipam["ranges"] == [[{"subnet": "fd00:10:244::/64"}]]
    assert ipam["routes"] == [{"dst": "::/0"}]


class Node:
    """A node that notes what it is told to run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: list[str] = []

    def execute(self, *argv: str) -> str:
        """Note a command."""
        self.told.append(" ".join(argv))
        return ""

    def kubectl(self, *argv: str) -> str:
        """Answer with the address of a node."""
        return {"a": "10.89.0.2", "b": "10.89.0.3"}[argv[2]]


@pytest.mark.parametrize("ipv6", [False, True])
def test_pods_of_a_node_are_reached_by_way_of_their_node(*, ipv6: bool) -> None:
    nodes: Any = [Node("a"), Node("b")]
    shape = Shape("v1.37.2", nodes=2, ipv6=ipv6)
    clusters.connect(nodes, shape)
    first, second = nodes
    assert first.told[0] == f"ip route replace {clusters.subnet(shape, 1)} via 10.89.0.3"
    assert second.told[0] == f"ip route replace {clusters.subnet(shape, 0)} via 10.89.0.2"
    assert ("ip6tables" in first.told[-1]) == ipv6
