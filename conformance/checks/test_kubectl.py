"""kubectl: what its table of pods says of sidecars, and what it says of the node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.checks.needs import OWN_CONTAINERS
from conformance.requirements import API_SERVER, MUST, OBSERVED, SHOULD, requirement
from conformance.sources import DEBUG_INIT, DOCS, KEP_SIDECARS, SIDECAR_BLOG, pull, upstream
from fixtures.evidence.capabilities import Capability
from fixtures.kubeapi.status import phase_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.timeline import Timeline

ANNOTATIONS = f"{DOCS}/reference/labels-annotations-taints/"
PRINTERS = upstream("pkg/printers/internalversion/printers.go")
DEFAULT_CHOICE = upstream("staging/src/k8s.io/kubectl/pkg/cmd/util/podcmd/podcmd.go")
UNEXPECTED_STATUSES = upstream("pkg/apis/core/validation/validation.go ValidatePodStatusUpdate")
KUBECTL = (Capability.SIDECARS, Capability.NODE_ACCESS)


def row(timeline: Timeline, stage: str) -> Mapping[str, str]:
    """Return the cells of a pod's row at a stage by their columns; empty without a table."""
    table = timeline.action(stage).body
    if table.get("kind") != "Table":
        return {}
    names = [column["name"] for column in table["columnDefinitions"]]
    (only,) = table["rows"]
    return dict(zip(names, map(str, only["cells"]), strict=True))


def assert_shown(timeline: Timeline, stage: str, column: str, expected: str) -> None:
    """Assert that this is the first word of a cell; how long ago something was may follow."""
    cells = row(timeline, stage)
    assert cells, f"{stage}: the answer is no table but {timeline.action(stage).message}"
    shown = cells[column]
    assert shown.split()[0] == expected, f"{stage}: {column} is {shown!r}, not {expected!r}"


@requirement(
    "kubectl.ready-column",
    SHOULD,
    since="1.29",
    scenario="kubectl-columns",
    source=(KEP_SIDECARS, PRINTERS),
    needs=OWN_CONTAINERS,
)
def test_ready_column(timeline: Timeline) -> None:
    """READY counts sidecars among the ready containers, and in the total from the beginning."""
    assert_shown(timeline, "first sidecar runs", "Ready", "0/3")
    assert_shown(timeline, "first sidecar started", "Ready", "1/3")
    assert_shown(timeline, "ready", "Ready", "3/3")


@requirement(
    "kubectl.status-init-progress",
    MUST,
    since="1.29",
    scenario="kubectl-columns",
    source=(f"{DEBUG_INIT}#understanding-pod-status", KEP_SIDECARS, PRINTERS),
    needs=OWN_CONTAINERS,
)
def test_status_init_progress(timeline: Timeline) -> None:
    """STATUS is Init:i/n in initialisation: of all init containers, i are done or started."""
    assert_shown(timeline, "first sidecar runs", "Status", "Init:0/3")
    assert_shown(timeline, "first sidecar started", "Status", "Init:1/3")
    assert_shown(timeline, "ready", "Status", "Running")


@requirement(
    "kubectl.unknown-status",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="kubectl-ghost",
    source=(pull(124906), UNEXPECTED_STATUSES),
)
def test_unknown_status(timeline: Timeline) -> None:
    """A pod is shown although its status tells of an init container that it does not have."""
    proposed = timeline.action("patch")
    assert proposed.accepted, f"its row was answered {proposed.message}"
    cells = row(timeline, "patch")
    assert cells.get("Name") == "kubectl-ghost", f"its row was {dict(cells) or 'no table'}"


@requirement(
    "kubectl.restarts-column",
    OBSERVED,
    since="1.29",
    scenario="kubectl-columns",
    source=PRINTERS,
)
def test_restarts_column(timeline: Timeline) -> None:
    """RESTARTS counts those of regular containers and sidecars, and of init containers no more.

    Only in initialisation those of plain init containers are counted.
    """
    for name in ("setup", "sidecar-2", "app"):
        assert timeline[name].restarts == 1, f"{name} was restarted {timeline[name].restarts} times"
    assert_shown(timeline, "first sidecar started", "Restarts", "1")
    assert_shown(timeline, "ready", "Restarts", "2")


@requirement(
    "kubectl.completed",
    OBSERVED,
    since="1.29",
    scenario="kubectl-columns",
    source=(PRINTERS, "https://github.com/kubernetes/kubectl/issues/1739"),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_CONTAINERS, Capability.UNCHANGED_GRACE),
)
def test_completed(timeline: Timeline) -> None:
    """A finished pod is shown as Completed, also when a sidecar of it had to be killed."""
    assert timeline["app"].last.exit_code == 0
    assert timeline["sidecar-2"].last.exit_code == 137
    assert_shown(timeline, "finished", "Status", "Completed")
    assert_shown(timeline, "finished", "Ready", "0/3")


@requirement(
    "kubectl.status-crashing-sidecar",
    OBSERVED,
    since="1.29",
    scenario="status-crash",
    source=PRINTERS,
    needs=(*OWN_CONTAINERS, Capability.LONG_BACKOFF),
)
def test_status_crashing_sidecar(timeline: Timeline) -> None:
    """A running pod with a sidecar in back-off is shown as Init:CrashLoopBackOff or Init:Error.

    Sidecars after it are not counted as ready then.
    """
    reading = timeline.action("read")
    assert phase_of(reading.body) == "Running"
    shown = row(timeline, "in back-off")
    assert shown, "in back-off: the answer is no table"
    assert shown.get("Status") in ("Init:CrashLoopBackOff", "Init:Error"), f"shown as {shown}"
    assert shown.get("Ready") == "1/3", f"shown as {shown}"


@requirement(
    "kubectl.describe-node",
    MUST,
    since="1.29",
    scenario="kubectl-columns",
    needs=(*KUBECTL, Capability.UNCHANGED_CONTAINERS, Capability.UNCHANGED_RESOURCES),
    source=SIDECAR_BLOG,
)
def test_describe_node(timeline: Timeline) -> None:
    """`kubectl describe node` shows what a pod requests as the sum with its sidecars."""
    text = timeline.action("describe node").answer["output"]
    found = re.search(r"^ *\S+ +kubectl-columns +(.*)$", text, re.MULTILINE)
    assert found, f"the pod is not among those of the node:\n{text}"
    cells = re.findall(r"(\S+) \(\d+%\)", found[1])
    assert len(cells) == 4, f"the pod is shown as {found[0]!r}"
    cpu, _, memory, _ = cells
    assert (cpu, memory) == ("12m", "12Mi"), f"the pod is shown as {found[0]!r}"


@requirement(
    "kubectl.default-container",
    OBSERVED,
    since="1.29",
    scenario="kubectl-columns",
    needs=(*KUBECTL, Capability.UNCHANGED_CONTAINERS),
    source=(ANNOTATIONS, DEFAULT_CHOICE),
)
def test_default_container(timeline: Timeline) -> None:
    """Without -c kubectl picks the first regular container, or the sidecar that is annotated."""
    plain = timeline.action("logs by default").answer["output"]
    assert "I am app" in plain, f"kubectl logs printed {plain}"
    assert "I am sidecar" not in plain
    annotated = timeline.action("logs by annotation").answer["output"]
    assert "I am sidecar-1" in annotated, f"kubectl logs printed {annotated}"
    assert "I am app" not in annotated
