"""Watching: nothing lost that may be seen, nothing doubled, whatever the server does."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.stage.api import UnreachableError
from fixtures.stage.watch import ApiSource, GoneError, Watch
from tests.apiserver import CutError, Reply, Request, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

Json = dict[str, Any]


def pod(uid: str, version: int, **more: Any) -> Json:  # noqa: ANN401 - JSON values
    return {"metadata": {"uid": uid, "name": uid, "resourceVersion": str(version)}, **more}


def event(kind: str, thing: Json) -> str:
    return json.dumps({"type": kind, "object": thing})


ERROR_GONE = event("ERROR", {"kind": "Status", "code": 410, "message": "too old"})
ERROR_OTHER = event("ERROR", {"kind": "Status", "code": 500, "message": "the store hiccuped"})

CHANGES = ("create", "change", "delete")
FAULTS = (
    "repeat",
    "bookmark",
    "swap",
    "end",
    "drop",
    "error event",
    "garbage",
    "gone answer",
    "gone event",
    "away",
)
PLANS = st.lists(st.sampled_from((*CHANGES, *CHANGES, "deliver", "deliver", *FAULTS)), max_size=40)


class FakeServer:
    """Holds objects and their history, and serves them with the faults of a plan.

    The plan goes on while the watch is being read, so that changes fall between any two events.
    When it has ended, everything is delivered and the watch is told to stop.
    """

    def __init__(self, plan: list[str], choose: st.DataObject) -> None:
        self._plan = iter(plan)
        self._choose = choose
        self._version = 0
        self._oldest = 0
        self._log: list[tuple[int, str, Json]] = []
        self._delivered = 0
        """The version up to which a list or watches have told everything."""
        self._listed = 0
        self._refusals = 0
        self.objects: dict[str, Json] = {}
        self.history: dict[str, list[tuple[str, str]]] = defaultdict(list)
        """What happened to each object: (event type, version) each."""
        self.may_be_missed: set[tuple[str, str]] = set()
        """(uid, version) of what nobody could see, because its history was gone."""
        self.lists = 0
        self.outages = 0
        self.reader: Watch | None = None

    # What happens on the server.

    def _happen(self, change: str) -> None:
        uids = sorted(self.objects)
        if change == "create":
            self._store("ADDED", f"pod-{len(self.history)}")
        elif uids:
            uid = self._choose.draw(st.sampled_from(uids))
            self._store("MODIFIED" if change == "change" else "DELETED", uid)

    def _store(self, kind: str, uid: str) -> None:
        # Versions are opaque: ours neither grow nor do they look like numbers of one object.
        self._version += 1
        thing = pod(uid, 1000 - self._version)
        self.history[uid].append((kind, thing["metadata"]["resourceVersion"]))
        self._log.append((self._version, kind, thing))
        if kind == "DELETED":
            del self.objects[uid]
        else:
            self.objects[uid] = thing

    # What the client asks for.

    def _away(self) -> None:
        if self._refusals:
            self._refusals -= 1
            raise UnreachableError("connection refused")

    def list(self) -> tuple[list[Json], str]:
        """See Source."""
        self._away()
        current = {thing["metadata"]["resourceVersion"] for thing in self.objects.values()}
        for version, kind, thing in self._log:
            meta = thing["metadata"]
            if self._delivered < version and meta["resourceVersion"] not in current:
                self.may_be_missed.add((meta["uid"], kind + meta["resourceVersion"]))
        self._delivered = self._listed = self._version
        self.lists += 1
        return list(self.objects.values()), str(1000 - self._version)

    def watch(self, version: str) -> Iterator[str]:
        """See Source."""
        self._away()
        at = 1000 - int(version)
        if at < self._oldest:
            if self._choose.draw(st.booleans()):
                raise GoneError
            yield ""
            yield ERROR_GONE
            raise AssertionError("the watch was read on after its error")
        yield ""
        for act in self._plan:
            if act in CHANGES:
                self._happen(act)
                continue
            fault = self._fault(act, at)
            for sent, line in fault:
                yield line
                at = sent
                self._delivered = max(self._delivered, at)
            if act in ("drop", "away"):
                raise UnreachableError("connection reset")
            if act in ("end", "gone answer", "gone event"):
                return
        yield from (line for _, line in self._news(at))
        assert self.reader is not None
        self.reader.stop()
        yield ""

    def _news(self, at: int) -> Iterator[tuple[int, str]]:
        for version, kind, thing in self._log:
            if version > at:
                yield version, event(kind, thing)

    def _fault(self, act: str, at: int) -> Iterator[tuple[int, str]]:
        news = list(self._news(at))
        match act:
            case "deliver":
                yield from news[:1]
            case "swap" if len(news) > 1 and _uid(news[0][1]) != _uid(news[1][1]):
                # Events of two objects in the other order; the client may not care.
                yield news[1]
                yield news[0]
                yield news[1]
            case "repeat":
                # What was sent since the last list is sent again in its order, from anywhere.
                old = [
                    (v, event(kind, thing))
                    for v, kind, thing in self._log
                    if self._listed < v <= at
                ]
                begin = self._choose.draw(st.integers(0, len(old)))
                yield from old[begin:]
            case "bookmark":
                thing = {"metadata": {"resourceVersion": str(1000 - at)}}
                yield at, event("BOOKMARK", thing)
            case "error event":
                yield at, ERROR_OTHER
            case "garbage":
                yield at, '{"type":"MODIFIED","obj'
            case "gone answer" | "gone event":
                self._oldest = self._version + 1
                self._store_marker()
            case "away":
                self._refusals = self._choose.draw(st.integers(1, 3))
                self.outages += 1

    def _store_marker(self) -> None:
        """Let the version move on by something that is not watched."""
        self._version += 1


def _uid(line: str) -> str:
    return str(json.loads(line)["object"]["metadata"]["uid"])


class Seen:
    """What a watch passed on."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str]] = []
        self.things: list[Json] = []
        self.outages: list[tuple[int, int, str]] = []

    def take(self, line: str, event: Json, at: int) -> None:
        """Take an event."""
        assert json.loads(line) == event
        assert at > 0
        self.things.append(event["object"])
        meta = event["object"]["metadata"]
        self.events.append((meta["uid"], event["type"], meta["resourceVersion"]))

    def lost(self, began: int, ended: int, reason: str) -> None:
        """Take an outage."""
        self.outages.append((began, ended, reason))

    def of(self, uid: str) -> list[tuple[str, str]]:
        """Return what was told of an object: (event type, version) each."""
        return [(kind, version) for found, kind, version in self.events if found == uid]


def follow(server: FakeServer) -> Seen:
    seen = Seen()
    watch = Watch(server, seen.take, seen.lost, pause=0, outage_seconds=0)
    server.reader = watch
    watch.run()
    return seen


@given(PLANS, st.data())
def test_whatever_the_server_does(plan: list[str], data: st.DataObject) -> None:
    server = FakeServer(plan, data)
    seen = follow(server)
    assert {uid for uid, _, _ in seen.events} <= set(server.history)
    for uid, history in server.history.items():
        versions = [version for _, version in history]
        got = seen.of(uid)
        # In their order, none twice. A deletion that a list told of bears the last known version.
        alive = [version for kind, version in got if kind != "DELETED"]
        order = [versions.index(version) for version in alive]
        assert order == sorted(set(order))
        deletions = [kind for kind, _ in got].count("DELETED")
        if uid in server.objects:
            assert deletions == 0
            assert alive[-1] == versions[-1]
        elif alive:
            assert deletions == 1
            assert got[-1][0] == "DELETED"
        else:
            assert deletions == 0
        # What is missing could not be had.
        for kind, version in history:
            if kind != "DELETED" and version not in alive:
                assert (uid, kind + version) in server.may_be_missed


GENTLE = st.lists(st.sampled_from((*CHANGES, "deliver", "drop", "end", "repeat", "away")))


@given(GENTLE, st.data())
def test_dropped_connections_lose_nothing(plan: list[str], data: st.DataObject) -> None:
    server = FakeServer(plan, data)
    seen = follow(server)
    assert server.lists == 1
    for uid, history in server.history.items():
        assert seen.of(uid) == history


@given(PLANS, st.data())
def test_every_outage_is_told_once(plan: list[str], data: st.DataObject) -> None:
    server = FakeServer(plan, data)
    seen = follow(server)
    broken = sum(plan.count(act) for act in ("drop", "error event", "garbage"))
    # Where an outage may last no time at all, a dropped connection is one, too.
    assert len(seen.outages) == server.outages + broken
    assert all(began < ended for began, ended, _ in seen.outages)


# Against a real server.

PODS = "/api/v1/namespaces/here/pods"


class Scripted:
    """An API server with a list, and one stream of lines for each watch that is opened."""

    def __init__(self, *streams: Callable[[], Iterable[str]] | Reply) -> None:
        self.items = [pod("a", 7)]
        self.streams = iter(streams)
        self.watch: Watch | None = None

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        if "watch" not in request.query:
            return Reply({"metadata": {"resourceVersion": "7"}, "items": self.items})
        stream = next(self.streams, None)
        if stream is None:
            assert self.watch is not None
            self.watch.stop()
            return Reply("\n")
        return stream if isinstance(stream, Reply) else Reply(stream())


def follow_real(script: Scripted, folder: Path, **more: Any) -> tuple[Seen, list[Request]]:  # noqa: ANN401
    """Watch the scripted server until its script has ended."""
    seen = Seen()
    with serving(script, folder) as (server, api):
        source = ApiSource(
            api, PODS, api_version="v1", kind="Pod", **{"stall_seconds": 5.0, **more}
        )
        script.watch = Watch(source, seen.take, seen.lost, pause=0.001)
        script.watch.run()
    return seen, server.asked


def lines(*events: str) -> Iterator[str]:
    yield from (line + "\n" for line in events)


def test_a_list_is_told_as_additions_with_their_type(tmp_path: Path) -> None:
    seen, asked = follow_real(Scripted(), tmp_path, selector="app=x", watch_seconds=3)
    assert seen.events == [("a", "ADDED", "7")]
    assert seen.things == [{"apiVersion": "v1", "kind": "Pod", **pod("a", 7)}]
    listed, watched = asked
    assert listed.query == {"labelSelector": "app=x"}
    assert watched.query == {
        "labelSelector": "app=x",
        "watch": "true",
        "resourceVersion": "7",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "3",
    }
    assert watched.headers["authorization"] == "Bearer secret"


def test_a_watch_that_ended_or_dropped_goes_on_where_it_was(tmp_path: Path) -> None:
    def drops() -> Iterator[str]:
        line = event("MODIFIED", pod("a", 9)) + "\n"
        yield line
        yield line[:20]
        raise CutError

    script = Scripted(
        lambda: lines(event("MODIFIED", pod("a", 8))),
        drops,
        lambda: lines(event("BOOKMARK", pod("", 12))),
    )
    seen, asked = follow_real(script, tmp_path)
    assert [version for _, _, version in seen.events] == ["7", "8", "9"]
    assert [r.query.get("resourceVersion") for r in asked] == [None, "7", "8", "9", "12"]
    assert seen.outages == []


def test_an_event_may_come_in_pieces(tmp_path: Path) -> None:
    line = event("MODIFIED", pod("a", 8, text="\N{SNOWMAN}")) + "\n"
    seen, _ = follow_real(Scripted(lambda: iter(line)), tmp_path)
    assert seen.events[1:] == [("a", "MODIFIED", "8")]


@pytest.mark.parametrize(
    "gone",
    [Reply({"code": 410}, status=410), lambda: lines(ERROR_GONE)],
    ids=["as the answer", "as an event"],
)
def test_a_version_that_is_gone_is_a_new_list(tmp_path: Path, gone: Reply) -> None:
    script = Scripted(lambda: lines(event("ADDED", pod("b", 8))), gone)
    seen, asked = follow_real(script, tmp_path)
    assert seen.events == [("a", "ADDED", "7"), ("b", "ADDED", "8"), ("b", "DELETED", "8")]
    assert [r.query.get("resourceVersion") for r in asked] == [None, "7", "8", None, "7"]


def test_a_silent_watch_is_given_up(tmp_path: Path) -> None:
    over = threading.Event()
    endured: list[bool] = []

    def stalls() -> Iterator[str]:
        yield event("MODIFIED", pod("a", 8)) + "\n"
        endured.append(not over.wait(5))

    script = Scripted(stalls, lambda: lines(event("MODIFIED", pod("a", 9))))
    try:
        seen, asked = follow_real(script, tmp_path, stall_seconds=0.05)
    finally:
        over.set()
    assert True not in endured
    assert [version for _, _, version in seen.events] == ["7", "8", "9"]
    assert [r.query.get("resourceVersion") for r in asked] == [None, "7", "8", "9"]


def test_a_stream_that_breaks_after_a_while_is_no_outage() -> None:
    seen = Seen()

    class Breaks:
        """A server whose first watch breaks after some milliseconds."""

        def list(self) -> tuple[list[Json], str]:
            """See Source."""
            return [], "1"

        def watch(self, version: str) -> Iterator[str]:
            """See Source."""
            yield ""
            if version == "1":
                yield event("ADDED", pod("a", 2))
                time.sleep(0.06)
                raise UnreachableError("connection reset")
            watch.stop()
            yield ""

    watch = Watch(Breaks(), seen.take, seen.lost, pause=0, outage_seconds=0.05)
    watch.run()
    assert seen.events == [("a", "ADDED", "2")]
    assert seen.outages == []


def test_trouble_of_the_server_is_waited_out(tmp_path: Path) -> None:
    busy = Reply({"message": "try again later"}, status=429)
    script = Scripted(busy, busy, lambda: lines(event("MODIFIED", pod("a", 8))))
    seen, asked = follow_real(script, tmp_path)
    assert [version for _, _, version in seen.events] == ["7", "8"]
    assert len(asked) == 5
    assert script.watch is not None
    assert "429" in script.watch.trouble
    assert "try again later" in script.watch.trouble


def test_an_outage_is_known_while_it_lasts_and_told_when_it_is_over() -> None:
    seen = Seen()
    known: list[tuple[int, int, str] | None] = []

    class Away:
        """A server that refuses two requests."""

        def list(self) -> tuple[list[Json], str]:
            """See Source."""
            known.append(watch.outage())
            if len(known) < 3:
                raise UnreachableError("connection refused")
            watch.stop()
            return [], "1"

        def watch(self, version: str) -> Iterator[str]:
            """See Source."""
            yield version

    watch = Watch(Away(), seen.take, seen.lost, pause=0.002, outage_seconds=0.001)
    watch.run()
    assert known[0] is None
    assert known[1] is not None
    ((began, ended, reason),) = seen.outages
    assert (known[1][0], known[1][2]) == (began, reason) == (began, "connection refused")
    assert known[1][1] < ended
    assert watch.outage() is None
