"""Whose a namespace is: only what its owner has surely left is taken away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from copy import deepcopy
from typing import Any

import pytest

from fixtures.stage import owner
from fixtures.stage.manifest import RUN_LABEL


def namespace(**annotations: str) -> dict[str, Any]:
    """Return a namespace of this process, with some annotations changed."""
    found: dict[str, Any] = {"metadata": deepcopy(owner.metadata("45b25547"))}
    found["metadata"]["annotations"].update(annotations)
    return found


def owned_by(word: int, value: str) -> dict[str, Any]:
    """Return a namespace of this process, with one word of its owner changed."""
    words = namespace()["metadata"]["annotations"][owner.OWNER].split(" ")
    words[word] = value
    return namespace(**{owner.OWNER: " ".join(words)})


NOW = time.time()
LATER = NOW + owner.LONGEST_RUN + 3600


def test_a_run_that_is_alive_keeps_its_own_for_ever() -> None:
    assert owner.metadata("45b25547")["labels"] == {RUN_LABEL: "45b25547"}
    assert not owner.is_left_behind(namespace(), NOW)
    assert not owner.is_left_behind(namespace(), LATER)


def test_a_process_that_ended_left_its_own_behind() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = owner.process_started(process.pid)
    alive = owned_by(1, str(process.pid))
    alive["metadata"]["annotations"][owner.OWNER] = " ".join(
        [*alive["metadata"]["annotations"][owner.OWNER].split(" ")[:2], started]
    )
    assert started
    assert not owner.is_left_behind(alive, NOW)
    process.communicate(b"\n")
    assert owner.process_started(process.pid) == ""
    assert owner.is_left_behind(alive, NOW)


def test_a_process_of_the_same_number_is_another_one() -> None:
    assert owner.is_left_behind(owned_by(2, "1"), NOW)


@pytest.mark.parametrize("where", ["elsewhere", "elsewhere/pid:[4026531836]"])
def test_what_another_machine_owns_is_left_when_its_time_is_over(where: str) -> None:
    assert not owner.is_left_behind(owned_by(0, where), NOW)
    assert owner.is_left_behind(owned_by(0, where), LATER)


def test_process_ids_of_another_container_mean_nothing_here() -> None:
    """Containers on a host's network have its name, but not its processes."""
    ours = namespace()["metadata"]["annotations"][owner.OWNER].split(" ")[0]
    assert ours.startswith(os.uname().nodename)
    theirs = owned_by(0, ours.replace("pid:[", "pid:[9"))
    assert theirs != namespace()
    theirs["metadata"]["annotations"][owner.OWNER] += "9"
    assert not owner.is_left_behind(theirs, NOW)


@pytest.mark.parametrize(
    "annotations",
    [
        {owner.OWNER: "", owner.EXPIRES: "0.5"},
        {owner.OWNER: "who knows", owner.EXPIRES: "soon"},
        {owner.OWNER: "elsewhere 1 2", owner.EXPIRES: ""},
    ],
)
def test_what_is_not_understood_is_not_taken_away(annotations: dict[str, str]) -> None:
    assert not owner.is_left_behind(namespace(**annotations), LATER)


def test_what_does_not_carry_the_suites_label_is_nobodys_business() -> None:
    for key in ("labels", "annotations"):
        found = owned_by(2, "1")
        found["metadata"][key] = {}
        assert not owner.is_left_behind(found, LATER)
        del found["metadata"][key]
        assert not owner.is_left_behind(found, LATER)
