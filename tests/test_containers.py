"""Container runs as statuses tell of them."""

from __future__ import annotations

from typing import Any

from fixtures.stage.containers import ContainerRun, ContainerRuns
from tests.tapes import running, terminated, whole

Json = dict[str, Any]
FIRST = ContainerRun("one", "u1", "app", "a")
SECOND = ContainerRun("one", "u1", "app", "b")


def event(kind: str = "MODIFIED", *, deleted: bool = False, **app: Any) -> Json:  # noqa: ANN401
    metadata = {"name": "one", "uid": "u1"} | ({"deletionTimestamp": whole(1)} if deleted else {})
    status = {"containerStatuses": [{"name": "app", **app}]} if app else {}
    return {"type": kind, "object": {"metadata": metadata, "status": status}}


def over(identity: str, **more: Any) -> Json:  # noqa: ANN401
    return {"containerID": identity, "state": terminated(identity, 1, 2), **more}


def test_a_run_is_new_once() -> None:
    runs = ContainerRuns()
    assert runs.saw(event()) == []
    assert runs.saw(event(**running("a", 1))) == [FIRST]
    assert runs.saw(event(**running("a", 1))) == []
    assert runs.saw(event(**over("a"))) == []


def test_a_run_that_was_never_the_present_one_is_seen() -> None:
    runs = ContainerRuns()
    assert runs.saw(event(**running("b", 3, 1, lastState=terminated("a", 1, 2)))) == [FIRST, SECOND]
    assert runs.state(FIRST) == "replaced"
    assert runs.state(SECOND) == "running"


def test_a_container_that_never_ran_has_no_run() -> None:
    runs = ContainerRuns()
    assert runs.saw(event(state={"waiting": {"reason": "ErrImagePull"}})) == []
    never = {"containerID": "a", "exitCode": 128}
    assert runs.saw(event(state={"waiting": {}}, lastState={"terminated": never})) == []


def test_a_run_ends_and_its_pod_goes() -> None:
    runs = ContainerRuns()
    runs.saw(event(**running("a", 1)))
    assert (runs.state(FIRST), runs.finished_at(FIRST)) == ("running", "")
    runs.saw(event(deleted=True, **over("a")))
    assert (runs.state(FIRST), runs.finished_at(FIRST)) == ("over", whole(2))
    assert runs.is_deleted("u1")
    runs.saw(event("DELETED", **over("a")))
    assert runs.state(FIRST) == "gone"


def test_a_run_held_back_is_still_the_present_one() -> None:
    runs = ContainerRuns()
    runs.saw(event(**running("a", 1)))
    held: Json = {"containerID": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    runs.saw(event(**held, lastState=terminated("a", 1, 2, 1)))
    assert runs.state(FIRST) == "over"
