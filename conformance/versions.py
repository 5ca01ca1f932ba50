"""Print the newest patch of each minor that the suite supports, and the newest pre-release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from fixtures.images import releases

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

GITLAB_JOB = "ci/gitlab/conformance.yml"
GITLAB_END = "ci/gitlab/nightly.yml"
"""The files that a generated pipeline of GitLab includes: once for each version, and once."""


def add_options(add: Callable[..., object]) -> None:
    """Add the options of the command; `add` takes what argparse's add_argument takes."""
    add("--json", action="store_true", help="print one JSON list, as fromJSON of GitHub takes it")
    add("--gitlab", action="store_true", help="print a child pipeline of GitLab that judges them")


def text(options: argparse.Namespace) -> str:
    """Return what is to be printed: a line each, JSON, or a pipeline in YAML.

    Raises as `releases.newest`.
    """
    found = releases.newest()
    if options.gitlab:
        return yaml.safe_dump(pipeline(found), sort_keys=False)
    if options.json:
        return f"{json.dumps(found)}\n"
    return "".join(f"{version}\n" for version in found)


def pipeline(found: Sequence[str]) -> dict[str, object]:
    """Return a pipeline of GitLab with a job for each version, and those that merge them."""
    jobs = [
        {"local": GITLAB_JOB, "inputs": {"job": version, "kubernetes": version}}
        for version in found
    ]
    return {"stages": ["test", "report"], "include": [*jobs, {"local": GITLAB_END}]}
