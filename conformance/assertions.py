"""What a failed comparison of a check says: a sentence instead of pytest's symbols.

pytest asks `pytest_assertrepr_compare` for it; `conformance.judge` takes it as the reason.
"""

from __future__ import annotations

import operator
from enum import Enum
from typing import TYPE_CHECKING, Any

from fixtures.evidence.counts import Count
from fixtures.evidence.moments import Duration, InconclusiveError, Moment, comparisons

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 300
"""How many characters a value may have; the middle of a longer one is left out."""

BOUNDS = {"<=": "at most", ">=": "at least"}
NUMBERS = {"<": "less than", ">": "more than", **BOUNDS}
COUNTS = {**NUMBERS, "!=": "anything but", "in": "one of", "not in": "none of"}

OPPOSITE = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "in": "not in",
    "not in": "in",
    "is": "is not",
    "is not": "is",
}

OPERATORS: dict[str, Callable[[Any, Any], object]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "is": operator.is_,
    "is not": operator.is_not,
}


def explain(symbol: str, left: object, right: object) -> str:
    """Return what was seen and what was expected, where `left symbol right` was asserted.

    Where the comparison holds it was asserted under a `not`, and its opposite was expected.
    """
    if isinstance(left, Moment) and isinstance(right, Moment):
        return f"{(left - right).words}; {_order(symbol)}"
    wanted = OPPOSITE[symbol] if _holds(symbol, left, right) else symbol
    if isinstance(left, Duration) and symbol in BOUNDS and isinstance(right, int | float):
        bound = BOUNDS[symbol] if wanted == symbol else NUMBERS[wanted]
        return left.against(bound, right)
    if isinstance(left, Count):
        return _of_count(wanted, left, right)
    return _of_values(wanted, left, right)


def _order(symbol: str) -> str:
    return "the opposite order was expected" if symbol in ("<", ">") else "another was expected"


def _holds(symbol: str, left: object, right: object) -> bool:
    """Tell whether a comparison is true, without noting it as one of the check's."""
    with comparisons():
        try:
            if symbol in ("in", "not in"):
                found = left in right  # type: ignore[operator]
                return found if symbol == "in" else not found
            return bool(OPERATORS[symbol](left, right))
        except (TypeError, InconclusiveError):
            return False


def _of_count(symbol: str, left: Count, right: object) -> str:
    bound = f"{COUNTS[symbol]} " if symbol in COUNTS else ""
    return f"{left.what} was {_shown(left)}; {bound}{_shown(right)} was expected"


def _of_values(symbol: str, left: object, right: object) -> str:
    seen, other = _shown(left), _shown(right)
    match symbol:
        case "in":
            return f"{seen} was expected in {other}"
        case "not in":
            return f"{seen} was not expected in {other}"
        case "!=" | "is not":
            return f"{seen} was seen, anything else was expected"
        case "<=" if isinstance(left, set | frozenset):
            return f"{seen} was seen, nothing beside {other} was expected"
        case ">=" if isinstance(left, set | frozenset):
            return f"{seen} was seen, all of {other} was expected"
        case _:
            bound = f"{NUMBERS[symbol]} " if symbol in NUMBERS else ""
            return f"{seen} was seen, {bound}{other} was expected"


def _shown(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, set | frozenset):
        # The order of a set is another in each process.
        text = "{" + ", ".join(sorted(map(repr, value))) + "}" if value else "nothing"
    elif isinstance(value, type({}.keys())):
        text = repr(list(value))
    else:
        text = repr(value)
    if len(text) <= LONGEST:
        return text
    half = (LONGEST - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"
