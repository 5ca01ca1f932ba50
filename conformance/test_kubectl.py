"""kubectl: what its table of pods says of sidecars, and what it says of the node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fixtures.capabilities import Capability
from fixtures.requirements import Level, requirement
from fixtures.stage import manifest
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.stage.run import Run
    from fixtures.timeline import Timeline

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
KEP = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers"
BLOG = "https://kubernetes.io/blog/2023/08/25/native-sidecar-containers/"
DEBUG_INIT = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-init-containers/"
ANNOTATIONS = "https://kubernetes.io/docs/reference/labels-annotations-taints/"
PRINTERS = "kubernetes/kubernetes pkg/printers/internalversion/printers.go"
KUBECTL = (Capability.SIDECARS, Capability.NODE_ACCESS)

ADMIN = "--kubeconfig=/etc/kubernetes/admin.conf"
DEFAULT = "kubectl.kubernetes.io/default-container"


def show(run: Run, stage: str, pod: str) -> None:
    """Read the row of a pod as kubectl prints it: action `stage`."""
    run.get(manifest.resource_path("v1", "Pod", run.namespace, pod), stage, table=True)


def row(timeline: Timeline, stage: str) -> Mapping[str, str]:
    """Return the cells of a pod's row at a stage, by the names of their columns."""
    table = timeline.action(stage).body
    assert table.get("kind") == "Table", f"the answer is {table.get('kind')}, not a Table"
    names = [column["name"] for column in table["columnDefinitions"]]
    (only,) = table["rows"]
    return dict(zip(names, map(str, only["cells"]), strict=True))


def assert_shown(timeline: Timeline, stage: str, column: str, expected: str) -> None:
    """Require the first word of a cell; what follows it is how long ago something was."""
    shown = row(timeline, stage)[column]
    assert shown.split()[0] == expected, f"{stage}: {column} is {shown!r}, not {expected!r}"


@scenario("kubectl-columns", seconds=16)
def kubectl_columns(run: Run) -> None:
    """Hold the pod at each stage, and read its row there."""
    name = "kubectl-columns"
    run.until_running("sidecar-1")
    show(run, "first sidecar runs", name)
    run.exec("sidecar-1", "touch", "/shared/up")
    run.until_restarted("setup")
    show(run, "first sidecar started", name)
    run.exec("sidecar-1", "touch", "/shared/set-up")
    run.until_restarted("app")
    run.exec("sidecar-2", "touch", "/end")
    run.until_restarted("sidecar-2")
    run.until_ready()
    show(run, "ready", name)
    if run.nodes:
        pod = run.pod() or {}
        node = pod["spec"]["nodeName"]
        table = "sed -n '/^Non-terminated Pods/,/^Allocated/p'"
        description = f"kubectl {ADMIN} describe node {node} | {table}"
        run.node("sh", "-c", description, action="describe node")
        logs = f"kubectl {ADMIN} logs --namespace {run.namespace} {name} 2>&1"
        run.node("sh", "-c", logs, action="logs by default")
        run.patch(name, {"metadata": {"annotations": {DEFAULT: "sidecar-1"}}})
        run.node("sh", "-c", logs, action="logs by annotation")
    run.exec("sidecar-1", "touch", "/shared/finish")
    run.until_finished()
    show(run, "finished", name)


@requirement(
    "kubectl.ready-column",
    SHOULD,
    since="1.29",
    scenario="kubectl-columns",
    source=(KEP, PRINTERS),
)
def test_ready_column(timeline: Timeline) -> None:
    """READY counts sidecars among the ready containers, and in the total from the beginning."""
    assert_shown(timeline, "first sidecar runs", "Ready", "0/3")
    assert_shown(timeline, "first sidecar started", "Ready", "1/3")
    assert_shown(timeline, "ready", "Ready", "3/3")


@requirement(
    "kubectl.status-init-progress",
    SHOULD,
    since="1.29",
    scenario="kubectl-columns",
    source=(KEP, DEBUG_INIT, PRINTERS),
)
def test_status_init_progress(timeline: Timeline) -> None:
    """STATUS is Init:i/n in initialisation: of all init containers, i are done or started."""
    assert_shown(timeline, "first sidecar runs", "Status", "Init:0/3")
    assert_shown(timeline, "first sidecar started", "Status", "Init:1/3")
    assert_shown(timeline, "ready", "Status", "Running")


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
)
def test_completed(timeline: Timeline) -> None:
    """A finished pod is shown as Completed, also when a sidecar of it had to be killed."""
    assert timeline["app"].last.exit_code == 0
    assert timeline["sidecar-2"].last.exit_code == 137
    assert_shown(timeline, "finished", "Status", "Completed")
    assert_shown(timeline, "finished", "Ready", "0/3")


@scenario("kubectl-crashing", seconds=7)
def kubectl_crashing(run: Run) -> None:
    """Crash the first sidecar until it is in back-off, and read the row then.

    How it waits is shown only as the 10 s of back-off end; until then it is shown as terminated.
    """
    run.until_ready()
    show(run, "all run", "kubectl-crashing")
    run.exec("sidecar-2", "touch", "/shared/crash")
    run.until("sidecar-1 to be in back-off", lambda: _in_back_off(run))
    show(run, "in back-off", "kubectl-crashing")
    run.read("Pod", "kubectl-crashing")


def _in_back_off(run: Run) -> bool:
    """Tell whether the sidecar has ended again: the first restart comes at once, this one not."""
    status = run.status("sidecar-1")
    return status.get("restartCount", 0) > 0 and "running" not in status["state"]


@requirement(
    "kubectl.status-crashing-sidecar",
    OBSERVED,
    since="1.29",
    scenario="kubectl-crashing",
    source=PRINTERS,
)
def test_status_crashing_sidecar(timeline: Timeline) -> None:
    """A running pod with a sidecar in back-off is shown as Init:CrashLoopBackOff or Init:Error.

    Sidecars after it are not counted as ready then.
    """
    (reading,) = [action for action in timeline.actions if action.name == "read"]
    assert reading.body["status"]["phase"] == "Running"
    assert_shown(timeline, "all run", "Status", "Running")
    assert_shown(timeline, "all run", "Ready", "3/3")
    shown = row(timeline, "in back-off")
    assert shown["Status"] in ("Init:CrashLoopBackOff", "Init:Error"), f"shown as {shown}"
    assert shown["Ready"] == "1/3", f"shown as {shown}"


@requirement(
    "kubectl.describe-node",
    MUST,
    since="1.29",
    scenario="kubectl-columns",
    needs=KUBECTL,
    source=BLOG,
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
    needs=KUBECTL,
    source=(
        ANNOTATIONS,
        "kubernetes/kubernetes staging/src/k8s.io/kubectl/pkg/cmd/util/podcmd/podcmd.go",
    ),
)
def test_default_container(timeline: Timeline) -> None:
    """Without -c kubectl picks the first regular container, or the sidecar that is annotated."""
    plain = timeline.action("logs by default").answer["output"]
    assert "I am app" in plain, f"kubectl logs printed {plain}"
    assert "I am sidecar" not in plain
    annotated = timeline.action("logs by annotation").answer["output"]
    assert "I am sidecar-1" in annotated, f"kubectl logs printed {annotated}"
    assert "I am app" not in annotated
