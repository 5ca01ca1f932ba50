"""The command that removes from a cluster what runs have left there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from conformance import __main__ as front
from fixtures.kubeapi import claims, owner, rights
from tests.fixtures.kubeapi.test_belongings import Cluster
from tests.kit import shared
from tests.kit.apiserver import Reply, Request, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster with a namespace and a RuntimeClass of a dead run, and a namespace of one alive."""
    made = Cluster()
    for kind in ("Namespace", "RuntimeClass"):
        thing = made.things[made.has(kind, "sidecar-dead", "dead")]
        thing["metadata"]["annotations"] = {owner.OWNER: "elsewhere 1 2", owner.EXPIRES: "1"}
    made.has("Namespace", "sidecar-alive", "alive")

    def answer(request: Request) -> Reply:
        version = Reply({"gitVersion": "v1.37.2"})
        return version if request.path == "/version" else made.answer(request)

    with serving(answer, tmp_path):
        yield made


def test_what_dead_runs_left_is_removed(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["cleanup", "--kubeconfig", str(tmp_path / "kubeconfig"), "--context", "test"]
    assert front.main(words) == 0
    assert capsys.readouterr().out.splitlines() == [
        "removing namespace sidecar-dead of run dead",
        "removing RuntimeClass sidecar-dead of run dead",
        "left namespace sidecar-alive: run alive may be under way, and --all removes it anyway",
        "all of it is gone",
    ]
    assert list(cluster.things) == ["/api/v1/namespaces/sidecar-alive"]
    assert front.main(words) == 0
    assert capsys.readouterr().out.endswith("there is nothing to remove\n")
    assert front.main([*words, "--all"]) == 0
    assert cluster.things == {}


def test_what_is_not_gone_is_listed_with_status_3(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.refused.add(("DELETE", "/api/v1/namespaces/sidecar-dead"))
    assert front.main(["cleanup", "--kubeconfig", str(tmp_path / "kubeconfig")]) == 3
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "not gone: namespace sidecar-dead cannot be removed: 403 no"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "cleanup needs to be told the cluster: give --context or --kubeconfig"),
        (["--kubeconfig", "nowhere"], "the kubeconfig nowhere does not exist: give another"),
        (["--everything"], "unrecognized arguments: --everything; see 'python -m conformance"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert front.main(["cleanup", *words]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ERROR: {message}")


def test_the_rights_are_printed_as_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    assert front.main(["rbac"]) == 0
    kinds = [role["kind"] for role in yaml.safe_load_all(capsys.readouterr().out)]
    assert kinds == ["ClusterRole", "ClusterRole"]


def test_who_may_not_list_namespaces_is_told_to_name_one(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.answers[rights.REVIEWS] = Reply({"status": {"allowed": False}})
    assert front.main(["cleanup", "--kubeconfig", str(tmp_path / "kubeconfig")]) == 4
    assert capsys.readouterr().err == (
        "ERROR: the user may not list namespaces: give the one to look into, --namespace\n"
    )


def test_in_a_given_namespace_nothing_else_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = shared.Cluster()
    cluster.add("Pod", "somebody")
    for kind, name in (("Job", "job-never"), ("Pod", claims.NAME)):
        meta = cluster.add(kind, name, run="dead")["metadata"]
        meta["annotations"] = {owner.OWNER: "elsewhere 1 2", owner.EXPIRES: "1"}
    cluster.add("Pod", "term-delete", run="alive")

    def answer(request: Request) -> Reply:
        version = Reply({"gitVersion": "v1.37.2"})
        return version if request.path == "/version" else cluster.answer(request)

    with serving(answer, tmp_path):
        words = ["cleanup", "--kubeconfig", str(tmp_path / "kubeconfig"), "--namespace", "given"]
        assert front.main(words) == 0
        assert capsys.readouterr().out.splitlines() == [
            "removing Job job-never of run dead",
            f"removing Pod {claims.NAME} of run dead",
            "left Pod term-delete: run alive may be under way, and --all removes it anyway",
            "all of it is gone",
        ]
        assert front.main([*words, "--all"]) == 0
    assert list(cluster.things) == [("Pod", "somebody")]
    assert all("/namespaces/given/" in path for _, path in cluster.asked)
