"""Steps of scenarios. Start-up: sidecars that start late or not at all, and what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.patience import RECOVERY
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.staging import Staging

POLICY_SUFFIXES = ("never", "onfailure", "always")
"""Names of pods that differ in their restart policy end with it."""


@scenario("ordered-start", seconds=17)
def ordered_start(staging: Staging) -> None:
    """Let a sidecar start up, and another one stop, when the status before that was seen."""
    staging.until_starting("sidecar-2")
    staging.exec("sidecar-2", "touch", "/shared/go")
    staging.until_terminated("app")
    # Not through the one that stops: some runtimes let nobody into a container that does.
    staging.exec("sidecar-1", "touch", "/shared/stop")
    staging.until_finished()


@scenario("startup-open", seconds=15, follows=("hooked",))
def startup_open(staging: Staging) -> None:
    """Wait until the app runs, and a little longer."""
    staging.until_said("app", "START")
    staging.observe(2, "the pod to stay unready")


@scenario("startup-fails", seconds=41, follows=True)
def startup_fails(staging: Staging) -> None:
    """Wait until the last sidecar was over twice, and a little longer."""
    staging.until("short to be restarted", lambda: staging.status("short").restarts >= 1)
    staging.observe(3, "nothing to follow a sidecar that is over too soon")


@scenario("startup-never-recovers", seconds=26)
def startup_never_recovers(staging: Staging) -> None:
    """Let each instance go on when it was seen; wait until both sidecars recover."""

    def third_runs() -> bool:
        steady = staging.status("steady")
        return steady.restarts > 1 and steady.running

    for run in (1, 2):
        for name in ("steady", "late"):
            staging.until_said(name, f"START {run}")
            staging.exec(name, "touch", f"/shared/{name}-{run}")
    staging.until("the third instance of steady to be shown", third_runs)
    staging.exec("steady", "touch", "/shared/steady-3")
    staging.until_said("steady", "CHANGED")
    staging.until_said("late", "UP")

    def recovered() -> bool:
        steady = staging.status("steady")
        return steady.restarts > 1 and steady.ready and staging.status("app").running

    staging.until("both sidecars to recover and app to run", recovered, RECOVERY)
    staging.until_said("app", "START")


@scenario("startup-init-retry", seconds=30)
def startup_init_retry(staging: Staging) -> None:
    """Wait until both apps run, and are shown to."""
    for policy in ("onfailure", "always"):
        staging.until_said("app", "START", pod=f"startup-init-retry-{policy}")
        staging.until_ready(f"startup-init-retry-{policy}")


@scenario("startup-bad-image", seconds=18)
def startup_bad_image(staging: Staging) -> None:
    """Wait until each sidecar waits for its image, and a little longer, and delete one pod."""
    alone = "startup-bad-image-alone"
    for policy in POLICY_SUFFIXES:
        staging.until_waiting("sidecar", "ImagePullBackOff", pod=f"startup-bad-image-{policy}")
    staging.until_waiting("sidecar", "ImagePullBackOff", pod=alone)
    staging.observe(1, "nothing to follow a sidecar without an image")
    staging.delete(alone)
    staging.until_gone(alone)


@scenario("startup-no-regate", seconds=29, follows=("app", "crasher"))
def startup_no_regate(staging: Staging) -> None:
    """Wait until the third instance of the crashed sidecar is up, and the status says all."""
    staging.until_restarted("app")
    staging.until_said("crasher", "UP")
    staging.until("crasher to have started up", lambda: staging.status("crasher").started)
