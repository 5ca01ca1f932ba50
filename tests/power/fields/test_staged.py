from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.stage import manifest
from tests.power.fields import served, staged

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SIDECAR: dict[str, Any] = {
    "name": "sidecar",
    "restartPolicy": "Always",
    "resources": {"requests": {"cpu": "1m"}},
    "ports": [{"containerPort": 1}, {"name": "two", "containerPort": 2}],
}
PLAIN = {"name": "plain", "workingDir": "/"}


def test_fields_of_sidecars_are_those_of_no_other_container() -> None:
    spec = {
        "initContainers": [PLAIN, SIDECAR],
        "containers": [{"name": "app", "tty": True}],
        "nodeSelector": {"some": "label"},
    }
    assert sorted(set(staged.fields_of(spec)) - {"spec.containers.name"}) == [
        "spec.containers",
        "spec.containers.tty",
        "spec.initContainers",
        "spec.initContainers.name",
        "spec.initContainers.ports",
        "spec.initContainers.ports.containerPort",
        "spec.initContainers.ports.name",
        "spec.initContainers.resources",
        "spec.initContainers.resources.requests",
        "spec.initContainers.restartPolicy",
        "spec.nodeSelector",
    ]


def test_a_pod_without_sidecars_sets_nothing() -> None:
    assert list(staged.fields_of({"initContainers": [PLAIN], "containers": []})) == []


def test_what_a_scenario_sets_is_read_in_its_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "MANIFESTS", tmp_path)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(
            f"""
            kind: Pod
            spec:
              hostname: {name}
              initContainers: [{{name: a, restartPolicy: Always}}]
              containers: [{{name: app}}]
            """,
            encoding="utf-8",
        )
    found = staged.scenarios()
    assert found["spec.hostname"] == ("one", "two")
    # It is given to every pod that is staged.
    assert found["spec.initContainers.securityContext.capabilities.drop"] == ("one", "two")


def test_manifests_set_nothing_that_the_api_does_not_serve() -> None:
    fields = served.kept()[1]
    found = {one for one in staged.scenarios() if not one.startswith("spec.containers.")}
    assert sorted(found - set(fields)) == []
