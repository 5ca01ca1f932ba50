"""The stage, against an API server on the loopback that plays what a cluster does."""

from __future__ import annotations

import functools
import io
import json
import os
import queue
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from fixtures.progress import Progress
from fixtures.stage import manifest, stage
from fixtures.stage.manifest import Images
from fixtures.stage.recording import Recording, read_recording
from fixtures.stage.run import Run
from fixtures.stage.scenario import Scenario, until_finished
from fixtures.stage.stage import Stage
from fixtures.stage.watch import Watch
from fixtures.timeline import Timeline
from tests.apiserver import ApiServer, CutError, Reply, Request, serving
from tests.tapes import running, terminated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Json = dict[str, Any]

NAMESPACE = "/api/v1/namespaces/sidecar-run"
DONE = {"phase": "Succeeded", "containerStatuses": []}
DAY = "2026-11-23T21:40:"


class Cluster:
    """Keeps pods, tells their changes to watches, and lets each live as `lives` says.

    A life is a list of statuses that a pod has one after the other. Logs are those of `logs`, by
    the container and whether it is the previous run.
    """

    def __init__(self) -> None:
        self.lives: dict[str, list[Json]] = {}
        self.logs: dict[tuple[str, bool], list[str]] = {}
        self.pods: dict[str, Json] = {}
        self.away = False
        self.server: ApiServer | None = None
        self._version = 0
        self._changes: queue.SimpleQueue[str] = queue.SimpleQueue()

    def answer(self, request: Request) -> Reply:
        """Answer as an API server does."""
        if self.away:
            raise CutError
        path, query = request.path, request.query
        if path == f"{NAMESPACE}/pods" and request.method == "POST":
            return self._create(request.body)
        if path == f"{NAMESPACE}/pods" and "watch" in query:
            return Reply(self._watch())
        if path == f"{NAMESPACE}/events" and "watch" in query:
            return Reply(self._silence())
        if path.endswith("/log"):
            lines = self.logs.get((query["container"], "previous" in query), [])
            return Reply("".join(line + "\n" for line in lines))
        if request.method == "GET" and path.rpartition("/")[2] in ("pods", "events"):
            labelled = [
                pod
                for pod in self.pods.values()
                if query.get("labelSelector", "").endswith(f"={pod['metadata']['name']}")
            ]
            return Reply({"metadata": {"resourceVersion": str(self._version)}, "items": labelled})
        return Reply({})

    def _create(self, pod: Json) -> Reply:
        name = pod["metadata"]["name"]
        pod["metadata"]["uid"] = f"uid of {name}"
        self.pods[name] = pod
        for status in [{"phase": "Pending"}, *self.lives.get(name, [])]:
            self._version += 1
            pod["metadata"]["resourceVersion"] = str(self._version)
            pod["status"] = status
            kind = "MODIFIED" if len(status) > 1 else "ADDED"
            self._changes.put(json.dumps({"type": kind, "object": pod}) + "\n")
        return Reply(pod, status=201)

    def change(self, name: str, status: Json) -> None:
        """Let the next version of a pod be known to watches."""
        pod = {**self.pods[name], "status": status}
        self._changes.put(json.dumps({"type": "MODIFIED", "object": pod}) + "\n")

    def _watch(self) -> Iterator[str]:
        assert self.server is not None
        while not self.server.done.is_set():
            try:
                yield self._changes.get(timeout=0.01)
            except queue.Empty:
                if self.away:
                    raise CutError from None

    def _silence(self) -> Iterator[str]:
        assert self.server is not None
        while not self.server.done.wait(0.01):
            if self.away:
                raise CutError
        yield ""


class Theatre:
    """A stage on a cluster of this test."""

    def __init__(self, folder: Path, cluster: Cluster, make: Callable[[], Stage]) -> None:
        self.cluster = cluster
        self.stage = make()
        self._folder = folder

    def play(self, *scenarios: Scenario) -> dict[str, Recording]:
        """Stage scenarios whose pods are named after them; return the recordings."""
        for one in scenarios:
            pod = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": one.name},
                "spec": {"containers": [{"name": "app", "image": "fixture"}]},
            }
            path = self._folder / "manifests" / f"{one.name}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(pod), encoding="utf-8")
        try:
            self.stage.run(scenarios)
        finally:
            self.stage.stop()
        return self.recordings()

    def recordings(self) -> dict[str, Recording]:
        """Return what was recorded."""
        paths = (self._folder / "recordings").glob("*.jsonl")
        return {path.stem: read_recording(path) for path in paths}


@pytest.fixture
def theatre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Theatre]:
    monkeypatch.setattr(manifest, "MANIFESTS", tmp_path / "manifests")
    hasty = functools.partial(Watch, pause=0.005, outage_seconds=0.01)
    monkeypatch.setattr(stage, "Watch", hasty)
    before = set(threading.enumerate())
    cluster = Cluster()
    with serving(cluster.answer, tmp_path) as (server, api):
        cluster.server = server

        def make() -> Stage:
            made = Stage(
                api,
                run_id="run",
                directory=tmp_path / "recordings",
                images=Images("image:1", "image:2", loaded=True),
                nodes=(),
                progress=Progress(Console(file=io.StringIO())),
            )
            made.configure(header={"minor": 37, "shared_clock": True}, node_pods=110, cpus=2.0)
            made.open_namespace("sidecar-run")
            return made

        yield Theatre(tmp_path, cluster, make)
        server.done.set()
        for thread in set(threading.enumerate()) - before:
            if thread.name.startswith(("watch", "log")):
                thread.join(10)
                assert not thread.is_alive(), thread.name


def status(phase: str, **app: Any) -> Json:  # noqa: ANN401 - JSON values
    return {"phase": phase, "containerStatuses": [{"name": "app", **app}]}


def ended(identity: str, restarts: int = 0, **more: Any) -> Json:  # noqa: ANN401
    state = terminated(identity, 1, 2)
    return {"containerID": identity, "restartCount": restarts, "state": state, **more}


def test_a_pod_is_recorded_from_its_creation_to_its_end(theatre: Theatre) -> None:
    theatre.cluster.lives["one"] = [
        status("Running", **running("a", 1)),
        status("Succeeded", **ended("a")),
    ]
    theatre.cluster.logs["app", False] = [f"{DAY}01.5Z START", f"{DAY}02.5Z DONE"]
    recording = theatre.play(Scenario("one", until_finished))["one"]
    assert recording.failure is None
    assert recording.header["minor"] == 37
    timeline = Timeline(recording)
    assert timeline.pod.phases == ["Pending", "Running", "Succeeded"]
    assert [line.text for line in timeline["app"].last.lines] == ["START", "DONE"]
    assert timeline["app"].last.log_ended
    created = timeline.action("create", kind="Pod")
    assert created.status == 201
    spec = created.body["spec"]["containers"][0]
    assert (spec["image"], spec["imagePullPolicy"]) == ("image:1", "Never")
    assert created.body["metadata"]["finalizers"] == [manifest.HOLD]


def test_a_run_that_was_never_the_present_one_has_its_log_read(theatre: Theatre) -> None:
    theatre.cluster.lives["one"] = [
        status("Succeeded", **ended("b", 1, lastState=terminated("a", 1, 1, 1))),
    ]
    theatre.cluster.logs["app", True] = [f"{DAY}01.5Z FIRST"]
    theatre.cluster.logs["app", False] = [f"{DAY}02.5Z SECOND"]
    timeline = Timeline(theatre.play(Scenario("one", until_finished))["one"])
    first, second = timeline["app"].instances
    assert [line.text for line in first.lines] == ["FIRST"]
    assert [line.text for line in second.lines] == ["SECOND"]
    assert not first.lost
    assert not second.lost


def test_a_server_that_never_comes_back_is_recorded_as_an_outage(theatre: Theatre) -> None:
    def steps(run: Run) -> None:
        theatre.cluster.away = True
        run.until_finished(seconds=0.3)

    recording = theatre.play(Scenario("one", steps))["one"]
    (outage, *_) = recording.of("outage")
    assert outage["ended"] > outage["at"]
    assert Timeline(recording).outages
    (wait,) = recording.of("wait")
    assert wait["met"] is False
    assert wait["saw"] == "one Pending (no status)"


def test_a_defect_in_the_steps_of_one_scenario_leaves_the_others_alone(theatre: Theatre) -> None:
    theatre.cluster.lives["sound"] = [status("Succeeded", **ended("a"))]

    def steps(_: Run) -> None:
        raise KeyError("typo")

    recordings = theatre.play(Scenario("broken", steps), Scenario("sound", until_finished))
    assert recordings["broken"].failure == "defect in the steps: KeyError('typo')"
    assert recordings["sound"].failure is None


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, which it does not where the tests were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_ends_every_wait_at_once(theatre: Theatre) -> None:
    def steps(run: Run) -> None:
        os.kill(os.getpid(), signal.SIGINT)  # which the main thread gets, as from Ctrl-C
        run.until_finished(seconds=20)

    with pytest.raises(KeyboardInterrupt):
        theatre.play(Scenario("one", steps))
    recording = theatre.recordings()["one"]
    assert recording.failure == "the run was interrupted"
    assert recording.seconds < 15


def test_a_wait_in_vain_is_no_failure_of_the_stage(theatre: Theatre) -> None:
    theatre.cluster.lives["one"] = [status("Running", **running("a", 1))]
    steps = functools.partial(Run.until_finished, seconds=0.05)
    recording = theatre.play(Scenario("one", steps))["one"]
    assert recording.failure is None
    (wait,) = recording.of("wait")
    assert (wait["met"], wait["saw"]) == (False, "one Running (app running)")


def test_a_pod_that_no_node_takes_is_a_failure_of_the_stage(theatre: Theatre) -> None:
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes available"}
    theatre.cluster.lives["one"] = [{"phase": "Pending", "conditions": [condition]}]
    steps = functools.partial(Run.until_finished, seconds=0.05)
    recording = theatre.play(Scenario("one", steps))["one"]
    assert recording.failure == "pod one was not scheduled: 0/1 nodes available"


def test_what_disturbs_is_prepared_beside_the_others_and_staged_after_them(
    theatre: Theatre,
) -> None:
    happened: list[str] = []
    prepared = threading.Event()

    def quiet(_: Run) -> None:
        assert prepared.wait(20)
        happened.append("the last step of the other")

    def prepare(run: Run) -> None:
        run.cleanup.callback(happened.append, "cleanup")
        happened.append("preparation")
        prepared.set()

    def steps(_: Run) -> None:
        happened.append("disturbance")

    recordings = theatre.play(
        Scenario("loud", steps, seconds=30, disturbs=True, prepare=prepare),
        Scenario("quiet", quiet, seconds=20),
    )
    assert happened == ["preparation", "the last step of the other", "disturbance", "cleanup"]
    assert recordings["loud"].of("wait")[0]["what"] == "those that disturb nothing"
    assert theatre.stage.figures["stagedTogether"] == 1


def test_what_could_not_be_prepared_disturbs_nothing(theatre: Theatre) -> None:
    cleaned: list[str] = []

    def prepare(run: Run) -> None:
        run.cleanup.callback(cleaned.append, run.name)
        raise KeyError("typo")

    def steps(_: Run) -> None:
        cleaned.append("disturbed")

    recording = theatre.play(Scenario("loud", steps, disturbs=True, prepare=prepare))["loud"]
    assert recording.failure == "defect in the steps: KeyError('typo')"
    assert cleaned == ["loud"]


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_ends_what_was_only_prepared(theatre: Theatre) -> None:
    prepared = threading.Event()

    def steps(_: Run) -> None:
        assert prepared.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        theatre.play(
            Scenario("loud", until_finished, disturbs=True, prepare=lambda _: prepared.set()),
            Scenario("quiet", steps),
        )
    loud = theatre.recordings()["loud"]
    assert (loud.failure, loud.complete) == ("the run was interrupted", True)


def test_what_was_made_is_deleted_and_released(theatre: Theatre) -> None:
    theatre.cluster.lives["one"] = [status("Succeeded", **ended("a"))]
    theatre.play(Scenario("one", until_finished))
    assert theatre.cluster.server is not None
    asked = [(request.method, request.path) for request in theatre.cluster.server.asked]
    assert ("DELETE", f"{NAMESPACE}/pods/one") in asked
    (patch,) = [r for r in theatre.cluster.server.asked if r.method == "PATCH"]
    assert patch.body["metadata"]["finalizers"] == []


def test_a_scenario_ends_when_all_was_seen_that_happened_to_its_pods(theatre: Theatre) -> None:
    cluster = theatre.cluster
    cluster.lives["one"] = [status("Running", **running("a", 1))]

    def steps(run: Run) -> None:
        run.until_running("app")
        # The API knows of the end before the watch tells of it.
        cluster.pods["one"]["metadata"]["resourceVersion"] = "99"
        threading.Timer(0.3, cluster.change, ("one", status("Succeeded", **ended("a")))).start()

    recording = theatre.play(Scenario("one", steps))["one"]
    assert Timeline(recording).pod.phase == "Succeeded"


def test_an_end_that_still_shows_a_running_container_is_waited_for(theatre: Theatre) -> None:
    cluster = theatre.cluster
    cluster.lives["one"] = [status("Succeeded", **running("a", 1))]

    def mend() -> None:
        cluster.pods["one"]["metadata"]["resourceVersion"] = "99"
        cluster.change("one", status("Succeeded", **ended("a")))

    def steps(run: Run) -> None:
        run.until_finished()
        threading.Timer(0.3, mend).start()

    timeline = Timeline(theatre.play(Scenario("one", steps))["one"])
    assert timeline["app"].last.exit_code == 0


def test_every_open_log_is_asked_from_the_first_time_on(theatre: Theatre) -> None:
    class Log:
        asked = 0

        def settled(self) -> bool:
            self.asked += 1
            return self.asked > 2

        def lost(self, reason: str) -> None:
            raise AssertionError(reason)

    logs = [Log(), Log()]
    counts: list[int] = []

    def steps(run: Run) -> None:
        for log in logs:
            run.log_opened(log)
        run.until_logs_ended()
        counts.extend(log.asked for log in logs)

    assert theatre.play(Scenario("one", steps))["one"].failure is None
    assert counts == [3, 3]


def test_figures_tell_how_long_it_took(theatre: Theatre) -> None:
    for name in ("one", "two"):
        theatre.cluster.lives[name] = [status("Succeeded", **ended(name))]
    theatre.play(*(Scenario(name, until_finished) for name in ("one", "two")))
    figures = theatre.stage.figures
    assert (figures["stagedTogether"], figures["podsStarted"]) == (2, 2)
    assert 0 < figures["longestScenarioSeconds"] <= figures["stageSeconds"]
