"""The code of Kubernetes that deals with sidecars: where it lies, and the words that tell it."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.errors import UsageError

_KUBERNETES = "k8s.io/kubernetes"
_SUBTREE = "/..."

SIDECARS = (
    "(?i)sidecar|restartable.?init|termination_?order|containerrestartpolicyalways"
    "|regular(init)?container"
)
"""What code says where it is about sidecars: a regular expression of both Go and Python."""

NEAR = "(?i)sidecar|restartable|termination_?order|init_?container"
"""What it says where sidecars take part in what it does."""


@dataclass(frozen=True)
class Component:
    """A component, and the packages (Go's patterns) of it that decide about sidecars.

    `words` is a regular expression of what they say where they are about sidecars: what reach
    counts. `near` is one of what they say where sidecars take part, for pods with and without them
    go the same way there: what mutants change.
    """

    name: str
    packages: tuple[str, ...]
    words: str = SIDECARS
    near: str = NEAR

    def holds(self, package: str) -> bool:
        """Tell whether an import path is one of its packages."""
        return any(_matches(pattern, package) for pattern in self.packages)


def _matches(pattern: str, package: str) -> bool:
    tree = pattern.removesuffix(_SUBTREE)
    return package == tree or (tree != pattern and package.startswith(f"{tree}/"))


SHARED = Component("shared", (f"{_KUBERNETES}/pkg/api/v1/pod", "k8s.io/component-helpers/resource"))
"""No component: predicates of pods and the sums of their resources, linked into all of them.

What any of them has executed of it was executed.
"""

COMPONENTS = (
    Component(
        "kubelet",
        (f"{_KUBERNETES}/pkg/kubelet/...",),
        # The phase, the status and the probes of a pod are those of its sidecars, too.
        near=f"{NEAR}|phase|package (prober|status)\\b|prob(e|er)manager"
        "|(liveness|readiness|startup)(manager|probe)",
    ),
    Component(
        "kube-controller-manager",
        (
            f"{_KUBERNETES}/pkg/controller",
            f"{_KUBERNETES}/pkg/controller/endpoint/...",
            f"{_KUBERNETES}/pkg/controller/endpointslice/...",
            f"{_KUBERNETES}/pkg/controller/job/...",
            f"{_KUBERNETES}/pkg/controller/podautoscaler/...",
            "k8s.io/endpointslice/...",
        ),
        # What a Job or an EndpointSlice makes of a pod with sidecars, it makes of its status.
        words=f"{SIDECARS}|ispodready|ispodterminal|shouldpodbeinendpoints|podfailed|podsucceeded",
        near=f"{NEAR}|phase|readiness|serving|terminating|podready|shouldpodbe",
    ),
    Component(
        "kube-scheduler",
        (
            f"{_KUBERNETES}/pkg/scheduler/...",
            "k8s.io/component-helpers/nodedeclaredfeatures/...",
        ),
    ),
    Component(
        "kube-apiserver",
        (
            f"{_KUBERNETES}/pkg/api/pod",
            f"{_KUBERNETES}/pkg/apis/core/v1",
            f"{_KUBERNETES}/pkg/apis/core/validation",
            f"{_KUBERNETES}/pkg/printers/internalversion",
            f"{_KUBERNETES}/pkg/quota/v1/evaluator/core",
            f"{_KUBERNETES}/pkg/registry/core/pod/...",
            f"{_KUBERNETES}/plugin/pkg/admission/limitranger",
        ),
        near=f"{NEAR}|printpod\\b",
    ),
)
"""What a version does not have of these packages, or does not link, is left out."""


def named(names: str | None) -> list[Component]:
    """Return the components of a comma-separated list, all by default. Raises UsageError."""
    known = {component.name: component for component in COMPONENTS}
    wanted = [name.strip() for name in (names or "").split(",") if name.strip()] or list(known)
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no component {name!r}: choose of {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(wanted)]
