"""Steps of several scenarios: the cgroups of a pod, as its node has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

GROUPS = """find /sys/fs/cgroup -type d '(' -name "pod$1" -o -name "*pod$2.slice" ')'"""
"""Prints the cgroups of a pod: the words are its UID, and that with underscores."""

READ = rf"""
{GROUPS} | while read -r group; do
  echo "PARENT ${{group%/*}}"
  find "$group" -type f '(' -name memory.max -o -name memory.limit_in_bytes \
    -o -name cpu.weight -o -name cpu.shares -o -name cpu.max -o -name cpu.cfs_quota_us ')' |
  while read -r file; do
    echo "${{file#"$group"/}} $(tr ' ' / < "$file")"
  done
done
"""
"""Prints limits of memory, shares and limits of CPU, of either version and of either driver.

A file is named by its path in the pod's own cgroup. Those of a container are below it. What a file
says has slashes for blanks. PARENT is the cgroup that the pod's own is in.
"""


def read_cgroups(staging: Staging, pod: str, *, action: str = "read-cgroups") -> None:
    """Read the cgroups of a pod and of its containers: action `action`."""
    uid = (staging.pod(pod) or {})["metadata"]["uid"]
    staging.execute("sh", "-c", READ, "read", uid, uid.replace("-", "_"), action=action)
