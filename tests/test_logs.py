"""Following logs: every line once, and what cannot be had is said to be lost."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.stage.logs import Follower, Patience, Turns
from tests.apiserver import CutError, Reply, Request, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


PATH = "/api/v1/namespaces/here/pods/one/log"
PATIENCE = Patience(retry=0.001, refused=10, status=0.05)
SHORT = replace(PATIENCE, refused=0.05)
DAY = "2026-11-23T21:42:"


class Ear:
    """A listener. `states` are what it says of the container, one after the other; the last stays.

    A state may be a function that says it.
    """

    def __init__(self, *states: str | Callable[[], str]) -> None:
        self._states = list(states)
        self.lines: list[str] = []
        self.end = ""
        self.hurry = False
        self.last_stamp = "9"

    def heard(self, stamp: str, line: str) -> None:
        """See Listener."""
        self.lines.append(f"{stamp} {line}")

    def ended(self) -> None:
        """See Listener."""
        self.end += "ended"

    def lost(self, reason: str) -> None:
        """See Listener."""
        self.end += f"lost: {reason}"

    def mixed(self) -> None:
        """See Listener."""
        self.lines.append("mixed")

    def owns(self, stamp: str) -> bool:
        """See Listener."""
        return stamp <= self.last_stamp

    def urgent(self) -> bool:
        """See Listener."""
        return self.hurry

    def state(self) -> str:
        """See Listener."""
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        return state if isinstance(state, str) else state()


def lines(*numbers: int) -> list[str]:
    return [f"{DAY}{number:02}.5Z line {number}" for number in numbers]


def text(found: Iterable[str]) -> str:
    return "".join(line + "\n" for line in found)


def drops(*found: str) -> Iterator[str]:
    """Send these lines, then half of another, then drop the connection."""
    yield text(found)
    yield DAY
    raise CutError


def follow(
    ear: Ear,
    folder: Path,
    *answers: Reply | Callable[[Request], Reply],
    patience: Patience = PATIENCE,
    turns: Turns | None = None,
) -> list[dict[str, str]]:
    """Follow the log of a server with these answers, the last for ever; return what was asked."""
    script = list(answers)

    def answer(request: Request) -> Reply:
        assert request.path == PATH
        reply = script.pop(0) if len(script) > 1 else script[0]
        return reply if isinstance(reply, Reply) else reply(request)

    with serving(answer, folder) as (server, api):
        Follower(
            api, PATH, "app", ear, threading.Event(), turns=turns or Turns(), patience=patience
        ).run()
    return [request.query for request in server.asked]


def test_a_log_is_read_to_its_end(tmp_path: Path) -> None:
    ear = Ear("running", "over")
    asked = follow(ear, tmp_path, Reply(iter(text(lines(1, 2, 3)))))
    assert ear.lines == lines(1, 2, 3)
    assert ear.end == "ended"
    assert asked == [{"container": "app", "timestamps": "true", "follow": "true"}]


def test_a_last_line_without_its_newline_is_a_line(tmp_path: Path) -> None:
    ear = Ear("over")
    follow(ear, tmp_path, Reply(f"{DAY}01.5Z bye"))
    assert ear.lines == [f"{DAY}01.5Z bye"]


def test_what_is_no_text_is_read_all_the_same(tmp_path: Path) -> None:
    ear = Ear("over")
    follow(ear, tmp_path, Reply(text([f"{DAY}01.5Z \x00\x1b[31m", f"{DAY}02.5Z "])))
    assert ear.lines == [f"{DAY}01.5Z \x00\x1b[31m", f"{DAY}02.5Z "]


def test_a_dropped_connection_is_taken_up_where_it_was(tmp_path: Path) -> None:
    ear = Ear("over")
    # The kubelet compares whole seconds: it repeats what came in the second of the last line.
    asked = follow(ear, tmp_path, Reply(drops(*lines(1, 2))), Reply(text(lines(2, 3))))
    assert ear.lines == lines(1, 2, 3)
    assert ear.end == "ended"
    assert [query.get("sinceTime") for query in asked] == [None, f"{DAY}02.5Z"]


def test_a_log_that_ends_before_its_container_is_read_on(tmp_path: Path) -> None:
    over = threading.Event()

    def rest(_: Request) -> Reply:
        over.set()
        return Reply(text(lines(1, 2)))

    ear = Ear(lambda: "over" if over.is_set() else "running")
    asked = follow(ear, tmp_path, Reply(text(lines(1))), rest)
    assert ear.lines == lines(1, 2)
    assert ear.end == "ended"
    assert len(asked) == 2


@pytest.mark.parametrize(
    "same",
    [
        [f"{DAY}01.5Z one", f"{DAY}01.5Z two"],
        [f"{DAY}01.5Z twice", f"{DAY}01.5Z twice"],
        [f"{DAY}01.500000001Z late", f"{DAY}01.5Z early, on the other stream"],
        [f"{DAY}01.1Z zeros trimmed", f"{DAY}01.12Z", f"{DAY}01Z none at all"],
        [f"{DAY}01.5+01:00 a node that keeps local time", f"{DAY}01.6+01:00 x"],
    ],
    ids=["equal stamps", "equal lines", "out of order", "trimmed", "offset"],
)
def test_lines_of_one_moment_are_all_heard_once(tmp_path: Path, same: list[str]) -> None:
    for cut in range(len(same)):
        ear = Ear("over")
        follow(ear, tmp_path, Reply(drops(*same[:cut])), Reply(text(same)))
        assert [line.strip() for line in ear.lines] == same


LOGS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab")), max_size=12)


@settings(max_examples=25)  # each is a server of its own
@given(LOGS, st.lists(st.integers(0, 12), max_size=5), st.booleans())
def test_whatever_the_connection_does(
    tmp_path_factory: pytest.TempPathFactory,
    log: list[tuple[int, str]],
    cuts: list[int],
    whole_seconds: bool,  # noqa: FBT001 - hypothesis draws it
) -> None:
    """All lines are heard once and in their order, wherever the connection drops."""
    written = [f"{DAY}{at // 3:02}.{at % 3}Z {word}" for at, word in sorted(log)]

    def answer(request: Request) -> Reply:
        since = request.query.get("sinceTime", "")
        since = since[: len(DAY) + 2] if whole_seconds else since
        found = [line for line in written if line[: len(since)] >= since]
        if cuts:
            return Reply(drops(*found[: cuts.pop()]))
        return Reply(text(found))

    ear = Ear("over")
    follow(ear, tmp_path_factory.getbasetemp(), answer)
    assert ear.lines == written
    assert ear.end == "ended"


def test_a_replaced_run_is_read_as_the_previous_one(tmp_path: Path) -> None:
    ear = Ear("replaced")
    asked = follow(ear, tmp_path, Reply(text(lines(1))))
    assert ear.lines == lines(1)
    assert asked == [{"container": "app", "timestamps": "true", "previous": "true"}]


def test_a_log_that_was_cut_by_a_restart_is_completed_from_the_previous_one(tmp_path: Path) -> None:
    ear = Ear("running", "replaced")
    asked = follow(ear, tmp_path, Reply(drops(*lines(1))), Reply(text(lines(1, 2))))
    # What was read before may be of the newer run, so that its last stamp tells nothing.
    assert ear.lines == [*lines(1), "mixed", *lines(2)]
    assert ear.end == "ended"
    assert asked[1] == {"container": "app", "timestamps": "true", "previous": "true"}


def test_a_log_that_was_asked_for_while_it_restarted_is_asked_for_again(tmp_path: Path) -> None:
    ear = Ear("running", "replaced")
    newer, own = lines(5), lines(1)
    asked = follow(ear, tmp_path, Reply(text(newer)), Reply(text(own)))
    assert ear.lines == [*newer, "mixed", *own]
    assert ["follow" in query for query in asked] == [True, False]
    assert "sinceTime" not in asked[1]
    assert ear.end == "ended"


def test_the_log_of_a_newer_run_is_broken_off(tmp_path: Path) -> None:
    replaced = threading.Event()

    def newer() -> Iterator[str]:
        yield text(lines(5))
        while not server.done.wait(0.01):
            yield ""

    answers = [Reply(newer()), Reply(text(lines(1)))]
    ear = Ear(lambda: "replaced" if replaced.is_set() else "running")
    with serving(lambda _: answers.pop(0), tmp_path) as (server, api):
        follower = Follower(
            api, PATH, "app", ear, threading.Event(), turns=Turns(), patience=PATIENCE
        )
        thread = threading.Thread(target=follower.run)
        thread.start()
        while not ear.lines:
            thread.join(0.01)
        replaced.set()
        follower.break_off()
        thread.join(10)
        server.done.set()
    assert ear.lines == [*lines(5), "mixed", *lines(1)]
    assert ear.end == "ended"
    assert server.asked[1].query["previous"] == "true"


def test_lines_of_after_the_end_of_a_run_are_not_its_own(tmp_path: Path) -> None:
    ear = Ear("replaced")
    ear.last_stamp = f"{DAY}03"
    follow(ear, tmp_path, Reply(text(lines(1, 5))))
    assert ear.lines == lines(1)
    assert ear.end == "lost: the kubelet refuses it: another run's log came in its place"


REFUSED = Reply({"message": 'container "app" is\n waiting to start'}, status=400)


def test_a_log_that_is_refused_for_a_while_is_read_in_the_end(tmp_path: Path) -> None:
    ear = Ear("running", "over")
    asked = follow(ear, tmp_path, REFUSED, REFUSED, Reply(text(lines(1))))
    assert ear.lines == lines(1)
    assert ear.end == "ended"
    assert len(asked) == 3


def test_a_log_that_is_refused_for_good_is_lost(tmp_path: Path) -> None:
    ear = Ear("over")
    follow(ear, tmp_path, REFUSED, patience=SHORT)
    assert ear.end.startswith("lost: the kubelet refuses it: ")
    assert "waiting to start" in ear.end
    assert "\n" not in ear.end


def test_excuses_of_the_kubelet_are_no_lines(tmp_path: Path) -> None:
    excuse = "unable to retrieve container logs for containerd://b4e5"
    ear = Ear("over")
    follow(ear, tmp_path, Reply(text([*lines(1), excuse])), patience=SHORT)
    assert ear.lines == lines(1)
    assert ear.end == f"lost: the kubelet refuses it: {excuse}"


def test_the_log_of_a_replaced_run_is_not_waited_for_long(tmp_path: Path) -> None:
    ear = Ear("replaced")
    follow(ear, tmp_path, REFUSED)
    assert ear.end.startswith("lost: the kubelet refuses it: ")


def test_patience_begins_anew_after_each_success(tmp_path: Path) -> None:
    # Between the refusals the log ends, and the status says for longer than a refusal may last
    # that the container runs.
    still = threading.Event()

    def last(_: Request) -> Reply:
        still.set()
        return Reply(text(lines(1)))

    ear = Ear(lambda: "over" if still.is_set() else "running")
    asked = follow(ear, tmp_path, REFUSED, Reply(text(lines(1))), REFUSED, last, patience=SHORT)
    assert ear.end == "ended"
    assert ear.lines == lines(1)
    assert len(asked) == 4


def test_the_log_of_a_pod_that_is_gone_is_lost_if_it_was_broken_off(tmp_path: Path) -> None:
    ear = Ear("running", "gone")
    follow(ear, tmp_path, Reply(drops(*lines(1))))
    assert ear.lines == lines(1)
    assert ear.end.startswith("lost: the pod was gone before its log could be read: ")


def test_the_log_of_a_pod_that_is_gone_is_whole_if_it_was_read(tmp_path: Path) -> None:
    ear = Ear("running", "gone")
    follow(ear, tmp_path, Reply(text(lines(1))))
    assert ear.end == "ended"


def test_the_log_of_a_pod_that_is_gone_is_asked_for_once(tmp_path: Path) -> None:
    ear = Ear("gone")
    follow(ear, tmp_path, Reply(text(lines(1))))
    assert ear.lines == lines(1)
    assert ear.end == "ended"


def test_a_server_that_is_away_is_waited_for(tmp_path: Path) -> None:
    def away(_: Request) -> Reply:
        raise CutError

    ear = Ear("running", "running", "running", "over")
    follow(ear, tmp_path, away, away, Reply(text(lines(1))))
    assert ear.lines == lines(1)
    assert ear.end == "ended"


def test_a_run_that_stops_ends_without_a_word(tmp_path: Path) -> None:
    stop = threading.Event()

    def stopping() -> str:
        stop.set()
        return "running"

    ear = Ear("running", stopping)
    with serving(lambda _: Reply(""), tmp_path) as (_, api):
        Follower(api, PATH, "app", ear, stop, turns=Turns(), patience=PATIENCE).run()
    assert ear.end == ""


def test_without_a_turn_a_log_is_read_when_its_container_has_ended(tmp_path: Path) -> None:
    ear = Ear("running", "running", "running", "over")
    asked = follow(ear, tmp_path, Reply(text(lines(1))), turns=Turns(0))
    assert asked == [{"container": "app", "timestamps": "true"}]
    assert ear.lines == lines(1)
    assert ear.end == "ended"


def test_a_log_that_is_urgent_does_not_wait_for_its_turn(tmp_path: Path) -> None:
    ear = Ear("running", "over")
    ear.hurry = True
    asked = follow(ear, tmp_path, Reply(text(lines(1))), turns=Turns(0))
    assert asked == [{"container": "app", "timestamps": "true", "follow": "true"}]


def test_a_scenario_that_closes_takes_what_there_is(tmp_path: Path) -> None:
    ear = Ear("running", "closing")
    asked = follow(ear, tmp_path, Reply(text(lines(1))), turns=Turns(0))
    assert asked == [{"container": "app", "timestamps": "true"}]
    assert ear.lines == lines(1)


def test_a_turn_is_given_back(tmp_path: Path) -> None:
    turns = Turns(1)
    follow(Ear("running", "over"), tmp_path, Reply(text(lines(1))), turns=turns)
    assert turns.take()


def test_a_kubelet_without_watchers_is_asked_again_and_again(tmp_path: Path) -> None:
    refusal = "failed to create fsnotify watcher: too many open files\n"
    none = Patience(retry=0.001, refused=0.0, status=0.1)
    ear = Ear("running", "running", "running", "over")
    answers = [Reply(text(lines(1)) + refusal)] * 2 + [Reply(text(lines(1, 2)))]
    follow(ear, tmp_path, *answers, patience=none)
    assert ear.lines == lines(1, 2)
    assert ear.end == "ended"


def test_a_log_that_has_ended_is_whole_though_the_status_is_late(tmp_path: Path) -> None:
    ear = Ear(*["running"] * 500, "gone")
    refusal = Reply("unable to retrieve container logs", status=400)
    follow(
        ear,
        tmp_path,
        Reply(text(lines(1))),
        refusal,
        patience=Patience(retry=0.0001, refused=0.05, status=0.001),
    )
    assert ear.lines == lines(1)
    assert ear.end == "ended"
