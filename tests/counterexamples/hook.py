"""Counter-examples to the checks of `conformance.checks.test_hook`."""

from __future__ import annotations

from fixtures.stage.staging import CLOSED
from tests.kit.edits import Edit, counterexample


@counterexample("hook.exec", "the preStop command never runs")
def no_prestop_command(edit: Edit) -> None:
    edit.drop_line("by-exec", "PRESTOP")


@counterexample("hook.exec", "SIGTERM is sent before the preStop command has run")
def late_prestop_command(edit: Edit) -> None:
    edit.move_line("by-exec", "PRESTOP", after=("by-exec", "TERM"))


@counterexample("hook.http", "the postStart request is never sent")
def no_poststart_request(edit: Edit) -> None:
    edit.drop_line("server", "HOOK poststart")


@counterexample("hook.http", "SIGTERM is sent before the preStop request")
def late_prestop_request(edit: Edit) -> None:
    edit.move_line("server", "HOOK prestop", after=("by-http", "TERM"))


@counterexample("hook.sleep", "the API server panics when the template is changed")
def panics(edit: Edit) -> None:
    edit.action("patch").answer = {
        "status": CLOSED,
        "body": {"message": "the API server closed the connection twice, and answers others"},
    }


@counterexample("hook.sleep", "the app does not wait for the hook")
def sleepless(edit: Edit) -> None:
    edit.move_line("app", "START", after=("sidecar", "START"))


@counterexample("hook.sleep", "the hook is taken for a failed one")
def failed_hook(edit: Edit) -> None:
    for pod in edit.pods():
        pod["status"]["phase"] = "Failed"
