"""Each of Kubernetes' own sidecar tests has a requirement here, as docs/upstream-tests.md says."""

from __future__ import annotations

import re
from pathlib import Path

from conformance.catalogue import declared

TABLE = Path(__file__).parents[2] / "docs" / "upstream-tests.md"
ROW = re.compile(r"\| \[(\S+:\d+)\]\(https://\S+\) \| 1\.\d+ \| (.*) \|")
UPSTREAM_CASES = 148
"""Cases with a sidecar at v1.37.2."""


def rows() -> dict[str, list[str]]:
    matches = map(ROW.fullmatch, TABLE.read_text(encoding="utf-8").splitlines())
    return {match[1]: re.findall(r"`([^`]+)`", match[2]) for match in matches if match}


def test_every_upstream_case_is_judged() -> None:
    found = rows()
    assert len(found) == UPSTREAM_CASES
    known = {one.requirement.id for one in declared()}
    assert {case: ids for case, ids in found.items() if not ids or set(ids) - known} == {}
