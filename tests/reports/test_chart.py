"""A chart has all that happened, on one axis, in the lane that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.evidence.moments import Moment
from fixtures.evidence.timeline import Timeline
from reports.chart import Chart, Lane, chart
from tests.kit import edits
from tests.kit.charts import timeline
from tests.kit.tapes import BEGUN, Tape, running, whole

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def drawn() -> Chart:
    return chart(timeline())


def lane(drawn: Chart, name: str) -> Lane:
    (found,) = [lane for lane in drawn.lanes if lane.name == name]
    return found


def marks(drawn: Chart, name: str) -> list[tuple[str, float]]:
    found = sorted(lane(drawn, name).marks, key=lambda mark: mark.at)
    return [(mark.kind, round(mark.at, 2)) for mark in found]


def test_the_suite_is_first_then_the_pod_then_its_containers(drawn: Chart) -> None:
    assert [(lane.name, lane.kind) for lane in drawn.lanes] == [
        ("suite", "suite"),
        ("phase", "pod"),
        ("Ready", "condition"),
        ("init", "init"),
        ("sidecar", "sidecar"),
        ("app", "regular"),
    ]
    assert (drawn.scenario, drawn.seconds) == ("one", 21.0)


def test_instances_are_bars_and_back_off_lies_between(drawn: Chart) -> None:
    bars = [(b.kind, b.label, round(b.begin, 2), round(b.end, 2)) for b in lane(drawn, "app").bars]
    assert bars == [
        ("run", "#0", 5.5, 9.0),
        ("run", "#1", 13.5, 20.0),
        ("wait", "CrashLoopBackOff", 10.0, 14.0),
    ]


def test_signals_exits_probes_and_readiness_are_marks(drawn: Chart) -> None:
    assert marks(drawn, "app") == [
        ("said", 5.5),
        ("started", 6.0),
        ("ready", 6.0),
        ("probe", 7.5),
        ("signal", 8.0),
        ("probe", 8.5),
        ("failed", 9.0),
        ("stopped", 10.0),
        ("unready", 10.0),
        ("said", 13.5),
    ]
    words = [mark.text for mark in lane(drawn, "app").marks]
    assert "#0 ended with exit code 137 Error" in words
    assert "event Unhealthy (3 times): Liveness probe failed: START" in words


def test_phase_conditions_and_removal_are_told(drawn: Chart) -> None:
    phases = [(b.label, round(b.begin), round(b.end)) for b in lane(drawn, "phase").bars]
    assert phases == [("Pending", 1, 6), ("Running", 6, 20), ("Succeeded", 20, 20)]
    assert marks(drawn, "phase") == [("exit", 20.0)]
    ready = [(b.kind, round(b.begin), round(b.end)) for b in lane(drawn, "Ready").bars]
    assert ready == [("false", 1, 6), ("true", 6, 20)]


def test_what_the_suite_did_and_what_it_missed_is_told(drawn: Chart) -> None:
    assert marks(drawn, "suite") == [("action", 0.0), ("action", 15.0), ("trouble", 18.0)]
    assert [(bar.kind, bar.begin) for bar in lane(drawn, "suite").bars] == [
        ("action", 15.0),
        ("trouble", 18.0),
    ]


def test_a_moment_finds_the_lane_of_its_container(drawn: Chart) -> None:
    def named(what: str) -> str | None:
        found = drawn.lane_of(Moment(what, BEGUN, BEGUN, "log").point)
        return found.name if found else None

    assert named("app#0 said 'TERM'") == "app"
    assert named("sidecar#0 started") == "sidecar"
    assert named("phase became Running") is None
    assert named("nobody#0 started") is None
    point = Moment("it", BEGUN, BEGUN + 1_500_000_000, "log").point
    assert drawn.since_begun(point.latest) == 1.5


@pytest.mark.parametrize(
    ("what", "at", "held"),
    [
        ("app#0 said 'TERM'", 8, True),
        ("app#0 said 'TERM'", 4, False),
        ("app#0 said 'TERM'", 80, False),
        ("app#0 said 'NO'", 8, False),
        ("app#0 started", 4, True),
        ("app#0 started", 80, False),
        ("nobody#0 started", 4, False),
        ("phase became Running", 4, False),
    ],
)
def test_a_moment_of_another_scenario_is_not_held(
    drawn: Chart, what: str, at: int, *, held: bool
) -> None:
    """Containers of two scenarios may have one name, and be up at the same time."""
    stamp = BEGUN + at * 1_000_000_000
    assert drawn.holds(Moment(what, stamp, stamp, "log").point) is held


def test_a_recording_of_nothing_is_a_chart() -> None:
    drawn = chart(Timeline(Tape().end(3)))
    assert [lane.name for lane in drawn.lanes] == ["suite"]
    assert drawn.seconds == 3


KEPT = sorted(edits.RECORDINGS.glob("*/*.jsonl.gz"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name[:-9]}")
def test_every_kept_recording_can_be_drawn(path: Path) -> None:
    label, name = path.parts[-2:]
    drawn = chart(Timeline(edits.load(label, name.removesuffix(".jsonl.gz"))))
    for one in drawn.lanes:
        assert all(0 <= bar.begin <= bar.end <= drawn.seconds for bar in one.bars), one.name
        assert all(0 <= mark.at <= drawn.seconds for mark in one.marks), one.name


def test_what_a_node_reported_lies_where_it_was_by_the_suites_clock() -> None:
    tape = Tape(skew=500)
    tape.pod(0.2, event="ADDED", app=running("a", 0))
    tape.log(0.1, "START")
    about = {"kind": "Pod", "name": "one", "uid": "u1", "fieldPath": "spec.containers{app}"}
    told = {
        "kind": "Event",
        "metadata": {"name": "e", "uid": "e1"},
        "reason": "Unhealthy",
        "message": "Liveness probe failed",
        "firstTimestamp": whole(7),
        "source": {"host": "node"},
        "involvedObject": about,
    }
    tape.watch(8.5, "ADDED", told)
    found = [mark.at for mark in lane(chart(Timeline(tape.end(20))), "app").marks]
    assert any(at == pytest.approx(7.5, abs=0.1) for at in found)
