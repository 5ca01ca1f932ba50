from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures import versions
from fixtures.clusters import swap
from fixtures.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "resolve", lambda text: {"1.29": "v1.29.15"}.get(text, text))


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "my kubelet+fix"
    path.write_bytes(b"\x7fELF and so on")
    path.chmod(0o755)
    return path


def test_a_version_is_resolved() -> None:
    found = swap.parse("kubelet=1.29")
    assert (found.component, found.version, found.path) == ("kubelet", "v1.29.15", None)
    assert found.label == "kubelet-v1.29.15"


def test_a_path_is_taken_as_it_is_and_its_label_is_safe(program: Path) -> None:
    found = swap.parse(f"kube-apiserver={program}")
    assert (found.version, found.path) == (None, program)
    assert found.label == "kube-apiserver-my-kubelet-fix"


def test_a_label_does_not_repeat_itself(program: Path) -> None:
    renamed = program.rename(program.with_name("kubelet-patched"))
    assert swap.parse(f"kubelet={renamed}").label == "kubelet-patched"


@pytest.mark.parametrize("text", ["kubelet", "kubelet=", "kube-proxy=v1.29.7", "=v1.29.7"])
def test_anything_else_is_told_the_form_and_the_components(text: str) -> None:
    with pytest.raises(UsageError, match=r"COMPONENT=VERSION or COMPONENT=PATH.*kube-scheduler"):
        swap.parse(text)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no executable file"):
        swap.parse(f"kubelet={tmp_path}/none")


def test_a_script_is_no_component(program: Path) -> None:
    program.write_text("#!/bin/sh\n")
    with pytest.raises(UsageError, match="is no Linux program"):
        swap.parse(f"kubelet={program}")


def test_a_program_with_libraries_fits_the_node_but_no_image(program: Path) -> None:
    program.write_bytes(b"\x7fELF /lib64/ld-linux-x86-64.so.2")
    assert swap.parse(f"kubelet={program}").path == program
    with pytest.raises(UsageError, match="CGO_ENABLED=0"):
        swap.parse(f"kube-scheduler={program}")


def test_one_component_is_swapped_once() -> None:
    with pytest.raises(UsageError, match="kubelet is to be swapped twice"):
        swap.parse_all(["kubelet=v1.29.7", "kubelet=v1.29.8"])
    assert len(swap.parse_all(["kubelet=v1.29.7", "kube-scheduler=v1.29.8"])) == 2
