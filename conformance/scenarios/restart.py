"""Steps of scenarios. Restarts: which containers of a pod come back, and when."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from conformance.scenarios.startup import POLICY_SUFFIXES
from fixtures.kubeapi.kinds import path_of
from fixtures.patience import BAD_IMAGE, OTHER_IMAGE, RECOVERY
from fixtures.stage import manifest
from fixtures.stage.scenario import scenario
from fixtures.stage.waits import WaitedInVainError

if TYPE_CHECKING:
    from fixtures.kubeapi.client import Answer
    from fixtures.stage.staging import Staging

EXITING = ("zero-early", "one-early", "zero-late", "one-late", "hog")
"""The sidecars that exit, with 0 or 1, before the next entry has started or later."""


@scenario("restart-exits", seconds=29, follows=EXITING)
def restart_exits(staging: Staging) -> None:
    """Let the apps end when all was restarted."""
    pods = [f"restart-exits-{policy}" for policy in POLICY_SUFFIXES]
    for pod in pods:
        staging.until_said("app", "START", pod=pod)
    # Kubelets that give up a probe never tell of it.
    with suppress(WaitedInVainError):
        staging.until(
            "what was restarted to be up again",
            lambda: all(up_again(staging, pod) for pod in pods),
            RECOVERY,
        )
    for pod in pods:
        staging.exec("app", "touch", "/shared/seen", pod=pod)
    always = "restart-exits-always"
    staging.until_said("app", "DONE", pod=always)
    staging.until_restarted("hog", pod=always)
    for policy in ("never", "onfailure"):
        staging.until_finished(f"restart-exits-{policy}")


def up_again(staging: Staging, pod: str) -> bool:
    """Tell whether two sidecars were restarted, and one is started and the other ready since."""
    early, late = staging.status("one-early", pod), staging.status("zero-late", pod)
    return bool(early.restarts and early.started and late.restarts and late.ready)


@scenario("restart-backoff", seconds=53, follows=("zero", "one", "two", "app"))
def restart_backoff(staging: Staging) -> None:
    """Wait until two sidecars of each pod run for the fourth time."""
    for pod in ("restart-backoff", "restart-backoff-never"):
        for name in ("zero", "one"):
            staging.until_said(name, "START 4", pod=pod)


@scenario("restart-blocked", seconds=12)
def restart_blocked(staging: Staging) -> None:
    """Wait until the sidecar and the app run again, and read the log of the sidecar before.

    It is the only sidecar of its pod: a kubelet may remove an instance that is over as soon as it
    restarts another sidecar of the pod.
    """
    staging.until_said("sidecar", "START 2")
    staging.until_said("app", "START 2")
    staging.until_restarted("sidecar")
    staging.get(
        path_of("Pod", staging.namespace, "restart-blocked") + "/log",
        "previous-log",
        container="sidecar",
        previous="true",
        may_fail=True,
    )


@scenario("restart-image", seconds=30, follows=("crashed",))
def restart_image(staging: Staging) -> None:
    """Change the images of sidecars, and that of one to an image that does not exist.

    Kubelets up to 1.31 leave those alone that run, and restart the one whose probe fails.
    """
    first, second, down = "restart-image-init", "restart-image", "restart-image-down"
    staging.until_said("init", "START", pod=first)
    staging.set_image("early", manifest.OTHER_IMAGE, pod=first)
    staging.until_ready(second)
    staging.set_image("late", manifest.OTHER_IMAGE, pod=second)
    staging.until_ready(down)
    for run in (1, 2):
        staging.until_said("crashed", f"START {run}", pod=down)
        staging.exec("app", "touch", f"/shared/crash-{run}", pod=down)
    staging.until_said("crashed", "CRASH 2", pod=down)
    # It is held back for 10 s, and a busy kubelet needed 5 s to learn of an image.
    staging.set_image("crashed", manifest.OTHER_IMAGE, pod=down)
    with suppress(WaitedInVainError):
        staging.until(
            "early and late to run another image",
            lambda: replaced(staging, early=(first, 1), late=(second, 1)),
            OTHER_IMAGE,
        )
    staging.exec("init", "touch", "/shared/go", pod=first)
    staging.set_image("spoiled", "localhost:1/no-such-image:1", pod=second)
    staging.until_said("probed", "START", pod=first)
    change = staging.set_image("probed", manifest.OTHER_IMAGE, pod=first)
    # Nothing tells of it on kubelets up to 1.31, and a busy one needed 5 s.
    staging.observe(10, "the kubelet to learn of the image")
    staging.until("the kubelet to tell of the image", lambda: observed(staging, first, change))
    # Not through the one that may be stopping.
    staging.exec("calm", "touch", "/shared/fail", pod=first)
    staging.until_ready(first)
    staging.until_restarted("crashed", times=2, pod=down)
    staging.set_image("calm", manifest.OTHER_IMAGE, pod=first)
    staging.set_image("crashed", manifest.IMAGE, pod=down)
    staging.until(
        "calm and crashed to run another image, and spoiled to wait for its own",
        lambda: (
            replaced(staging, calm=(first, 1), crashed=(down, 3))
            and staging.status("spoiled", second).waits_with("ImagePullBackOff")
        ),
        BAD_IMAGE,
    )
    staging.observe(1, "the app to run on")


def observed(staging: Staging, pod: str, change: Answer) -> bool:
    """Tell whether the status of a pod is of what it was changed to; True where it tells nothing.

    Source: status.observedGeneration of a pod, which is there from 1.33 on.
    """
    told = (staging.pod(pod) or {"status": {}})["status"].get("observedGeneration")
    return not (told and change.ok) or bool(told >= change.body["metadata"]["generation"])


def replaced(staging: Staging, **sidecars: tuple[str, int]) -> bool:
    """Tell whether sidecars, each of a pod, run and were restarted so often."""
    found = [(staging.status(name, pod), times) for name, (pod, times) in sidecars.items()]
    return all(status.restarts >= times and status.running for status, times in found)
