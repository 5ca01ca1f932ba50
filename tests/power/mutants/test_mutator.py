from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fixtures.host.commands import CommandError, execute
from fixtures.images import golang
from tests.power.mutants import mutator
from tests.power.mutants.samples import FOLDER, NODE, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.power.mutants.mutator import Place

SOURCE = (FOLDER / "node.go").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if golang.on_path() is None:
        pytest.skip("Go of a version that can compile the mutator is not on PATH")
    folder = tmp_path_factory.mktemp("mutator")
    mutator.compile_into(folder)
    return folder / "mutator"


@pytest.fixture(scope="module")
def places(program: Path) -> list[Place]:
    return list(mutator.listed("(?i)sidecar", [NODE], program))


def of(places: list[Place], function: str) -> Iterator[tuple[str, str, str]]:
    for one in places:
        if one.function == function:
            yield one.kind, one.before, one.text


def test_a_place_says_which_bytes_are_changed(places: list[Place]) -> None:
    content = SOURCE.encode()
    assert places
    for one in places:
        assert content[one.start : one.end].decode() == one.before
        assert content[: one.start].count(b"\n") + 1 == one.line
        assert one.file == "example.org/node/node.go"


def test_a_function_speaks_by_its_name_for_all_that_it_holds(places: list[Place]) -> None:
    found = set(of(places, "node.startSidecars"))
    assert ("condition negated", "limit > 0", "limit <= 0") in found
    assert ("constant moved", "limit > 0", "limit >= 0") in found
    assert ("statement dropped", "count++", "if false {\ncount++\n}") in found
    counting = "i := 0; i < len(n.containers); i++"
    backwards = "i := len(n.containers) - 1; i >= 0; i--"
    assert ("order reversed", counting, backwards) in found


def test_a_branch_speaks_for_what_it_holds_and_no_other(places: list[Place]) -> None:
    found = set(of(places, "node.start"))
    assert ("branch removed", "c.sidecar", "false && (c.sidecar)") in found
    assert ("constant moved", "1", "(1 + 1)") in found
    assert not any("restarts" in before for _, before, _ in found)


def test_an_else_is_a_branch_of_its_own(places: list[Place]) -> None:
    removed = [before for kind, before, _ in of(places, "node.start") if kind == "branch removed"]
    assert removed == ["c.sidecar", "{\n\t\tn.report(1)\n\t}"]


def test_all_of_a_branch_is_not_dropped_as_a_statement_as_well(places: list[Place]) -> None:
    dropped = [before for kind, before, _ in of(places, "node.start") if kind.endswith("dropped")]
    assert dropped == ["n.started = append(n.started, c.name)"]


def test_a_case_is_a_branch_with_a_condition(places: list[Place]) -> None:
    found = set(of(places, "node.stop"))
    assert ("condition negated", "!n.containers[0].terminated", "n.containers[0].terminated") in (
        found
    )
    assert ("branch removed", "n.report(3)", "if false {\nn.report(3)\n}") in found
    assert not any("n.report(2)" in before for _, before, _ in found)


def test_lists_are_turned_round(places: list[Place]) -> None:
    turned = [text for kind, _, text in of(places, "node.stop") if kind == "order reversed"]
    assert turned == [
        "append(n.started, names...)",
        (
            "for mutantIndex := len(sidecarNames) - 1; mutantIndex >= 0; mutantIndex-- {\n"
            "name := sidecarNames[mutantIndex]"
        ),
    ]


def test_loops_whose_order_nobody_can_see_are_left_alone(places: list[Place]) -> None:
    found = list(of(places, "countSidecars"))
    assert found
    assert not [kind for kind, _, _ in found if kind == "order reversed"]


def test_a_constant_outside_of_functions_is_moved(places: list[Place]) -> None:
    assert list(of(places, "")) == [("constant moved", "10", "(10 + 1)")]


def test_a_returned_condition_is_negated(places: list[Place]) -> None:
    negated = [text for kind, _, text in of(places, "isSidecar") if kind == "condition negated"]
    assert negated == ["!(c.sidecar && c.restarts == 0)", "!c.sidecar", "c.restarts != 0"]


@pytest.mark.parametrize("text", ["Lock()", "logger", "4", "5", "err != nil", "n.forget"])
def test_locks_logs_and_faults_are_left_alone(places: list[Place], text: str) -> None:
    assert not any(text in before for _, before, _ in of(places, "node.startSidecars"))


def test_what_a_function_returns_at_its_end_is_not_dropped(places: list[Place]) -> None:
    dropped = [one for one in places if one.kind == "statement dropped"]
    last = SOURCE[: SOURCE.index("func (n *node) start(c")].rindex("return count, nil")
    assert not any(one.start == last for one in dropped)
    assert any(one.before == "return count, nil" for one in dropped) is False


def test_every_change_compiles_and_changes_that_alone(
    places: list[Place], program: Path, tmp_path: Path
) -> None:
    module = tmp_path / "module"
    golang.write_module(module, go_version="1.26", body="")
    kinds = {one.kind: one for one in places}
    assert len(kinds) == 5
    for one in kinds.values():
        text = mutator.mutated(one, program)
        assert text != SOURCE
        (module / "node.go").write_text(text, encoding="utf-8")
        golang.go("build", "./...", cwd=module, timeout=900)
        changed = [line for line in mutator.difference(one, text).splitlines() if line[0] in "+-"]
        assert changed[:2] == ["--- a/example.org/node/node.go", "+++ b/example.org/node/node.go"]
        assert 2 < len(changed) < 12


def test_a_mutated_file_is_formatted_where_the_file_was(
    places: list[Place], program: Path, tmp_path: Path
) -> None:
    one = next(one for one in places if one.before == "count++")
    assert "\t\tif false {\n\t\t\tcount++\n\t\t}\n" in mutator.mutated(one, program)
    loose = tmp_path / "node.go"
    loose.write_text(SOURCE + "\nvar   loose  =  1\n", encoding="utf-8")
    text = mutator.mutated(dataclasses.replace(one, path=loose), program)
    assert "var   loose  =  1\n" in text
    assert "if false {\ncount++\n}\n" in text


def test_a_change_that_is_no_go_is_refused_in_words(program: Path) -> None:
    with pytest.raises(CommandError, match="mutator: ") as caught:
        mutator.mutated(place(start=0, end=0, text="}"), program)
    assert caught.value.status == 1


@pytest.mark.parametrize(
    "words",
    [(), ("list",), ("write", "node.go", "1"), ("list", "(", "node.go"), ("write", "x", "a", "2")],
)
def test_the_program_refuses_what_it_does_not_know(program: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="mutator: "):
        execute(str(program), *words, timeout=30)


def test_generated_files_and_fakes_have_no_places(program: Path, tmp_path: Path) -> None:
    generated = tmp_path / "generated.go"
    generated.write_text(f"// Code generated by hand. DO NOT EDIT.\n\n{SOURCE}", encoding="utf-8")
    fake = tmp_path / "fake_node.go"
    fake.write_text(SOURCE, encoding="utf-8")
    package = dataclasses.replace(NODE, folder=tmp_path, files=(generated.name, fake.name))
    assert list(mutator.listed("(?i)sidecar", [package], program)) == []
    plain = dataclasses.replace(NODE, files=("node.go", "fake_node.go"))
    assert list(mutator.listed("(?i)sidecar", [plain], program))


def test_only_packages_of_the_component_are_read(program: Path) -> None:
    kubelet = dataclasses.replace(NODE, path="k8s.io/kubernetes/pkg/kubelet/node")
    other = dataclasses.replace(NODE, path="k8s.io/kubernetes/pkg/kubeletter")
    found = list(mutator.of_packages("kubelet", [kubelet, other], program))
    assert {one.package.path for one in found} == {kubelet.path}


def test_an_id_is_that_of_the_change_wherever_the_file_lies() -> None:
    here = place()
    there = place(path=Path("/elsewhere/node.go"), line=58)
    assert here.id == there.id
    assert len({here.id, place(text="true").id, place(start=7).id, place(kind="other").id}) == 4


def test_the_words_of_a_place_name_what_is_changed_where() -> None:
    assert place().words == "example.org/node/node.go:57 node.start: condition negated"
    assert place(function="").words == "example.org/node/node.go:57: condition negated"


def test_kinds_are_counted() -> None:
    found = [place(), place(kind="order reversed"), place()]
    assert mutator.counts(found) == "2 condition negated, 1 order reversed"
