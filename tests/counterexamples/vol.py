"""Counter-examples to the checks of `conformance.checks.test_vol`."""

from __future__ import annotations

from tests.kit.edits import Edit, counterexample


@counterexample("vol.shared-emptydir", "a later container finds no file")
def unseen(edit: Edit) -> None:
    edit.rename_line("setup", "READ whole", "READ")


@counterexample("vol.shared-emptydir", "the file is lost when the sidecar is restarted")
def lost(edit: Edit) -> None:
    edit.rename_line("sidecar", "FOUND whole", "FOUND")


@counterexample("vol.subpath", "the part is another directory than it says")
def elsewhere(edit: Edit) -> None:
    edit.rename_line("app", "READ whole part own", "READ whole part")


@counterexample("vol.subpath", "the part is empty after the restart")
def emptied(edit: Edit) -> None:
    edit.rename_line("sidecar", "FOUND whole part own", "FOUND whole")


@counterexample("vol.sa-token", "the token is not mounted")
def no_token(edit: Edit) -> None:
    edit.rename_line("sidecar", "TOKEN", "NO TOKEN")
