"""When pods were seen to be Ready, and to be gone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from fixtures.errors import EnvironmentBrokenError
from fixtures.kubeapi.kinds import path_of
from fixtures.kubeapi.status import condition_of, phase_of, states_of
from fixtures.kubeapi.watch import ApiSource, Watch
from fixtures.patience import GONE, LISTS, STEP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from fixtures.kubeapi.client import Api
    from fixtures.patience import Patience

Json = dict[str, Any]


class Watching:
    """Watches the pods of a namespace within a block. Times are of the suite's clock, in ns."""

    def __init__(self, api: Api, namespace: str) -> None:
        source = ApiSource(api, path_of("Pod", namespace), api_version="v1", kind="Pod")
        self._watch = Watch(source, self._event, lambda *_: None)
        self._thread = threading.Thread(target=self._watch.follow, daemon=True)
        self._changed = threading.Condition()
        self._ready: dict[str, tuple[int, Json]] = {}
        self._gone: dict[str, tuple[int, Json]] = {}
        self._last: dict[str, Json] = {}

    def __enter__(self) -> Self:
        """Begin to watch. Raises EnvironmentBrokenError where the API server does not answer."""
        self._thread.start()
        if not self._watch.listed.wait(LISTS.seconds):
            self._watch.stop()
            raise EnvironmentBrokenError(f"pods cannot be watched: {self._watch.trouble}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Watch no more; the thread ends with what it is reading."""
        self._watch.stop()

    def _event(self, _: str, event: Json, at: int) -> None:
        pod = event["object"]
        name = pod["metadata"]["name"]
        with self._changed:
            self._last[name] = pod
            if event["type"] == "DELETED":
                self._gone.setdefault(name, (at, pod))
            elif condition_of(pod, "Ready").true:
                self._ready.setdefault(name, (at, pod))
            self._changed.notify_all()

    def until_ready(self, name: str) -> tuple[int, Json]:
        """Return when a pod was seen to be Ready first, and as what.

        Raises EnvironmentBrokenError where it is not in time.
        """
        return self._until(name, self._ready, STEP, "Ready")

    def until_gone(self, name: str) -> int:
        """Return when a pod was seen to be gone. Raises EnvironmentBrokenError as above."""
        return self._until(name, self._gone, GONE, "gone")[0]

    def _until(
        self, name: str, seen: Mapping[str, tuple[int, Json]], patience: Patience, what: str
    ) -> tuple[int, Json]:
        with self._changed:
            if self._changed.wait_for(lambda: name in seen, patience.seconds):
                return seen[name]
            pod = self._last.get(name, {})
        raise EnvironmentBrokenError(
            f"pod {name} is not {what} after {patience.seconds:.0f} s: "
            f"{phase_of(pod) or 'it was never seen'} ({states_of(pod)})"
        )
