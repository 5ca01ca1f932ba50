"""The import order of the house: packages import one way, and no import goes round in a circle.

Every import counts, those for type checking as well: a module that knows another by its types
cannot be understood without it either.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PACKAGES = ("conformance", "reports", "fixtures")
"""The three packages: each may import those after it."""

ROOMS = ("stage", "clusters", "software", "evidence", "images", "kubeapi", "host")
"""The folders of `fixtures`: each may import those after it, and the modules beside them."""

FOUNDATION = {"fixtures.errors", "fixtures.patience", "fixtures.versions", "fixtures.words"}
"""Modules of `fixtures` that every room may import; they import nothing else of ours."""

Graph = dict[str, set[str]]


def name_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(root: Path = ROOT) -> Graph:
    """Return which modules of the three packages each of their modules imports."""
    files = {
        name_of(path, root): path
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
    }
    graph: Graph = {}
    for name, path in files.items():
        graph[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                wanted = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name}: imports are absolute"
                # `from package import module` is about the module, all else about the package.
                wanted = [f"{node.module}.{alias.name}" for alias in node.names]
                wanted = [one if one in files else str(node.module) for one in wanted]
            else:
                continue
            graph[name] |= {one for one in wanted if one in files and one != name}
    return graph


def against_the_order(graph: Graph) -> list[str]:
    """Return the imports that go up between packages, and between the rooms of `fixtures`."""
    return [
        f"{name} imports {other}"
        for name, others in graph.items()
        for other in sorted(others)
        if floor(other) < floor(name) or (other in FOUNDATION) < (name in FOUNDATION)
    ]


def floor(name: str) -> tuple[int, int]:
    """Return how deep a module lies: its package, then its room; modules beside rooms on top."""
    package, _, rest = name.partition(".")
    room = rest.partition(".")[0]
    if name in FOUNDATION or name == "fixtures":
        return PACKAGES.index(package), len(ROOMS)
    within = ROOMS.index(room) if package == "fixtures" and room in ROOMS else -1
    return PACKAGES.index(package), within


def circle(graph: Graph) -> list[str]:
    """Return the modules of one circle of imports; empty where there is none."""
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        path.append(name)
        for other in sorted(graph[name]):
            found = visit(other)
            if found:
                return found
        path.pop()
        done.add(name)
        return []

    for name in sorted(graph):
        found = visit(name)
        if found:
            return found
    return []


def test_packages_and_rooms_import_one_way() -> None:
    assert against_the_order(imports()) == []


def test_no_import_goes_round_in_a_circle() -> None:
    assert circle(imports()) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("fixtures/evidence/moments.py", "from reports.model import Report"),
        ("reports/model.py", "import conformance.judge"),
        ("fixtures/host/engine.py", "from fixtures.images import busybox"),
        ("fixtures/kubeapi/status.py", "from fixtures.evidence import moments"),
        ("fixtures/versions.py", "from fixtures.host import cache"),
        (
            "fixtures/evidence/version.py",
            "if TYPE_CHECKING:\n    from fixtures.stage.sight import Sight",
        ),
    ],
)
def test_an_import_against_the_order_is_seen(tmp_path: Path, path: str, line: str) -> None:
    copy(tmp_path)
    with (tmp_path / path).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    (found,) = against_the_order(imports(tmp_path))
    assert found.startswith(path.removesuffix(".py").replace("/", "."))


def test_a_circle_is_seen(tmp_path: Path) -> None:
    copy(tmp_path)
    with (tmp_path / "fixtures" / "evidence" / "moments.py").open("a", encoding="utf-8") as file:
        file.write("\nfrom fixtures.evidence.timeline import Timeline\n")
    assert "fixtures.evidence.moments" in circle(imports(tmp_path))


def copy(folder: Path) -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
