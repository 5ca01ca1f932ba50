"""Steps of the network scenarios: the addresses that they tell clients to ask."""

from __future__ import annotations

import pytest

from conformance.scenarios.net import url


@pytest.mark.parametrize(
    ("address", "port", "expected"),
    [
        ("10.96.0.1", "", "http://10.96.0.1/"),
        ("10.89.0.7", "23923", "http://10.89.0.7:23923/"),
        ("fd00:10:96::41d3", "", "http://[fd00:10:96::41d3]/"),
        ("fc00:f853:ccd:e793::19", "23923", "http://[fc00:f853:ccd:e793::19]:23923/"),
    ],
)
def test_an_ipv6_address_stands_in_brackets(address: str, port: str, expected: str) -> None:
    assert url(address, port) == expected


def test_what_is_no_address_is_not_asked() -> None:
    with pytest.raises(ValueError, match="None"):
        url("None")  # the clusterIP of a headless Service
