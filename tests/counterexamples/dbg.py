"""Counter-examples to the checks of `conformance.checks.test_dbg`."""

from __future__ import annotations

from http import HTTPStatus

from tests.kit.edits import Edit, counterexample


@counterexample("dbg.exec-logs-attach", "exec is refused while the pod is initialising")
def no_exec(edit: Edit) -> None:
    argv = ["sh", "-c", "echo from inside; exit 5"]
    edit.action("exec", argv=argv).answer = {"error": "container not found"}


@counterexample("dbg.exec-logs-attach", "attaching shows nothing")
def no_attach(edit: Edit) -> None:
    edit.action("attach").answer = {"output": ""}


@counterexample("dbg.exec-logs-attach", "there is no previous log")
def no_previous(edit: Edit) -> None:
    edit.action("previous log").answer.update(
        status=HTTPStatus.BAD_REQUEST,
        body={"kind": "Status", "message": "previous container not found"},
    )


@counterexample(
    "dbg.exec-logs-attach", "the log of the present instance is given as the previous one"
)
def wrong_log(edit: Edit) -> None:
    edit.action("previous log").answer["body"] = "START\nTICK\n"


@counterexample("dbg.ephemeral-target", "a sidecar is no valid target")
def no_target(edit: Edit) -> None:
    edit.action("patch", name="dbg-init").answer.update(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        body={"kind": "Status", "message": "targetContainerName: Not found"},
    )


@counterexample("dbg.ephemeral-target", "the ephemeral container sees only its own processes")
def alone(edit: Edit) -> None:
    edit.rename_line("debugger", "sh -c trap", "sh -c tr")


@counterexample("dbg.ephemeral-target", "it is not started before the initialisation is over")
def held_back(edit: Edit) -> None:
    edit.never_started("debugger")
