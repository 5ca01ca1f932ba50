"""Counter-examples to the checks of `conformance.checks.test_vol`."""

from __future__ import annotations

from tests.kit.edits import Edit, counterexample


@counterexample("vol.shared-emptydir", "a later container finds no file")
def unseen(edit: Edit) -> None:
    edit.rename_line("setup", "READ whole", "READ")


@counterexample("vol.shared-emptydir", "the file is lost when the sidecar is restarted")
def lost(edit: Edit) -> None:
    edit.rename_line("sidecar", "FOUND whole", "FOUND")


@counterexample("vol.shared-memory", "a later container finds no file")
def unseen_in_memory(edit: Edit) -> None:
    edit.rename_line("app", "READ FAST fast", "READ FAST")


@counterexample("vol.shared-memory", "an init container may write")
def writable(edit: Edit) -> None:
    edit.rename_line("setup", "READ-ONLY", "WRITABLE")


@counterexample("vol.shared-memory", "the file is lost when the sidecar is restarted")
def lost_in_memory(edit: Edit) -> None:
    edit.rename_line("sidecar", "FOUND FAST fast", "FOUND FAST")


@counterexample("vol.subpath", "the part is another directory than it says")
def elsewhere(edit: Edit) -> None:
    edit.rename_line("app", "READ whole part own", "READ whole part")


@counterexample("vol.subpath", "the part is empty after the restart")
def emptied(edit: Edit) -> None:
    edit.rename_line("sidecar", "FOUND whole part own", "FOUND whole")


@counterexample("vol.sa-token", "the token is not mounted")
def no_token(edit: Edit) -> None:
    edit.rename_line("sidecar", "TOKEN", "NO TOKEN")


@counterexample("vol.status-mounts", "the status has no mounts")
def no_mounts(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        status.pop("volumeMounts", None)


@counterexample("vol.status-mounts", "the status leaves a mount out")
def fewer_mounts(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        status["volumeMounts"].pop(0)


@counterexample("vol.status-mounts", "a mount that is not read-only is shown as such")
def wrongly_read_only(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        status["volumeMounts"][0].update(readOnly=True, recursiveReadOnly="Disabled")


@counterexample("vol.status-mounts", "a mount is shown to be read-only recursively")
def wrongly_recursive(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        status["volumeMounts"][-1]["recursiveReadOnly"] = "Enabled"


@counterexample("vol.status-mounts", "a mount that is not read-only is shown to be so recursively")
def recursive_and_writable(edit: Edit) -> None:
    for status in edit.statuses("sidecar"):
        status["volumeMounts"][0]["recursiveReadOnly"] = "Disabled"


@counterexample("vol.updated", "a changed ConfigMap is not seen by a sidecar that runs")
def map_not_updated(edit: Edit) -> None:
    edit.drop_line("sidecar", "CHANGED map/word")


@counterexample("vol.updated", "a changed Secret is not seen in a projected volume")
def projected_not_updated(edit: Edit) -> None:
    edit.drop_line("sidecar", "CHANGED all/secret")


@counterexample("vol.downward-updated", "a changed label is not seen by a sidecar that runs")
def label_not_updated(edit: Edit) -> None:
    edit.drop_line("sidecar", "CHANGED pod/word")


@counterexample("vol.subpath-kept", "what is mounted by subPath changes as well")
def part_updated(edit: Edit) -> None:
    edit.rename_line("sidecar", "KEPT first", "KEPT second")
