"""Counter-examples: for each check, recordings on which it has to fail.

Each is a good recording from a real cluster with one edit that says what it breaks. The modules
are named after their areas, as those in `conformance/checks`.
"""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Import every module, so that all edits are registered."""
    for info in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{info.name}")
