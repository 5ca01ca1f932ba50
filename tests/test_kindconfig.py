from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.clusters import kindconfig
from fixtures.clusters.host import Host

ORDINARY = Host(cgroup_v1=False, may_lower_oom_scores=True)
RESTRICTED = Host(cgroup_v1=True, may_lower_oom_scores=False)


def config(version: str, host: Host = ORDINARY, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
    options = {"is_built": True, "feature_gates": {}, **options}
    return kindconfig.cluster_config(version, host=host, patches=Path("/patches"), **options)


def documents(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (node,) = config["nodes"]
    loaded = [yaml.safe_load(text) for text in node["kubeadmConfigPatches"]]
    return {document["kind"]: document for document in loaded}


def test_an_ordinary_host_is_not_degraded() -> None:
    found = documents(config("v1.37.2"))
    assert "oomScoreAdj" not in found["KubeletConfiguration"]
    assert "failCgroupV1" not in found["KubeletConfiguration"]
    assert "KubeProxyConfiguration" not in found


def test_a_host_that_forbids_lower_oom_scores_is_not_asked_for_them() -> None:
    found = documents(config("v1.37.2", RESTRICTED))
    assert found["KubeletConfiguration"]["oomScoreAdj"] == 0
    assert found["KubeProxyConfiguration"]["oomScoreAdj"] == 0


@pytest.mark.parametrize(("version", "expected"), [("v1.34.4", None), ("v1.35.0", False)])
def test_cgroup_v1_is_allowed_where_the_kubelet_refuses_it(
    version: str, *, expected: bool | None
) -> None:
    found = documents(config(version, RESTRICTED))
    assert found["KubeletConfiguration"].get("failCgroupV1") is expected


def test_arguments_are_maps_for_old_kubeadm_and_lists_for_new() -> None:
    old = documents(config("v1.35.4"))["ClusterConfiguration"]
    new = documents(config("v1.36.0"))["ClusterConfiguration"]
    assert old["apiVersion"] == "kubeadm.k8s.io/v1beta3"
    assert old["scheduler"]["extraArgs"] == {"leader-elect": "false"}
    assert new["apiVersion"] == "kubeadm.k8s.io/v1beta4"
    assert new["scheduler"]["extraArgs"] == [{"name": "leader-elect", "value": "false"}]


def test_feature_gates_reach_every_component() -> None:
    made = config("v1.37.2", feature_gates={"B": False, "A": True})
    assert made["featureGates"] == {"B": False, "A": True}
    cluster = documents(made)["ClusterConfiguration"]
    gates = {"name": "feature-gates", "value": "A=true,B=false"}
    assert gates in cluster["scheduler"]["extraArgs"]
    assert gates in cluster["controllerManager"]["extraArgs"]


def test_only_a_built_image_brings_its_network() -> None:
    assert config("v1.37.2")["networking"]["disableDefaultCNI"] is True
    published = config("v1.37.2", is_built=False)
    assert "networking" not in published
    assert "resolvConf" not in documents(published)["KubeletConfiguration"]


def test_the_node_sees_the_patches() -> None:
    (mount,) = config("v1.37.2")["nodes"][0]["extraMounts"]
    assert mount["hostPath"] == "/patches"
    directory = documents(config("v1.37.2"))["InitConfiguration"]["patches"]["directory"]
    assert mount["containerPath"] == directory


@pytest.mark.parametrize(("minor", "patched"), [(31, False), (32, True)])
def test_kubeadm_is_given_the_patches_that_it_knows(
    minor: int, tmp_path: Path, *, patched: bool
) -> None:
    kindconfig.write_patches(tmp_path, minor)
    names = {path.name.partition("+")[0] for path in tmp_path.iterdir()}
    assert names - {"corednsdeployment"} == {
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
    }
    assert ("corednsdeployment" in names) is patched
    patch = json.loads((tmp_path / "etcd+strategic.json").read_text())
    assert patch["spec"]["containers"][0]["startupProbe"]["periodSeconds"] == 1
