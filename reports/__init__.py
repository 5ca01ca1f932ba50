"""What a run says to people and machines: one model, one writer a format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reports import badge, digests, jsonreport, junit, summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reports.model import Report


class Format(Protocol):
    """A module that writes a report; the same report gives the same bytes."""

    FILE: str
    """The name of the file in the run's directory."""

    def write(self, report: Report, path: Path) -> None:
        """Write the report to a path. Raises OSError where it cannot be written."""


FORMATS: Sequence[Format] = (jsonreport, junit, summary, badge, digests)
"""The formats that are written at the end of a run, in this order.

The digests come last: they are of what lies there. The session writes `index.html`, which shows
the evidence as well, and pytest-html its own page.
"""
