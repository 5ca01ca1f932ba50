"""What a pod uses, as the cgroup that its node keeps for it counts it.

The kubelet tells the same figures through the API, but reads them some ten seconds apart: a pod of
this measurement is gone by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.scenarios.cgroups import GROUPS
from fixtures.errors import EnvironmentBrokenError

if TYPE_CHECKING:
    from fixtures.clusters import Node

# Both versions of control groups: 1 counts nanoseconds, 2 counts microseconds. Version 1 has each
# controller below a folder of its own, and what is of the whole tree under `total_`.
SCRIPT = rf"""
{GROUPS} | while read -r group; do
  cd "$group" && grep -sHE '^[0-9]+$|^usage_usec |^(total_)?inactive_file ' \
    cpuacct.usage cpu.stat memory.usage_in_bytes memory.current memory.stat
done
true
"""


@dataclass(frozen=True)
class Usage:
    """CPU time in seconds that a pod has used until now, and its working set in bytes.

    The working set is what the kubelet calls so: all memory but files that were not used lately.
    """

    cpu: float
    memory: float


def read(node: Node, uid: str) -> Usage:
    """Read what a pod uses. Raises EnvironmentBrokenError where its node does not tell it."""
    return parse(node.execute("sh", "-c", SCRIPT, "read", uid, uid.replace("-", "_")))


def parse(text: str) -> Usage:
    """Understand what SCRIPT prints. Raises EnvironmentBrokenError where something is missing."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        file, _, rest = line.partition(":")
        *name, figure = rest.split()
        found[" ".join([file, *name])] = float(figure)
    cpu = [found[name] / unit for name, unit in _CPU if name in found]
    memory = [found[name] for name in _MEMORY if name in found]
    inactive = [found[name] for name in _INACTIVE if name in found]
    if not (cpu and memory and inactive):
        raise EnvironmentBrokenError(
            "the node does not tell what a pod uses: its cgroup has "
            f"{', '.join(sorted(found)) or 'no figures'}"
        )
    return Usage(cpu[0], max(0.0, memory[0] - inactive[0]))


_CPU = (("cpu.stat usage_usec", 1e6), ("cpuacct.usage", 1e9))
_MEMORY = ("memory.current", "memory.usage_in_bytes")
_INACTIVE = ("memory.stat total_inactive_file", "memory.stat inactive_file")
