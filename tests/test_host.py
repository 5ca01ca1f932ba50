from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clusters import host

if TYPE_CHECKING:
    from pathlib import Path

SYS_RESOURCE = 24


def test_a_capability_is_read_from_the_bounding_set() -> None:
    everything = "CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n"
    restricted = "CapEff:\t000001ffffffffff\nCapBnd:\t000001fffeffffff\n"
    assert host.has_capability(everything, SYS_RESOURCE)
    assert not host.has_capability(restricted, SYS_RESOURCE)
    assert host.has_capability("", SYS_RESOURCE)


def test_inotify_instances_are_counted_over_all_processes(tmp_path: Path) -> None:
    for process, targets in {"1": ["anon_inode:inotify", "/dev/null"], "22": []}.items():
        folder = tmp_path / process / "fd"
        folder.mkdir(parents=True)
        for number, target in enumerate(targets):
            (folder / str(number)).symlink_to(target)
    (tmp_path / "sys").mkdir()
    assert host.inotify_instances(tmp_path) == 1
