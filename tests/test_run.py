from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from conformance.test_probes import youth
from fixtures.stage.manifest import Images
from fixtures.stage.recording import Recorder, read_recording
from fixtures.stage.run import Run
from tests.apiserver import Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.apiserver import Request

METRICS = """# TYPE process_start_time_seconds gauge
process_start_time_seconds {start}
process_start_time_seconds_of_another 1
started{{type="init"}} 3
started{{type="regular"}} 4
"""


@contextmanager
def staged(folder: Path, answers: dict[str, Reply]) -> Iterator[Run]:
    """Yield a scenario on an API server that has these answers, by their paths."""

    def answer(request: Request) -> Reply:
        return answers[request.path]

    recorder = Recorder(folder / "recording.jsonl", {"scenario": "probe-gates"})
    with closing(recorder), serving(answer, folder) as (_, api):
        yield Run(
            "probe-gates",
            "namespace",
            api=api,
            recorder=recorder,
            nodes=(),
            images=Images("image:1", "image:2", loaded=True),
            run_id="run",
            stopped=threading.Event(),
        )


def node(name: str, ready_since: float) -> dict[str, object]:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ready_since))
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": stamp}
    return {"metadata": {"name": name}, "status": {"conditions": [ready]}}


def metrics_path(name: str) -> str:
    return f"/api/v1/nodes/{name}/proxy/metrics"


def test_the_samples_of_one_metric_are_read_and_recorded(tmp_path: Path) -> None:
    path = metrics_path("one")
    with staged(tmp_path, {path: Reply(METRICS.format(start=5))}) as run:
        assert len(run.metrics("read-started", path, "started", component="kubelet")) == 2
        assert run.metrics("start", path, "process_start_time_seconds") == [
            "process_start_time_seconds 5"
        ]
    recorded, _ = read_recording(tmp_path / "recording.jsonl").of("action")
    assert recorded["name"] == "read-started"
    assert recorded["arguments"] == {"component": "kubelet"}
    assert recorded["answer"]["lines"] == ['started{type="init"} 3', 'started{type="regular"} 4']


def test_a_kubelet_is_as_young_as_its_last_restart(tmp_path: Path) -> None:
    # A restart that is over within the grace period of the node leaves the condition Ready alone.
    now = time.time()
    nodes = [node("one", ready_since=now - 3600), node("two", ready_since=now - 3600)]
    answers = {
        "/api/v1/nodes": Reply({"items": nodes}),
        metrics_path("one"): Reply(METRICS.format(start=f"{now - 900:.11g}")),
        metrics_path("two"): Reply(METRICS.format(start=f"{now - 10:.11g}")),
    }
    with staged(tmp_path, answers) as run:
        assert youth(run, 600) == pytest.approx(590, abs=60)
        assert youth(run, 5) == 0


def test_without_metrics_a_kubelet_is_as_young_as_its_node_is_ready(tmp_path: Path) -> None:
    answers = {
        "/api/v1/nodes": Reply({"items": [node("one", ready_since=time.time() - 10)]}),
        metrics_path("one"): Reply({"message": "forbidden"}, status=403),
    }
    with staged(tmp_path, answers) as run:
        assert youth(run, 600) == pytest.approx(590, abs=60)
