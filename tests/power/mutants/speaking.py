"""The code of Kubernetes that deals with sidecars: where it lies, and the words that tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KUBERNETES = "k8s.io/kubernetes"

SIDECARS = "restartable|sidecar|termination_?order|init_?container"
"""What code says where it is about sidecars: a regular expression, upper and lower case alike."""

PODS = (
    f"{SIDECARS}|phase|package (prober|status)\\b|prob(e|er)manager"
    "|(liveness|readiness|startup)(manager|probe)"
)
"""The same, and the phase, status and probes of pods, which sidecars have a part in."""

ENDPOINTS = f"{SIDECARS}|readiness|serving|terminating|podready|shouldpodbe"
"""The same, and when a pod is an endpoint."""


@dataclass(frozen=True)
class Code:
    """Trees of packages, by their import paths, and the words that are looked for in them."""

    trees: tuple[str, ...]
    words: str = SIDECARS

    def holds(self, package: str) -> bool:
        """Tell whether a package lies in one of the trees."""
        return any(package == tree or package.startswith(f"{tree}/") for tree in self.trees)


SHARED = Code((f"{_KUBERNETES}/pkg/api/v1/pod", "k8s.io/component-helpers/resource"))
"""What is known of pods, and the sums of their resources: linked into every component."""

CODE: Mapping[str, Sequence[Code]] = {
    "kubelet": (Code((f"{_KUBERNETES}/pkg/kubelet",), PODS), SHARED),
    "kube-scheduler": (Code((f"{_KUBERNETES}/pkg/scheduler",)), SHARED),
    "kube-controller-manager": (
        Code((f"{_KUBERNETES}/pkg/controller/job",), f"{SIDECARS}|phase"),
        Code((f"{_KUBERNETES}/pkg/controller/podautoscaler",)),
        Code(
            (
                f"{_KUBERNETES}/pkg/controller/endpoint",
                f"{_KUBERNETES}/pkg/controller/endpointslice",
                "k8s.io/endpointslice",
            ),
            ENDPOINTS,
        ),
        SHARED,
    ),
    "kube-apiserver": (
        Code(
            (
                f"{_KUBERNETES}/pkg/api/pod",
                f"{_KUBERNETES}/pkg/apis/core/v1",
                f"{_KUBERNETES}/pkg/apis/core/validation",
                f"{_KUBERNETES}/pkg/quota/v1/evaluator/core",
                f"{_KUBERNETES}/pkg/registry/core/pod",
                f"{_KUBERNETES}/plugin/pkg/admission/limitranger",
            ),
        ),
        Code((f"{_KUBERNETES}/pkg/printers/internalversion",), f"{SIDECARS}|printpod\\b"),
        SHARED,
    ),
}
"""The code by component. What a version does not have, or does not link, is left out of it."""
