"""The variants: one pod without a sidecar, with one in classic and in native form, with a proxy.

The first three are one manifest. What is not a pod in a manifest is there before pods are measured.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from conformance.scenarios.pattern import NATIVE, classic_form
from fixtures.kubeapi.status import CONTAINER_LISTS
from fixtures.software.envoy import ENVOY
from reports import overhead

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]

MANIFESTS = Path(__file__).with_name("manifests")
PREFIX = "overhead-"
NONE = "none"
PROXY = "proxy"

PORT = 8080
"""Where requests are sent to, in every variant."""

CLIENT = f"{PREFIX}client"
"""The pod that sends requests."""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they are, as people do."""


def _as_written(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _as_written)


@dataclass(frozen=True)
class Variant:
    """A form of the pod; `documents` are its objects as they stand in the manifest."""

    name: str
    about: str
    documents: Sequence[Json]

    @property
    def pod(self) -> Json:
        """The only pod among the objects."""
        return next(one for one in self.documents if one["kind"] == "Pod")

    @property
    def others(self) -> list[Json]:
        """The objects that are no pod."""
        return [one for one in self.documents if one["kind"] != "Pod"]

    @property
    def described(self) -> overhead.Variant:
        """The variant as the report has it: its objects are counted, and the lines of them all."""
        text = yaml.dump_all(self.documents, Dumper=_Dumper, sort_keys=False, width=100)
        spec = self.pod["spec"]
        return overhead.Variant(
            name=self.name,
            about=self.about,
            objects=len(self.documents),
            containers=sum(len(spec.get(part) or []) for part in CONTAINER_LISTS),
            lines=len(text.splitlines()),
            manifest=text,
        )


def load(name: str) -> list[Json]:
    """Return the objects of a manifest of this folder."""
    text = (MANIFESTS / f"{name}.yaml").read_text(encoding="utf-8")
    return [document for document in yaml.safe_load_all(text) if document]


def variants(*, proxy: bool) -> list[Variant]:
    """Return the variants; that with a proxy only where the nodes hold one."""
    (native,) = load("helper")
    found = [
        Variant(NONE, "The app alone.", [alone(native)]),
        Variant(
            "classic",
            "The app and a helper that does nothing, both regular containers.",
            [without_sidecars(classic_form(native))],
        ),
        Variant(
            NATIVE,
            "The same with the helper as native sidecar: the app starts when it has started.",
            [native],
        ),
    ]
    if proxy:
        about = f"The app behind {ENVOY.title}, a native sidecar that all requests go through."
        found.append(Variant(PROXY, about, load("proxy")))
    return found


def alone(native: Json) -> Json:
    """Return a pod without its sidecars."""
    pod = without_sidecars(native)
    pod["metadata"]["name"] = f"{PREFIX}{NONE}"
    return pod


def without_sidecars(pod: Json) -> Json:
    """Return a pod without its list of init containers."""
    spec = {name: value for name, value in pod["spec"].items() if name != "initContainers"}
    return copy.deepcopy({**pod, "spec": spec})
