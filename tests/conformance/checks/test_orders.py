"""Orders: what the suite asked for, and what a kubelet did at once."""

from __future__ import annotations

import pytest

from conformance.checks.orders import assert_since
from fixtures.evidence.moments import InconclusiveError, Moment
from fixtures.kubeapi.times import SECOND
from tests.kit.tapes import BEGUN


def moment(earliest: float, latest: float) -> Moment:
    begin, end = (BEGUN + int(at * SECOND) for at in (earliest, latest))
    return Moment("it happened", begin, end, "the test")


ASKED = moment(10, 10)


@pytest.mark.parametrize(
    ("earliest", "latest"), [(9.9, 9.95), (9.989, 10.041), (10.0, 10.0), (10.5, 10.51), (30, 31)]
)
def test_what_follows_a_request_may_follow_it_at_once(earliest: float, latest: float) -> None:
    assert_since(ASKED, moment(earliest, latest))


def test_what_was_there_before_the_request_did_not_come_of_it() -> None:
    with pytest.raises(AssertionError, match="the opposite order was expected"):
        assert_since(ASKED, moment(9.4, 9.5))


def test_what_may_have_been_long_before_the_request_decides_nothing() -> None:
    with pytest.raises(InconclusiveError):
        assert_since(ASKED, moment(9.5, 10.5))
