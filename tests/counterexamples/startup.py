"""Counter-examples to the checks of `conformance.test_startup`."""

from __future__ import annotations

from tests.edits import Edit, counterexample


@counterexample("startup.list-order", "the second init container starts before the first sidecar")
def swapped(edit: Edit) -> None:
    edit.move_line("init-2", "START", before=("sidecar-1", "START"))


@counterexample("startup.startup-probe-gates-next", "the next entry does not wait for the probe")
def ungated(edit: Edit) -> None:
    edit.move_line("init-2", "START", before=("sidecar-1", "UP"))
