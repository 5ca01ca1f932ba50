"""Components that count which of their statements are executed, compiled once and kept."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.host import cache
from fixtures.images import golang, kubernetes
from tests.power.components import SHARED

if TYPE_CHECKING:
    from fixtures.host.progress import Progress
    from fixtures.images.golang import Package
    from tests.power.components import Component

SHELF = "reach"
_COUNTERS = Path(__file__).parents[1] / "programs" / "counters.go"
_MAIN = "node.invalid/build"
"""The package of the main: nothing is written unless it counts as well."""


def counting(component: Component, version: str, progress: Progress) -> Path:
    """Return the folder of a component that counts, compiled when it is not in the cache.

    It holds `bin/<component>-reach` and `module`, the Go module that it was compiled in.
    """
    found = kubernetes.sources(version)

    def compile_it(folder: Path) -> None:
        with progress.step(f"building {component.name} {version} with counters") as show:
            work = kubernetes.write_module(found, folder / "module")
            write_main(kubernetes.packages(component.name, work)[-1], work)
            golang.build(
                work,
                ["."],
                folder / "bin",
                ldflags=kubernetes.version_flags(version),
                tags=kubernetes.TAGS,
                cover=[_MAIN, *counted(component)],
                show=show,
            )
            (program,) = (folder / "bin").iterdir()
            program.rename(program.with_name(f"{component.name}-reach"))

    return cache.made_once(SHELF, key(component, found), compile_it)


def counted(component: Component) -> tuple[str, ...]:
    """Return the packages whose statements a component counts, as patterns."""
    return (*component.packages, *SHARED.packages)


def key(component: Component, found: kubernetes.Sources) -> str:
    """Return the cache name of a component that counts, built from these sources."""
    inputs = {
        "component": kubernetes.binaries_key(found, [component.name]),
        "counters": _COUNTERS.read_text(encoding="utf-8"),
        "packages": counted(component),
    }
    return f"{component.name}-{found.version}-{cache.key(inputs)}"


def write_main(main: Package, folder: Path) -> None:
    """Make the main package of a component anew, with the program that writes the counters.

    Go lets nobody add a file to a downloaded module.
    """
    for name in main.files:
        shutil.copyfile(main.folder / name, folder / name)
    shutil.copyfile(_COUNTERS, folder / _COUNTERS.name)
