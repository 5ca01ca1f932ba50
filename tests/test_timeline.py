"""The timeline: who ran when, who said what, and what cannot be known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.moments import SECOND, InconclusiveError
from fixtures.timeline import (
    PAUSE_API_SERVER,
    EvidenceLostError,
    NeverError,
    Timeline,
    parse_time,
)
from tests.tapes import BEGUN, Tape, exact, running, terminated

AWARE = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


@given(AWARE, st.integers(0, 999))
def test_stamps_are_read_to_the_nanosecond(moment: datetime, nanoseconds: int) -> None:
    expected = int(moment.replace(microsecond=0).timestamp()) * SECOND
    expected += moment.microsecond * 1000 + nanoseconds
    fraction = f"{moment.microsecond * 1000 + nanoseconds:09d}"
    plain = moment.replace(microsecond=0, tzinfo=None).isoformat()
    offset = moment.strftime("%z")
    for digits in {fraction, fraction.rstrip("0")}:
        whole = f"{plain}.{digits}" if digits else plain
        assert parse_time(f"{whole}{offset[:3]}:{offset[3:]}") == expected
    utc = moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()
    assert parse_time(f"{utc}.{fraction}Z") == expected
    assert parse_time(f"{utc}Z") == expected // SECOND * SECOND


def restarted() -> Tape:
    """Return a tape of an app that ran twice, and a sidecar that runs."""
    tape = Tape()
    tape.pod(0, phase="Pending")
    tape.pod(1, sidecar=running("s", 1), phase="Pending")
    tape.pod(2, sidecar=running("s", 1), app=running("a", 2))
    tape.log(2.2, "START")
    tape.pod(4, sidecar=running("s", 1), app=running("b", 4, 1, lastState=terminated("a", 2, 3, 7)))
    tape.log_end(3.5)
    tape.log(4.2, "START", instance="b")
    tape.log(5.4, "UP", instance="b")
    return tape


def test_containers_are_of_their_kinds() -> None:
    timeline = Timeline(restarted().end())
    assert [(c.name, c.kind) for c in timeline.pod.containers.values()] == [
        ("init", "init"),
        ("sidecar", "sidecar"),
        ("app", "regular"),
    ]
    assert timeline.minor == 37
    with pytest.raises(KeyError):
        assert timeline["nobody"]


def test_runs_are_told_apart_over_a_restart() -> None:
    app = Timeline(restarted().end())["app"]
    first, second = app.instances
    assert (first.number, first.id, first.exit_code, first.reason) == (0, "a", 7, "Error")
    assert (second.number, second.id, app.restarts) == (1, "b", 1)
    assert (app.first, app.last) == (first, second)
    assert [line.text for line in first.lines] == ["START"]
    assert [line.text for line in second.lines] == ["START", "UP"]
    assert first.finished < second.said("UP")
    assert first.finished.earliest == BEGUN + 3 * SECOND
    assert first.finished.width == SECOND - 1
    assert len(app.all_said("START")) == 2
    assert app.said("UP") == second.said("UP")
    assert app.running.end is not None
    assert second.running.end is None
    with pytest.raises(NeverError, match="app#1 was never seen terminated"):
        assert app.finished


def test_a_run_that_was_only_ever_the_last_one_is_known() -> None:
    tape = Tape()
    tape.pod(0, app={"restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}})
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    last = terminated("a", 2, 2, 1)
    tape.pod(5, app={"restartCount": 1, "state": waiting, "lastState": last, "containerID": "a"})
    (only,) = Timeline(tape.end())["app"].instances
    assert (only.number, only.id, only.exit_code) == (0, "a", 1)
    with pytest.raises(EvidenceLostError, match="it was not read to its end"):
        only.said("START")


def test_a_last_state_without_its_container_is_not_that_of_the_present_one() -> None:
    tape = Tape()
    last = terminated("", 1, 1, 137)
    tape.pod(5, app=running("b", 4, 1, lastState=last))
    (only,) = Timeline(tape.end())["app"].instances
    assert (only.number, only.id) == (1, "b")
    assert only.running.end is None


def test_a_container_that_could_not_be_started_never_started() -> None:
    tape = Tape()
    failed = terminated("a", 2, 2, 128)
    failed["terminated"]["startedAt"] = "1970-01-01T00:00:00Z"
    tape.pod(2, app={"restartCount": 0, "state": failed, "containerID": "a"})
    timeline = Timeline(tape.end())
    app = timeline["app"]
    assert not app.ever_started
    assert app.last.exit_code == 128
    with pytest.raises(NeverError, match="has no start time"):
        assert app.started
    assert "app#0 ended 128" in timeline.excerpt()
    assert "app#0 started" not in timeline.excerpt()


def test_a_container_that_never_ran_says_so() -> None:
    timeline = Timeline(restarted().end())
    init = timeline["init"]
    assert not init.ever_started
    assert timeline["app"].ever_started
    assert init.restarts == 0
    for question in (
        lambda: init.started,
        lambda: init.finished,
        lambda: init.said("START"),
        lambda: init.status,
        lambda: timeline["sidecar"].first.exit_code,
        lambda: timeline["sidecar"].first.message,
    ):
        with pytest.raises(NeverError, match=r"init|sidecar#0"):
            question()
    assert issubclass(NeverError, AssertionError)
    assert not init.ever_said("START")


def test_words_are_matched_whole() -> None:
    tape = restarted()
    tape.log(5, "GO TERMINAL 1", container="sidecar", instance="s")
    sidecar = Timeline(tape.end())["sidecar"]
    assert sidecar.ever_said("GO")
    assert sidecar.ever_said("GO TERMINAL")
    assert sidecar.ever_said("GO TERMINAL 1")
    assert not sidecar.ever_said("GO TERM")
    assert not sidecar.ever_said("TERMINAL")
    with pytest.raises(NeverError, match="sidecar#0 never said 'GO TERM'"):
        sidecar.said("GO TERM")


def test_a_line_seen_under_two_runs_belongs_to_the_later_one() -> None:
    for order in ("ab", "ba"):
        tape = Tape()
        tape.pod(2, app=running("a", 2))
        tape.pod(4, app=running("b", 4, 1, lastState=terminated("a", 2, 3)))
        for instance in order:
            tape.log(4.2, "START", instance=instance)
        tape.log_end(9)
        app = Timeline(tape.end())["app"]
        assert [len(instance.lines) for instance in app.instances] == [0, 1]
        # What the first one's follower read instead of its own log is no proof of its silence.
        with pytest.raises(EvidenceLostError, match="another run's log"):
            app.first.ever_said("START")
        assert app.ever_said("START")


def test_repeated_lines_are_one() -> None:
    tape = Tape()
    tape.pod(2, app=running("a", 2))
    tape.log(4.2, "TICK")
    tape.log(4.2, "TICK", late=1)
    tape.log(4.1, "TOCK")
    assert [line.text for line in Timeline(tape.end())["app"].first.lines] == ["TOCK", "TICK"]


def ended(tape: Tape) -> Tape:
    """Let the app have run once and ended."""
    done = {"containerID": "a", "restartCount": 0, "state": terminated("a", 2, 3)}
    tape.pod(2, app=running("a", 2))
    tape.pod(4, app=done)
    tape.log(2.5, "START")
    return tape


def test_silence_is_known_only_of_a_log_that_was_read_to_its_end() -> None:
    tape = ended(Tape())
    with pytest.raises(EvidenceLostError, match="the log of app#0 has a gap: it was not read to"):
        Timeline(tape.recording())["app"].ever_said("TERM")
    tape.log_end(4)
    app = Timeline(tape.end())["app"]
    assert not app.ever_said("TERM")
    with pytest.raises(NeverError, match="app#0 never said 'TERM'"):
        app.said("TERM")


def test_what_was_said_is_known_in_spite_of_a_gap() -> None:
    tape = ended(Tape())
    tape.log_gap(4, "the kubelet refuses it")
    app = Timeline(tape.end())["app"]
    assert app.said("START").latest == BEGUN + int(2.5 * SECOND)
    assert app.ever_said("START")
    for question in (app.said, app.ever_said, app.first.said):
        with pytest.raises(EvidenceLostError, match="the kubelet refuses it"):
            question("TERM")


def test_a_gap_in_an_earlier_run_makes_the_first_line_unknown() -> None:
    tape = restarted()
    tape.log_gap(3, "the connection broke")
    app = Timeline(tape.end())["app"]
    with pytest.raises(EvidenceLostError, match="the connection broke"):
        app.said("UP")
    assert app.last.said("UP")
    assert app.said("START") == app.first.said("START")


def test_lines_with_a_clock_are_known_to_a_hundredth() -> None:
    tape = Tape()
    tape.pod(2, app=running("a", 2))
    tape.pod(2, name="two", uid="u2", app=running("b", 2))
    tape.log(3.002, "ONE", clock=3.00)
    tape.log(3.9, "TWO", clock=3.02, instance="b", uid="u2", pod="two")
    tape.log(4, "PLAIN")
    timeline = Timeline(tape.end())
    one, two = timeline.pods[0]["app"].said("ONE"), timeline.pods[1]["app"].said("TWO")
    assert one < two
    assert two - one >= 0.01
    assert "own clock" in one.source
    # On the clock of the epoch the true time of each is known, too.
    assert one.earliest <= BEGUN + 3 * SECOND <= one.latest
    assert two.earliest <= BEGUN + int(3.02 * SECOND) <= two.latest
    plain = timeline.pods[0]["app"].said("PLAIN")
    assert plain.width == SECOND
    with pytest.raises(InconclusiveError):
        assert two < plain


def test_each_node_has_a_clock_of_its_own() -> None:
    tape = Tape()
    tape.pod(2, app=running("a", 2))
    tape.pod(2, name="two", uid="u2", node="other", app=running("b", 2))
    tape.log(3, "ONE", clock=3)
    tape.log(5, "TWO", clock=-4000, instance="b", uid="u2", pod="two")
    timeline = Timeline(tape.end())
    one, two = timeline.pods[0]["app"].said("ONE"), timeline.pods[1]["app"].said("TWO")
    assert one < two
    assert two - one >= 1.9
    assert two - one <= 2.1
    assert two.earliest >= BEGUN + 4 * SECOND


@pytest.mark.parametrize("skew", [-7200.0, -0.4, 0.0, 3.5, 86400.0])
def test_times_of_two_clocks_are_compared_as_far_as_these_are_known(skew: float) -> None:
    tape = Tape(skew=skew, shared_clock=False)
    tape.action(0.1, "create")
    tape.pod(0.2, phase="Pending")
    tape.pod(1.5, app=running("a", 1))
    tape.log(1.2, "START", late=0.3)
    tape.action(30, "delete")
    tape.pod(39, app=running("a", 1))
    tape.pod(40, app=running("a", 1), phase="Failed")
    timeline = Timeline(tape.end())
    create, delete = timeline.actions
    for moment, true in ((create.moment, 0.1), (delete.moment, 30), (delete.begun, 30)):
        assert moment.earliest <= BEGUN + round(true * SECOND) <= moment.latest
        assert moment.width <= 2 * SECOND
    started, said = timeline["app"].started, timeline["app"].said("START")
    assert started < delete.moment
    assert said < delete.begun
    failed = timeline.pod.history(lambda pod: pod["status"]["phase"], "phase")[-1].moment
    assert said < failed
    # Of the suite's own clock there is no doubt.
    assert delete.moment - create.moment >= 29.88
    assert delete.moment - create.moment <= 29.92
    assert create.moment < delete.moment < failed


def test_a_clock_of_which_only_the_status_tells_is_bounded_by_it() -> None:
    tape = Tape(skew=100)
    tape.pod(1.5, app=running("a", 1))
    tape.action(10, "delete")
    timeline = Timeline(tape.end())
    assert timeline["app"].started < timeline.action("delete").moment
    assert timeline.action("delete").moment.width <= 3 * SECOND


def test_a_status_time_bounds_a_clock_as_the_second_that_it_is() -> None:
    # The suite began half a second after the full one, the container ran 0.2 s later.
    tape = Tape(shared_clock=False, at=BEGUN + SECOND // 2)
    tape.pod(0.9, app=running("a", 0.7))
    tape.action(10, "delete", lasts=0)
    moment = Timeline(tape.end()).action("delete").moment
    assert moment.earliest <= BEGUN + 10 * SECOND <= moment.latest


def test_a_scenario_that_creates_its_pod_late_knows_the_clock_none_the_less() -> None:
    tape = Tape(skew=100)
    created = {"status": 201, "body": {"metadata": {"uid": "u1"}}, "warnings": []}
    tape.action(20, "create", answer=created)
    tape.pod(21.5, app=running("a", 21))
    tape.action(30, "delete")
    moment = Timeline(tape.end()).action("delete").moment
    assert moment.earliest <= BEGUN + 30 * SECOND <= moment.latest
    assert moment.width <= 3 * SECOND


def test_clocks_that_are_one_have_no_doubt() -> None:
    tape = Tape()
    tape.action(10, "delete", lasts=0.5)
    tape.log(11, "TERM", late=3)
    moment = Timeline(tape.end()).action("delete").moment
    assert (moment.earliest, moment.latest) == (tape.here(10), tape.here(10.5))


def test_states_succeed_one_another_between_two_versions() -> None:
    tape = Tape()
    tape.pod(1, phase="Pending", conditions={})
    tape.pod(2, phase="Pending", conditions={"Ready": "False"})
    tape.pod(3, conditions={"Ready": "False"})
    tape.pod(4, conditions={"Ready": "True"})
    tape.pod(5, phase="Succeeded", conditions={"Ready": "False"})
    pod = Timeline(tape.end()).pod
    assert pod.phases == ["Pending", "Running", "Succeeded"]
    assert pod.phase == "Succeeded"
    ready = pod.conditions("Ready")
    assert [seen.value["status"] for seen in ready] == ["False", "True", "False"]
    assert (ready[1].moment.earliest, ready[1].moment.latest) == (tape.here(3), tape.here(4))
    assert pod.conditions("Initialized") == []
    phases = pod.history(lambda version: version["status"]["phase"], "phase")
    # The first version was made at some time before it came.
    assert (phases[0].moment.earliest, phases[0].moment.latest) == (tape.here(0), tape.here(1))
    assert phases[1].moment.what == "phase is Running"


def test_statuses_of_a_container_are_told_without_repetitions() -> None:
    sidecar = Timeline(restarted().end())["sidecar"]
    assert [seen.value["containerID"] for seen in sidecar.statuses] == ["s"]
    app = Timeline(restarted().end())["app"]
    counts = app.history(lambda status: status["restartCount"], "restart count")
    assert [seen.value for seen in counts] == [0, 1]
    assert counts[1].moment.what == "restart count of app is 1"
    assert app.status["containerID"] == "b"


def test_a_deletion_is_between_the_last_version_and_its_event() -> None:
    tape = Tape()
    tape.pod(1)
    with pytest.raises(NeverError, match="pod one was never gone"):
        assert Timeline(tape.recording()).pod.gone
    tape.pod(9)
    tape.pod(10, event="DELETED")
    gone = Timeline(tape.end()).pod.gone
    assert (gone.earliest, gone.latest) == (tape.here(9), tape.here(10))


def test_nothing_shows_its_address() -> None:
    """Assertions show the values that they compare, and a replay has to say the same again."""
    timeline = Timeline(restarted().end())
    shown = [timeline, timeline.pod, timeline["app"], timeline["app"].last]
    assert [repr(one) for one in shown] == [
        "<timeline of one>",
        "<pod one>",
        "<container app>",
        "<run app#1>",
    ]


def test_pods_are_told_by_name() -> None:
    tape = Tape()
    for uid in ("u1", "u2"):
        tape.pod(1, uid=uid, app=running(uid, 1))
    timeline = Timeline(tape.end())
    assert [pod.uid for pod in timeline] == ["u1", "u2"]
    assert timeline.pod_named("one").uid == "u2"
    assert str(timeline.pods[0]["app"]) == "one/app"
    with pytest.raises(NeverError, match="expected one pod, saw: one, one"):
        assert timeline.pod
    with pytest.raises(NeverError, match="no pod three was seen"):
        timeline.pod_named("three")
    with pytest.raises(NeverError, match="expected one pod, saw: none"):
        assert Timeline(Tape().end()).pod


def test_other_objects_are_told_by_kind_and_name() -> None:
    tape = Tape()
    for uid, version in (("j1", 1), ("j1", 2), ("j2", 3)):
        thing = {"kind": "Job", "metadata": {"name": "job", "uid": uid}, "version": version}
        tape.watch(1, "ADDED", thing)
    timeline = Timeline(tape.end())
    assert [len(versions) for versions in timeline.objects("Job")] == [2, 1]
    assert timeline.object("Job", "job")["version"] == 3
    with pytest.raises(NeverError, match="no Job other was seen"):
        timeline.object("Job", "other")


def test_actions_are_found_by_their_arguments() -> None:
    tape = Tape()
    tape.action(1, "create", kind="Pod", answer={"status": 201, "body": {"kind": "Pod"}})
    tape.action(2, "create", kind="Job", answer={"status": 422, "warnings": ["unknown field"]})
    tape.action(3, "exec", container="app", answer={"code": 1, "output": "no"})
    timeline = Timeline(tape.end())
    assert timeline.action("create").status == 201
    assert timeline.action("create").body == {"kind": "Pod"}
    job = timeline.action("create", kind="Job")
    assert (job.status, job.body, job.warnings) == (422, {}, ["unknown field"])
    assert timeline.action("exec").status == 0
    assert timeline.action("exec").warnings == []
    with pytest.raises(EvidenceLostError, match=r"the suite never did create \{'kind': 'Pet'\}"):
        timeline.action("create", kind="Pet")


def test_outages_count_unless_the_scenario_means_them() -> None:
    words = ["the API server did not answer for 2.5 s: connection refused"]
    for paused_at, counted in ((None, words), (2.5, []), (6, words)):
        tape = Tape()
        if paused_at is not None:
            tape.action(paused_at, PAUSE_API_SERVER, lasts=3)
        tape.add("outage", 3, ended=tape.here(5.5), reason="connection refused")
        assert Timeline(tape.end()).outages == counted


def test_the_excerpt_tells_what_happened_in_its_order() -> None:
    tape = restarted()
    tape.action(0, "create", name="one", answer={"status": 201})
    tape.add("wait", 5, ended=tape.here(9), what="the end", met=False, saw="no end")
    tape.add("wait", 9, ended=tape.here(10), what="more", met=True, saw="it")
    assert Timeline(tape.end()).excerpt().splitlines() == [
        "    0.00s  suite: create one -> 201",
        "    0.00s  phase Pending",
        "    1.00s  sidecar#0 started",
        "    2.00s  phase Running",
        "    2.00s  app#0 started",
        "    2.20s  app#0: START",
        "    3.00s  app#0 ended 7 Error",
        "    4.00s  app#1 started",
        "    4.20s  app#1: START",
        "    5.40s  app#1: UP",
        "    9.00s  suite: waited in vain for the end; saw no end",
    ]


def test_a_long_excerpt_keeps_its_beginning_and_its_end() -> None:
    tape = restarted()
    for number in range(100):
        tape.log(10 + number / 10, f"TICK {number}", instance="b")
    lines = Timeline(tape.end()).excerpt().splitlines()
    assert len(lines) == 41
    assert lines[0].endswith("phase Pending")
    assert lines[20] == "           ... 69 lines left out ..."
    assert lines[-1].endswith("TICK 99")


def test_lines_of_containers_that_nobody_knows_are_left_out() -> None:
    tape = restarted()
    tape.log(5, "WHO", instance="x")
    tape.log(5, "WHO", uid="u9")
    timeline = Timeline(tape.end())
    assert not timeline["app"].ever_said("WHO")
    assert "WHO" not in timeline.excerpt()


def test_stamps_of_the_tape_are_what_the_runtime_writes() -> None:
    assert parse_time(exact(2.25)) == BEGUN + int(2.25 * SECOND)
