from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.host import cache
from fixtures.host.progress import Progress
from fixtures.images import golang, kubernetes
from fixtures.images.golang import Package
from fixtures.images.kubernetes import Sources
from tests.power.components import SHARED, Component
from tests.power.reach import builds

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = "v1.37.2"
SOURCES = Sources(VERSION, "1.26.0", {"k8s.io/api": "v0.37.2"}, {})
PROGRAMS = Path(__file__).parents[1] / "programs"
KUBELET = Component("kubelet", ("k8s.io/kubernetes/pkg/kubelet/...", "k8s.io/a"))


@pytest.fixture
def main(tmp_path: Path) -> Package:
    """A command, and what lies beside its code."""
    folder = tmp_path / "source" / "cmd" / "kubelet"
    folder.mkdir(parents=True)
    for name in ("kubelet.go", "kubelet_test.go", "OWNERS"):
        (folder / name).write_text(f"this is {name}", encoding="utf-8")
    return Package(
        path="k8s.io/kubernetes/cmd/kubelet",
        folder=folder,
        files=("kubelet.go",),
        module="k8s.io/kubernetes",
        root=tmp_path / "source",
    )


def test_the_main_package_is_made_anew_with_the_counters(main: Package, tmp_path: Path) -> None:
    folder = tmp_path / "module"
    folder.mkdir()
    builds.write_main(main, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["counters.go", "kubelet.go"]
    assert (folder / "kubelet.go").read_text(encoding="utf-8") == "this is kubelet.go"
    assert "WriteCountersDir" in (folder / "counters.go").read_text(encoding="utf-8")


def test_a_component_is_compiled_once(
    main: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[dict[str, Any]] = []

    def build(folder: Path, packages: Sequence[str], into: Path, **others: Any) -> None:  # noqa: ANN401
        assert sorted(path.name for path in folder.iterdir()) == [
            *("counters.go", "go.mod", "kubelet.go")
        ]
        into.mkdir()
        (into / "build").touch()
        compiled.append({"packages": packages, **others})

    monkeypatch.setenv(cache.ROOT_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(kubernetes, "sources", lambda _: SOURCES)
    monkeypatch.setattr(kubernetes, "packages", lambda *_: [replace(main, path="other"), main])
    monkeypatch.setattr(golang, "build", build)
    place = builds.counting(KUBELET, VERSION, Progress())
    assert (place / "bin" / "kubelet-reach").is_file()
    assert place.name.startswith("kubelet-v1.37.2-")
    assert builds.counting(KUBELET, VERSION, Progress()) == place
    (once,) = compiled
    del once["show"]
    assert once == {
        "packages": ["."],
        "ldflags": kubernetes.version_flags(VERSION),
        "tags": ("providerless",),
        # Without the main package nothing is written.
        "cover": ["node.invalid/build", *KUBELET.packages, *SHARED.packages],
    }


def test_other_sources_packages_and_counters_are_other_builds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Sources(VERSION, "1.26.0", {"k8s.io/api": "v0.37.1"}, {})
    keys = [
        builds.key(KUBELET, SOURCES),
        builds.key(KUBELET, other),
        builds.key(Component("kubelet", ("k8s.io/a",)), SOURCES),
    ]
    changed = tmp_path / "counters.go"
    changed.write_text("package main", encoding="utf-8")
    monkeypatch.setattr(builds, "_COUNTERS", changed)
    keys.append(builds.key(KUBELET, SOURCES))
    assert len(set(keys)) == len(keys)


def test_the_words_that_are_looked_for_change_no_build() -> None:
    assert builds.key(Component("kubelet", KUBELET.packages, words="x"), SOURCES) == builds.key(
        KUBELET, SOURCES
    )


def test_the_counters_are_written_where_they_are_taken_from() -> None:
    from tests.power.reach import harvest  # noqa: PLC0415 - a plugin, which only this needs

    program = (PROGRAMS / "counters.go").read_text(encoding="utf-8")
    assert f'const folder = "{harvest.WRITTEN}"' in program
