"""Steps of scenarios. Security: the admission of pods with sidecars, and their namespaces."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.namespaces import RESTRICTED
from fixtures.kubeapi.status import has_ended
from fixtures.patience import USER_NAMESPACE
from fixtures.stage.scenario import scenario
from fixtures.stage.waits import WaitedInVainError

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

NO_SANDBOX = "FailedCreatePodSandBox"
"""The reason of the Events that tell of a sandbox which could not be made."""


@scenario("sec-psa", seconds=1, applies=False, level=RESTRICTED)
def sec_psa(staging: Staging) -> None:
    """Wait until the level of the namespace is in force, and ask for each pod."""
    regular = staging.documents[-1]

    def in_force() -> bool:
        answer = staging.api.request(
            "POST", path_of("Pod", staging.namespace), body=regular, query={"dryRun": "All"}
        )
        return answer.status == HTTPStatus.FORBIDDEN

    staging.until("the namespace to refuse a privileged pod", in_force)
    for document in staging.documents:
        staging.create(document, dry_run=True)


@scenario("sec-userns", seconds=4, refused=("sec-userns",))
def sec_userns(staging: Staging) -> None:
    """Let the pod run to its end, or until its node has said that it cannot run it.

    A kubelet whose runtime knows of no user namespaces says so at once. Another one has a runtime
    that fails.
    """

    def judged() -> bool:
        return has_ended(staging.pod() or {}) or any(
            event.get("reason") == NO_SANDBOX and "hostUsers" in event.get("message", "")
            for event in staging.objects("Event")
        )

    with suppress(WaitedInVainError):
        staging.until("the pod to end, or to be unable to run", judged, USER_NAMESPACE)
