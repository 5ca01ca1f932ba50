"""Finding out what a cluster is, from a real answer of an API server to each question."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.capabilities import Capabilities, Capability
from fixtures.detect import detect, minor_version
from fixtures.errors import EnvironmentBrokenError
from fixtures.stage.manifest import Images
from tests.apiserver import CutError, Reply, Request, serving

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

Json = dict[str, Any]

API_METRICS = """\
# TYPE kubernetes_feature_enabled gauge
kubernetes_feature_enabled{name="SidecarContainers",stage=""} 1
kubernetes_feature_enabled{name="AllAlpha",stage="ALPHA"} 0
kubernetes_build_info{name="Other"} 1
"""
KUBELET_METRICS = 'kubernetes_feature_enabled{name="NodeSwap",stage="BETA"} 1\n'


def node(name: str = "one", kubelet: str = "v1.37.2", cpu: str = "2", pods: str = "110") -> Json:
    return {
        "metadata": {"name": name},
        "status": {
            "allocatable": {"cpu": cpu, "pods": pods},
            "nodeInfo": {
                "kubeletVersion": kubelet,
                "containerRuntimeVersion": "containerd://2.2.1",
                "kernelVersion": "6.1.0-41-amd64",
                "osImage": "Debian GNU/Linux 12",
                "architecture": "amd64",
            },
        },
    }


class Cluster:
    """A cluster with everything; `replies` holds what is answered, by path, to be changed."""

    def __init__(self) -> None:
        self.keeps = True
        self.replies: dict[str, Any] = {
            "/version": {"gitVersion": "v1.37.2"},
            "/api/v1/nodes": {"items": [node()]},
            "/api/v1": {"resources": [{"name": "pods"}, {"name": "pods/resize"}]},
            "/apis/admissionregistration.k8s.io/v1": {
                "resources": [{"name": "mutatingadmissionpolicies"}]
            },
            "/metrics": API_METRICS,
            "/api/v1/nodes/one/proxy/metrics": KUBELET_METRICS,
        }

    def answer(self, request: Request) -> Reply:
        """Answer as an API server does."""
        if request.method == "POST":
            assert request.path == "/api/v1/namespaces/here/pods"
            assert request.query == {"dryRun": "All"}
            stored = deepcopy(request.body)
            if not self.keeps:
                del stored["spec"]["initContainers"][0]["restartPolicy"]
            found = self.replies.get("POST", stored)
        else:
            found = self.replies[request.path]
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Reply) else Reply(found)


class FakeNode:
    """A node whose operating system can be reached."""

    name = "one"

    def __init__(self, file_system: str = "cgroup2fs\n") -> None:
        self._file_system = file_system

    def run(
        self,
        *argv: str,
        stdin: bytes | None = None,
        timeout: float = 60.0,
        check: bool = True,
    ) -> str:
        """Answer the only question that is asked."""
        assert argv == ("stat", "-f", "-c", "%T", "/sys/fs/cgroup")
        assert (stdin, timeout, check) == (None, 60.0, True)
        return self._file_system

    def open(self, *argv: str) -> subprocess.Popen[bytes]:
        """Start nothing: detection needs no stream."""
        raise NotImplementedError(argv)


TWO_IMAGES = Images("fixture:1", "fixture:2", loaded=True)


def look(
    cluster: Cluster, folder: Path, *nodes: FakeNode, images: Images = TWO_IMAGES
) -> tuple[Capabilities, dict[str, str], Json]:
    with serving(cluster.answer, folder) as (_, api):
        return detect(api, "here", nodes, images)


def test_a_cluster_with_everything(tmp_path: Path) -> None:
    found, versions, facts = look(Cluster(), tmp_path, FakeNode())
    assert found.minor == 37
    assert list(found.missing) == [Capability.NO_SIDECARS]
    assert found.gates == {"SidecarContainers": True, "AllAlpha": False, "NodeSwap": True}
    assert versions == {"kube-apiserver": "v1.37.2", "kubelet": "v1.37.2"}
    assert facts == {
        "serverVersion": "v1.37.2",
        "nodeVersions": {"one": "v1.37.2"},
        "nodes": 1,
        "cpus": 2.0,
        "podsPerNode": 110,
        "runtime": "containerd://2.2.1",
        "kernel": "6.1.0-41-amd64",
        "os": "Debian GNU/Linux 12",
        "architecture": "amd64",
        "cgroupVersion": "v2",
    }


def test_an_api_server_that_drops_the_field_has_no_sidecars(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.keeps = False
    found, _, _ = look(cluster, tmp_path, FakeNode())
    assert "drops restartPolicy: Always" in str(found.lacking((Capability.SIDECARS,)))
    assert found.lacking((Capability.NO_SIDECARS,)) is None


def test_the_oldest_component_says_what_is_promised(tmp_path: Path) -> None:
    cluster = Cluster()
    nodes = [node("one", "v1.37.2", "1500m", "250"), node("two", "v1.29.14", "4", "32")]
    cluster.replies["/api/v1/nodes"] = {"items": nodes}
    found, versions, facts = look(cluster, tmp_path)
    assert found.minor == 29
    assert versions["kubelet"] == "v1.29.14"
    assert facts["nodeVersions"] == {"one": "v1.37.2", "two": "v1.29.14"}
    assert (facts["nodes"], facts["cpus"], facts["podsPerNode"]) == (2, 5.5, 32)


def test_without_access_to_nodes_what_they_have_is_unknown(tmp_path: Path) -> None:
    found, _, facts = look(Cluster(), tmp_path)
    assert facts["cgroupVersion"] == "unknown"
    assert "cannot run commands on the nodes" in found.missing[Capability.NODE_ACCESS]
    assert found.missing[Capability.CGROUP_V2].startswith("unknown: ")


def test_old_control_groups_are_said(tmp_path: Path) -> None:
    found, _, facts = look(Cluster(), tmp_path, FakeNode("tmpfs\n"))
    assert facts["cgroupVersion"] == "v1"
    assert found.missing[Capability.CGROUP_V2] == "the nodes use cgroup v1"
    assert Capability.NODE_ACCESS not in found.missing


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/nodes/one/proxy/metrics"])
def test_metrics_that_are_forbidden_are_missing(tmp_path: Path, path: str) -> None:
    cluster = Cluster()
    cluster.replies[path] = Reply({"message": "no\nway"}, status=403)
    found, _, _ = look(cluster, tmp_path, FakeNode())
    assert found.missing[Capability.METRICS] == f"GET {path} answered 403 no way"
    assert ("NodeSwap" in found.gates) == (path == "/metrics")


def test_a_server_without_the_subresource_cannot_resize(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.replies["/api/v1"] = {"resources": [{"name": "pods"}]}
    found, _, _ = look(cluster, tmp_path, FakeNode())
    assert "pods/resize" in found.missing[Capability.RESIZE]


@pytest.mark.parametrize(
    ("path", "reply", "words"),
    [
        ("POST", Reply({"message": "quota"}, status=403), "a pod with a sidecar was refused: 403"),
        ("/version", {"gitVersion": "v2.0.0"}, "the cluster reports the version 'v2.0.0'"),
        ("/version", Reply({"message": "busy"}, status=500), "GET /version answered 500 busy"),
        ("/version", CutError(), "GET /version: "),
        ("POST", CutError(), "POST /api/v1/namespaces/here/pods: "),
        ("/api/v1/nodes", {"items": []}, "the cluster has no node that pods could run on"),
    ],
)
def test_a_cluster_that_does_not_answer_is_broken(
    tmp_path: Path, path: str, reply: object, words: str
) -> None:
    cluster = Cluster()
    cluster.replies[path] = reply
    with pytest.raises(EnvironmentBrokenError) as caught:
        look(cluster, tmp_path, FakeNode())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("version", "minor"),
    [("v1.37.2", 37), ("1.29.4-gke.1043002", 29), ("v1.31.2+k3s1", 31), ("v1.38.0-alpha.1", 38)],
)
def test_versions_of_vendors_have_minors(version: str, minor: int) -> None:
    assert minor_version(version) == minor


def test_one_image_is_not_two(tmp_path: Path) -> None:
    found, _, _ = look(Cluster(), tmp_path, images=Images("mine", "mine", loaded=False))
    assert Capability.SECOND_IMAGE in found.missing
