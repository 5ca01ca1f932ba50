"""Recordings of a healthy cluster that is slow, or whose components tell late of what they do.

What tells late tells of its newest state only, so that a state which lasts for a short time may
never be shown. A scenario goes on when it has seen what it waits for: that alone is certain to be
shown. What is slow takes longer for everything, and keeps every order.
"""

from __future__ import annotations

import copy
import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fixtures.evidence.lines import CLOCK
from fixtures.evidence.recording import (
    ActionRecord,
    LogRecord,
    Recording,
    WaitRecord,
    WatchRecord,
)
from fixtures.kubeapi.status import container_status
from fixtures.kubeapi.times import SECOND, format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Json = dict[str, Any]

SAYS = " to say "
"""What stands between a container and its line in the words of a wait for a line."""

CAUGHT_UP = "all that has happened so far to be seen"
"""What the stage waits for in the end."""

PROMPT = ("Event", "Job")
"""Kinds of which all versions are shown: a Job is changed by none but its controller, which writes
each state that it brings about itself before it goes on."""

OF_OTHERS = ("DisruptionTarget",)
"""Conditions of a pod that its kubelet has no part in."""


def merged(recording: Recording) -> Recording:
    """Return the recording with only those states that its steps have waited for.

    What the stage waits for in the end, whatever the API shows by then, may show less as well.
    """
    # What passes time looks at nothing.
    waits = [one for one in recording.of(WaitRecord) if one.saw and one.what != CAUGHT_UP]
    versions: dict[str, list[WatchRecord]] = defaultdict(list)
    for record in recording.of(WatchRecord):
        if record.object["kind"] not in PROMPT:
            versions[record.object["metadata"]["uid"]].append(record)
    told: dict[int, WatchRecord | None] = {}
    for found in versions.values():
        certain = {0, *(_seen(found, wait) for wait in waits)}
        told |= zip(map(id, found), _told(found, certain.__contains__), strict=True)
    records = [told.get(id(record), record) for record in recording.records]
    kept = [record for record in records if record is not None]
    return Recording(recording.path, recording.header, kept, complete=True)


def _seen(versions: Sequence[WatchRecord], wait: WaitRecord) -> int:
    """Return the number of the version of an object that a wait has certainly seen.

    A line is read when a status has told of the instance that wrote it.
    """
    newest = max(bisect_left([record.at for record in versions], wait.ended) - 1, 0)
    container, says, _ = wait.what.partition(SAYS)
    if not says:
        return newest
    identity = container_status(versions[newest].object, container).id
    return next(
        number
        for number, record in enumerate(versions)
        if container_status(record.object, container).id == identity
    )


def _told(
    versions: Sequence[WatchRecord], certain: Callable[[int], bool]
) -> Iterator[WatchRecord | None]:
    """Yield each version of an object as it is shown, or None where it is not.

    What the API server itself has changed is there at once, with the state that was shown last.
    """
    shown = former = versions[0].object
    for number, record in enumerate(versions):
        if certain(number):
            shown = record.object
            yield record
        elif record.event["type"] == "DELETED" or _wanted(record.object) != _wanted(former):
            late = {**record.event, "object": _with_state(record.object, shown)}
            yield WatchRecord(at=record.at, event=late)
        else:
            yield None
        former = record.object


def _wanted(thing: Json) -> Json:
    """Return what an object is to be, and whether it is to go: the API server's own."""
    kept = ("deletionTimestamp", "deletionGracePeriodSeconds", "generation", "labels")
    metadata = {name: thing["metadata"].get(name) for name in kept}
    return {"metadata": metadata, "spec": thing.get("spec")}


def _with_state(thing: Json, shown: Json) -> Json:
    """Return an object with the state that another version of it shows."""
    late = copy.deepcopy(thing)
    for part in ("status", "endpoints", "ports"):
        late.pop(part, None)
        if part in shown:
            late[part] = copy.deepcopy(shown[part])
    if "conditions" in late.get("status", {}):
        conditions = [one for one in thing["status"]["conditions"] if one["type"] in OF_OTHERS]
        late["status"]["conditions"] += conditions
    return late


STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?P<rest>[.]\d+)?Z")
"""A time as the API tells it (RFC 3339)."""


def stretched(recording: Recording, factor: float) -> Recording:
    """Return the recording of a cluster on which everything takes so many times as long."""
    slow = _Slow(recording.header.at, factor)
    records = copy.deepcopy(recording.records)
    for record in records:
        record.at = slow.later(record.at)
        match record:
            case WatchRecord():
                record.event = slow.told(record.event)
            case ActionRecord():
                record.ended, record.answer = slow.later(record.ended), slow.told(record.answer)
            case WaitRecord():
                record.ended = slow.later(record.ended)
            case LogRecord():
                record.line, record.stamp = slow.said(record), slow.told(record.stamp)
    return Recording(recording.path, recording.header, records, complete=True)


@dataclass(frozen=True)
class _Slow:
    """A time that begins at `begun` (ns) and goes on `factor` times as slowly."""

    begun: int
    factor: float

    def later(self, at: int) -> int:
        """Return when it is what it would have been at a time (ns)."""
        return self.begun + round((at - self.begun) * self.factor)

    def told(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        """Return what the API tells then, with all the times in it."""
        if isinstance(value, dict):
            return {name: self.told(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.told(one) for one in value]
        stamp = STAMP.fullmatch(value) if isinstance(value, str) else None
        if stamp is None:
            return value
        text = format_time(self.later(parse_time(stamp[0])))
        return text if stamp["rest"] else re.sub(r"[.]\d+", "", text)

    def said(self, record: LogRecord) -> str:
        """Return a line with the uptime that is read then: the clock of a node goes as ever."""
        match = CLOCK.fullmatch(record.line)
        if match is None:
            return record.line
        stamp = parse_time(record.stamp)
        uptime = float(f"{match['seconds']}.{match['hundredths']}")
        return f"{match['text']} {uptime + (self.later(stamp) - stamp) / SECOND:.2f}"
