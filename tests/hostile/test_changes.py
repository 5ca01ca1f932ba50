"""Changes of a cluster that a fake API server and a fake node can tell of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from fixtures.errors import EnvironmentBrokenError
from tests.hostile import changes
from tests.hostile.changes import (
    Applied,
    GivenToNamespaces,
    Kubeconfig,
    Kubelet,
    LesserUser,
    Tainted,
    Target,
    TwoKubeconfigs,
)
from tests.kit.apiserver import Reply, Request, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Node:
    """A node that notes its commands and what was written to them."""

    name = "a"

    def __init__(self) -> None:
        self.told: list[str] = []
        self.wrote: list[str] = []

    def execute(self, *argv: str, stdin: bytes | None = None, timeout: float = 60.0) -> str:
        """Note a command; `cat` answers with a configuration of the kubelet."""
        del timeout
        self.told.append(" ".join(argv))
        self.wrote += [stdin.decode()] if stdin else []
        return "maxPods: 250\n" if argv[0] == "cat" else "a-token\n"


class Cluster:
    """An API server that answers as a test tells it, and a node."""

    def __init__(self) -> None:
        self.answer: Callable[[Request], Reply] = lambda _: Reply("ok")
        self.node = Node()

    def reply(self, request: Request) -> Reply:
        """Answer as the test tells now."""
        return self.answer(request)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def target(cluster: Cluster, tmp_path: Path) -> Iterator[Target]:
    with serving(cluster.reply, tmp_path) as (_, api):
        nodes: Any = [cluster.node]
        yield Target(api, tmp_path / "kubeconfig", nodes, tmp_path)


def test_a_policy_is_waited_for_until_it_has_its_effect(target: Target, cluster: Cluster) -> None:
    stored = iter(["Always", "Always", None, None, "Always"])
    seen: list[str] = []

    def answer(request: Request) -> Reply:
        assert (request.method, request.query) == ("POST", {"dryRun": "All"})
        seen.append(request.path)
        return Reply({"metadata": {}, "spec": {"stored": next(stored)}}, 201)

    cluster.answer = answer
    with Applied("drop-restart-policy", takes="Pod").made(target):
        assert len(seen) == 3
    assert len(seen) == 5
    assert "hostile-drop-restart-policy" in cluster.node.wrote[0]
    assert [" apply " in told or " delete " in told for told in cluster.node.told] == [True, True]


def test_a_policy_without_effect_breaks_the_case(
    target: Target, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "EFFECT_SECONDS", 0.0)
    cluster.answer = lambda _: Reply({"metadata": {}, "spec": {}}, 201)
    with (
        pytest.raises(EnvironmentBrokenError, match="mesh-last has no effect after 0 s"),
        Applied("mesh-last", takes="Pod").made(target),
    ):
        pass
    assert " delete " in cluster.node.told[-1]


def test_every_namespace_of_the_suite_is_given_its_object_once(
    target: Target, cluster: Cluster
) -> None:
    given: list[str] = []

    def answer(request: Request) -> Reply:
        if request.method == "GET":
            assert request.query == {"labelSelector": "sidecar-conformance/run"}
            return Reply({"items": [{"metadata": {"name": name}} for name in ("a", "b")]})
        given.append(request.path)
        return Reply({}, 201)

    cluster.answer = answer
    with GivenToNamespaces("limit-range").made(target):
        changes._until(lambda: len(given) >= 2, "nothing is given")  # noqa: SLF001 - a wait
    assert given == [f"/api/v1/namespaces/{name}/limitranges" for name in ("a", "b")]


def test_a_taint_goes_again(target: Target, cluster: Cluster) -> None:
    with Tainted().made(target):
        assert cluster.node.told[-1].endswith("taint nodes --all dedicated=ci:NoSchedule")
    assert cluster.node.told[-1].endswith("taint nodes --all dedicated=ci:NoSchedule-")


def test_the_settings_of_a_kubelet_are_put_back(target: Target, cluster: Cluster) -> None:
    cluster.answer = lambda _: Reply("ok", headers={"Content-Type": "text/plain"})
    with Kubelet({"eventRecordQPS": 1}).made(target):
        assert yaml.safe_load(cluster.node.wrote[0]) == {"maxPods": 250, "eventRecordQPS": 1}
        assert "systemctl restart kubelet" in cluster.node.told
    assert cluster.node.wrote[-1] == "maxPods: 250\n"


def test_a_lesser_user_lacks_what_it_is_to_lack(target: Target, cluster: Cluster) -> None:
    with LesserUser({"pods/exec": ("create",)}).made(target) as values:
        config = yaml.safe_load(Path(values["kubeconfig"]).read_text())
    assert config["users"][0]["user"] == {"token": "a-token"}
    assert config["contexts"][0]["context"]["user"] == config["users"][0]["name"]
    documents = list(yaml.safe_load_all(cluster.node.wrote[0]))
    (role,) = [one for one in documents if one["kind"] == "ClusterRole"]
    verbs = {name: rule["verbs"] for rule in role["rules"] for name in rule.get("resources", [])}
    assert verbs["pods/exec"] == ["get"]
    assert "delete" in verbs["namespaces"]
    assert "/metrics" not in json.dumps(role)
    assert " delete " in cluster.node.told[-1]


def test_a_kubeconfig_is_changed_where_it_is_to_be(target: Target) -> None:
    change = Kubeconfig(user={"token": "x"}, cluster={"proxy-url": "http://y"})
    with change.made(target) as values:
        config = yaml.safe_load(Path(values["kubeconfig"]).read_text())
    assert config["users"] == [{"name": "test", "user": {"token": "x"}}]
    assert config["clusters"][0]["cluster"]["proxy-url"] == "http://y"
    with Kubeconfig(text="{").made(target) as values:
        assert Path(values["kubeconfig"]).read_text() == "{"


def test_a_kubeconfig_is_divided_among_two_files(target: Target) -> None:
    with TwoKubeconfigs().made(target) as values:
        first, second, third = map(Path, values["kubeconfigs"].split(":"))
        assert set(yaml.safe_load(first.read_text())) == {"apiVersion", "kind", "clusters"}
        assert "clusters" not in yaml.safe_load(second.read_text())
        assert not third.exists()
        assert values["context"] == "test"
