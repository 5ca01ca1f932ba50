"""Remove from a cluster what runs of the suite have left there: `python -m conformance cleanup`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fixtures.clusters.existing import server_version
from fixtures.errors import EnvironmentBrokenError, UsageError
from fixtures.kubeapi import belongings, owner, rights
from fixtures.kubeapi.client import Api

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_options(add: Callable[..., object]) -> None:
    """Add the options of the command; `add` takes what argparse's add_argument takes."""
    add("--context", metavar="NAME", help="the kubeconfig context of the cluster")
    add("--kubeconfig", metavar="FILE", help="the kubeconfig of --context (default: as kubectl's)")
    add("--namespace", metavar="NAME", help="look into this namespace, and nowhere else")
    add(
        "--all",
        action="store_true",
        help="remove what belongs to any run, also to one that may be under way",
    )


def cleanup(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Remove what dead runs have left, and say what was found, removed and is still there.

    Returns the exit status: 3 where something is not gone. Raises UsageError for a cluster that
    cannot be reached, or whose namespaces may not be listed.
    """
    if not options.context and not options.kubeconfig:
        raise UsageError("cleanup needs to be told the cluster: give --context or --kubeconfig")
    api = Api(Path(options.kubeconfig) if options.kubeconfig else None, options.context)
    server_version(api, options.context)
    listing = [right for right in rights.RIGHTS if rights.LISTING in right.single]
    if not options.namespace and rights.missing(api, listing):
        raise UsageError("the user may not list namespaces: give the one to look into, --namespace")
    now = time.time()
    left: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for thing in belongings.of_the_suite(api, options.namespace):
        chosen = options.all or owner.is_left_behind(thing, now)
        (left if chosen else others).append(thing)
    for thing in left:
        say(f"removing {belongings.named(thing)} of run {owner.run_of(thing)}")
    remains = belongings.remove(api, left)
    for thing in others:
        say(
            f"left {belongings.named(thing)}: run {owner.run_of(thing)} may be under way, "
            "and --all removes it anyway"
        )
    for line in remains:
        say(f"not gone: {line}")
    if not remains:
        say("all of it is gone" if left else "there is nothing to remove")
    return EnvironmentBrokenError.exit_status if remains else 0
