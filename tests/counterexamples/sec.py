"""Counter-examples to the checks of `conformance.checks.test_sec`."""

from __future__ import annotations

from fixtures.evidence.recording import LogRecord
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


@counterexample("sec.status-user", "the sidecar is told to have the pod's group")
def group_of_pod(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        if "user" in status:
            status["user"]["linux"]["gid"] = 2000


@counterexample("sec.status-user", "the group of the pod's volumes is left out")
def fewer_groups(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        if "user" in status:
            status["user"]["linux"]["supplementalGroups"].remove(5000)


@counterexample("sec.groups", "the sidecar has the pod's group")
def wrong_group(edit: Edit) -> None:
    edit.rename_line("sidecar", "GROUPS 3000", "GROUPS 2000")


@counterexample("sec.groups", "the sidecar's group is that of the app as well")
def group_of_all(edit: Edit) -> None:
    edit.rename_line("app", "GROUPS 2000", "GROUPS 3000")


@counterexample("sec.groups", "the sidecar lacks the group of its volumes")
def lacks_group(edit: Edit) -> None:
    edit.rename_line("sidecar", "GROUPS 3000 4000 5000", "GROUPS 3000 4000")


@counterexample("sec.groups", "the volumes have no group")
def volume_of_nobody(edit: Edit) -> None:
    edit.rename_line("sidecar", "VOLUME 5000", "VOLUME 0")


@counterexample("sec.confined", "the sidecar lacks its capability")
def no_capability(edit: Edit) -> None:
    edit.rename_line("sidecar", "CONFINED 0000000000000400", "CONFINED 0000000000000000")


@counterexample("sec.confined", "the app has the sidecar's capability")
def capability_of_all(edit: Edit) -> None:
    edit.rename_line("app", "CONFINED 0000000000000000", "CONFINED 0000000000000400")


@counterexample("sec.confined", "the sidecar may gain privileges")
def escalates(edit: Edit) -> None:
    edit.rename_line("sidecar", "CONFINED 0000000000000400 1 2", "CONFINED 0000000000000400 0 2")


@counterexample("sec.confined", "no filter holds for the sidecar")
def unfiltered(edit: Edit) -> None:
    edit.rename_line("sidecar", "CONFINED 0000000000000400 1 2", "CONFINED 0000000000000400 1 0")


@counterexample("sec.share-pid", "the sidecar has a process namespace of its own")
def hidden(edit: Edit) -> None:
    edit.drop_line("app", "SEES sidecar")


@counterexample("sec.share-pid", "the sidecar does not see the app's process")
def blind(edit: Edit) -> None:
    edit.drop_line("sidecar", "SEES app")


@counterexample("sec.share-pid", "the sidecar's process is not told to stop")
def untold(edit: Edit) -> None:
    edit.drop_line("sidecar", "TERM")


@counterexample("sec.share-pid", "it is killed in the end")
def killed(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        for state in (status["state"], status.get("lastState") or {}):
            if "terminated" in state:
                state["terminated"]["exitCode"] = 137


@counterexample("sec.user-namespace", "root of the sidecar is root of the node")
def root_of_node(edit: Edit) -> None:
    mapped(edit, "sidecar", "USERS", "0 0 4294967295")


@counterexample("sec.user-namespace", "groups of the app are those of the node")
def groups_of_node(edit: Edit) -> None:
    mapped(edit, "app", "GROUPS", "0 0 4294967295")


@counterexample("sec.user-namespace", "the sidecar has few users of its own")
def few_users(edit: Edit) -> None:
    mapped(edit, "sidecar", "USERS", "0 65536 1000")


@counterexample("sec.user-namespace", "the sidecar is in a namespace that the app is not in")
def apart(edit: Edit) -> None:
    mapped(edit, "sidecar", "NAMESPACE", "user:[1]")


@counterexample("sec.user-namespace", "the sidecar of a pod that runs is never started")
def never_started(edit: Edit) -> None:
    edit.drop_line("sidecar", "USERS")


def mapped(edit: Edit, container: str, word: str, new: str) -> None:
    """Let a container have told something else of its namespace."""
    (line,) = [
        one
        for one in edit.of(LogRecord)
        if one.container == container and one.line.startswith(f"{word} ")
    ]
    line.line = f"{word} {new}"
