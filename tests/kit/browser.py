"""Chromium of the system, for tests of pages: it fetches nothing, and tells what it was asked to.

`apt-get install chromium` installs it on Debian and Ubuntu.
"""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Page, Request

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

MOST = 3 * 2**20
"""So many bytes a page may have."""
SOON = 1.0
"""Within so many seconds a page has shown something."""
NO_FRAGMENT = re.compile(r"^[^#]*#?$")
"""An address without a fragment.

Tests wait for it with `expect`, outside of the page: a function that is waited for in the page is
evaluated there from its second try on, which the policy of our pages forbids.
"""


def executable() -> str | None:
    """Return the path of Chromium; None where there is none."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next(filter(None, found), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Run Chromium without a window, with a profile of its own that is removed."""
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=executable(), args=list(FLAGS))
        try:
            yield started
        finally:
            started.close()


@contextmanager
def opened(
    chromium: Browser, path: Path, *, width: int = 1280, scheme: str = "light", script: bool = True
) -> Iterator[Page]:
    """Open a file; at the end nothing may have gone wrong, and nothing but files been asked for."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
    )
    told: list[str] = []
    page = context.new_page()

    def close(dialog: Dialog) -> None:
        told.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def ask(request: Request) -> None:
        if not request.url.startswith("file:"):
            told.append(f"request: {request.url}")

    page.on("console", lambda message: told.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: told.append(f"error: {error}"))
    page.on("dialog", close)
    page.on("request", ask)
    try:
        page.goto(path.as_uri())
        yield page
        assert told == []
    finally:
        context.close()


def violations(page: Page) -> list[tuple[str, str]]:
    """Return what axe-core has against a page: rules, each with the first element it is about."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found]


def first_paint(page: Page) -> float:
    """Return how many seconds after it was asked for a page has shown something."""
    # A wait of Playwright's evaluates text in the page, which its policy forbids.
    page.evaluate(
        "new Promise(seen => new PerformanceObserver(seen)"
        ".observe({type: 'paint', buffered: true}))"
    )
    painted: float = page.evaluate("performance.getEntriesByType('paint')[0].startTime")
    return painted / 1000
