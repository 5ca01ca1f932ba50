"""What all tests of the suite share."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the tests run is not what a job on GitHub Actions is about.
for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(name, None)

# How long an example takes says nothing on a machine that does other things, too.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, which it does not where the tests were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
