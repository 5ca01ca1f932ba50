"""The measurement: rounds in one cluster, in each of them one pod of each variant after the other.

Whatever changes on the machine meanwhile meets all variants alike: they take turns, in an order
that is drawn anew for each round. No two pods are there at once, besides that of the client.
"""

from __future__ import annotations

import copy
import json
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.overhead import usage
from conformance.overhead.variants import CLIENT, PORT, PREFIX, load
from fixtures.errors import EnvironmentBrokenError, SuiteError
from fixtures.kubeapi.kinds import path_of, path_of_object
from fixtures.kubeapi.times import SECOND
from fixtures.patience import EXEC
from fixtures.software import own
from fixtures.stage.manifest import prepare
from fixtures.words import one_line
from reports.overhead import LeftOut, Life, Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.overhead.variants import Variant
    from conformance.overhead.watching import Watching
    from fixtures.clusters import Node
    from fixtures.host.progress import Progress
    from fixtures.kubeapi.client import Api
    from fixtures.stage.manifest import Images

Json = dict[str, Any]

RATE = 500
"""Requests a second at the steady pace."""
SECONDS = 1
"""How long requests are sent at that pace, and then without one."""
CONNECTIONS = 8
"""Over how many connections."""

NAME = "overhead"
"""What the objects are labelled with, in place of a scenario's name."""

WARM_UP = 0
"""The round whose figures do not count."""


@dataclass(frozen=True)
class Place:
    """Where pods are measured, and the run that they are of."""

    api: Api
    namespace: str
    node: Node
    watching: Watching
    images: Images
    run: str


@dataclass
class Measurement:
    """Some rounds of variants; the pods that were measured so far, and those that could not be."""

    place: Place
    variants: Sequence[Variant]
    rounds: int
    seed: int
    lives: list[Life] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def take(self, progress: Progress) -> None:
        """Measure one pod of each variant in each round, after one that only warms up.

        Raises EnvironmentBrokenError where the first pod of a variant fails; of others it is noted.
        """
        progress.line(f"the order in each round is drawn with seed {self.seed}")
        self._set_up()
        for variant in self.variants:
            with progress.step(f"warming up: {variant.name}"):
                self.live(variant, WARM_UP)
        what = f"measuring {len(self.variants)} variants in {self.rounds} rounds"
        with progress.step(what) as show:
            for number, order in enumerate(orders(self.variants, self.rounds, self.seed), 1):
                for place, variant in enumerate(order, 1):
                    show(f"round {number}, {variant.name}")
                    self._measure(variant, number, place)

    def _measure(self, variant: Variant, number: int, place: int) -> None:
        try:
            values = self.live(variant, number)
        except SuiteError as error:
            reason = one_line(error)
            self.left_out.append(LeftOut(variant=variant.name, round=number, reason=reason))
            return
        life = Life(variant=variant.name, round=number, place=place, values=values)
        self.lives.append(life)

    def _set_up(self) -> None:
        """Create the client, and all objects that are no pods."""
        (client,) = load("client")
        for document in (client, *(other for one in self.variants for other in one.others)):
            self._create(self._prepared(document))
        self.place.watching.until_ready(CLIENT)

    def _prepared(self, document: Json) -> Json:
        """Return an object of a manifest, ready to be created."""
        place = self.place
        made = prepare(copy.deepcopy(document), scenario=NAME, run=place.run, images=place.images)
        # Nobody reads a last status, and a finalizer would take its time.
        made["metadata"].pop("finalizers", None)
        return made

    def _create(self, document: Json) -> Json:
        """Create an object, and return it as stored."""
        path = path_of_object(document, self.place.namespace)
        stored: Json = self.place.api.require("POST", path, body=document)
        return stored

    def live(self, variant: Variant, number: int) -> dict[Measure, float]:
        """Let one pod live, and return what was measured of it. It is gone then, or never will be.

        Raises EnvironmentBrokenError where it does not become Ready, does not answer, or stays.
        """
        place = self.place
        pod = self._prepared(variant.pod)
        name = pod["metadata"]["name"] = f"{PREFIX}{variant.name}-{number}"
        asked = time.time_ns()
        uid = self._create(pod)["metadata"]["uid"]
        try:
            ready, seen = place.watching.until_ready(name)
            idle = usage.read(place.node, uid)
            answers = self._ask(seen["status"]["podIP"])
            busy = usage.read(place.node, uid)
        finally:
            deleted = time.time_ns()
            place.api.require("DELETE", path_of("Pod", place.namespace, name))
            gone = place.watching.until_gone(name)
        return {
            Measure.READY: (ready - asked) / SECOND,
            Measure.GONE: (gone - deleted) / SECOND,
            Measure.START_CPU: idle.cpu,
            Measure.MEMORY: idle.memory,
            Measure.P50: answers["p50"],
            Measure.P99: answers["p99"],
            Measure.REQUEST_CPU: (busy.cpu - idle.cpu) / answers["requests"],
            Measure.THROUGHPUT: answers["perSecond"],
        }

    def _ask(self, address: str) -> dict[str, float]:
        """Send requests to a pod, and return what the client says of them."""
        words = [f"{address}:{PORT}", *map(str, (RATE, SECONDS, CONNECTIONS))]
        code, output = self.place.api.exec(
            self.place.namespace,
            CLIENT,
            "client",
            [f"{own.FOLDER}/load", "measure", *words],
            EXEC.seconds,
        )
        if code:
            raise EnvironmentBrokenError(f"requests to {address} failed: {one_line(output)}")
        answers: dict[str, float] = json.loads(output)
        return answers


def orders(variants: Sequence[Variant], rounds: int, seed: int) -> list[list[Variant]]:
    """Return the order of the variants in each round, which a seed decides."""
    drawn = random.Random(seed)  # noqa: S311 - nobody is to be surprised by it
    return [drawn.sample(variants, len(variants)) for _ in range(rounds)]
