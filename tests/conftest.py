"""What all tests of the suite share."""

from __future__ import annotations

import os

from hypothesis import settings

# What the tests run is not what a job on GitHub Actions is about.
for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(name, None)

# How long an example takes says nothing on a machine that does other things, too.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
