"""Requirements: what Kubernetes promises about sidecars, declared directly above their checks."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from fixtures.evidence.capabilities import BEYOND, CONFIGURED, SOFTWARE, Capability
from fixtures.evidence.components import Component
from fixtures.versions import minor_of, only_minor
from fixtures.words import one_line
from reports.model import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from fixtures.evidence.components import Components

ID = re.compile(r"[a-z]+(\.[a-z0-9]+(-[a-z0-9]+)*)+")


PROMISE = "promise"
"""The fixture whose parameters are the requirements of a check that declares several."""

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED

API_SERVER: Final = (Component.API_SERVER,)
SCHEDULER: Final = (Component.SCHEDULER,)
KUBELET: Final = (Component.KUBELET,)
SCHEDULED: Final = (Component.API_SERVER, Component.SCHEDULER)
CONTROLLED: Final = (Component.API_SERVER, Component.CONTROLLER_MANAGER, Component.KUBELET)
PODS: Final = (Component.API_SERVER, Component.KUBELET)
"""What makes most promises: the API server takes a pod, the kubelet runs it."""

RESTARTABLE_IN_TERMINATION: Final = "SidecarsRestartableDuringPodTermination"
"""The feature gate with which sidecars are restarted while their pod stops: alpha in 1.38."""


@dataclass(frozen=True)
class Requirement:
    """One promise.

    `by` names the components that make it together: the oldest of them counts. `since` is the minor
    version (`1.29`) whose release made the promise, never the one that fixed a bug; `until` is the
    last minor that makes it, None while it stands. `gates` names the feature gates without which
    nothing is promised, `unless` those with which something else is: they lift a limit. `needs` is
    what a cluster must have for the promise to be judged there at all.
    """

    id: str
    title: str
    level: Level
    since: str
    until: str | None
    sources: tuple[str, ...]
    scenarios: tuple[str, ...]
    needs: tuple[Capability, ...]
    by: tuple[Component, ...] = PODS
    gates: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        """The part of the id before its first dot."""
        return self.id.split(".", 1)[0]

    @property
    def profile(self) -> str | None:
        """The profile whose clusters it is judged on; None where it needs no certain one."""
        return next((need.value for need in self.needs if need in CONFIGURED), None)

    @property
    def software(self) -> str | None:
        """What to ask for by --only to have the software that it is about; None without any."""
        return next((SOFTWARE[need] for need in self.needs if need in SOFTWARE), None)

    def unpromised_by(self, components: Components, nodes: Collection[str] = ()) -> str | None:
        """Say why these components do not make this promise; None when they do.

        `nodes` are those that its pods went to. Without them the newest kubelets count.
        """
        minors = {one: components.minor_of(one, nodes) for one in self.by}
        oldest = min(self.by, key=lambda one: minors[one])
        minor = minors[oldest]
        who = "this cluster" if components.of_one_minor else f"the {oldest}"
        if minor < minor_of(self.since):
            return f"promised since {self.since}, {who} is 1.{minor}"
        if self.until is not None and minor > minor_of(self.until):
            return f"promised until {self.until}, {who} is 1.{minor}"
        for one in self.by:
            for gate in self.gates:
                if components.gate(one, gate, nodes) is False:
                    return f"feature gate {gate} of the {one} is off"
            for gate in self.unless:
                if components.anywhere(one, gate, nodes):
                    return f"feature gate {gate} of the {one} is on"
        return None


def _require_minor(version: str) -> None:
    if only_minor(version) is None or version.startswith("v"):
        raise ValueError(f"{version!r} is not a minor version such as '1.29'")


def requirement(  # noqa: PLR0913 - each is one fact of the declaration
    identifier: str,
    level: Level,
    *,
    since: str,
    scenario: str | tuple[str, ...] = (),
    source: str | tuple[str, ...],
    needs: tuple[Capability, ...] = (Capability.SIDECARS,),
    until: str | None = None,
    by: tuple[Component, ...] = PODS,
    gates: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare the promise that the decorated check judges; the check's docstring is its sentence.

    `scenario` names one manifest (or several) without its suffix; see Requirement for the rest. A
    promise without a scenario is declared only: it must need a capability that is beyond the suite.
    Raises ValueError for a malformed id or version, for a check without a docstring, and for one
    that nothing judges.
    """
    if not ID.fullmatch(identifier):
        raise ValueError(f"{identifier!r} is not a requirement id such as 'startup.list-order'")
    if not scenario and not any(need in BEYOND for need in needs):
        raise ValueError(f"{identifier} has no scenario: nothing would judge it")
    for version in filter(None, (since, until)):
        _require_minor(version)

    def declare(check: Callable[..., None]) -> Callable[..., None]:
        sentence = inspect.getdoc(check)
        if not sentence:
            raise ValueError(f"the check of {identifier} has no docstring to state the promise")
        declared = Requirement(
            id=identifier,
            title=one_line(sentence.split("\n\n", 1)[0]),
            level=level,
            since=since,
            until=until,
            sources=(source,) if isinstance(source, str) else source,
            scenarios=(scenario,) if isinstance(scenario, str) else scenario,
            needs=needs,
            by=by,
            gates=gates,
            unless=unless,
        )
        marked: Callable[..., None] = pytest.mark.requirement(declared)(check)
        return marked

    return declare


def declared_by(item: Any) -> list[Requirement]:  # noqa: ANN401 - any pytest node
    """Return the requirements that a check declares, the first decorator last."""
    return [marker.args[0] for marker in item.iter_markers("requirement")]


def requirement_of(item: Any) -> Requirement | None:  # noqa: ANN401 - any pytest node
    """Return the requirement that a collected check judges, None where it judges none.

    One that declares several is collected once for each, which is its parameter PROMISE.
    """
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    if PROMISE in parameters:
        found: Requirement = parameters[PROMISE]
        return found
    return next(iter(declared_by(item)), None)
