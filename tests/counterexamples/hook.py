"""Counter-examples to the checks of `conformance.checks.test_hook`."""

from __future__ import annotations

from fixtures.stage.staging import CLOSED
from tests.kit.edits import Edit, counterexample, mended


@counterexample("hook.exec", "the preStop command never runs")
def no_prestop_command(edit: Edit) -> None:
    edit.drop_line("by-exec", "PRESTOP")


@counterexample("hook.exec", "SIGTERM is sent before the preStop command has run")
def late_prestop_command(edit: Edit) -> None:
    edit.move_line("by-exec", "PRESTOP", after=("by-exec", "TERM"))


@counterexample("hook.exec", "the next container does not wait for the postStart command")
def unawaited_command(edit: Edit) -> None:
    edit.move_line("app", "START", before=("by-exec", "POSTSTART"))


@counterexample("hook.http", "the next container does not wait for the postStart request")
def unawaited_request(edit: Edit) -> None:
    edit.move_line("by-exec", "START", before=("server", "HOOK poststart"))


@counterexample("hook.http", "the postStart request is never sent")
def no_poststart_request(edit: Edit) -> None:
    edit.drop_line("server", "HOOK poststart")


@counterexample("hook.http", "SIGTERM is sent before the preStop request")
def late_prestop_request(edit: Edit) -> None:
    edit.move_line("server", "HOOK prestop", after=("by-http", "TERM"))


@counterexample("hook.https", "the hook is sent in plain text")
def plain_hook(edit: Edit) -> None:
    edit.rename_line("server", "HOOKED 22", "HOOKED 71")


@counterexample("hook.https", "SIGTERM is sent before the hook")
def late_tls_hook(edit: Edit) -> None:
    edit.move_line("server", "HOOKED 22", after=("server", "TERM"))


@counterexample("hook.https", "the hook is sent again in plain text")
def plain_again(edit: Edit) -> None:
    edit.add_line("server", "HOOKED 71", like=("server", "HOOKED 22"), seconds=0.5)


@mended("hook.deleted-in-poststart")
def stopped_at_once(edit: Edit) -> None:
    edit.shift_state("sidecar", "finishedAt", -45)


@counterexample("hook.deleted-in-poststart", "the kubelet waits for the end of the hook")
def deaf_in_hook(edit: Edit) -> None:
    edit.shift_state("sidecar", "finishedAt", 45)


@counterexample("hook.deleted-in-poststart", "the next container is started nevertheless")
def goes_on_starting(edit: Edit) -> None:
    status = edit.statuses("app")[-1]
    status["state"] = {"running": {"startedAt": "2030-01-01T00:00:00Z"}}
    status["containerID"] = "containerd://out-of-turn"


@counterexample("hook.deleted-in-poststart", "the sidecar is restarted, for its hook has failed")
def restarted_for_hook(edit: Edit) -> None:
    edit.statuses("sidecar")[-1]["restartCount"] = 1


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


@counterexample("hook.https-unverified", "the handshake of the postStart hook fails")
def post_start_handshake_fails(edit: Edit) -> None:
    edit.drop_line("server", "ASKED /poststart")


@counterexample("hook.https-unverified", "the handshake of the preStop hook fails")
def pre_stop_handshake_fails(edit: Edit) -> None:
    edit.drop_line("server", "ASKED /prestop")


@counterexample("hook.https-unverified", "the answer to the postStart hook does not count")
def hook_failed_in_spite(edit: Edit) -> None:
    for status in edit.statuses("hooked"):
        status["restartCount"] = 1
