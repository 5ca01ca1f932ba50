"""The cgroups of a pod and of its containers, as a node had them when the suite read them."""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING

from fixtures.evidence.errors import EvidenceLostError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.evidence.instances import Instance
    from fixtures.evidence.timeline import Action

PERIOD = 100_000
"""In microseconds: the time to which a quota of CPU is related (cpuCFSQuotaPeriod, 100 ms)."""
UNLIMITED = 1 << 62
"""Version 1 writes no limit as a number that is near 2 to the power of 63."""


def read(action: Action, name: str, instance: Instance | None = None) -> set[str]:
    """Return what the files of a name say, of the pod itself or of an instance of a container.

    There are several where a node has both versions.
    """
    # `containerd://ID`: a cgroup is named after what stands behind.
    container = instance.id.rpartition("/")[2] if instance else ""
    found = set()
    for line in str(action.answer["output"]).splitlines():
        path, _, value = line.rpartition(" ")
        *parents, file = path.split("/")
        below = len(parents) == 1 and container in parents[0] if container else not parents
        if file == name and below:
            found.add(value)
    return found


def memory_limits(action: Action, instance: Instance | None = None) -> set[int | None]:
    """Return the limits of memory in bytes; None stands for no limit.

    Raises EvidenceLostError where there was no such cgroup.
    """
    found = read(action, "memory.max", instance) | read(action, "memory.limit_in_bytes", instance)
    if not found:
        raise EvidenceLostError(f"no cgroup of {instance or 'the pod'} was read")
    limits = {UNLIMITED if one == "max" else int(one) for one in found}
    return {None if one >= UNLIMITED else one for one in limits}


def assert_memory_limit(
    action: Action, wanted: int | None, instance: Instance | None = None
) -> None:
    """Assert that a cgroup's limit of memory is this many MiB; None stands for no limit."""
    found = memory_limits(action, instance)
    limits = {None if wanted is None else wanted << 20}
    assert found == limits, f"the memory limit of {instance or 'the pod'} is {found}, not {limits}"


def assert_cpu_limit(action: Action, wanted: int | None, instance: Instance | None = None) -> None:
    """Assert that a cgroup's limit of CPU is this many millis; None stands for no limit.

    Raises EvidenceLostError where there was no such cgroup.
    """
    # Version 2 tells the period as well: 90000/100000.
    found = {one.partition("/")[0] for one in read(action, "cpu.max", instance)}
    found |= read(action, "cpu.cfs_quota_us", instance)
    if not found:
        raise EvidenceLostError(f"no cgroup of {instance or 'the pod'} was read")
    limits = {None if one in {"max", "-1"} else int(one) * 1000 // PERIOD for one in found}
    assert limits == {wanted}, f"the CPU limit of {instance or 'the pod'} is {limits}, not {wanted}"


def assert_parent(action: Action, wanted: str) -> None:
    """Assert that the cgroup of the pod is in those of a QoS class: `burstable`."""
    found = read(action, "PARENT")
    if not found:
        raise EvidenceLostError("no cgroup of the pod was read")
    for parent in found:
        last = parent.rpartition("/")[2]
        assert wanted in last, f"the pod is in cgroup {parent}, not in one of {wanted} pods"


def assert_cpu_share(action: Action, millis: int) -> None:
    """Assert that the pod's cgroup has the share of CPU that such a request gives."""
    for name, weights in SHARES.items():
        for value in read(action, name):
            wanted = {str(weight(millis * 1024 // 1000)) for weight in weights}
            assert value in wanted, f"{name} of the pod is {value}, not {' or '.join(wanted)}"


def _linear(shares: int) -> int:
    return 1 + (shares - 2) * 9999 // 262142


def _curved(shares: int) -> int:
    power = log2(shares)
    return ceil(10 ** ((power * power + 125 * power) / 612 - 7 / 34))


SHARES: dict[str, tuple[Callable[[int], int], ...]] = {
    "cpu.shares": (int,),
    "cpu.weight": (_linear, _curved),
}
"""How a share of version 1 is written, by the name of the file.

Version 2 has another range: runtimes before 2025 went from one to the other in a straight line.
Source: ConvertCPUSharesToCgroupV2Value of github.com/opencontainers/cgroups.
"""
