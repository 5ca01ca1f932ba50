"""The launcher: pytest-kind drives kind through it, and real processes show that it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from fixtures.clusters import kind
from fixtures.clusters.swap import Swap
from fixtures.commands import CommandError, run

if TYPE_CHECKING:
    from pathlib import Path


class Launched(NamedTuple):
    """The launcher, and the files that it writes."""

    path: Path
    pid: Path
    log: Path


@pytest.fixture
def launched(tmp_path: Path) -> Launched:
    program = tmp_path / "real kind"
    program.write_text(
        '#!/bin/sh\necho "$PROVIDER: $*"\necho "words" >&2\necho $$ >"$0.pid"\n'
        'if [ "$1" = fail ]; then exit 7; fi\n'
    )
    program.chmod(0o755)
    pid, log = tmp_path / "kind.pid", tmp_path / "kind.log"
    path = kind._write_launcher(  # noqa: SLF001 - the seam between pytest-kind and kind
        tmp_path / "launcher",
        kind=program,
        pid=pid,
        log=log,
        environment={"PROVIDER": "an engine"},
    )
    return Launched(path, pid, log)


def test_creation_waits_and_keeps_what_fails(launched: Launched) -> None:
    out = run(str(launched.path), "create", "cluster", "--name=x", timeout=10)
    assert out == ""
    assert launched.log.read_text() == (
        "an engine: create cluster --name=x --retain --wait 180s\nwords\n"
    )


def test_the_list_of_clusters_is_passed_on(launched: Launched) -> None:
    assert run(str(launched.path), "get", "clusters", timeout=10) == "an engine: get clusters\n"
    assert launched.log.read_text() == "words\n"


def test_other_commands_are_left_as_they_are(launched: Launched) -> None:
    run(str(launched.path), "delete", "cluster", "--name=x", timeout=10)
    assert launched.log.read_text().startswith("an engine: delete cluster --name=x\n")


def test_the_process_id_is_that_of_kind_itself(launched: Launched) -> None:
    run(str(launched.path), "delete", "cluster", timeout=10)
    real = launched.path.with_name("real kind.pid")
    assert launched.pid.read_text() == real.read_text()


def test_the_status_is_that_of_kind(launched: Launched) -> None:
    with pytest.raises(CommandError, match="status 7"):
        run(str(launched.path), "fail", timeout=10)


def test_the_essence_of_a_log_is_its_errors_without_traces() -> None:
    log = (
        "Creating cluster\n"
        "ERROR: failed to create cluster: exit status 1\n"
        "error execution phase wait-control-plane: kube-apiserver is not healthy\n"
        "k8s.io/kubernetes/cmd/kubeadm/app.Run\n\tkubeadm.go:47\n"
        "error execution phase wait-control-plane: kube-apiserver is not healthy\n"
    )
    assert kind.essence(log) == (
        "ERROR: failed to create cluster: exit status 1"
        " | error execution phase wait-control-plane: kube-apiserver is not healthy"
    )
    assert kind.essence("one\ntwo\n") == "two"
    assert kind.essence("") == "it said nothing"


def test_cluster_names_tell_version_and_run() -> None:
    assert kind.cluster_name("v1.37.2", "0a1b2c3d") == "sidecar-1-37-0a1b2c3d"


def test_the_label_of_a_run_names_its_swaps() -> None:
    swaps = [Swap("kubelet", version="v1.29.7")]
    assert kind.Request("v1.30.4", swaps).label == "v1.30.4+kubelet-v1.29.7"
