"""Counter-examples to the checks of `conformance.checks.test_sec`."""

from __future__ import annotations

from tests.kit.edits import Edit, counterexample


@counterexample("sec.psa-applies", "a privileged sidecar is admitted")
def admitted(edit: Edit) -> None:
    edit.action("create", name="sec-psa-sidecar").answer.update(
        edit.action("create", name="sec-psa-restricted").answer
    )


@counterexample("sec.psa-applies", "a sidecar is refused that asks for nothing")
def refused(edit: Edit) -> None:
    edit.action("create", name="sec-psa-restricted").answer.update(
        edit.action("create", name="sec-psa-sidecar").answer
    )


@counterexample("sec.own-context", "the sidecar runs as the pod's user")
def wrong_user(edit: Edit) -> None:
    edit.rename_line("sidecar", "USER 1001", "USER 1000")


@counterexample("sec.own-context", "the sidecar's read-only root applies to the app")
def spread(edit: Edit) -> None:
    edit.rename_line("app", "WRITABLE", "READ-ONLY")


@counterexample("sec.status-user", "only the app's status tells a user")
def untold_user(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        status.pop("user", None)


@counterexample("sec.status-user", "the sidecar is told to be the pod's user")
def user_of_pod(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        if "user" in status:
            status["user"]["linux"]["uid"] = 1000


@counterexample("sec.share-pid", "the sidecar has a process namespace of its own")
def hidden(edit: Edit) -> None:
    edit.drop_line("app", "SEES sidecar")


@counterexample("sec.share-pid", "the sidecar does not see the app's process")
def blind(edit: Edit) -> None:
    edit.drop_line("sidecar", "SEES app")
