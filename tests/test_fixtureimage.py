from __future__ import annotations

import os
import tarfile
from typing import TYPE_CHECKING

from fixtures import fixtureimage
from fixtures.clusters.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_an_image_of_the_user_is_known_by_its_one_name() -> None:
    found = fixtureimage.chosen("example.org/busybox:1")
    assert (found.reference, found.other, found.loaded) == (
        "example.org/busybox:1",
        "example.org/busybox:1",
        False,
    )


def test_a_pod_can_change_to_another_name_of_the_image() -> None:
    assert fixtureimage.LOADED.reference != fixtureimage.LOADED.other


def test_the_published_image_is_pinned() -> None:
    assert "@sha256:" in fixtureimage.PUBLISHED


def test_a_published_image_is_taken_as_a_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An engine whose containers all have one empty file system.
    engine = tmp_path / "engine"
    engine.write_text(
        "#!/bin/sh\ncase $1 in\n"
        '  create) echo "pulling $2"; echo 0123 ;;\n'
        '  export) tar --create --file "${2#--output=}" --files-from /dev/null ;;\n'
        '  rm) echo "$@" >"$0.removed" ;;\n'
        "esac\n"
    )
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    fixtureimage.export("example.org/busybox:1", Engine("engine"), tmp_path)
    assert (tmp_path / "engine.removed").read_text() == "rm --force 0123\n"
    with tarfile.open(tmp_path / "image.tar") as archive:
        assert "index.json" in archive.getnames()
