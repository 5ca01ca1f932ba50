"""The place of a run's files: beside the report of an earlier run until they can take its place."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

UNFINISHED = "unfinished"
"""The folder beside the reports in which runs write until they have one."""


@dataclass(frozen=True)
class Place:
    """Where one run writes, and where its report lies in the end.

    `final` is the folder of the report; `names` are the files and folders in it that are a run's.
    Whatever else lies there is somebody's, and stays. A run that is killed leaves the earlier
    report as it was, and what it recorded in `work`, until the next run of the same label records.
    """

    final: Path
    names: Collection[str]

    @property
    def work(self) -> Path:
        """Where the run writes until its report is whole."""
        return self.final.parent / UNFINISHED / self.final.name

    @property
    def _earlier(self) -> Path:
        return self.final.parent / UNFINISHED / f".{self.final.name}.earlier"

    def recover(self) -> None:
        """End what a run that was killed while it published has begun. Raises OSError."""
        if not self._earlier.exists():
            return
        with suppress(OSError):  # a claim has made it; it is of no use while it is empty
            self.final.rmdir()
        if self.final.exists():
            self._drop_earlier()
        else:
            self._earlier.rename(self.final)

    def begin(self) -> None:
        """Make the working folder empty. Raises OSError."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def publish(self) -> None:
        """Put the working folder in the place of the earlier report. Raises OSError.

        No system renames two folders at once: for a moment there is no report, and `recover` knows
        where the earlier one is.
        """
        if self.final.exists():
            self.final.rename(self._earlier)
        self.work.rename(self.final)
        if self._earlier.exists():
            self._drop_earlier()

    def tidy(self) -> None:
        """Remove working folders that hold nothing."""
        for path in (self.work, self.work.parent):
            with suppress(OSError):
                path.rmdir()

    def _drop_earlier(self) -> None:
        for path in self._earlier.iterdir():
            kept = self.final / path.name
            if path.name not in self.names and not kept.exists():
                path.rename(kept)
        shutil.rmtree(self._earlier, ignore_errors=True)
