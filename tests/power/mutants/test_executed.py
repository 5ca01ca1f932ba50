from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from fixtures.errors import EnvironmentBrokenError, UsageError
from fixtures.images import golang
from tests.power.mutants import executed, mutator
from tests.power.mutants.executed import Executed
from tests.power.mutants.samples import FOLDER, NODE, place
from tests.power.reach import profiles
from tests.power.reach.profiles import Block, Position

if TYPE_CHECKING:
    from pathlib import Path

    from tests.power.mutants.mutator import Place

VERSION = "v1.37.2"
TEST = """\
package node

import "testing"

func TestAnAppIsStarted(t *testing.T) {
	n := &node{containers: []container{{name: "app"}}}
	n.startSidecars(0)
}
"""
"""Starts what is no sidecar, and stops nothing."""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], bool]:
    """Whether Go's own coverage of the sample reaches its places, by function, kind and code."""
    if golang.on_path() is None:
        pytest.skip("Go of a version that can compile the mutator is not on PATH")
    folder = tmp_path_factory.mktemp("executed")
    mutator.compile_into(folder)
    module = folder / "node"
    module.mkdir()
    golang.write_module(module, go_version=".".join(map(str, golang.MINIMUM)), body="")
    shutil.copy(FOLDER / "node.go", module)
    (module / "node_test.go").write_text(TEST, encoding="utf-8")
    profile = folder / "node.profile"
    golang.go("test", f"-coverprofile={profile}", ".", timeout=300, cwd=module)
    blocks = [
        Block(f"{NODE.path}/node.go", one.begin, one.end, one.statements, one.executed)
        for one in profiles.written(profile)
    ]
    known = Executed(blocks)
    return {
        (one.function, one.kind, one.before): known.reaches(one)
        for one in mutator.listed("(?i)sidecar|stop", [NODE], folder / "mutator")
    }


def test_what_is_decided_is_reached_and_a_branch_only_where_it_was_taken(
    places: dict[tuple[str, str, str], bool],
) -> None:
    assert places["node.start", "condition negated", "c.sidecar"]
    assert not places["node.start", "branch removed", "c.sidecar"]
    assert places["node.startSidecars", "condition negated", "limit > 0"]
    assert not places["node.startSidecars", "branch removed", "count < limit && limit > 0"]


def test_a_statement_is_reached_where_it_was_executed(
    places: dict[tuple[str, str, str], bool],
) -> None:
    assert places["node.startSidecars", "statement dropped", "count++"]
    assert not places["node.start", "statement dropped", "n.started = append(n.started, c.name)"]


def test_nothing_of_a_function_is_reached_that_nobody_called(
    places: dict[tuple[str, str, str], bool],
) -> None:
    found = {
        before for (function, _, before), hit in places.items() if function == "node.stop" and hit
    }
    # What a case compares is in no block.
    last = "n.containers[0].sidecar && !n.containers[0].terminated"
    assert found <= {"len(order) == 0", "0", last, *last.split(" && ")}


def in_line(line: int, first: int, last: int, *, hit: bool) -> Block:
    return Block(f"{NODE.path}/node.go", Position(line, first), Position(line, last), 1, hit)


def at(text: str, **more: str) -> Place:
    """Return the place of some code that the sample has once."""
    source = (FOLDER / "node.go").read_bytes()
    assert source.count(text.encode()) == 1
    start = source.index(text.encode())
    return place(start=start, end=start + len(text), before=text, **more)


def test_code_in_no_block_is_taken_for_executed() -> None:
    assert Executed([]).reaches(at("10 * time.Second"))
    assert Executed([in_line(1, 1, 5, hit=False)]).reaches(at("10 * time.Second"))


@pytest.mark.parametrize("hit", [True, False])
def test_what_only_touches_a_place_is_not_about_it(hit: bool) -> None:  # noqa: FBT001 - both
    one = at("10 * time.Second")
    around = [in_line(10, 1, 22, hit=not hit), in_line(10, 38, 50, hit=not hit)]
    assert Executed([*around, in_line(10, 22, 38, hit=hit)]).reaches(one) is hit


def test_without_a_folder_nothing_is_known() -> None:
    assert executed.measured(None, "kubelet", VERSION) is None


def test_what_the_component_and_what_all_share_have_executed_counts(tmp_path: Path) -> None:
    folder = tmp_path / VERSION
    folder.mkdir()
    for name, count in (("kubelet", 0), ("shared", 1)):
        (folder / f"{name}.profile").write_text(
            f"mode: atomic\nexample.org/{name}/node.go:1.1,999.1 1 {count}\n", encoding="utf-8"
        )
    known = executed.measured(tmp_path, "kubelet", VERSION)
    assert known is not None
    code = at("10 * time.Second")
    for name, hit in (("kubelet", False), ("shared", True)):
        package = golang.Package(f"example.org/{name}", FOLDER, ("node.go",), "", FOLDER)
        assert known.reaches(place(package=package, start=code.start, end=code.end)) is hit


def test_what_reach_has_not_written_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no .*kubelet\.profile: run `nox -s reach -- "):
        executed.measured(tmp_path, "kubelet", VERSION)


def test_what_is_no_profile_is_told(tmp_path: Path) -> None:
    (tmp_path / VERSION).mkdir()
    (tmp_path / VERSION / "kubelet.profile").write_text("<html>\n", encoding="utf-8")
    with pytest.raises(EnvironmentBrokenError, match="no profile of Go's coverage"):
        executed.measured(tmp_path, "kubelet", VERSION)
