"""Steps of the restart scenarios: what they wait for before they let a pod go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from conformance.scenarios.restart import observed, up_again
from fixtures.kubeapi.client import Answer
from fixtures.kubeapi.status import ContainerStatus

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

Json = dict[str, Any]

RESTARTED = {"restartCount": 1, "started": True, "ready": True}


class Shown:
    """A pod as the API shows it."""

    def __init__(self, observed: int | None, statuses: Json) -> None:
        self._status = {} if observed is None else {"observedGeneration": observed}
        self._statuses = statuses

    def pod(self, name: str) -> Json:
        """See Staging."""
        assert name == "a-pod"
        return {"status": self._status}

    def status(self, container: str, pod: str) -> ContainerStatus:
        """See Staging."""
        assert pod == "a-pod"
        return ContainerStatus(self._statuses.get(container, {}))


@pytest.mark.parametrize(
    ("early", "late", "expected"),
    [
        (RESTARTED, RESTARTED, True),
        (RESTARTED, RESTARTED | {"ready": False}, False),
        (RESTARTED | {"started": False}, RESTARTED, False),
        (RESTARTED, RESTARTED | {"restartCount": 0}, False),
        (RESTARTED, {}, False),
    ],
)
def test_sidecars_are_up_again_when_both_are_shown_so(
    early: Json, late: Json, *, expected: bool
) -> None:
    shown = cast("Staging", Shown(None, {"one-early": early, "zero-late": late}))
    assert up_again(shown, "a-pod") is expected


@pytest.mark.parametrize(
    ("told", "status", "expected"),
    [(2, 200, False), (3, 200, True), (4, 200, True), (None, 200, True), (2, 422, True)],
)
def test_a_change_is_waited_for_where_statuses_tell_of_changes(
    told: int | None, status: int, *, expected: bool
) -> None:
    change = Answer(status, {"metadata": {"generation": 3}})
    assert observed(cast("Staging", Shown(told, {})), "a-pod", change) is expected
