from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fixtures.clusters import kindconfig
from fixtures.host.limits import Host
from tests.hostile import clusters
from tests.hostile.clusters import Shape


def document(folder: Path, *, is_built: bool) -> dict[str, Any]:
    host = Host(cgroup_v1=False, may_lower_oom_scores=True)
    return kindconfig.cluster_config(37, host=host, is_built=is_built, patches=folder)


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
    made = clusters.shaped(document(tmp_path, is_built=True), shape, tmp_path)
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
    made = clusters.shaped(document(tmp_path, is_built=True), shape, tmp_path)
    assert made["networking"]["ipFamily"] == "ipv6"
    assert made["networking"]["apiServerAddress"] == "127.0.0.1"
    assert made["networking"]["podSubnet"] == "fd00:10:244::/56"
    (control,) = made["nodes"]
    network = yaml.safe_load(Path(control["extraMounts"][-1]["hostPath"]).read_text())
    ipam = network["plugins"][0]["ipam"]
    assert ipam["ranges"] == [[{"subnet": "fd00:10:244::/64"}]]
    assert ipam["routes"] == [{"dst": "::/0"}]


class Node:
    """A node that notes what it is told to run."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def execute(self, *argv: str) -> str:
        """Note a command."""
        self.told.append(" ".join(argv))
        return ""


def test_a_service_of_ipv6_without_endpoints_is_refused() -> None:
    node: Any = Node()
    clusters.refuse_services([node])
    assert node.told == [f"ip6tables -w -A FORWARD -d {clusters.SERVICES} -j REJECT"]
