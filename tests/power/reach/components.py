"""The components whose reach is measured, and which of their packages decide about sidecars."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.errors import UsageError
from tests.power.reach.places import SIDECARS

_KUBERNETES = "k8s.io/kubernetes"


@dataclass(frozen=True)
class Component:
    """A component, and the packages (Go's patterns) whose statements are counted.

    `words` is a regular expression of what they say where they are about sidecars.
    """

    name: str
    packages: tuple[str, ...]
    words: str = SIDECARS


SHARED = Component("shared", (f"{_KUBERNETES}/pkg/api/v1/pod", "k8s.io/component-helpers/resource"))
"""No component: predicates of pods and the sums of their resources, linked into all of them.

What any of them has executed of it was executed.
"""

COMPONENTS = (
    Component("kubelet", (f"{_KUBERNETES}/pkg/kubelet/...",)),
    Component(
        "kube-controller-manager",
        (
            f"{_KUBERNETES}/pkg/controller",
            f"{_KUBERNETES}/pkg/controller/endpoint/...",
            f"{_KUBERNETES}/pkg/controller/endpointslice/...",
            f"{_KUBERNETES}/pkg/controller/job/...",
            f"{_KUBERNETES}/pkg/controller/podautoscaler",
            "k8s.io/endpointslice/...",
        ),
        # What a Job or an EndpointSlice makes of a pod with sidecars, it makes of its status.
        f"{SIDECARS}|ispodready|ispodterminal|shouldpodbeinendpoints|podfailed|podsucceeded",
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
    ),
)


def named(names: str | None) -> list[Component]:
    """Return the components of a comma-separated list, all by default. Raises UsageError."""
    known = {component.name: component for component in COMPONENTS}
    wanted = [name.strip() for name in (names or "").split(",") if name.strip()] or list(known)
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no component {name!r}: choose of {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(wanted)]
