"""The variants differ in what they are about, and in nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from conformance.overhead import variants as made
from conformance.overhead.variants import CLIENT, PREFIX, Variant, load, variants
from fixtures.stage import manifest
from fixtures.stage.manifest import Images
from tests.kit.podsecurity import beyond_baseline, beyond_restricted

Json = dict[str, Any]

NAMED = {one.name: one for one in variants(proxy=True)}
IMAGES = Images(
    "registry/busybox:1",
    "registry/busybox:2",
    loaded=True,
    software={"load": "registry/load:1", "envoy": "registry/envoy:1"},
)
MANIFESTS = sorted(path.stem for path in made.MANIFESTS.glob("*.yaml"))


def containers(variant: Variant, part: str) -> list[Json]:
    found: list[Json] = variant.pod["spec"].get(part) or []
    return found


def test_each_variant_is_named_once_and_so_is_its_pod() -> None:
    assert list(NAMED) == ["none", "classic", "native", "proxy"]
    assert [one.name for one in variants(proxy=False)] == list(NAMED)[:3]
    for name, variant in NAMED.items():
        assert variant.pod["metadata"]["name"] == f"{PREFIX}{name}"


def test_the_app_is_the_same_in_the_first_three() -> None:
    apps = [
        next(one for one in containers(NAMED[name], "containers") if one["name"] == "app")
        for name in ("none", "classic", "native")
    ]
    assert apps[0] == apps[1] == apps[2]


def test_the_helper_is_where_its_variant_says() -> None:
    def names(name: str, part: str) -> list[str]:
        return [one["name"] for one in containers(NAMED[name], part)]

    assert (names("none", "initContainers"), names("none", "containers")) == ([], ["app"])
    assert names("classic", "initContainers") == []
    assert names("classic", "containers") == ["app", "helper"]
    assert names("native", "initContainers") == ["helper"]
    assert names("native", "containers") == ["app"]


def test_the_helper_differs_in_its_restart_policy_alone() -> None:
    (native,) = containers(NAMED["native"], "initContainers")
    classic = containers(NAMED["classic"], "containers")[1]
    assert native == {**classic, "restartPolicy": "Always"}


def test_a_manifest_is_counted_as_it_is_written() -> None:
    described = NAMED["none"].described
    assert described.objects == described.containers == 1
    assert described.lines == described.manifest.count("\n")
    # The list of init containers, and the restart policy.
    assert NAMED["native"].described.lines == NAMED["classic"].described.lines + 2
    assert list(yaml.safe_load_all(described.manifest)) == list(NAMED["none"].documents)


@pytest.mark.parametrize("name", MANIFESTS)
def test_pods_are_such_as_level_restricted_allows(name: str) -> None:
    for document in load(name):
        for _, spec in manifest.pod_specs(document):
            assert beyond_baseline(spec) == []
        ready = manifest.prepare(document, scenario="overhead", run="45b25547", images=IMAGES)
        for _, spec in manifest.pod_specs(ready):
            assert beyond_restricted(spec) == []


@pytest.mark.parametrize("name", MANIFESTS)
def test_objects_are_named_after_the_measurement(name: str) -> None:
    for document in load(name):
        assert document["metadata"]["name"].startswith(PREFIX)
        assert "namespace" not in document["metadata"]


def test_the_client_is_no_variant() -> None:
    (client,) = load("client")
    assert client["metadata"]["name"] == CLIENT
    assert "client" not in NAMED


def test_images_that_the_nodes_hold_are_never_pulled() -> None:
    pod = copy.deepcopy(NAMED["native"].pod)
    manifest.use_images(pod, IMAGES)
    (helper,), (app,) = pod["spec"]["initContainers"], pod["spec"]["containers"]
    assert (helper["image"], app["image"]) == ("registry/busybox:1", "registry/load:1")
    assert helper["imagePullPolicy"] == app["imagePullPolicy"] == "Never"


def test_all_requests_go_through_the_proxy() -> None:
    proxy = NAMED["proxy"]
    (config,) = proxy.others
    listens = yaml.safe_load(config["data"]["envoy.yaml"])["static_resources"]
    (listener,), (cluster,) = listens["listeners"], listens["clusters"]
    assert listener["address"]["socket_address"]["port_value"] == made.PORT
    (endpoint,) = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    behind = endpoint["endpoint"]["address"]["socket_address"]["port_value"]
    (app,) = containers(proxy, "containers")
    assert app["command"] == ["load", "serve", f":{behind}"]
    (client,) = load("client")
    assert client["spec"]["containers"][0]["command"] == ["load", "serve", f":{made.PORT}"]
