"""Counter-examples to the checks of `conformance.test_classic`."""

from __future__ import annotations

from tests.edits import Edit, counterexample


@counterexample("job.classic-sidecar-blocks-completion", "the Job completes beside its helper")
def completes(edit: Edit) -> None:
    status = edit.action("read")["answer"]["body"]["status"]
    status.update(active=0, succeeded=1, conditions=[{"type": "Complete", "status": "True"}])


@counterexample("job.classic-sidecar-blocks-completion", "the helper is stopped like a sidecar")
def stopped(edit: Edit) -> None:
    done = edit.statuses("work")[-1]["state"]
    edit.statuses("helper")[-1]["state"] = done
