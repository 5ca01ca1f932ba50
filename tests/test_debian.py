from __future__ import annotations

import pytest

from fixtures import debian


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('PRETTY_NAME="Debian 12"\nID=debian\n', True),
        ("ID=ubuntu\nID_LIKE=debian\n", True),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', True),
        ('ID="fedora"\n', False),
        ('ID=arch\nNAME="debianish"\n', False),
    ],
)
def test_descendants_of_debian_are_known(text: str, *, expected: bool) -> None:
    assert debian.is_debian(text) is expected


def test_the_command_is_what_a_person_types() -> None:
    assert debian.command(["podman", "runc"]) == (
        "apt-get install --no-install-recommends podman runc"
    )
