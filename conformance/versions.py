"""Print the newest patch of each minor that the suite supports, and the newest pre-release."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import yaml

from fixtures.clusters import profiles
from fixtures.images import releases
from fixtures.versions import newest_first, stable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

GITLAB_JOB = "ci/gitlab/conformance.yml"
GITLAB_END = "ci/gitlab/nightly.yml"
"""The files that a generated pipeline of GitLab includes: once for each version, and once."""


@dataclass(frozen=True)
class Wanted:
    """One run of a night: a version, and a profile or none."""

    version: str
    profile: str = ""

    @property
    def label(self) -> str:
        """The label that the run will have."""
        return "+".join(filter(None, (self.version, self.profile)))


def add_options(add: Callable[..., object]) -> None:
    """Add the options of the command; `add` takes what argparse's add_argument takes."""
    add("--json", action="store_true", help="print one JSON list, as fromJSON of GitHub takes it")
    add("--gitlab", action="store_true", help="print a child pipeline of GitLab that judges them")
    add(
        "--profiles",
        action="store_true",
        help="have each profile as well, with the newest version that it is for",
    )


def text(options: argparse.Namespace) -> str:
    """Return what is to be printed: a line each, JSON, or a pipeline in YAML.

    Raises as `releases.newest`.
    """
    found = releases.newest()
    wanted = [Wanted(version) for version in found]
    if options.profiles:
        wanted += of_profiles(found)
    if options.gitlab:
        return yaml.safe_dump(pipeline(wanted), sort_keys=False)
    if options.json and options.profiles:
        runs = [{**asdict(one), "label": one.label} for one in wanted]
        return f"{json.dumps(runs)}\n"
    if options.json:
        return f"{json.dumps(found)}\n"
    return "".join(f"{one.version} {one.profile}".strip() + "\n" for one in wanted)


def of_profiles(found: Sequence[str]) -> list[Wanted]:
    """Return a run of each profile, of the newest release among these that it is for."""
    released = newest_first(stable(found, None))
    wanted = []
    for profile in profiles.PROFILES.values():
        version = next(filter(profile.is_for, released), None)
        if version is not None:
            wanted.append(Wanted(version, profile.name))
    return wanted


def pipeline(wanted: Sequence[Wanted]) -> dict[str, object]:
    """Return a pipeline of GitLab with a job for each run, and those that merge them."""
    jobs = [
        {
            "local": GITLAB_JOB,
            "inputs": {
                "job": one.label,
                "kubernetes": one.version,
                **({"profile": one.profile} if one.profile else {}),
            },
        }
        for one in wanted
    ]
    return {"stages": ["test", "report"], "include": [*jobs, {"local": GITLAB_END}]}
