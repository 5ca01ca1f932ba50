"""Limits of CPU are read from cgroups of either version."""

from __future__ import annotations

import pytest

from conformance.checks.cgroups import assert_cpu_limit
from fixtures.evidence.errors import EvidenceLostError
from fixtures.evidence.moments import Moment
from fixtures.evidence.timeline import Action

OTHERS = "PARENT /sys/fs/cgroup/kubepods\ncri-containerd-1.scope/cpu.max 70000/100000\n"


def reading(text: str) -> Action:
    moment = Moment("it was read", 0, 0, "suite")
    return Action("read-cgroups", {}, {"output": OTHERS + text}, moment, moment)


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("cpu.max 90000/100000", 900),
        ("cpu.max max/100000", None),
        ("cpu.cfs_quota_us 250000", 2500),
        ("cpu.cfs_quota_us -1", None),
    ],
)
def test_a_limit_is_a_quota_or_none(text: str, millis: int | None) -> None:
    assert_cpu_limit(reading(text), millis)
    with pytest.raises(AssertionError, match="the CPU limit of the pod is"):
        assert_cpu_limit(reading(text), 800)


def test_a_cgroup_that_was_not_read_is_lost_evidence() -> None:
    with pytest.raises(EvidenceLostError, match="no cgroup of the pod was read"):
        assert_cpu_limit(reading(""), None)
