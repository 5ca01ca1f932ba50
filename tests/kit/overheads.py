"""Reports of what sidecars cost, for tests: of figures that are as a test wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.overhead import ABOUT, Life, OverheadReport, Variant

if TYPE_CHECKING:
    from collections.abc import Sequence

SPREAD = (0.0, 0.01, -0.01, 0.02, -0.02, 0.005, -0.005, 0.015, -0.015)
"""How far the pods of a variant are from its middle."""


def report(text: str = "", **middles: float) -> OverheadReport:
    """Return a report in which all measures of a variant lie around a figure: `native=2.0`."""
    return of({name: [at + one for one in SPREAD] for name, at in middles.items()}, text)


def of(values: dict[str, Sequence[float]], text: str = "", **more: Any) -> OverheadReport:  # noqa: ANN401 - any field
    """Return a report of these figures, a pod of a round each, for every measure."""
    lives = [
        Life(variant=name, round=number, place=1, values=dict.fromkeys(ABOUT, value))
        for name, found in values.items()
        for number, value in enumerate(found, 1)
    ]
    plain = OverheadReport(
        label="v1.37.2",
        reproduce=f"nox -s overhead -- --seed 1 {text}",
        seed=1,
        rounds=max(map(len, values.values())),
        suite={"version": "0.1.0", "revision": "c251519"},
        cluster={"kubelet": "v1.37.2", "said": text},
        variants=tuple(
            Variant(
                name=name,
                about=f"What {name} is. {text}",
                objects=1,
                containers=1,
                lines=2,
                manifest=f"a: 1\nb: {text}\n",
            )
            for name in values
        ),
        lives=tuple(lives),
        left_out=(),
        missing={},
    )
    return plain.model_copy(update=more)
