"""What several tests of pages need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium of the system, where it and Playwright are installed."""
    kit = pytest.importorskip("tests.kit.browser", reason="group browser is not installed")
    if kit.executable() is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with kit.browser() as started:
        yield started
