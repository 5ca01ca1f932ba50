"""Every check passes on a good recording and fails on each of its counter-examples."""

from __future__ import annotations

import pytest

from conformance.catalogue import Declared, declared
from fixtures.evidence.moments import InconclusiveError
from tests import counterexamples
from tests.kit.edits import COUNTEREXAMPLES, CounterExample, Edit
from tests.kit.judging import SLOW, good, judge

counterexamples.load()

LATE = {
    ("mesh.istio.outlives-app", "the last call is refused"),
    ("mesh.istio.rollout", "a request is lost"),
    ("mesh.linkerd.rollout", "a request is lost"),
    ("node.pressure-eviction", "the pod is stopped in its own grace period"),
    ("net.traffic-while-terminating", "nothing is answered once the pod is deleted"),
    ("probe.liveness-restarts", "a redirect to another host counts as failed"),
    ("probe.liveness-restarts", "a probe acts before its initial delay is over"),
    ("probe.liveness-restarts", "a failed TCP probe is ignored in an OnFailure pod"),
    ("probe.liveness-restarts", "the first failure counts although three are allowed"),
    ("probe.ready-right-after-startup", "readiness waits for its next turn"),
    ("probe.grace-override", "a failed startup probe grants no grace period"),
    ("probe.grace-override", "a failed liveness probe grants the least grace there is"),
    ("probe.liveness-runs-prestop", "the preStop hook is left out"),
    ("startup.startup-failure-restarts", "the preStop hook is left out"),
    ("status.restored", "what somebody else wrote stays"),
    ("term.prestop-runs-on-completion", "the hook of a sidecar does not run"),
    ("probe.named-port-own", "the sidecar is restarted, as its port did not answer"),
    ("restart.image-update", "the sidecar is killed without its preStop hook"),
    ("restart.waiting-crashloop", "back-off is not shown"),
    ("restart.waiting-crashloop", "back-off is not shown in a Never pod"),
    ("restart.backoff-per-container", "the app waits with the sidecars"),
    ("restart.backoff-per-container", "another sidecar waits with the first"),
    ("restart.backoff-per-container", "the next entry waits with a sidecar"),
    ("hook.sleep", "the app does not wait for the hook"),
    ("pattern.ambassador", "the first request is refused"),
    ("pattern.ambassador", "the last request is refused"),
    ("pattern.ambassador-classic", "the last request is carried"),
    ("pattern.init-network", "the init container has no network"),
    ("pattern.log-shipper-classic", "the shipper is there until the app has ended"),
    ("restart.image-update-on-probe-restart", "the old image is used once more"),
    ("restart.image-update-on-probe-restart", "one that has crashed is made from the old image"),
    ("rules.restart-all-ungraceful", "no condition tells of it"),
    ("net.serving-while-terminating", "the endpoint serves no more while app stops"),
    ("net.unready-published", "the pod is not published while it stops"),
    ("job.terminating", "the Job counts no pod as terminating"),
    ("term.sidecar-serves-during-main-shutdown", "the sidecar hangs"),
    ("term.grace-shared", "a sidecar has a grace period of its own"),
    ("term.grace-shared", "the app has twice its grace period"),
    ("term.grace-shared", "the grace period of a sidecar begins with its turn"),
    ("term.main-eats-grace", "the first sidecar waits until the last one is killed"),
    ("term.main-eats-grace", "a sidecar has a grace period of its own"),
    ("term.main-eats-grace", "a sidecar is killed at once"),
    ("term.main-eats-grace", "the sidecar that stops at once is killed as well"),
    ("term.main-eats-grace", "the sidecars are told to stop before the grace is over"),
    ("term.sidecar-eats-grace", "the earlier sidecar is told to stop with the later one"),
    ("term.natural-beside-backoff", "the sidecar is back before the pod ends"),
    ("term.prestop-overrun", "the sidecars' hooks are cut short one after the other"),
    ("term.prestop-overrun", "the time of the hook is not charged"),
    ("term.prestop-overrun", "the sidecar waits until the app is killed"),
    ("term.regular-init-not-awaited", "the sidecar waits for the init container"),
    ("term.ephemeral-not-awaited", "the sidecars wait for the ephemeral container"),
    ("term.gap-in-chain", "the first sidecar waits for the third"),
    ("term.delete-grace-override", "the app is killed at once"),
    ("term.shorter-second-delete", "the first grace period holds"),
    ("term.sleep-hook", "the hook does not sleep"),
    ("term.sleep-hook", "the hook begins when the app has ended"),
}
"""The counter-examples in which something is only late, or shorter than if it had begun in time."""

JUDGED = [one for one in declared() if one.requirement.scenarios]
BY_ID = {one.requirement.id: one for one in declared()}


@pytest.mark.parametrize("one", JUDGED, ids=lambda one: one.requirement.id)
def test_passes_on_a_good_recording(one: Declared) -> None:
    judge(one, good(one))


@pytest.mark.parametrize("example", COUNTEREXAMPLES, ids=lambda e: f"{e.requirement}: {e.breaks}")
def test_fails_on_a_counter_example(example: CounterExample) -> None:
    one = BY_ID[example.requirement]
    recordings = good(one)
    scenario = example.scenario or one.requirement.scenarios[0]
    edit = Edit(recordings[scenario])
    example.edit(edit)
    recordings[scenario] = edit.result()
    with pytest.raises(AssertionError):
        judge(one, recordings)
    # On a slow node what is late is left open, and nothing else is.
    late = InconclusiveError if (example.requirement, example.breaks) in LATE else AssertionError
    with pytest.raises(late):
        judge(one, recordings, SLOW)


def test_no_check_lacks_a_counter_example() -> None:
    without = {one.requirement.id for one in JUDGED} - {e.requirement for e in COUNTEREXAMPLES}
    assert not without
