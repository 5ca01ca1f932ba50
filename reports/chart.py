"""What a timeline looks like: lanes with bars and marks on one time axis, for any way to show it.

Times are in seconds since the suite began to stage the scenario, by its clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fixtures.evidence.recording import OutageRecord, WaitRecord, WatchRecord
from fixtures.evidence.skews import clock_of_event
from fixtures.kubeapi.times import SECOND, parse_time
from fixtures.words import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fixtures.evidence.instances import Instance
    from fixtures.evidence.moments import Moment, Point
    from fixtures.evidence.objects import Event, Object
    from fixtures.evidence.pods import Container, Pod
    from fixtures.evidence.timeline import Action, Timeline

USUAL_WAITS = {"", "PodInitializing", "ContainerCreating"}
"""Why a container waits where nothing is wrong with it."""

UNTOLD_CONDITIONS = {"PodScheduled", "PodReadyToStartContainers", "ContainersReady"}
"""Conditions of a pod that follow from what is shown anyway."""

EVENTS = {
    "Unhealthy": "probe",
    "ProbeWarning": "probe",
    "FailedPostStartHook": "hook-failed",
    "FailedPreStopHook": "hook-failed",
    "BackOff": "wait",
    "Killing": "kill",
    "Failed": "trouble",
    "FailedMount": "trouble",
    "FailedScheduling": "trouble",
    "FailedCreatePodSandBox": "trouble",
    "Evicted": "kill",
    "Preempted": "kill",
}
"""The kinds of mark by the reasons of those Events that are shown."""

HOOKS = ("HOOK", "PRESTOP", "POSTSTART")
"""How the lines begin that hooks of the scenarios write."""

SIGNALS = ("TERM", "INT", "SIGTERM")
"""How the lines begin that containers write when they get a signal."""


@dataclass(frozen=True)
class Bar:
    """Something that lasted: `kind` is how it is drawn, `label` stands in it."""

    begin: float
    end: float
    kind: str
    label: str
    text: str
    """What it was, as a clause."""


@dataclass(frozen=True)
class Mark:
    """Something that happened: `label` is short, `text` is a clause."""

    at: float
    kind: str
    label: str
    text: str


@dataclass
class Lane:
    """One line of a chart; `name` is the subject of its moments where it is a container's."""

    name: str
    kind: str
    """`suite`, `object`, `pod`, `condition`, or the kind of a container."""
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True)
class Chart:
    """The lanes of one scenario. `begun` is the origin of its times (ns since the epoch)."""

    scenario: str
    seconds: float
    begun: int
    lanes: Sequence[Lane]

    def since_begun(self, stamp: str) -> float:
        """Return the seconds of a stamp (RFC 3339)."""
        return (parse_time(stamp) - self.begun) / SECOND

    def lane_of(self, point: Point) -> Lane | None:
        """Return the lane of the container that a moment is about; None where it is about none."""
        subject, instance, _ = point.what.partition("#")
        return next((lane for lane in self.lanes if instance and lane.name == subject), None)

    def holds(self, point: Point) -> bool:
        """Tell whether a moment that is about a container is one of this scenario.

        Scenarios are staged side by side, and containers of several may have one name: what one
        said is sought among what its lane holds.
        """
        lane = self.lane_of(point)
        if lane is None:
            return False
        begin, end = self.since_begun(point.earliest) - 1, self.since_begun(point.latest) + 1
        clause = "#" + point.what.partition("#")[2]
        if " said " not in clause:
            return end >= 0 and begin <= self.seconds
        words = clause.removesuffix("'")
        return any(mark.text.startswith(words) and begin <= mark.at <= end for mark in lane.marks)


def chart(timeline: Timeline) -> Chart:
    """Return the chart of a scenario."""
    return _Drawer(timeline).draw()


class _Drawer:
    """Draws one timeline."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._begun = timeline.begun
        self._end = timeline.recording.seconds

    def draw(self) -> Chart:
        """Return the chart."""
        lanes = [self._suite(), *self._objects()]
        for pod in self._timeline.pods:
            lanes += self._pod(pod)
        seconds = max([self._end, *self._times(lanes)])
        return Chart(self._timeline.recording.scenario, seconds, self._begun, lanes)

    @staticmethod
    def _times(lanes: Iterable[Lane]) -> Iterator[float]:
        for lane in lanes:
            yield from (bar.end for bar in lane.bars)
            yield from (mark.at for mark in lane.marks)

    def _at(self, nanoseconds: int) -> float:
        return max((nanoseconds - self._begun) / SECOND, 0.0)

    def _seen(self, moment: Moment) -> float:
        return self._at(moment.latest)

    def _suite(self) -> Lane:
        lane = Lane("suite", "suite")
        for action in self._timeline.actions:
            words = _action(action)
            at, end = self._seen(action.begun), self._seen(action.moment)
            lane.marks.append(Mark(at, "action", action.name, words))
            if end - at >= 1:
                lane.bars.append(Bar(at, end, "action", "", f"{action.name} lasted"))
        for record in self._timeline.recording.records:
            if isinstance(record, WaitRecord) and not record.met:
                words = f"waited in vain for {record.what}; saw {record.saw}"
                lane.marks.append(Mark(self._at(record.ended), "trouble", "in vain", words))
            if isinstance(record, OutageRecord):
                begin, end = self._at(record.at), self._at(record.ended)
                words = f"the API server did not answer: {record.reason}"
                lane.bars.append(Bar(begin, end, "trouble", "no answer", words))
        return lane

    def _objects(self) -> Iterator[Lane]:
        """Yield a lane for each object beside the pods that has conditions."""
        watched = (record.object["kind"] for record in self._timeline.recording.of(WatchRecord))
        kinds = [kind for kind in dict.fromkeys(watched) if kind not in ("Pod", "Event", "Node")]
        for kind in kinds:
            for thing in self._timeline.objects(kind):
                lane = Lane(f"{kind} {thing.name}", "object")
                for name in _condition_types(thing):
                    for seen in thing.conditions(name):
                        text = f"became {name}"
                        if seen.value.true:
                            lane.marks.append(Mark(self._seen(seen.moment), "true", name, text))
                if lane.marks:
                    yield lane

    def _pod(self, pod: Pod) -> Iterator[Lane]:
        prefix = "" if pod.alone else f"{pod.name} "
        yield self._phases(pod, f"{prefix}phase")
        for name in _condition_types(pod):
            if name not in UNTOLD_CONDITIONS:
                yield self._condition(pod, name, f"{prefix}{name}")
        for container in pod.containers.values():
            yield self._container(container)

    def _phases(self, pod: Pod, name: str) -> Lane:
        lane = Lane(name, "pod")
        phases = pod.history(lambda version: version.phase, "phase")
        ends = [*(self._seen(seen.moment) for seen in phases[1:]), self._last(pod)]
        for seen, end in zip(phases, ends, strict=True):
            words = f"became {seen.value or 'empty'}"
            kind = f"phase-{seen.value.lower() or 'none'}"
            lane.bars.append(Bar(self._seen(seen.moment), end, kind, seen.value, words))
        for version in pod.versions:
            if version.being_deleted:
                at = self._at(version.seen)
                lane.marks.append(Mark(at, "kill", "deletion", "it is being deleted"))
                break
        if pod.last.event == "DELETED":
            lane.marks.append(Mark(self._last(pod), "exit", "removed", "it was removed"))
        for event in self._timeline.events(pod=pod.name):
            if not event.container and event.about.get("uid") == pod.uid:
                lane.marks += self._event(event)
        return lane

    def _last(self, pod: Pod) -> float:
        gone = pod.last.event == "DELETED"
        return self._at(pod.last.seen) if gone else max(self._end, self._at(pod.last.seen))

    def _condition(self, pod: Pod, name: str, lane_name: str) -> Lane:
        lane = Lane(lane_name, "condition")
        values: list[tuple[float, str, str]] = []
        for seen in pod.conditions(name):
            told = (seen.value.status, seen.value.reason)
            if not values or values[-1][1:] != told:  # messages change more often
                values.append((self._seen(seen.moment), *told))
        ends = [*(at for at, _, _ in values[1:]), self._last(pod)]
        for (at, status, reason), end in zip(values, ends, strict=False):
            words = f"became {status} ({reason})" if reason else f"became {status}"
            kind = "true" if status == "True" else "false"
            lane.bars.append(Bar(at, max(end, at), kind, "", words))
        return lane

    def _container(self, container: Container) -> Lane:
        lane = Lane(str(container), container.kind)
        instances = container.instances
        for number, instance in enumerate(instances):
            if instance.ever_started:
                following = instances[number + 1 : number + 2]
                self._instance(lane, instance, following, container)
        self._waits(lane, container)
        for what, kinds in (("started", ("started", "stopped")), ("ready", ("ready", "unready"))):
            previous = False
            for seen in container.statuses:
                now = bool(seen.value.started if what == "started" else seen.value.ready)
                if now != previous:
                    kind = kinds[0] if now else kinds[1]
                    words = f"{'counts' if now else 'no longer counts'} as {what}"
                    lane.marks.append(Mark(self._seen(seen.moment), kind, "", words))
                previous = now
        for event in self._timeline.events(pod=container.pod.name, container=container.name):
            if event.about.get("uid") == container.pod.uid:
                lane.marks += self._event(event)
        return lane

    def _instance(
        self,
        lane: Lane,
        instance: Instance,
        following: Sequence[Instance],
        container: Container,
    ) -> None:
        lines = [(self._seen(instance.written(line, "")), line.text) for line in instance.log.lines]
        begin = _within(instance.started, self._at, lines[:1])
        end = max(self._last(container.pod), begin)
        ended = "exitCode" in instance.state
        if ended:
            end = max(_within(instance.finished, self._at, lines[-1:]), begin)
        elif following and following[0].ever_started:
            end = max(self._seen(following[0].started), begin)
        number = f"#{instance.number}"
        lane.bars.append(Bar(begin, end, "run", number, f"{number} ran"))
        lane.marks += [
            Mark(at, _kind(text), one_line(text), f"{number} said {one_line(text)!r}")
            for at, text in lines
        ]
        if ended:
            words = f"{number} ended with exit code {instance.exit_code} {instance.reason}".rstrip()
            kind = "failed" if instance.exit_code else "exit"
            lane.marks.append(Mark(end, kind, f"exit {instance.exit_code}", words))

    def _waits(self, lane: Lane, container: Container) -> None:
        """Add bars for back-offs, and for whatever else keeps the container from running."""
        seen = [(self._seen(one.moment), one.value) for one in container.statuses]
        ends = [*(at for at, _ in seen[1:]), self._last(container.pod)]
        for (at, status), end in zip(seen, ends, strict=False):  # no status, no bar
            if status.waiting and status.reason not in USUAL_WAITS:
                words = f"waits: {status.reason}"
                lane.bars.append(Bar(at, max(end, at), "wait", status.reason, words))

    def _event(self, event: Event) -> Iterator[Mark]:
        kind = EVENTS.get(event.reason)
        stamps = [event.raw.get(key) for key in ("firstTimestamp", "lastTimestamp")]
        if kind is None:
            return
        often = f" ({event.count} times)" if event.count > 1 else ""
        words = one_line(f"event {event.reason}{often}: {event.message}")
        reporter = clock_of_event(event.raw)
        for stamp in sorted(set(filter(None, stamps)), key=parse_time):
            moment = self._timeline.clocks.second(stamp, words, "event", reporter)
            # It is known to a second; its middle is in the place that is least wrong.
            middle = moment.earliest + (moment.width + 1) // 2
            yield Mark(self._at(middle), kind, event.reason, words)


def _action(action: Action) -> str:
    target = action.arguments.get("name") or action.arguments.get("container") or ""
    code = f", answered {action.status}" if action.status else ""
    return one_line(f"did {action.name} {target}".rstrip() + code)


def _condition_types(thing: Object) -> list[str]:
    return list(dict.fromkeys(name for version in thing.versions for name in version.conditions))


def _within(moment: Moment, at: Callable[[int], float], line: Sequence[tuple[float, str]]) -> float:
    """Return a time in a whole second of the status: as near as can be to a line of the log."""
    earliest, latest = at(moment.earliest), at(moment.latest)
    return min(max(line[0][0], earliest), latest) if line else (earliest + latest) / 2


def _kind(line: str) -> str:
    if line.startswith(HOOKS):
        return "hook"
    return "signal" if line.split(" ", 1)[0] in SIGNALS else "said"
