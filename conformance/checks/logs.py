"""What checks of several areas read of logs that the suite has asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Action

REMOVED = "unable to retrieve container logs for "
"""What a kubelet answers for the log of a container that the runtime has no longer."""


def log_text(log: Action) -> str | None:
    """Return the text of a log that was answered; None where its container was removed before."""
    text = str(log.answer["body"])
    return None if text.startswith(REMOVED) else text


def text_of(log: Action) -> str:
    """Return the text of a log that was answered, which is asserted.

    Raises InconclusiveError where the container was removed meanwhile: a kubelet keeps an ended one
    of an initialising pod until it looks at the pod again (pruneInitContainersBeforeStart in
    pkg/kubelet/kuberuntime/kuberuntime_container.go).
    """
    assert log.accepted, f"the {log.name} was answered {log.status}"
    text = log_text(log)
    if text is None:
        raise InconclusiveError(f"the container was removed before the {log.name} could be read")
    return text
