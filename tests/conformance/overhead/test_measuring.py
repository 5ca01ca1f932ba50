"""Variants take turns in an order that a seed decides, and each life is measured by itself."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from conformance.overhead.measuring import Measurement, Place, orders
from conformance.overhead.variants import CLIENT, variants
from fixtures.errors import EnvironmentBrokenError
from fixtures.host.progress import Progress
from fixtures.kubeapi.owner import RUN_LABEL
from fixtures.stage.manifest import Images
from reports.overhead import Measure

if TYPE_CHECKING:
    from conformance.overhead.watching import Watching
    from fixtures.clusters import Node
    from fixtures.kubeapi.client import Api

Json = dict[str, Any]

VARIANTS = variants(proxy=True)
IMAGES = Images("f", "g", loaded=True, software={"load": "l", "envoy": "e"})
ANSWERS = {"requests": 100, "p50": 0.001, "p99": 0.002, "perSecond": 5000.0}


class FakeCluster:
    """An API server, the watch of its pods and their node in one; pods of `bad` names fail."""

    def __init__(self, *bad: str) -> None:
        self.bad = bad
        self.made: list[Json] = []
        self.deleted: list[str] = []
        self.cpu = 0.0
        self.code = 0

    def require(self, method: str, path: str, body: Json | None = None) -> Json:
        """Create an object, or delete one. See Api."""
        if body is None:
            assert method == "DELETE"
            self.deleted.append(path.rpartition("/")[2])
            return {}
        self.made.append(body)
        body["metadata"]["uid"] = f"uid-{body['metadata']['name']}"
        return body

    def exec(self, *words: object) -> tuple[int, str]:
        """Run the client. See Api."""
        assert words[:3] == ("here", CLIENT, "client")
        return self.code, json.dumps(ANSWERS) if self.code == 0 else "connection refused"

    def until_ready(self, name: str) -> tuple[int, Json]:
        """Return a time after all others. See Watching."""
        if name in self.bad:
            raise EnvironmentBrokenError(f"pod {name} is not Ready")
        return 10**20, {"status": {"podIP": "10.0.0.1"}}

    def until_gone(self, name: str) -> int:
        """Return the same of a pod that was deleted. See Watching."""
        assert name in self.deleted
        return 10**20

    def execute(self, *_: str) -> str:
        """Tell what a pod uses: half a second of CPU more each time. See Node."""
        self.cpu += 0.5
        cpu = f"cpu.stat:usage_usec {int(self.cpu * 1e6)}\n"
        return f"{cpu}memory.current:5000\nmemory.stat:inactive_file 1000\n"

    @property
    def pods(self) -> list[str]:
        """The names of the pods that were made."""
        return [one["metadata"]["name"] for one in self.made if one["kind"] == "Pod"]


def measured(cluster: FakeCluster, rounds: int = 2, seed: int = 1) -> Measurement:
    place = Place(
        cast("Api", cluster),
        "here",
        cast("Node", cluster),
        cast("Watching", cluster),
        IMAGES,
        "45b25547",
    )
    found = Measurement(place, VARIANTS, rounds, seed)
    found.take(Progress(Console(file=io.StringIO())))
    return found


@given(st.integers(1, 2**31), st.integers(1, 20))
def test_every_round_has_every_variant_once(seed: int, rounds: int) -> None:
    found = orders(VARIANTS, rounds, seed)
    assert len(found) == rounds
    for order in found:
        assert Counter(one.name for one in order) == Counter(one.name for one in VARIANTS)


def test_a_seed_gives_one_order_and_others_others() -> None:
    def names(seed: int) -> list[list[str]]:
        return [[one.name for one in order] for order in orders(VARIANTS, 9, seed)]

    assert names(7) == names(7)
    assert names(7) != names(8)
    first = Counter(order[0] for seed in range(200) for order in names(seed))
    assert set(first) == {one.name for one in VARIANTS}
    assert max(first.values()) < 2 * min(first.values())


def test_what_is_measured_is_that_of_the_pod() -> None:
    found = measured(FakeCluster()).lives[0]
    assert found.values[Measure.REQUEST_CPU] == 0.5 / 100
    assert found.values[Measure.MEMORY] == 4000
    assert found.values[Measure.P99] == 0.002
    assert found.values[Measure.THROUGHPUT] == 5000
    assert found.values[Measure.READY] > 0
    assert set(found.values) == set(Measure)


def test_the_first_pods_do_not_count_and_all_are_deleted() -> None:
    cluster = FakeCluster()
    found = measured(cluster, rounds=3)
    assert Counter(life.variant for life in found.lives) == dict.fromkeys(
        (one.name for one in VARIANTS), 3
    )
    assert [life.place for life in found.lives] == [1, 2, 3, 4] * 3
    assert cluster.pods[0] == CLIENT
    assert cluster.pods[1:] == cluster.deleted
    assert len(cluster.deleted) == len(set(cluster.deleted)) == 16


def test_pods_take_turns() -> None:
    cluster = FakeCluster()
    found = measured(cluster, rounds=6, seed=3)
    wanted = [one.name for order in orders(VARIANTS, 6, 3) for one in order]
    assert [life.variant for life in found.lives] == wanted


def test_objects_are_of_the_run_and_nothing_holds_pods() -> None:
    cluster = FakeCluster()
    measured(cluster)
    for one in cluster.made:
        assert one["metadata"]["labels"][RUN_LABEL] == "45b25547"
        assert "finalizers" not in one["metadata"]
    assert [one["kind"] for one in cluster.made].count("ConfigMap") == 1


def test_a_pod_that_fails_is_left_out_with_its_reason_and_deleted() -> None:
    cluster = FakeCluster("overhead-native-2")
    found = measured(cluster)
    assert [(one.variant, one.round, one.reason) for one in found.left_out] == [
        ("native", 2, "pod overhead-native-2 is not Ready")
    ]
    assert Counter(life.variant for life in found.lives)["native"] == 1
    assert "overhead-native-2" in cluster.deleted


def test_the_first_pod_of_a_variant_has_to_work() -> None:
    with pytest.raises(EnvironmentBrokenError, match="overhead-native-0 is not Ready"):
        measured(FakeCluster("overhead-native-0"))


def test_requests_that_fail_are_told() -> None:
    cluster = FakeCluster()
    cluster.code = 1
    with pytest.raises(EnvironmentBrokenError, match=r"to 10\.0\.0\.1 failed: connection refused"):
        measured(cluster)
