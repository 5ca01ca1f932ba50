"""Counter-examples to the checks of `conformance.checks.test_kubectl`."""

from __future__ import annotations

from fixtures.stage.staging import CLOSED
from tests.kit.edits import Edit, counterexample


def show(edit: Edit, stage: str, column: str, text: str) -> None:
    """Let a cell have been printed as `text`."""
    table = edit.action(stage).answer["body"]
    names = [one["name"] for one in table["columnDefinitions"]]
    table["rows"][0]["cells"][names.index(column)] = text


@counterexample("kubectl.ready-column", "sidecars are not counted in the total")
def uncounted(edit: Edit) -> None:
    show(edit, "first sidecar runs", "Ready", "0/1")


@counterexample("kubectl.ready-column", "sidecars are not counted as ready")
def unready(edit: Edit) -> None:
    show(edit, "ready", "Ready", "1/3")


@counterexample("kubectl.status-init-progress", "a started sidecar does not advance the count")
def stuck(edit: Edit) -> None:
    show(edit, "first sidecar started", "Status", "Init:0/3")


@counterexample("kubectl.status-init-progress", "sidecars are not among the init containers")
def shortened(edit: Edit) -> None:
    show(edit, "first sidecar runs", "Status", "Init:0/1")


@counterexample("kubectl.restarts-column", "the restarts of sidecars are not counted")
def fewer(edit: Edit) -> None:
    show(edit, "ready", "Restarts", "1 (5s ago)")


@counterexample("kubectl.restarts-column", "those of plain init containers are counted for ever")
def more(edit: Edit) -> None:
    show(edit, "ready", "Restarts", "3 (5s ago)")


@counterexample("kubectl.completed", "the pod is shown by the end of its sidecar")
def shown_as_error(edit: Edit) -> None:
    show(edit, "finished", "Status", "Error")


@counterexample("kubectl.status-crashing-sidecar", "the pod is shown as Running")
def concealed(edit: Edit) -> None:
    show(edit, "in back-off", "Status", "Running")


@counterexample("kubectl.status-crashing-sidecar", "the later sidecar is counted as ready")
def counted(edit: Edit) -> None:
    show(edit, "in back-off", "Ready", "2/3")


@counterexample("kubectl.describe-node", "what sidecars request is left out of the sum")
def left_out(edit: Edit) -> None:
    answer = edit.action("describe node").answer
    answer["output"] = answer["output"].replace(" 12m (", " 5m (").replace(" 12Mi (", " 5Mi (")


@counterexample("kubectl.default-container", "kubectl picks the first sidecar by itself")
def picks_sidecar(edit: Edit) -> None:
    edit.action("logs by default").answer["output"] = "I am sidecar-1\n"


@counterexample("kubectl.default-container", "the annotation cannot name a sidecar")
def ignored(edit: Edit) -> None:
    edit.action("logs by annotation").answer["output"] = "I am app\n"


@counterexample("kubectl.unknown-status", "the API server panics")
def panics(edit: Edit) -> None:
    edit.action("patch").answer = {
        "status": CLOSED,
        "body": {"message": "the API server closed the connection twice, and answers others"},
    }


@counterexample("kubectl.unknown-status", "it has no row")
def no_row(edit: Edit) -> None:
    edit.action("patch").answer["body"] = {"kind": "Pod"}
