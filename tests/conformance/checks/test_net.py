"""Requests whose order is open leave the answer open; others decide it."""

from __future__ import annotations

import pytest

from conformance.checks.test_net import both


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (True, True, True),
        (True, False, False),
        (None, False, False),
        (False, None, False),
        (None, True, None),
        (None, None, None),
    ],
)
def test_both_hold_where_neither_is_open(
    *, one: bool | None, other: bool | None, found: bool | None
) -> None:
    assert both(one, other) is found
