from __future__ import annotations

from collections import Counter

import pytest

from fixtures.errors import UsageError
from tests.power.mutants import choice
from tests.power.mutants.samples import place

KINDS = ("condition negated", "branch removed", "statement dropped")
PLACES = [
    place(function=f"f{number % 10}", kind=KINDS[number % 3], start=number, end=number + 1)
    for number in range(60)
]


def test_the_same_seed_gives_the_same_places_in_whatever_order_they_come() -> None:
    assert choice.chosen(PLACES, 12, 7) == choice.chosen(PLACES[::-1], 12, 7)


def test_another_seed_gives_others() -> None:
    assert choice.chosen(PLACES, 12, 7) != choice.chosen(PLACES, 12, 8)


def test_a_smaller_count_is_the_beginning_of_a_larger_one() -> None:
    assert choice.chosen(PLACES, 12, 7)[:5] == choice.chosen(PLACES, 5, 7)


def test_no_function_comes_twice_before_all_have_come() -> None:
    found = choice.chosen(PLACES, 20, 7)
    assert set(Counter(one.function for one in found[:10]).values()) == {1}
    assert set(Counter(one.function for one in found).values()) == {2}


def test_all_kinds_come_equally_often() -> None:
    kinds = Counter(one.kind for one in choice.chosen(PLACES, 12, 7))
    assert set(kinds) == set(KINDS)
    assert max(kinds.values()) - min(kinds.values()) <= 1


def test_there_are_no_more_than_there_are() -> None:
    found = choice.chosen(PLACES[:3], 20, 7)
    assert sorted(one.start for one in found) == [0, 1, 2]


def test_mutants_are_found_by_their_ids_each_once() -> None:
    first, second = PLACES[4], PLACES[2]
    assert choice.named(PLACES, [first.id, second.id, first.id]) == [first, second]


def test_an_unknown_id_is_a_usage_error_that_names_the_remedy() -> None:
    with pytest.raises(UsageError, match=r"no mutant 'nosuch'.*--list"):
        choice.named(PLACES, ["nosuch"])
