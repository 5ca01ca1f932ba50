"""Counter-examples to the checks of `conformance.checks.test_hook`."""

from __future__ import annotations

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
