from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures import nodeimages
from fixtures.clusters.engine import Engine
from fixtures.errors import UsageError
from fixtures.nodeimages import built, golang, kubernetes, published, rootfs
from fixtures.progress import Progress

if TYPE_CHECKING:
    from pathlib import Path

ENGINE = Engine("podman")


@pytest.fixture(autouse=True)
def needs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A host that can build, with a registry that has v1.37.0; what building asks for is listed."""
    asked: list[str] = []
    monkeypatch.setattr(published, "tags", lambda: frozenset({"v1.37.0", "v1.36.9"}))
    monkeypatch.setattr(kubernetes, "find", lambda version, _: asked.append(f"source {version}"))
    monkeypatch.setattr(built, "is_ready", lambda *_: False)
    monkeypatch.setattr(golang, "require", lambda: asked.append("go"))
    monkeypatch.setattr(rootfs, "require", lambda *_, **__: asked.append("debootstrap"))
    monkeypatch.setattr(nodeimages, "require_disk", lambda *_: asked.append("disk"))
    return asked


def test_a_published_image_is_preferred_and_pinned(needs: list[str]) -> None:
    choice = nodeimages.choose("v1.37.0", "auto", ENGINE, Progress())
    digest = published.DIGESTS["v1.37.0"]
    assert choice.published == f"docker.io/kindest/node:v1.37.0@{digest}"
    assert needs == []


def test_a_published_image_of_unknown_digest_goes_by_its_tag() -> None:
    choice = nodeimages.choose("v1.36.9", "auto", ENGINE, Progress())
    assert choice.published == "docker.io/kindest/node:v1.36.9"


def test_any_other_version_is_built_if_all_that_takes_is_there(needs: list[str]) -> None:
    choice = nodeimages.choose("v1.37.2", "auto", ENGINE, Progress())
    assert choice.published is None
    assert needs == ["source v1.37.2", "go", "debootstrap", "disk"]


def test_an_image_that_was_built_needs_nothing_more(
    needs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built, "is_ready", lambda *_: True)
    nodeimages.choose("v1.37.2", "built", ENGINE, Progress())
    assert needs == ["source v1.37.2"]


def test_building_can_be_insisted_on() -> None:
    assert nodeimages.choose("v1.37.0", "built", ENGINE, Progress()).published is None


def test_publishing_cannot() -> None:
    with pytest.raises(UsageError, match=r"no published node image of Kubernetes v1\.37\.2"):
        nodeimages.choose("v1.37.2", "published", ENGINE, Progress())


def test_too_little_disk_is_said_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    nodeimages.require_disk(tmp_path / "not" / "there" / "yet", 1)
    with pytest.raises(UsageError, match=r"not enough disk.*SIDECAR_CONFORMANCE_CACHE"):
        nodeimages.require_disk(tmp_path, 1 << 60)
