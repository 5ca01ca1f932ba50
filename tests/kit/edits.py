"""Making counter-examples: a good recording, and words to break it with.

@counterexample("term.reverse-order", "the first sidecar is told to stop before the second")
def early_term(edit: Edit) -> None:
edit.move_line("sidecar-1", "TERM", before=("sidecar-2", "EXIT"))
"""

from __future__ import annotations

import copy
import gzip
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fixtures.evidence.lines import CLOCK
from fixtures.evidence.recording import (
    ActionRecord,
    InstanceRecord,
    LogEndRecord,
    LogRecord,
    Record,
    Recording,
    WatchRecord,
    parse,
)
from fixtures.kubeapi.times import SECOND, parse_time

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

    Json = dict[str, Any]

RECORDINGS = Path(__file__).parents[1] / "recordings"

STAND_INS = {
    "mesh-linkerd": {"mesh-linkerd-substitute": "mesh-linkerd"},
    "mesh-linkerd-rollout": {
        "mesh-istio-rollout": "mesh-linkerd-rollout",
        "istio-proxy": "linkerd-proxy",
    },
}
"""Scenarios that no registry of packages has the software of, and what stands for their recordings.

The first word is the scenario whose recording it is. All words in it become the others.
"""

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class CounterExample:
    """An edit of a recording on which the check of a requirement has to fail.

    `scenario` is None where the requirement has only one.
    """

    requirement: str
    breaks: str
    edit: Callable[[Edit], None]
    scenario: str | None


COUNTEREXAMPLES: list[CounterExample] = []


def counterexample(
    requirement: str, breaks: str, *, scenario: str | None = None
) -> Callable[[Callable[[Edit], None]], Callable[[Edit], None]]:
    """Register an edit that breaks the promise; `breaks` says how, in a few words."""

    def register(edit: Callable[[Edit], None]) -> Callable[[Edit], None]:
        COUNTEREXAMPLES.append(CounterExample(requirement, breaks, edit, scenario))
        return edit

    return register


def counterexamples(
    requirements: Iterable[str], breaks: str
) -> Callable[[Callable[[Edit], None]], Callable[[Edit], None]]:
    """Register an edit that breaks each of several promises in one way."""

    def register(edit: Callable[[Edit], None]) -> Callable[[Edit], None]:
        for requirement in requirements:
            counterexample(requirement, breaks)(edit)
        return edit

    return register


MENDED: dict[str, Callable[[Edit], None]] = {}


def mended(requirement: str) -> Callable[[Callable[[Edit], None]], Callable[[Edit], None]]:
    """Register an edit that makes a good recording for a promise which no version keeps yet."""

    def register(edit: Callable[[Edit], None]) -> Callable[[Edit], None]:
        MENDED[requirement] = edit
        return edit

    return register


def labels() -> list[str]:
    """Return the labels of the kept runs, newest first, those of a version before its profiles."""
    found = [path.name for path in RECORDINGS.iterdir() if path.is_dir()]

    def age(label: str) -> tuple[list[int], str]:
        version, _, profile = label.partition("+")
        return [-int(number) for number in version[1:].split(".")], profile

    return sorted(found, key=age)


def kept(label: str, scenario: str) -> Path:
    """Return where a kept recording lies."""
    return RECORDINGS / label / f"{scenario}.jsonl.gz"


def stand_in(scenario: str) -> str:
    """Return the scenario whose recordings stand for those of another; itself where none does."""
    return next(iter(STAND_INS.get(scenario, ())), scenario)


def found(label: str, scenario: str) -> Path | None:
    """Return where the recording of a scenario is read from; None where none is kept."""
    paths = (kept(label, name) for name in (scenario, stand_in(scenario)))
    return next((path for path in paths if path.is_file()), None)


def load(label: str, scenario: str) -> Recording:
    """Read a kept recording. One that stands for another has the names of the other."""
    path = found(label, scenario)
    assert path is not None, f"no recording of {scenario} is kept for {label}"
    words = STAND_INS.get(scenario, {}) if path != kept(label, scenario) else {}

    def renamed(line: bytes) -> bytes:
        for old, new in words.items():
            line = line.replace(old.encode(), new.encode())
        return line

    with gzip.open(path) as file:
        return parse(path, map(renamed, file))


class Edit:
    """A recording that can be changed. Every method fails where there is nothing to change.

    A container is named as in the spec; `pod` is needed only where a recording has several.
    """

    def __init__(self, recording: Recording) -> None:
        self._header = recording.header
        self.records: list[Record] = [copy.deepcopy(record) for record in recording.records]
        self._path = recording.path

    def result(self) -> Recording:
        """Return the changed recording."""
        return Recording(self._path, self._header, self.records, complete=True)

    def of(self, kind: type[R]) -> list[R]:
        """Return the records of a kind, to be changed in place."""
        return [record for record in self.records if isinstance(record, kind)]

    def again(self, record: R) -> R:
        """Let a record have come a second time, right after the first; it is to be changed."""
        second = copy.deepcopy(record)
        at = next(at for at, one in enumerate(self.records) if one is record)
        self.records.insert(at + 1, second)
        return second

    # Logs.

    def _lines(self, container: str, text: str, pod: str | None = None) -> list[LogRecord]:
        found = [
            record
            for record in self.of(LogRecord)
            if record.container == container
            and pod in (None, record.pod)
            and (not text or (record.line + " ").startswith(text + " "))
        ]
        assert found, f"{container} never said {text!r} in {self._path.name}"
        return found

    def drop_line(self, container: str, text: str, pod: str | None = None) -> None:
        """Let the container never have said this, and its log have been read all the same."""
        dropped = self._lines(container, text, pod)
        self.records = [record for record in self.records if record not in dropped]
        for line in dropped:
            about = {name: getattr(line, name) for name in ("pod", "uid", "container", "instance")}
            self.records.insert(-1, LogEndRecord(at=self.records[-1].at, **about))

    def rename_line(self, container: str, text: str, new: str, pod: str | None = None) -> None:
        """Let the container have said something else, at the same moments."""
        for record in self._lines(container, text, pod):
            record.line = new + record.line[len(text) :]

    def shift_line(self, container: str, text: str, seconds: float, pod: str | None = None) -> None:
        """Let the container have said this earlier (negative) or later, by all its clocks."""
        for record in self._lines(container, text, pod):
            shift(record, seconds)

    def move_line(
        self,
        container: str,
        text: str,
        *,
        before: tuple[str, str] | None = None,
        after: tuple[str, str] | None = None,
        pod: str | None = None,
    ) -> None:
        """Move the first such line to half a second before or after another (container, text)."""
        target = before or after
        assert target is not None
        anchor = self._lines(*target, pod)[0]
        line = self._lines(container, text, pod)[0]
        wanted = parse_time(anchor.stamp) + (-SECOND // 2 if before else SECOND // 2)
        shift(line, (wanted - parse_time(line.stamp)) / SECOND)

    def add_line(
        self,
        container: str,
        text: str,
        *,
        like: tuple[str, str],
        seconds: float = 0.0,
        pod: str | None = None,
    ) -> None:
        """Let the container say something `seconds` after it said `like` (container, text).

        `like` is of the same container, or of another whose line is taken as the model of when.
        """
        model = self._lines(*like, pod)[0]
        own = self._lines(container, "", pod)[0] if container != like[0] else model
        match = CLOCK.fullmatch(model.line)
        record = replace(
            model,
            pod=own.pod,
            uid=own.uid,
            instance=own.instance,
            container=container,
            line=f"{text} {match['seconds']}.{match['hundredths']}" if match else text,
        )
        shift(record, seconds)
        self.records.append(record)

    # Uptimes.

    def shift_uptimes(self, seconds: float, containers: re.Pattern[str]) -> None:
        """Let the clocks of these containers be `seconds` before those of all others."""
        for record in self.of(LogRecord):
            if containers.search(record.container):
                _shift_uptime(record, seconds)

    def count_from_starts(self) -> None:
        """Let the clock of each instance begin with its first line, as where it has its own."""
        first: dict[str, float] = {}
        for record in self.of(LogRecord):
            match = CLOCK.fullmatch(record.line)
            if match:
                read = float(f"{match['seconds']}.{match['hundredths']}")
                first[record.instance] = min(first.get(record.instance, read), read)
        for record in self.of(LogRecord):
            _shift_uptime(record, -first.get(record.instance, 0))

    # Objects.

    def events(self, kind: str) -> Iterator[Json]:
        """Yield the watch events of a kind, to be changed in place."""
        for record in self.of(WatchRecord):
            if record.object["kind"] == kind:
                yield record.event

    def objects(self, kind: str, name: str | None = None) -> list[Json]:
        """Return all versions of the objects of a kind (and name), to be changed in place."""
        found = [
            event["object"]
            for event in self.events(kind)
            if name in (None, event["object"]["metadata"]["name"])
        ]
        assert found, f"no {kind} {name or ''} in {self._path.name}"
        return found

    def pods(self, name: str | None = None) -> list[Json]:
        """Return all versions of the pods (of this name), to be changed in place."""
        return self.objects("Pod", name)

    def statuses(self, container: str, pod: str | None = None) -> list[Json]:
        """Return all versions of a container's status, to be changed in place."""
        found = [
            status
            for thing in self.pods(pod)
            for field in (
                "initContainerStatuses",
                "containerStatuses",
                "ephemeralContainerStatuses",
            )
            for status in thing["status"].get(field) or []
            if status["name"] == container
        ]
        assert found, f"{container} has no status in {self._path.name}"
        return found

    def keep_image(self, container: str, pod: str | None = None) -> None:
        """Let all instances of a container have run the image that the first one did."""
        statuses = [one for one in self.statuses(container, pod) if one.get("imageID")]
        assert len({one["imageID"] for one in statuses}) > 1, f"{container} ran one image only"
        for status in statuses:
            status["imageID"] = statuses[0]["imageID"]

    def drop_field(self, path: str) -> None:
        """Let pods never have had a field: `status.podIP`, as watches and answers show them.

        A path below `status.initContainerStatuses` is one of the statuses of sidecars alone.
        """
        shown: list[Any] = [record.object for record in self.of(WatchRecord)]
        shown += [record.answer.get("body") for record in self.of(ActionRecord)]
        pods = [one for one in shown if isinstance(one, dict) and one.get("kind") == "Pod"]
        dropped = sum(_drop(pod, path.split("."), _plain(pod)) for pod in pods)
        assert dropped, f"no pod in {self._path.name} has {path}"

    def drop_events(self, kind: str, unwanted: Callable[[Json], bool]) -> None:
        """Let some watch events never have come; `unwanted` gets the object."""
        before = len(self.records)
        self.records = [
            record
            for record in self.records
            if not (
                isinstance(record, WatchRecord)
                and record.object["kind"] == kind
                and unwanted(record.object)
            )
        ]
        assert len(self.records) < before, f"no such {kind} event in {self._path.name}"

    def never_started(self, container: str, pod: str | None = None) -> None:
        """Let a container have waited for ever."""
        for status in self.statuses(container, pod):
            status.update(
                state={"waiting": {"reason": "PodInitializing"}},
                lastState={},
                restartCount=0,
                ready=False,
                started=False,
            )
            status.pop("containerID", None)
        self.records = [
            record
            for record in self.records
            if not (isinstance(record, InstanceRecord) and record.container == container)
        ]

    def shift_state(self, container: str, key: str, seconds: int, pod: str | None = None) -> None:
        """Move `startedAt` or `finishedAt` of all states of a container."""
        changed = 0
        for status in self.statuses(container, pod):
            for part in ("state", "lastState"):
                for state in (status.get(part) or {}).values():
                    if key in state:
                        at = parse_time(state[key]) // SECOND + seconds
                        state[key] = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                        changed += 1
        assert changed, f"no {key} of {container} in {self._path.name}"

    # Actions.

    def action(self, name: str, /, **arguments: Any) -> ActionRecord:  # noqa: ANN401 - JSON values
        """Return the first action of this name with these arguments, to be changed in place."""
        for record in self.of(ActionRecord):
            if record.name == name and all(
                record.arguments.get(key) == value for key, value in arguments.items()
            ):
                return record
        raise AssertionError(f"no action {name} {arguments} in {self._path.name}")

    def rewrite(self, action: str, old: str, new: str) -> None:
        """Let the output of an action have had other text."""
        answer = self.action(action).answer
        assert old in answer["output"], f"{old!r} is not in {answer['output']!r}"
        answer["output"] = answer["output"].replace(old, new)


def _plain(pod: Json) -> set[str]:
    """Return the names of the plain init containers of a pod."""
    init = pod["spec"].get("initContainers") or []
    return {one["name"] for one in init if one.get("restartPolicy") != "Always"}


def _drop(value: object, path: list[str], plain: set[str]) -> int:
    """Drop what a path leads to, but for the statuses of these containers; return how often."""
    if isinstance(value, list):
        return sum(_drop(one, path, plain) for one in value)
    if not isinstance(value, dict) or value.get("name") in plain:
        return 0
    first, *rest = path
    if rest:
        return _drop(value.get(first), rest, plain)
    return int(value.pop(first, None) is not None)


def shift(record: LogRecord, seconds: float) -> None:
    """Let a line have been written earlier (negative) or later, by all its clocks."""
    nanoseconds = round(seconds * SECOND)
    record.at += nanoseconds
    stamp = parse_time(record.stamp) + nanoseconds
    whole = datetime.fromtimestamp(stamp // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    record.stamp = f"{whole}.{stamp % SECOND:09d}Z"
    _shift_uptime(record, seconds)


def _shift_uptime(record: LogRecord, seconds: float) -> None:
    match = CLOCK.fullmatch(record.line)
    if match:
        hundredths = int(match["seconds"]) * 100 + int(match["hundredths"]) + round(seconds * 100)
        record.line = f"{match['text']} {hundredths // 100}.{hundredths % 100:02d}"
