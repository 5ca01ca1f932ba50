from __future__ import annotations

import re

import pytest

from fixtures.clusters import swap
from fixtures.errors import UsageError
from tests.power.components import COMPONENTS, NEAR, Component, named


def test_each_component_can_be_swapped_into_a_cluster() -> None:
    assert {one.name for one in COMPONENTS} == set(swap.COMPONENTS)


def test_all_are_measured_unless_some_are_named() -> None:
    assert named(None) == list(COMPONENTS)
    assert named("") == list(COMPONENTS)
    assert [one.name for one in named("kube-scheduler, kubelet,kubelet")] == [
        "kube-scheduler",
        "kubelet",
    ]


def test_an_unknown_component_is_named() -> None:
    with pytest.raises(UsageError, match=r"no component 'kube-proxy': choose of kubelet, "):
        named("kubelet,kube-proxy")


@pytest.mark.parametrize(
    ("component", "word"),
    [
        ("kubelet", "IsRestartableInitContainer"),
        ("kubelet", "restartable init"),
        ("kubelet", "terminationOrdering"),
        ("kubelet", "ContainerRestartPolicyAlways"),
        ("kubelet", "HasAnyRegularContainerCreated"),
        ("kube-controller-manager", "SidecarContainers"),
        ("kube-controller-manager", "IsPodReady"),
    ],
)
def test_words_about_sidecars_are_known(component: str, word: str) -> None:
    (found,) = named(component)
    assert re.search(found.words, word)


@pytest.mark.parametrize("word", ["IsPodReady", "InitContainers", "RestartPolicyAlways"])
def test_a_kubelet_speaks_of_much_else(word: str) -> None:
    (found,) = named("kubelet")
    assert not re.search(found.words, word)


def test_a_pattern_holds_its_packages_and_no_neighbour() -> None:
    kubelet = Component("kubelet", ("example.org/pkg/kubelet/...", "example.org/api"))
    assert kubelet.holds("example.org/pkg/kubelet")
    assert kubelet.holds("example.org/pkg/kubelet/prober")
    assert kubelet.holds("example.org/api")
    assert not kubelet.holds("example.org/pkg/kubeletter")
    assert not kubelet.holds("example.org/api/v1")


@pytest.mark.parametrize(
    "text",
    ["IsRestartableInitContainer(c)", "sidecars", "terminationOrder", "pod.Spec.InitContainers"],
)
def test_code_that_sidecars_take_part_in_is_known(text: str) -> None:
    assert all(re.search(component.near, text) for component in COMPONENTS)


@pytest.mark.parametrize(
    "text", ["package prober", "package status", "getPhase(pod)", "m.startupManager.Get(id)"]
)
def test_sidecars_take_part_in_the_state_of_pods(text: str) -> None:
    (kubelet,) = named("kubelet")
    assert re.search(kubelet.near, text)
    assert not re.search(NEAR, text)


@pytest.mark.parametrize("text", ["package statusquo", "probeVolumeHealth()", "pod.Status"])
def test_sidecars_take_no_part_in_other_code(text: str) -> None:
    (kubelet,) = named("kubelet")
    assert not re.search(kubelet.near, text)
