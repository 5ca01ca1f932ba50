from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.nodeimages import archive

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def layer(tmp_path: Path) -> archive.Layer:
    program = tmp_path / "program"
    program.write_text("content")
    program.chmod(0o755)
    return archive.Layer(
        files={"/bin/program": program},
        links={"/bin/alias": "program"},
        directories={"/tmp": 0o1777},  # noqa: S108 - a path in the image
    )


def read(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {
            member.name: stream.read()
            for member in tar
            if (stream := tar.extractfile(member)) is not None
        }


def manifest_of(files: dict[str, bytes], entry: dict[str, Any]) -> dict[str, Any]:
    found = files["blobs/sha256/" + entry["digest"].removeprefix("sha256:")]
    return dict(json.loads(found))


def test_a_layer_holds_files_links_and_directories_of_root(
    layer: archive.Layer, tmp_path: Path
) -> None:
    archive.write_layer(tmp_path / "layer.tar", layer)
    with tarfile.open(tmp_path / "layer.tar") as tar:
        members = {member.name: member for member in tar}
    assert set(members) == {"bin", "bin/program", "bin/alias", "tmp"}
    assert members["bin/program"].mode == 0o755
    assert members["bin/alias"].linkname == "program"
    assert members["tmp"].mode == 0o1777
    assert {(member.uid, member.gid, member.mtime) for member in members.values()} == {(0, 0, 0)}


def test_images_of_one_layer_share_it(layer: archive.Layer, tmp_path: Path) -> None:
    images = [
        archive.Image("example.org/one:1", layer, entrypoint=["/bin/program"]),
        archive.Image("example.org/two:2", layer, command=["/bin/alias"]),
    ]
    digests = archive.write(tmp_path / "image.tar", images)
    files = read(tmp_path / "image.tar")
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    entries = json.loads(files["index.json"])["manifests"]
    names = [entry["annotations"]["io.containerd.image.name"] for entry in entries]
    assert names == ["example.org/one:1", "example.org/two:2"]
    layers = [manifest_of(files, entry)["layers"] for entry in entries]
    assert layers[0] == layers[1]
    assert [layers[0][0]["digest"]] == digests
    configs = [manifest_of(files, manifest_of(files, entry)["config"]) for entry in entries]
    assert configs[0]["config"]["Entrypoint"] == ["/bin/program"]
    assert configs[1]["config"]["Cmd"] == ["/bin/alias"]
    assert configs[0]["rootfs"]["diff_ids"] == digests


def test_every_blob_is_named_after_its_content(layer: archive.Layer, tmp_path: Path) -> None:
    archive.write(tmp_path / "image.tar", [archive.Image("example.org/one:1", layer)])
    blobs = {
        name.removeprefix("blobs/sha256/"): data
        for name, data in read(tmp_path / "image.tar").items()
        if name.startswith("blobs/")
    }
    assert len(blobs) == 3
    assert {name: hashlib.sha256(data).hexdigest() for name, data in blobs.items()} == {
        name: name for name in blobs
    }
    assert [path.name for path in tmp_path.glob("*.layer*")] == []


def test_the_same_content_gives_the_same_bytes(layer: archive.Layer, tmp_path: Path) -> None:
    for name in ("a.tar", "b.tar"):
        archive.write(tmp_path / name, [archive.Image("example.org/one:1", layer)])
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_the_layer_in_the_archive_is_a_file_system(layer: archive.Layer, tmp_path: Path) -> None:
    (digest,) = archive.write(tmp_path / "image.tar", [archive.Image("example.org/one:1", layer)])
    data = read(tmp_path / "image.tar")["blobs/sha256/" + digest.removeprefix("sha256:")]
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        program = tar.extractfile("bin/program")
        assert program is not None
        assert program.read() == b"content"
