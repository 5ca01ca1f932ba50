"""Places in the source of a component, and its files with one of them changed.

Go's own parser reads and writes the files, in `tests/power/programs/mutator.go`.
"""

from __future__ import annotations

import difflib
import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.host import cache
from fixtures.host.commands import execute
from fixtures.images import golang, kubernetes
from tests.power.components import SHARED, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fixtures.host.progress import Progress
    from fixtures.images.golang import Package

SOURCE = Path(__file__).parents[1] / "programs" / "mutator.go"
_COMPILE_SECONDS = 900.0
_SECONDS = 300.0
_DIGITS = 8


@dataclass(frozen=True)
class Place:
    """One change that can be made: bytes `start` to `end` of a file become `text`.

    `path` is where the file lies, which is another place on another machine; `before` is what the
    bytes are. `line` begins with 1. `function` is empty outside of functions.
    """

    package: Package
    path: Path
    function: str
    kind: str
    line: int
    start: int
    end: int
    before: str
    text: str

    @property
    def file(self) -> str:
        """The file by the import path of its package."""
        return f"{self.package.path}/{self.path.name}"

    @property
    def id(self) -> str:
        """The name of the change: the same for the same change of the same code, on any machine."""
        inputs = [self.file, self.kind, self.start, self.end, self.before, self.text]
        return cache.key({"change": inputs})[:_DIGITS]

    @property
    def words(self) -> str:
        """What is changed where, in a line."""
        where = f" {self.function}" if self.function else ""
        return f"{self.file}:{self.line}{where}: {self.kind}"


def compile_into(place: Path) -> None:
    """Compile the program into a directory. It needs nothing but Go itself."""
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder)
        golang.write_module(module, go_version=".".join(map(str, golang.MINIMUM)), body="")
        (module / SOURCE.name).write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
        words = ("build", f"-o={place / SOURCE.stem}", ".")
        golang.go(*words, timeout=_COMPILE_SECONDS, cwd=module)


def program() -> Path:
    """Return the program, compiled where it is not in the cache."""
    name = f"{SOURCE.stem}-{cache.key({'source': SOURCE.read_text(encoding='utf-8')})}"
    return cache.made_once("mutator", name, compile_into) / SOURCE.stem


def places(component: str, version: str, progress: Progress) -> list[Place]:
    """Return all places of a component of a version that deal with sidecars.

    UsageError where the source of the version cannot be had.
    """
    found = kubernetes.find(version, progress)
    with (
        progress.step(f"looking for places in {component} {version}"),
        tempfile.TemporaryDirectory() as folder,
    ):
        module = kubernetes.write_module(found, Path(folder))
        packages = kubernetes.packages(component, module)
        return list(of_packages(component, packages, program()))


def of_packages(component: str, packages: Iterable[Package], listing: Path) -> Iterator[Place]:
    """Yield the places of the packages of a component; `listing` is the program."""
    all_of_them = list(packages)
    for code in (*named(component), SHARED):
        held = [package for package in all_of_them if code.holds(package.path)]
        yield from listed(code.near, held, listing)


def listed(words: str, packages: Iterable[Package], listing: Path) -> Iterator[Place]:
    """Yield the places of some packages that one of the words is said about.

    Files that are called fakes are linked in, but nothing calls them.
    """
    owners = {
        str(package.folder / name): package
        for package in packages
        for name in package.files
        if not name.startswith("fake_")
    }
    if not owners:
        return
    text = execute(str(listing), "list", words, *owners, timeout=_SECONDS)
    for item in json.loads(text):
        file = item.pop("file")
        yield Place(owners[file], Path(file), **item)


def mutated(place: Place, writing: Path) -> str:
    """Return a file with the change made in it; `writing` is the program.

    CommandError where that is no Go.
    """
    words = ("write", str(place.path), str(place.start), str(place.end))
    return execute(str(writing), *words, stdin=place.text.encode(), timeout=_SECONDS)


def difference(place: Place, text: str) -> str:
    """Return the unified diff between the file of a place and its mutated text."""
    before = place.path.read_text(encoding="utf-8").splitlines(keepends=True)
    after = text.splitlines(keepends=True)
    return "".join(difflib.unified_diff(before, after, f"a/{place.file}", f"b/{place.file}", n=5))


def counts(found: Iterable[Place]) -> str:
    """Return how many places there are of each kind, in words."""
    kinds = Counter(place.kind for place in found)
    return ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
