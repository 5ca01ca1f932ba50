"""Steps of scenarios. Security: the admission of pods with sidecars."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.namespaces import RESTRICTED
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


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
