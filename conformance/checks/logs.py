"""What checks of several areas read of logs that the suite has asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Action

REMOVED = "unable to retrieve container logs for "
"""What a kubelet answers for the log of a container that the runtime has no longer."""


def text_of(log: Action) -> str:
    """Return the text of a log that was answered, which is asserted.

    Raises InconclusiveError where the container was removed meanwhile: a kubelet keeps an ended one
    for as long as it likes, that of an initialising pod until it looks at the pod again
    (pruneInitContainersBeforeStart in pkg/kubelet/kuberuntime/kuberuntime_container.go).
    """
    assert log.accepted, f"the {log.name} was answered {log.status}"
    text = str(log.answer["body"])
    if text.startswith(REMOVED):
        raise InconclusiveError(f"the container was removed before the {log.name} could be read")
    return text
