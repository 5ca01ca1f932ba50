from __future__ import annotations

import resource
import tomllib

import pytest

from fixtures.clusters import engine
from fixtures.errors import UsageError
from fixtures.progress import Progress


def test_limits_stay_within_those_of_the_host() -> None:
    hard = {resource.RLIMIT_NOFILE: 20000, resource.RLIMIT_NPROC: 96364}
    text = engine.podman_configuration(hard_limit=hard.__getitem__, systemd=False, runc=True)
    found = tomllib.loads(text)
    assert found["containers"]["default_ulimits"] == ["nofile=20000:20000", "nproc=30000:30000"]
    assert found["engine"]["cgroup_manager"] == "cgroupfs"
    assert found["engine"]["runtime"] == "runc"


def test_a_host_without_limits_gets_the_usual_ones() -> None:
    text = engine.podman_configuration(
        hard_limit=lambda _: resource.RLIM_INFINITY, systemd=True, runc=False
    )
    found = tomllib.loads(text)
    assert found["containers"]["default_ulimits"][0] == "nofile=1048576:1048576"
    assert found["engine"]["cgroup_manager"] == "systemd"
    assert "runtime" not in found["engine"]


def test_an_unknown_engine_is_told_the_known_ones() -> None:
    with pytest.raises(UsageError, match="choose one of docker, podman, nerdctl"):
        engine.find("lxc", Progress())


def test_no_engine_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(UsageError, match=r"none is installed\): install Docker or Podman"):
        engine.find(None, Progress())
