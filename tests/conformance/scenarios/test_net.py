"""Steps of the network scenarios: the addresses that they tell clients to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from conformance.scenarios.net import SERVICE_NAME, served, terminating, url

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

Json = dict[str, Any]


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


class Slices:
    """What the API shows of EndpointSlices: conditions of the endpoint of each Service."""

    def __init__(self, **services: dict[str, bool]) -> None:
        self._services = services

    def objects(self, kind: str) -> list[Json]:
        """See Staging."""
        assert kind == "EndpointSlice"
        return [
            {
                "metadata": {"labels": {SERVICE_NAME: name}},
                "ports": [{"port": 8080}],
                "endpoints": [{"conditions": conditions}],
            }
            for name, conditions in self._services.items()
        ]


def test_a_service_is_served_or_stopping_by_its_own_endpoints() -> None:
    one, two = {"ready": True}, {"ready": False, "terminating": True}
    staging = cast("Staging", Slices(one=one, two=two))
    assert served(staging, "one")
    assert not terminating(staging, "one")
    assert terminating(staging, "two")
    assert not served(staging, "two")
    assert not served(staging, "three")
