"""Steps of the probe scenarios: how often sidecars are asked before what follows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from conformance.scenarios.probe import OFTEN, PASSING, all_asked

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging


class Heard:
    """What the sidecars have said."""

    name = "a-pod"

    def __init__(self, **asked: int) -> None:
        self._asked = asked
        self.sight = SimpleNamespace(lines=self._lines)

    def _lines(self, pod: str, container: str) -> list[str]:
        assert pod == "a-pod"
        return ["START 1.0", *[f"ASKED {number}.5" for number in range(self._asked[container])]]


def test_each_sidecar_is_to_be_asked_often_enough() -> None:
    assert all_asked(cast("Staging", Heard(**OFTEN)))
    for name in PASSING:
        assert not all_asked(cast("Staging", Heard(**OFTEN | {name: OFTEN[name] - 1})))
