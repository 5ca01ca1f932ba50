"""Steps of the mesh: the classic form of an object, and when a Deployment is rolled out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

import pytest

from conformance.scenarios import mesh_istio, mesh_linkerd
from conformance.scenarios.meshes import in_classic_form, until_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.stage.staging import Staging

Json = dict[str, Any]


def client(form: str, annotation: str, value: str) -> Json:
    """Return the client of a server with this form of a proxy."""
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"mesh-{form}-client",
            "annotations": {annotation: value},
        },
        "spec": {"containers": [{"name": "client", "args": [f"mesh-{form}:80"]}]},
    }


@pytest.mark.parametrize("annotation", [mesh_istio.FORM, mesh_linkerd.NATIVE_SIDECAR])
def test_the_classic_form_has_its_own_names_and_the_other_annotation(annotation: str) -> None:
    native = client("native", annotation, "true")
    before = copy.deepcopy(native)
    assert in_classic_form(native, annotation) == client("classic", annotation, "false")
    assert native == before


def test_what_makes_no_pods_gets_a_name_only() -> None:
    service = {"kind": "Service", "metadata": {"name": "mesh-native"}, "spec": {}}
    classic = {**service, "metadata": {"name": "mesh-classic"}}
    assert in_classic_form(service, mesh_istio.FORM) == classic


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
