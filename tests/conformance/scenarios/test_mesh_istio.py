"""Steps of the mesh: the classic form of an object, and when a Deployment is rolled out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

import pytest

from conformance.scenarios.mesh_istio import FORM, classic_form, until_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.stage.staging import Staging

Json = dict[str, Any]


def deployment(form: str, annotation: str) -> Json:
    return {
        "kind": "Deployment",
        "metadata": {"name": f"mesh-{form}"},
        "spec": {
            "selector": {"matchLabels": {"pods": f"mesh-{form}"}},
            "template": {
                "metadata": {
                    "labels": {"pods": f"mesh-{form}"},
                    "annotations": {FORM: annotation},
                },
                "spec": {"containers": [{"name": "app", "args": [f"mesh-{form}:80"]}]},
            },
        },
    }


def test_the_classic_form_has_its_own_name_everywhere_and_the_other_annotation() -> None:
    native = deployment("native", "true")
    before = copy.deepcopy(native)
    assert classic_form(native) == deployment("classic", "false")
    assert native == before


def test_what_makes_no_pods_gets_a_name_only() -> None:
    service = {"kind": "Service", "metadata": {"name": "mesh-native"}, "spec": {}}
    assert classic_form(service) == {**service, "metadata": {"name": "mesh-classic"}}


DONE = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("status", "out"),
    [
        (DONE, True),
        ({}, False),
        ({**DONE, "observedGeneration": 1}, False),
        ({**DONE, "replicas": 3}, False),
        ({**DONE, "updatedReplicas": 1}, False),
        ({**DONE, "availableReplicas": 1}, False),
    ],
)
def test_a_deployment_is_out_when_all_pods_are_new_and_available(
    status: Json, *, out: bool
) -> None:
    class Seen:
        def object(self, kind: str, name: str) -> Json:
            assert (kind, name) == ("Deployment", "mesh")
            return {"status": status}

        def until(self, what: str, met: Callable[[], bool]) -> None:
            assert what == "mesh to be rolled out"
            assert met() == out

    until_out(cast("Staging", Seen()), "mesh", {"metadata": {"generation": 2}})
