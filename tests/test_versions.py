from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures import versions
from fixtures.errors import UsageError
from fixtures.nodeimages import golang, kubernetes, published

if TYPE_CHECKING:
    from collections.abc import Iterable

LISTED = ["v1.29.15", "v1.36.1", "v1.36.3", "v1.37.0", "v1.37.2", "v1.38.0-alpha.1"]


@pytest.fixture(autouse=True)
def proxy(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """A module proxy that has what it lists; take a version out to have it refused."""
    available = set(LISTED)

    def download(modules: Iterable[str]) -> dict[str, str]:
        return {m: "refused" for m in modules if m.partition("@")[2] not in available}

    monkeypatch.setattr(golang, "listed", lambda _: LISTED)
    monkeypatch.setattr(golang, "download", download)
    monkeypatch.setattr(kubernetes, "known", lambda _: False)
    monkeypatch.setattr(published, "tags", frozenset)
    return available


@pytest.mark.parametrize("text", ["v1.37.2", "1.37.2", " 1.37.2 "])
def test_a_full_version_is_itself_with_or_without_v(text: str) -> None:
    assert versions.resolve(text) == "v1.37.2"


def test_a_minor_is_its_newest_patch() -> None:
    assert versions.resolve("1.36") == "v1.36.3"
    assert versions.resolve("v1.36") == "v1.36.3"


def test_a_patch_that_is_refused_is_passed_over(proxy: set[str]) -> None:
    proxy.remove("v1.37.2")
    assert versions.resolve("1.37") == "v1.37.0"


def test_a_pre_release_is_taken_only_by_name() -> None:
    assert versions.resolve("1.38.0-alpha.1") == "v1.38.0-alpha.1"
    with pytest.raises(UsageError, match=r"no stable release of Kubernetes 1\.38"):
        versions.resolve("1.38")


def test_a_version_that_is_not_listed_may_be_had_all_the_same(proxy: set[str]) -> None:
    proxy.add("v1.29.7")
    assert versions.resolve("v1.29.7") == "v1.29.7"


def test_a_published_image_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "tags", lambda: frozenset({"v1.33.9", "latest"}))
    assert versions.resolve("1.33") == "v1.33.9"


def test_a_refused_version_names_its_neighbours() -> None:
    with pytest.raises(UsageError, match=r"v1\.36\.2 cannot be had here.*v1\.36\.3, v1\.36\.1"):
        versions.resolve("v1.36.2")


@pytest.mark.parametrize("text", ["1.27", "1.27.3", "2.0.0", "v1.5"])
def test_an_unsupported_version_names_the_supported_ones(text: str) -> None:
    with pytest.raises(UsageError, match=r"not supported: choose one of 1\.28 to 1\.37"):
        versions.resolve(text)


@pytest.mark.parametrize("text", ["latest", "1", "1.37.x", "v1.37.2.1"])
def test_what_is_no_version_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"write it as v1\.37\.2, or a minor as 1\.37"):
        versions.resolve(text)


def test_a_list_keeps_its_order_and_names_each_version_once() -> None:
    assert versions.resolve_list("1.37, 1.29,v1.37.2") == ["v1.37.2", "v1.29.15"]


def test_the_default_is_the_newest_stable_version() -> None:
    assert versions.resolve_list(None) == ["v1.37.2"]


def test_an_empty_list_is_an_error() -> None:
    with pytest.raises(UsageError, match="no Kubernetes version given"):
        versions.resolve_list(" , ")


def test_the_nearest_versions_come_newest_first() -> None:
    among = ["v1.29.15", "v1.36.1", "v1.36.3", "v1.37.0", "v1.37.2", "v1.35.4"]
    assert versions.nearest("v1.36.2", among)[:2] == ["v1.37.2", "v1.37.0"]
    assert "v1.29.15" not in versions.nearest("v1.36.2", among)
