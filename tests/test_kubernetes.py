from __future__ import annotations

import pytest

from fixtures.errors import UsageError
from fixtures.nodeimages import kubernetes
from fixtures.nodeimages.kubernetes import Sources

MODULES = ["k8s.io/api", "k8s.io/kubelet"]


def test_neighbours_begin_with_the_exact_version_and_go_outwards() -> None:
    assert kubernetes.neighbours("v1.29.2")[:5] == [
        "v0.29.2",
        "v0.29.1",
        "v0.29.3",
        "v0.29.0",
        "v0.29.4",
    ]


def test_a_pre_release_is_nearest_to_its_release() -> None:
    assert kubernetes.neighbours("v1.38.0-alpha.1")[:3] == [
        "v0.38.0-alpha.1",
        "v0.38.0",
        "v0.38.1",
    ]


def test_all_modules_are_asked_for_at_once() -> None:
    asked: list[list[str]] = []

    def download(modules: list[str]) -> dict[str, str]:
        asked.append(modules)
        return {}

    taken = kubernetes.nearest("v1.37.2", MODULES, download)
    assert taken == dict.fromkeys(MODULES, "v0.37.2")
    assert asked == [["k8s.io/api@v0.37.2", "k8s.io/kubelet@v0.37.2"]]


def test_a_refused_module_takes_its_neighbour_and_no_other_does() -> None:
    refused = {"k8s.io/kubelet@v0.29.7", "k8s.io/kubelet@v0.29.6"}
    taken = kubernetes.nearest("v1.29.7", MODULES, lambda ms: {m: "" for m in ms if m in refused})
    assert taken == {"k8s.io/api": "v0.29.7", "k8s.io/kubelet": "v0.29.8"}


def test_a_module_without_any_neighbour_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"v1\.37\.2 cannot be built: no version of k8s\.io/api"):
        kubernetes.nearest("v1.37.2", ["k8s.io/api"], lambda ms: dict.fromkeys(ms, "403"))


def test_the_go_mod_requires_the_whole_and_replaces_the_parts() -> None:
    found = Sources(
        version="v1.29.7",
        go_version="1.21",
        staging={"k8s.io/api": "v0.29.7", "k8s.io/kubelet": "v0.29.8"},
        neighbours={"k8s.io/kubelet": "v0.29.8"},
        godebug={"default": "go1.21"},
    )
    assert kubernetes.go_mod_text(found) == (
        "require (\n\tk8s.io/kubernetes v1.29.7\n)\n"
        "\ngodebug (\n\tdefault=go1.21\n)\n"
        "\nreplace (\n"
        "\tk8s.io/api => k8s.io/api v0.29.7\n"
        "\tk8s.io/kubelet => k8s.io/kubelet v0.29.8\n"
        ")\n"
    )


def test_the_version_flags_carry_version_major_and_minor() -> None:
    flags = kubernetes.version_flags("v1.38.0-alpha.1")
    assert "-X k8s.io/component-base/version.gitVersion=v1.38.0-alpha.1" in flags
    assert "-X k8s.io/component-base/version.gitMajor=1" in flags
    assert "-X k8s.io/component-base/version.gitMinor=38" in flags


def test_other_sources_are_other_binaries() -> None:
    one = Sources("v1.29.7", "1.21", {"k8s.io/api": "v0.29.7"}, {})
    other = Sources("v1.29.7", "1.21", {"k8s.io/api": "v0.29.8"}, {})
    key = kubernetes.binaries_key(one, ["kubelet"])
    assert key.startswith("v1.29.7-")
    assert key != kubernetes.binaries_key(other, ["kubelet"])
    assert key != kubernetes.binaries_key(one, ["kubelet", "kubeadm"])
