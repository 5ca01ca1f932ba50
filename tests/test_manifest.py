"""Manifests: each can be read on its own, and what a run changes in it is told in one place."""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.catalogue import declared
from fixtures.errors import UsageError
from fixtures.stage import manifest, scenario
from fixtures.stage.manifest import CONTAINER_LISTS, HOLD, IMAGE, OTHER_IMAGE, Images

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Json = dict[str, Any]

NAMES = sorted(path.stem for path in manifest.MANIFESTS.glob("*.yaml"))
NO_IMAGE = "localhost:1/"
"""Where no registry can be: for pods whose image is not to be had."""

IMAGES = Images("registry/busybox:1", "registry/busybox:2", loaded=True)


def containers(document: Json) -> Iterator[Json]:
    for _, spec in manifest.pod_specs(document):
        for part in CONTAINER_LISTS:
            yield from spec.get(part) or []


@pytest.mark.parametrize("name", NAMES)
def test_objects_are_named_after_their_scenario(name: str) -> None:
    documents = manifest.load(name)
    assert documents
    for document in documents:
        assert {"apiVersion", "kind", "metadata"} <= set(document)
        assert document["metadata"]["name"].startswith(name)
        assert "namespace" not in document["metadata"]
    names = [(document["kind"], document["metadata"]["name"]) for document in documents]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("name", NAMES)
def test_images_are_the_fixture_or_cannot_be_had(name: str) -> None:
    for document in manifest.load(name):
        for container in containers(document):
            image = container["image"]
            assert image in (IMAGE, OTHER_IMAGE) or image.startswith(NO_IMAGE), container["name"]


@pytest.mark.parametrize("name", NAMES)
def test_every_manifest_can_be_made_ready(name: str) -> None:
    for document in manifest.load(name):
        kinds = document["kind"]
        ready = manifest.prepare(document, scenario=name, run="45b25547", images=IMAGES)
        assert ready["metadata"]["labels"][manifest.SCENARIO_LABEL] == name
        assert (HOLD in ready["metadata"].get("finalizers", [])) == (kinds == "Pod")
        assert not {IMAGE, OTHER_IMAGE} & {one["image"] for one in containers(ready)}


def test_no_two_scenarios_want_one_port_of_the_node() -> None:
    wanted: dict[tuple[int, str], set[str]] = defaultdict(set)
    for name in NAMES:
        for document in manifest.load(name):
            for container in containers(document):
                for port in container.get("ports") or []:
                    if "hostPort" in port:
                        wanted[port["hostPort"], port.get("protocol", "TCP")].add(name)
    assert wanted
    assert {port: names for port, names in wanted.items() if len(names) > 1} == {}


def test_every_scenario_is_judged_and_every_judged_scenario_is_there() -> None:
    used = {name for one in declared() for name in one.requirement.scenarios}
    assert set(NAMES) - used == set(), "no requirement uses these"
    assert used - set(NAMES) == set(), "these have no manifest"
    assert set(scenario.declared()) - set(NAMES) == set(), "these have steps but no manifest"


def test_a_manifest_that_is_missing_or_no_yaml_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "MANIFESTS", tmp_path)
    (tmp_path / "one.yaml").write_text("a: [", encoding="utf-8")
    for name in ("one", "two"):
        with pytest.raises(UsageError, match=f"cannot read the manifest {tmp_path / name}"):
            manifest.load(name)
    assert not manifest.exists("two")
    (tmp_path / "two.yaml").write_text("---\n---\nkind: Pod\n---\n", encoding="utf-8")
    assert manifest.load("two") == [{"kind": "Pod"}]


def template(*images: str) -> Json:
    return {"spec": {"containers": [{"name": image, "image": image} for image in images]}}


POD: Json = {"kind": "Pod", "metadata": {"name": "one"}, **template(IMAGE)}
JOB: Json = {"kind": "Job", "metadata": {"name": "one"}, "spec": {"template": template(IMAGE)}}
CRON_JOB: Json = {
    "kind": "CronJob",
    "metadata": {"name": "one"},
    "spec": {"jobTemplate": {"spec": {"template": template(IMAGE)}}},
}
POD_TEMPLATE: Json = {
    "kind": "PodTemplate",
    "metadata": {"name": "one"},
    "template": template(IMAGE),
}
QUOTA: Json = {"kind": "ResourceQuota", "metadata": {"name": "one"}, "spec": {"hard": {}}}


@pytest.mark.parametrize("document", [POD, JOB, CRON_JOB, POD_TEMPLATE, QUOTA])
def test_whose_it_is_stands_on_the_object_and_on_its_pods(document: Json) -> None:
    ready = manifest.prepare(deepcopy(document), scenario="one", run="r", images=IMAGES)
    labels = {manifest.RUN_LABEL: "r", manifest.SCENARIO_LABEL: "one"}
    assert ready["metadata"]["labels"] == labels
    pods = list(manifest.pod_specs(ready))
    assert len(pods) == (document is not QUOTA)
    for holder, spec in pods:
        assert holder["metadata"]["labels"] == labels
        assert spec["containers"][0]["image"] == IMAGES.fixture
    if document is CRON_JOB:
        assert ready["spec"]["jobTemplate"]["metadata"]["labels"] == labels


def test_only_bare_pods_are_held() -> None:
    own = {**deepcopy(POD), "metadata": {"name": "one", "finalizers": ["mine"]}}
    ready = manifest.prepare(own, scenario="one", run="r", images=IMAGES)
    assert ready["metadata"]["finalizers"] == ["mine", HOLD]
    job = manifest.prepare(deepcopy(JOB), scenario="one", run="r", images=IMAGES)
    assert "finalizers" not in str(job)


@pytest.mark.parametrize(("loaded", "policy"), [(True, "Never"), (False, "IfNotPresent")])
def test_images_are_replaced_and_pulled_only_where_they_may_be(
    *, loaded: bool, policy: str
) -> None:
    pod = {"kind": "Pod", **template(IMAGE, OTHER_IMAGE, "other", IMAGE)}
    pod["spec"]["containers"][3]["imagePullPolicy"] = "Always"
    manifest.use_images(pod, Images("a", "b", loaded))
    found = [(one["image"], one.get("imagePullPolicy")) for one in pod["spec"]["containers"]]
    assert found == [("a", policy), ("b", policy), ("other", None), ("a", "Always")]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("v1", "Pod", "here"), "/api/v1/namespaces/here/pods"),
        (("batch/v1", "Job", "here", "one"), "/apis/batch/v1/namespaces/here/jobs/one"),
        (("v1", "Namespace", None, "here"), "/api/v1/namespaces/here"),
        (("node.k8s.io/v1", "RuntimeClass", None), "/apis/node.k8s.io/v1/runtimeclasses"),
        (
            ("networking.k8s.io/v1", "NetworkPolicy", "here"),
            "/apis/networking.k8s.io/v1/namespaces/here/networkpolicies",
        ),
    ],
)
def test_objects_are_where_the_api_has_them(
    arguments: tuple[str, str, str | None], path: str
) -> None:
    assert manifest.resource_path(*arguments) == path
