"""Counter-examples to the checks of `conformance.test_termination`."""

from __future__ import annotations

from tests.edits import Edit, counterexample


@counterexample("term.reverse-order", "the first sidecar is told to stop before the second ended")
def early_term(edit: Edit) -> None:
    edit.move_line("sidecar-1", "TERM", before=("sidecar-2", "EXIT"))


@counterexample("term.natural-never-onfailure", "the pod hangs: it never leaves Running")
def hangs(edit: Edit) -> None:
    for pod in edit.pods():
        pod["status"]["phase"] = "Running"
