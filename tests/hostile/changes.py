"""How a cluster is changed before the suite is run on it, and how that is undone."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import yaml

from fixtures.errors import EnvironmentBrokenError
from fixtures.host.commands import execute
from fixtures.kubeapi import owner, rights
from fixtures.kubeapi.kinds import path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from fixtures.clusters.nodes import EngineNode
    from fixtures.kubeapi.client import Api

    Json = dict[str, Any]

MANIFESTS = Path(__file__).with_name("manifests")
EFFECT_SECONDS = 60.0
"""A policy has its effect within this time."""

KUBELET_CONFIG = "/var/lib/kubelet/config.yaml"


@dataclass(frozen=True)
class Target:
    """The cluster that is changed; `folder` is for files of the case."""

    api: Api
    kubeconfig: Path
    nodes: Sequence[EngineNode]
    folder: Path

    @property
    def control(self) -> EngineNode:
        """The node of the control plane."""
        return self.nodes[0]


class Change(Protocol):
    """One change of a cluster."""

    def made(self, target: Target) -> AbstractContextManager[Mapping[str, str]]:
        """Return a block in which it is there; the value fills braces of command lines."""


@dataclass(frozen=True)
class Nothing:
    """The cluster as it is."""

    def made(self, target: Target) -> AbstractContextManager[Mapping[str, str]]:
        """See Change."""
        del target
        return nullcontext({})


@dataclass(frozen=True)
class Applied:
    """Objects of `manifests/NAME.yaml`. `takes` is "Pod" or "Namespace" where a policy is on it.

    Such a policy is waited for until a sample of the kind is answered differently.
    """

    name: str
    takes: str = ""

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        text = (MANIFESTS / f"{self.name}.yaml").read_bytes()
        before = self._answer(target.api)
        try:
            kubectl(target.control, "apply", "--server-side", "--filename=-", stdin=text)
            if self.takes:
                _until(lambda: self._answer(target.api) != before, f"{self.name} has no effect")
            yield {}
        finally:
            kubectl(
                target.control,
                *("delete", "--ignore-not-found", "--wait=false", "--filename=-"),
                stdin=text,
            )
            if self.takes:
                _until(lambda: self._answer(target.api) == before, f"{self.name} goes on")

    def _answer(self, api: Api) -> str:
        """Return what the API server makes of samples, as text to compare."""
        space = None if self.takes == "Namespace" else "default"
        answers = [
            api.request("POST", path_of(self.takes, space), query={"dryRun": "All"}, body=sample)
            for sample in _SAMPLES.get(self.takes, ())
        ]
        return json.dumps(
            [
                [one.body["spec"], one.body["metadata"].get("labels")] if one.ok else one.why
                for one in answers
            ]
        )


_CONTAINER = {"image": "example.org/sample", "name": "app"}
_NAMESPACE: Json = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "hostile-sample"},
}
_SAMPLES: Mapping[str, Sequence[Json]] = {
    "Namespace": (
        _NAMESPACE,
        {
            **_NAMESPACE,
            "metadata": {
                **_NAMESPACE["metadata"],
                "labels": {"pod-security.kubernetes.io/enforce": "privileged"},
            },
        },
    ),
    "Pod": (
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "hostile-sample"},
            "spec": {
                "automountServiceAccountToken": False,  # its volume has a new name each time
                "terminationGracePeriodSeconds": 7,
                "initContainers": [{**_CONTAINER, "name": "sidecar", "restartPolicy": "Always"}],
                "containers": [_CONTAINER],
            },
        },
    ),
}


@dataclass(frozen=True)
class GivenToNamespaces:
    """An object of `manifests/NAME.yaml` in every namespace of the suite as soon as it is there."""

    name: str

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        document = yaml.safe_load((MANIFESTS / f"{self.name}.yaml").read_text())
        over = threading.Event()
        giver = threading.Thread(target=_give, args=(target.api, document, over))
        giver.start()
        try:
            yield {}
        finally:
            over.set()
            giver.join()


def _give(api: Api, document: Json, over: threading.Event) -> None:
    given: set[str] = set()
    while not over.wait(0.05):
        found = api.get(path_of("Namespace", None), labelSelector=owner.RUN_LABEL)
        for one in found.body["items"] if found.ok else []:
            name = one["metadata"]["name"]
            if name not in given:
                answer = api.request("POST", path_of(document["kind"], name), body=document)
                given.update({name} if answer.ok else ())


@dataclass(frozen=True)
class Tainted:
    """A taint on all nodes."""

    taint: str = "dedicated=ci:NoSchedule"

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        kubectl(target.control, "taint", "nodes", "--all", self.taint)
        try:
            yield {}
        finally:
            kubectl(target.control, "taint", "nodes", "--all", f"{self.taint}-")


@dataclass(frozen=True)
class Kubelet:
    """Settings of the kubelets' configuration, on all nodes."""

    settings: Mapping[str, Any]

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        before = {node.name: node.execute("cat", KUBELET_CONFIG) for node in target.nodes}
        try:
            for node in target.nodes:
                config = {**yaml.safe_load(before[node.name]), **self.settings}
                _configure_kubelet(target, node, yaml.safe_dump(config))
            yield {}
        finally:
            for node in target.nodes:
                _configure_kubelet(target, node, before[node.name])


def _configure_kubelet(target: Target, node: EngineNode, text: str) -> None:
    node.execute("sh", "-c", f"cat > {KUBELET_CONFIG}", stdin=text.encode())
    node.execute("systemctl", "restart", "kubelet")
    healthy = f"/api/v1/nodes/{node.name}/proxy/healthz"
    _until(lambda: target.api.get(healthy).body == "ok", f"the kubelet of {node.name} is not well")
    kubectl(target.control, "wait", f"node/{node.name}", "--for=condition=Ready", "--timeout=60s")


@dataclass(frozen=True)
class Paused:
    """The last node stands still, and the cluster has seen that it does."""

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        node = target.nodes[-1]
        node.engine.execute("pause", node.name)
        try:
            kubectl(
                target.control,
                *("wait", f"node/{node.name}", "--for=condition=Ready=Unknown", "--timeout=90s"),
            )
            yield {}
        finally:
            node.engine.execute("unpause", node.name)
            kubectl(
                target.control,
                "wait",
                f"node/{node.name}",
                "--for=condition=Ready",
                "--timeout=90s",
            )


@dataclass(frozen=True)
class NoTraffic:
    """Pods do not reach each other, as where a NetworkPolicy denies all and is enforced."""

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        rule = ("-s", "10.244.0.0/16", "-d", "10.244.0.0/16", "-j", "DROP")
        for node in target.nodes:
            node.execute("iptables", "-w", "-I", "FORWARD", *rule)
        try:
            yield {}
        finally:
            for node in target.nodes:
                node.execute("iptables", "-w", "-D", "FORWARD", *rule)


@dataclass(frozen=True)
class FakeNode:
    """A Node object of `manifests/NAME.yaml`, with the status that stands there."""

    name: str

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        document = yaml.safe_load((MANIFESTS / f"{self.name}.yaml").read_text())
        path = path_of("Node", None)
        name = document["metadata"]["name"]
        target.api.require("POST", path, body=document)
        try:
            merge = "application/merge-patch+json"
            status = {"status": document["status"]}
            target.api.require("PATCH", f"{path}/{name}/status", body=status, content_type=merge)
            yield {}
        finally:
            target.api.require("DELETE", f"{path}/{name}")


@dataclass(frozen=True)
class LesserUser:
    """A kubeconfig of a service account with the rights that a run needs, but for some.

    `without` are rights that it lacks, `resource: verbs`; with `wishes` it has the wished ones.
    """

    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wishes: bool = False

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        name = "hostile-user"
        text = "---\n".join(yaml.safe_dump(one) for one in self._documents(name))
        try:
            kubectl(target.control, "apply", "--filename=-", stdin=text.encode())
            token = kubectl(target.control, "create", "token", name, "--namespace=default")
            config = yaml.safe_load(target.kubeconfig.read_text())
            config["users"] = [{"name": name, "user": {"token": token.strip()}}]
            config["contexts"][0]["context"]["user"] = name
            path = target.folder / "lesser.kubeconfig"
            path.write_text(yaml.safe_dump(config))
            yield {"kubeconfig": str(path)}
        finally:
            kubectl(
                target.control,
                "delete",
                "--ignore-not-found",
                "--filename=-",
                stdin=text.encode(),
            )

    def _documents(self, name: str) -> Iterator[Json]:
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": "default"},
        }
        group = "rbac.authorization.k8s.io"
        roles = [one for one in yaml.safe_load_all(rights.manifest()) if self._has(one)]
        for role in roles:
            role["metadata"]["name"] = f"hostile-{role['metadata']['name']}"
            for rule in role["rules"]:
                for resource in rule.get("resources", []):
                    lacking = self.without.get(resource, ())
                    rule["verbs"] = [verb for verb in rule["verbs"] if verb not in lacking]
            role["rules"] = [rule for rule in role["rules"] if rule["verbs"]]
            yield role
            yield {
                "apiVersion": f"{group}/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": role["metadata"]["name"]},
                "roleRef": {
                    "apiGroup": group,
                    "kind": "ClusterRole",
                    "name": role["metadata"]["name"],
                },
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
            }

    def _has(self, role: Json) -> bool:
        return self.wishes or role["metadata"]["name"] == rights.ROLE


@dataclass(frozen=True)
class Kubeconfig:
    """A kubeconfig like the cluster's own but for its user, its cluster, or its text."""

    user: Mapping[str, Any] | None = None
    cluster: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        config = yaml.safe_load(target.kubeconfig.read_text())
        if self.user is not None:
            config["users"][0]["user"] = dict(self.user)
        config["clusters"][0]["cluster"].update(self.cluster)
        path = target.folder / "changed.kubeconfig"
        path.write_text(yaml.safe_dump(config) if self.text is None else self.text)
        yield {"kubeconfig": str(path)}


@dataclass(frozen=True)
class TwoKubeconfigs:
    """KUBECONFIG of two files: the cluster in one, user and context in the other."""

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        config = yaml.safe_load(target.kubeconfig.read_text())
        first = target.folder / "cluster.kubeconfig"
        second = target.folder / "user.kubeconfig"
        head = {"apiVersion": "v1", "kind": "Config"}
        first.write_text(yaml.safe_dump({**head, "clusters": config["clusters"]}))
        rest = {name: config[name] for name in ("users", "contexts")}
        second.write_text(yaml.safe_dump({**head, **rest}))
        context = config["contexts"][0]["name"]
        yield {"kubeconfigs": f"{first}:{second}:/no/such/file", "context": context}


@dataclass(frozen=True)
class ByAddress:
    """A kubeconfig that names the API server by its `{address}`; `{local}` names this machine."""

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        config = yaml.safe_load(target.kubeconfig.read_text())
        found = kubectl(
            target.control,
            *("get", "nodes", "--selector=node-role.kubernetes.io/control-plane", "--output"),
            'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}',
        )
        config["clusters"][0]["cluster"]["server"] = f"https://{found}:6443"
        path = target.folder / "address.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        yield {"kubeconfig": str(path), "address": found, "local": str(target.kubeconfig)}


@dataclass(frozen=True)
class SmallDisk:
    """A folder `{disk}` with room for very little."""

    kibibytes: int = 200

    @contextmanager
    def made(self, target: Target) -> Iterator[Mapping[str, str]]:
        """See Change."""
        path = target.folder / "disk"
        path.mkdir()
        execute(
            "mount", "-t", "tmpfs", "-o", f"size={self.kibibytes}k", "tmpfs", str(path), timeout=30
        )
        try:
            yield {"disk": str(path)}
        finally:
            execute("umount", str(path), timeout=30)


def kubectl(node: EngineNode, *arguments: str, stdin: bytes | None = None) -> str:
    """Run kubectl as administrator on a node, with an input, and return its output."""
    admin = "--kubeconfig=/etc/kubernetes/admin.conf"
    return node.execute("kubectl", admin, *arguments, stdin=stdin, timeout=150.0)


def _until(settled: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + EFFECT_SECONDS
    while not settled():
        if time.monotonic() > deadline:
            raise EnvironmentBrokenError(f"{complaint} after {EFFECT_SECONDS:.0f} s")
        time.sleep(0.3)
