from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures import cache
from fixtures.nodeimages import golang

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ANSWERS = """{
 "Path": "k8s.io/api",
 "Version": "v0.37.2",
 "Zip": "/somewhere.zip"
}
{
 "Path": "k8s.io/sample-controller",
 "Version": "v0.37.2",
 "Error": "k8s.io/sample-controller@v0.37.2: 403 Forbidden"
}
"""


def test_a_download_tells_what_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(golang, "go", lambda *_, **__: ANSWERS)
    monkeypatch.setenv(cache.ROOT_VARIABLE, str(tmp_path))
    wanted = ["k8s.io/api@v0.37.2", "k8s.io/sample-controller@v0.37.2", "k8s.io/none@v0.37.2"]
    assert golang.download(wanted) == {
        "k8s.io/sample-controller@v0.37.2": "k8s.io/sample-controller@v0.37.2: 403 Forbidden",
        "k8s.io/none@v0.37.2": "no answer from the Go module proxy",
    }


def test_nothing_wanted_is_nothing_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(golang, "go")
    assert golang.download([]) == {}


def test_a_module_that_only_builds_has_a_go_mod(tmp_path: Path) -> None:
    body = golang.require_text({"example.org/tool": "v1.2.3"})
    golang.write_module(tmp_path / "module", go_version="1.26.0", body=body)
    assert (tmp_path / "module" / "go.mod").read_text() == (
        "module node.invalid/build\n\ngo 1.26.0\n\nrequire (\n\texample.org/tool v1.2.3\n)\n"
    )
