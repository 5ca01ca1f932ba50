"""A component with one place changed, compiled with all that was compiled before.

Go's build cache knows a package by what it is made of. A module that is taken from a directory
under its own version, with `-trimpath`, is the same to it as the downloaded one: compiled anew are
the changed package and those that import it. Files of downloaded modules themselves cannot be
replaced.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixtures.host.commands import CommandError
from fixtures.images import kubernetes
from tests.power.mutants import mutator

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.host.progress import Progress
    from tests.power.mutants.mutator import Place

DIFF = "change.diff"
_LINK = "source"
_LINES = 6


@dataclass(frozen=True)
class Built:
    """What came of a build: the program, or why there is none. Times are in seconds."""

    program: Path | None
    seconds: float
    refused: str = ""


def build(place: Place, component: str, version: str, folder: Path, progress: Progress) -> Built:
    """Compile a component with a place changed, below a folder; the diff is written there as well.

    CommandError where something else than the change is wrong.
    """
    begun = time.monotonic()
    try:
        text = change(place, folder)
        module, overlay = prepare(place, version, text, folder)
        with progress.step(f"building {place.id}") as show:
            found = kubernetes.sources(version)
            kubernetes.build(found, [component], module, folder / "bin", show, overlay=overlay)
    except CommandError as error:
        refused = refusal(error)
        if not refused:
            raise
        return Built(None, time.monotonic() - begun, refused)
    return Built(folder / "bin" / component, time.monotonic() - begun)


def change(place: Place, folder: Path) -> str:
    """Write the diff of a place into a folder, and return its file with the change made.

    CommandError where that is no Go.
    """
    text = mutator.mutated(place, mutator.program())
    (folder / DIFF).write_text(mutator.difference(place, text), encoding="utf-8")
    return text


def prepare(place: Place, version: str, text: str, folder: Path) -> tuple[Path, Path]:
    """Write what a build needs; return the folder of the module, and the overlay."""
    found = kubernetes.sources(version)
    module = kubernetes.write_module(found, folder / "module", {place.package.module: f"./{_LINK}"})
    link = module / _LINK
    link.unlink(missing_ok=True)
    link.symlink_to(place.package.root)
    changed = folder / place.path.name
    changed.write_text(text, encoding="utf-8")
    overlay = folder / "overlay.json"
    replaced = link / place.path.relative_to(place.package.root)
    overlay.write_text(json.dumps({"Replace": {str(replaced): str(changed)}}), encoding="utf-8")
    return module, overlay


def refusal(error: CommandError) -> str:
    """Return what the compiler or the parser said about the code; empty where neither spoke."""
    lines = error.output.splitlines()
    # The compiler and the linker name the package first: `# k8s.io/kubernetes/pkg/kubelet`.
    begins = [at for at, line in enumerate(lines) if line.startswith(("# ", "mutator: "))]
    if error.status is None or not begins:
        return ""
    return "\n".join(lines[begins[0] :][:_LINES])
