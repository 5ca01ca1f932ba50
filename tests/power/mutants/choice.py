"""Which of all places are changed: by a seed, spread over functions and ways to change them."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from fixtures.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.power.mutants.mutator import Place


def chosen(places: Sequence[Place], count: int, seed: int) -> list[Place]:
    """Return so many of the places, in the order of the seed.

    No function comes twice before all have come, and all kinds of changes come equally often, as
    far as the code has them. A smaller count is the beginning of a larger one. The same seed gives
    the same places of the same code, in whatever order these are given.
    """
    waiting = sorted(places, key=lambda place: _rank(place, seed))
    functions: Counter[tuple[str, str]] = Counter()
    kinds: Counter[str] = Counter()
    found: list[Place] = []
    while waiting and len(found) < count:
        place = min(waiting, key=lambda one: (functions[one.file, one.function], kinds[one.kind]))
        waiting.remove(place)
        functions[place.file, place.function] += 1
        kinds[place.kind] += 1
        found.append(place)
    return found


def named(places: Sequence[Place], ids: Sequence[str]) -> list[Place]:
    """Return the places of these ids, each once. Raises UsageError."""
    known = {place.id: place for place in places}
    for name in ids:
        if name not in known:
            raise UsageError(
                f"there is no mutant {name!r} of this component and version: --list prints those "
                "of a seed"
            )
    return [known[name] for name in dict.fromkeys(ids)]


def _rank(place: Place, seed: int) -> str:
    return hashlib.sha256(f"{seed} {place.id}".encode()).hexdigest()
