from __future__ import annotations

import re

import pytest

from fixtures.clusters.swap import COMPONENTS
from tests.power.mutants.speaking import CODE, PODS, SIDECARS, Code


def test_every_component_that_can_be_swapped_has_code() -> None:
    assert set(CODE) == set(COMPONENTS)


def test_a_tree_holds_its_packages_and_no_neighbour() -> None:
    code = Code(("k8s.io/kubernetes/pkg/kubelet",))
    assert code.holds("k8s.io/kubernetes/pkg/kubelet")
    assert code.holds("k8s.io/kubernetes/pkg/kubelet/prober")
    assert not code.holds("k8s.io/kubernetes/pkg/kubeletter")


@pytest.mark.parametrize(
    "text",
    ["IsRestartableInitContainer(c)", "sidecars", "terminationOrder", "pod.Spec.InitContainers"],
)
def test_code_about_sidecars_says_so(text: str) -> None:
    assert re.search(SIDECARS, text, re.IGNORECASE)
    assert re.search(PODS, text, re.IGNORECASE)


@pytest.mark.parametrize(
    "text", ["package prober", "package status", "getPhase(pod)", "m.startupManager.Get(id)"]
)
def test_the_kubelet_speaks_of_the_state_of_pods_as_well(text: str) -> None:
    assert re.search(PODS, text, re.IGNORECASE)
    assert not re.search(SIDECARS, text, re.IGNORECASE)


@pytest.mark.parametrize("text", ["package statusquo", "probeVolumeHealth()", "pod.Status"])
def test_other_code_does_not(text: str) -> None:
    assert not re.search(PODS, text, re.IGNORECASE)
