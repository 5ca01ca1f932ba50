"""Steps of the Jobs: which of their pods is the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from conformance.scenarios.job import ready_pods

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

Json = dict[str, Any]


class Seen:
    """What the API shows: the first pod is being deleted, which is not told yet."""

    def __init__(self, **ready: str) -> None:
        self._ready = ready

    def objects(self, kind: str) -> list[Json]:
        """See Staging."""
        assert kind == "Pod"
        return [{"metadata": {"name": name}} for name in self._ready]

    def condition(self, kind: str, name: str) -> str:
        """See Staging."""
        assert kind == "Ready"
        return self._ready[name]


def test_a_pod_that_is_shown_ready_for_long_is_not_the_new_one() -> None:
    seen = cast("Staging", Seen(first="True", second="False"))
    assert ready_pods(seen) == ["first"]
    assert ready_pods(seen, former="first") == []
    both = cast("Staging", Seen(first="True", second="True"))
    assert ready_pods(both, former="first") == ["second"]
