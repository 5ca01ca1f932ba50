"""What a pod uses is read from either version of control groups."""

from __future__ import annotations

import pytest

from conformance.overhead.usage import Usage, parse
from fixtures.errors import EnvironmentBrokenError

SECOND_VERSION = """\
cpu.stat:usage_usec 1500000
memory.current:4096000
memory.stat:inactive_file 96000
"""

FIRST_VERSION = """\
cpuacct.usage:1500000000
memory.usage_in_bytes:4096000
memory.stat:inactive_file 0
memory.stat:total_inactive_file 96000
"""


@pytest.mark.parametrize("text", [SECOND_VERSION, FIRST_VERSION])
def test_cpu_is_in_seconds_and_memory_without_files_that_are_not_in_use(text: str) -> None:
    assert parse(text) == Usage(cpu=1.5, memory=4_000_000)


def test_the_lines_of_controllers_may_come_in_any_order() -> None:
    assert parse("".join(reversed(FIRST_VERSION.splitlines(keepends=True)))) == parse(FIRST_VERSION)


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("", "no figures"),
        ("cpuacct.usage:1\n", "cpuacct.usage"),
        ("memory.current:1\nmemory.stat:inactive_file 0\n", "memory.current"),
    ],
)
def test_a_missing_figure_is_an_error(text: str, has: str) -> None:
    with pytest.raises(EnvironmentBrokenError, match=f"its cgroup has {has}"):
        parse(text)
