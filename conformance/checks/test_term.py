"""Termination: who gets SIGTERM when, and what a pod's end waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.checks.bounds import (
    assert_at_least,
    assert_at_most,
    assert_hooked,
    assert_in_time,
    assert_prompt,
)
from conformance.checks.disruptions import assert_target
from conformance.checks.needs import OWN_GRACE
from conformance.checks.orders import assert_reverse_order, assert_since
from conformance.checks.phases import assert_failed
from conformance.requirements import (
    KUBELET,
    MUST,
    OBSERVED,
    RESTARTABLE_IN_TERMINATION,
    SCHEDULED,
    SHOULD,
    requirement,
)
from conformance.scenarios.res import PREEMPTED, PREEMPTING
from conformance.sources import (
    DOCS,
    INIT_CONTAINERS,
    KEP_RESTARTABLE,
    KEP_SIDECARS,
    LIFECYCLE_TEST,
    POD_REFERENCE,
    POD_TERMINATION,
    SIDECAR_BLOG,
    SIDECAR_JOBS,
    SIDECAR_TERMINATION,
    SIDECARS,
    kep,
    pull,
    upstream,
)
from fixtures.evidence.capabilities import Capability
from fixtures.evidence.components import Component
from fixtures.evidence.instances import KILLED
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.evidence.moments import Moment
    from fixtures.evidence.pods import Container
    from fixtures.evidence.timeline import Timeline

TERMINATION_ORDER = upstream("pkg/kubelet/kuberuntime/kuberuntime_termination_order.go")
ASKED = 5
"""In seconds: how long the app waits for an answer of the sidecar."""
CHAIN = ("sidecar-1", "sidecar-2", "sidecar-3")


def last_still(container: Container) -> Moment:
    """Return the last moment at which a container that ignores SIGTERM is known to have lived.

    Raises NeverError where it never said so.
    """
    moments = [container.said("STILL"), *container.all_said("STILL")]
    return moments[-1]


def told_early(sidecar: Container, regular: str = "app") -> str:
    """Say that a sidecar was told to stop while a regular container of its pod still ran."""
    return f"the pod was deleted, and {sidecar} was told to stop before {regular} had exited"


def assert_stays_down(sidecar: Container, last_word: str) -> None:
    """Assert that a sidecar which ended during the deletion had no further instance."""
    assert sidecar.pod["app"].said("UP") < sidecar.said(last_word)
    assert len(sidecar.all_said("START")) == 1, f"{sidecar} started again"
    assert len(sidecar.instances) == 1, f"{sidecar} had {len(sidecar.instances)} instances"
    assert sidecar.restarts == 0


@requirement(
    "term.main-first",
    MUST,
    since="1.29",
    scenario=("ordered-start", "term-delete", "term-gap"),
    source=(SIDECAR_TERMINATION, KEP_SIDECARS),
    needs=OWN_GRACE,
)
def test_main_first(timelines: Mapping[str, Timeline]) -> None:
    """No sidecar gets SIGTERM before the last regular container has exited."""
    completed, deleted, unhooked = (
        timelines[name] for name in ("ordered-start", "term-delete", "term-gap")
    )
    for name in ("sidecar-1", "sidecar-2"):
        assert completed["app"].said("DONE") < completed[name].said("TERM")
    # Nothing but the order keeps this one from being stopped: it has no preStop hook, and the
    # others may wait for it.
    last = unhooked["sidecar-3"]
    for name in ("app", "slow"):
        assert unhooked[name].said("EXIT") < last.said("TERM"), told_early(last, name)
    for name in CHAIN:
        sidecar = deleted[name]
        assert deleted["app"].said("EXIT") < sidecar.said("TERM"), told_early(sidecar)


@requirement(
    "term.reverse-order",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=(SIDECARS, SIDECAR_TERMINATION, KEP_SIDECARS),
    needs=OWN_GRACE,
)
def test_reverse_order(timeline: Timeline) -> None:
    """Sidecars get SIGTERM in reverse list order, each after the next one has exited."""
    assert timeline["app"].said("DONE") < timeline["sidecar-2"].said("TERM")
    assert timeline["sidecar-2"].said("EXIT") < timeline["sidecar-1"].said("TERM")


@requirement(
    "term.order-on-delete",
    MUST,
    since="1.29",
    scenario="term-delete",
    source=SIDECAR_TERMINATION,
    needs=OWN_GRACE,
)
def test_order_on_delete(timeline: Timeline) -> None:
    """A deleted pod whose app takes its time stops its sidecars in the same reverse order.

    That its list of init containers ends with a plain one makes no difference.
    """
    app = timeline["app"]
    for name in CHAIN:
        assert app.said("UP") < timeline[name].said("TERM")
    assert app.said("EXIT") - app.said("TERM") >= 3
    assert_reverse_order(timeline.pod, CHAIN)
    assert timeline["sidecar-1"].said("EXIT")


@requirement(
    "term.sidecar-serves-during-main-shutdown",
    MUST,
    since="1.29",
    scenario="term-delete",
    source=(SIDECAR_TERMINATION, KEP_SIDECARS),
    needs=OWN_GRACE,
)
def test_sidecar_serves_during_main_shutdown(timeline: Timeline) -> None:
    """While the app stops, its sidecars still run and answer its requests."""
    app = timeline["app"]
    assert not app.ever_said("REFUSED"), "the sidecar was not there while the app stopped"
    message = f"the sidecar needed more than {ASKED} s to answer the app while it stopped"
    assert_prompt(timeline, not app.ever_said("LATE"), message, room=ASKED)
    served = app.all_said("SERVED")
    assert len(served) > 1, "the app had no answer of the sidecar while it stopped"
    assert served[-1] - app.said("TERM") >= 3


@requirement(
    "term.prestop-all-at-once",
    MUST,
    since="1.29",
    scenario="term-delete",
    source=(KEP_SIDECARS, LIFECYCLE_TEST),
    needs=OWN_GRACE,
)
def test_prestop_all_at_once(timeline: Timeline) -> None:
    """The preStop hooks of sidecars and regular containers all start when termination begins."""
    for container in timeline.pod.containers.values():
        if container.kind == "init":
            continue
        assert timeline["app"].said("UP") < container.said("HOOK")
        alone = container.ever_said("ALONE")
        message = f"the preStop hook of {container} ran for 20 s without the others having begun"
        assert_prompt(timeline, not alone, message, room=20)
        assert_in_time(timeline, container.said("MET"), timeline["app"].said("EXIT"))


@requirement(
    "term.prestop-before-term",
    MUST,
    since="1.29",
    scenario="term-delete",
    source=(KEP_SIDECARS, LIFECYCLE_TEST),
    needs=OWN_GRACE,
)
def test_prestop_before_term(timeline: Timeline) -> None:
    """A sidecar gets SIGTERM only after its preStop hook has finished and its turn has come."""
    last = timeline["sidecar-3"]
    assert timeline["app"].said("EXIT") < last.said("HOOKED")
    assert last.said("HOOKED") < last.said("TERM")
    for name in CHAIN[:2]:
        assert_in_time(timeline, timeline[name].said("MET"), timeline["app"].said("EXIT"))
        assert timeline["app"].said("EXIT") < timeline[name].said("TERM")


@requirement(
    "term.prestop-runs-on-completion",
    MUST,
    since="1.29",
    scenario="job-never",
    source=LIFECYCLE_TEST,
    needs=OWN_GRACE,
)
def test_prestop_runs_on_completion(timeline: Timeline) -> None:
    """The preStop hook of a sidecar runs when the pod ends by itself, too."""
    sidecar = timeline["sidecar-1"]
    assert_hooked(timeline, sidecar, "HOOK", grace=8)
    assert timeline["app"].said("DONE") < sidecar.said("HOOK")
    assert sidecar.said("HOOK") < sidecar.said("TERM")


@requirement(
    "term.prestop-that-stops-process",
    OBSERVED,
    since="1.29",
    scenario="term-delete",
    source=KEP_SIDECARS,
    needs=OWN_GRACE,
)
def test_prestop_that_stops_process(timeline: Timeline) -> None:
    """A preStop hook that stops its sidecar takes it away while the app still stops, for good."""
    sidecar = timeline["hook-stops"]
    assert_at_least(timeline, timeline["app"].said("EXIT") - sidecar.said("STOPPED"), 3)
    assert_stays_down(sidecar, "STOPPED")


@requirement(
    "term.grace-shared",
    MUST,
    since="1.29",
    scenario=("term-overtime", "status-ends"),
    source=(POD_TERMINATION, SIDECAR_TERMINATION),
    needs=OWN_GRACE,
)
def test_grace_shared(timelines: Mapping[str, Timeline]) -> None:
    """One grace period covers regular containers and sidecars: nobody outlives it by more than 2 s.

    The grace period of the first pod is 9 s, and a sidecar with a period of its own would outlive
    the app by it. That of the second is 10 s, of which the app takes 7. The rest of the bounds is
    room for a slow machine.
    """
    timeline = timelines["term-overtime"]
    app, sidecar = timeline["app"], timeline["sidecar-2"]
    for container in (app, sidecar):
        assert container.last.exit_code == KILLED
    assert_at_most(timeline, last_still(app) - app.said("TERM"), 13)
    assert_at_most(timeline, last_still(sidecar) - last_still(app), 6)
    timeline = timelines["status-ends"]
    pod = timeline.pod_named("status-ends-well")
    assert pod["app"].said("EXIT") < pod["is-killed"].said("TERM")
    assert_at_most(timeline, last_still(pod["is-killed"]) - pod["app"].said("TERM"), 14)


@requirement(
    "term.main-eats-grace",
    MUST,
    since="1.29",
    scenario="term-overtime",
    source=(SIDECAR_TERMINATION, SIDECARS, KEP_SIDECARS),
    needs=OWN_GRACE,
)
def test_main_eats_grace(timeline: Timeline) -> None:
    """When the app uses up the grace period, all sidecars get SIGTERM at once, and 2 s to stop.

    The one that stops at once is first in the list, so that it is the last whose turn would come.
    """
    app, first, last = (timeline[name] for name in ("app", "sidecar-1", "sidecar-2"))
    assert app.last.exit_code == KILLED
    for sidecar in (first, last):
        assert_at_least(timeline, sidecar.said("TERM") - app.said("TERM"), 7)
        assert_at_most(timeline, sidecar.said("TERM") - last_still(app), 6)
    assert_in_time(timeline, first.said("TERM"), last_still(last))
    message = f"{first} was not left the time to stop: it ended with {first.last.exit_code}"
    assert_prompt(timeline, first.last.exit_code == 0, message, room=2)
    assert_at_least(timeline, last_still(last) - last.said("TERM"), 1)
    assert_at_most(timeline, last_still(last) - last.said("TERM"), 6)
    assert last.last.exit_code == KILLED


@requirement(
    "term.sidecar-eats-grace",
    MUST,
    since="1.29",
    scenario="job-never",
    source=SIDECARS,
    needs=OWN_GRACE,
)
def test_sidecar_eats_grace(timeline: Timeline) -> None:
    """A sidecar that uses up the grace period is killed; earlier ones still get SIGTERM then.

    The grace period is 8 s. With its end the turn of the earlier one comes, whether the later one
    has been killed by then or not. The rest of the bounds is room for a slow machine.
    """
    late, earlier = timeline["sidecar-2"], timeline["sidecar-1"]
    assert timeline["app"].said("DONE") < late.said("TERM")
    assert_at_least(timeline, last_still(late) - late.said("TERM"), 2.5)
    assert_at_most(timeline, last_still(late) - late.said("TERM"), 13)
    assert late.last.exit_code == KILLED
    assert_at_least(timeline, earlier.said("TERM") - late.said("TERM"), 2.5)
    assert_at_most(timeline, earlier.said("TERM") - late.said("TERM"), 13)
    # It stops at once, and 2 s are left to it.
    message = f"{earlier} was not left the time to stop: it ended with {earlier.last.exit_code}"
    assert_prompt(timeline, earlier.last.exit_code == 0, message, room=2)
    assert timeline.pod.phase == "Succeeded", f"the pod is {timeline.pod.phase}"


@requirement(
    "term.prestop-overrun",
    MUST,
    since="1.29",
    scenario=("job-policy", "status-ends"),
    source=(POD_TERMINATION, LIFECYCLE_TEST),
    needs=OWN_GRACE,
)
def test_prestop_overrun(timelines: Mapping[str, Timeline]) -> None:
    """A preStop hook that overruns the grace period is cut short at its end, with 2 s to stop.

    Sidecars with such hooks are stopped together then, and so are those that wait for an app with
    such a hook. The rest of the bounds is room for a slow machine.
    """
    timeline = timelines["job-policy"]
    one, two = timeline["sidecar-1"], timeline["sidecar-2"]
    for sidecar, other in ((one, two), (two, one)):
        assert timeline["app"].said("DONE") < sidecar.said("HOOK")
        # The grace period is 10 s; on a busy node the hook says its word late.
        assert_at_least(timeline, sidecar.said("TERM") - sidecar.said("HOOK"), 2.5)
        assert_in_time(timeline, sidecar.said("TERM"), last_still(other))
        assert_at_most(timeline, last_still(sidecar) - sidecar.said("HOOK"), 16)
        assert sidecar.last.exit_code == KILLED
    timeline = timelines["status-ends"]
    pod = timeline.pod_named("status-ends-killed")
    app, sidecar = pod["app"], pod["sidecar"]
    # The grace period is 8 s.
    for container in (app, sidecar):
        assert_at_least(timeline, container.said("TERM") - app.said("HOOK"), 2.5)
        assert_at_most(timeline, container.said("TERM") - app.said("HOOK"), 12)
    assert_in_time(timeline, sidecar.said("TERM"), last_still(app))
    assert_at_most(timeline, last_still(app) - app.said("HOOK"), 14)
    assert app.last.exit_code == KILLED
    left = sidecar.last.exit_code
    message = f"{sidecar} was not left the time to stop: it ended with {left}"
    assert_prompt(timeline, left == 0, message, room=2)


@requirement(
    "term.alpha-unordered",
    OBSERVED,
    since="1.28",
    until="1.28",
    scenario="term-delete",
    source=(KEP_SIDECARS, SIDECAR_BLOG),
    needs=(Capability.ALPHA, Capability.SIDECARS),
)
def test_alpha_unordered(timeline: Timeline) -> None:
    """As an alpha feature, sidecars are terminated together with the regular containers."""
    app = timeline["app"]
    for name in ("sidecar-1", "sidecar-2"):
        assert timeline[name].said("TERM") < app.said("EXIT"), f"{name} outlived the app"
        assert app.said("TERM") < timeline[name].said("EXIT"), f"{name} had ended before"


@requirement(
    "term.natural-never-onfailure",
    MUST,
    since="1.29",
    scenario=("ordered-start", "job-indexed"),
    source=(SIDECARS, KEP_SIDECARS),
    needs=OWN_GRACE,
)
def test_natural_never_onfailure(timelines: Mapping[str, Timeline]) -> None:
    """Where pods are not always restarted, sidecars end once all regular containers have.

    The first pod is one with the restart policy Never, the others have OnFailure.
    """
    never = timelines["ordered-start"]
    assert never["app"].said("DONE") < never["sidecar-1"].said("EXIT")
    assert never.pod.phase == "Succeeded", f"{never.pod.name} is {never.pod.phase}"
    pods = timelines["job-indexed"].pods
    assert pods, "no pod with the restart policy OnFailure was seen"
    for pod in pods:
        assert pod["second"].said("DONE") < pod["sidecar"].said("TERM")
        assert pod.phase == "Succeeded", f"{pod.name} is {pod.phase}"


@requirement(
    "term.natural-beside-backoff",
    MUST,
    since="1.29",
    scenario="status-ends",
    source=(SIDECAR_JOBS, SIDECAR_TERMINATION),
    needs=(Capability.SIDECARS, Capability.LONG_BACKOFF),
)
def test_natural_beside_backoff(timeline: Timeline) -> None:
    """A pod ends with its regular containers, although a sidecar waits to be restarted.

    The back-off is 10 s, and a kubelet that has shown the end of the app starts nothing any more.
    """
    pod = timeline.pod_named("status-ends-badly")
    app, sidecar, down = (pod[name] for name in ("app", "sidecar", "down"))
    ended = [version for version in pod.versions if version.container("app").terminated]
    counts = sorted({version.container("down").restarts for version in ended})
    assert len(counts) == 1, f"{down} was restarted although app was shown done: {counts}"
    assert down.instance(1).said("CRASH") < app.said("DONE")
    message = f"{down} was restarted although app was done"
    assert_prompt(timeline, not down.ever_said("AGAIN"), message, room=9)
    assert app.said("DONE") < sidecar.said("TERM")
    assert pod.phase == "Failed", f"{pod.name} is {pod.phase}"


@requirement(
    "term.onfailure-keeps-while-retrying",
    MUST,
    since="1.29",
    scenario="job-indexed",
    source=(POD_REFERENCE, SIDECAR_TERMINATION),
)
def test_onfailure_keeps_while_retrying(timeline: Timeline) -> None:
    """With OnFailure, sidecars run on while any regular container has still to be restarted."""
    assert timeline.pods, "no pod was seen"
    for pod in timeline.pods:
        assert pod["first"].said("DONE") < pod["second"].said("FAIL")
        assert pod["second"].first.exit_code == 1
        assert pod["second"].last.said("DONE") < pod["sidecar"].said("TERM")
        assert len(pod["sidecar"].instances) == 1


@requirement(
    "term.always-never-completes",
    MUST,
    since="1.29",
    scenario="term-delete",
    source=SIDECAR_TERMINATION,
)
def test_always_never_completes(timeline: Timeline) -> None:
    """In pods that are always restarted, sidecars run on when regular containers exit."""
    app = timeline["app"]
    assert app.first.exit_code == 0
    assert app.first.said("FIRST") < app.last.said("UP")
    for name in CHAIN:
        assert len(timeline[name].instances) == 1
        assert timeline[name].said("START") < app.first.said("FIRST")
        assert app.last.said("UP") < timeline[name].said("TERM")


@requirement(
    "term.during-init",
    MUST,
    since="1.29",
    scenario="term-init",
    source=LIFECYCLE_TEST,
    needs=OWN_GRACE,
)
def test_during_init(timeline: Timeline) -> None:
    """The deletion of a pod does not wait for sidecars that have not started."""
    pod = timeline.pod_named("term-init-early")
    assert pod["init"].said("START") < pod["init"].said("TERM")
    for name in ("sidecar-1", "sidecar-2", "app"):
        assert not pod[name].ever_started, f"{name} was started"
    # What waits wrongly does so for the grace period of 90 s, or for that of 30 s which is usual.
    assert_at_most(timeline, pod.gone - timeline.deletion(pod.name), 25)


@requirement(
    "term.nonstarted-sidecar",
    MUST,
    since="1.29",
    scenario="term-init",
    source=(pull(125935), LIFECYCLE_TEST),
    needs=OWN_GRACE,
)
def test_nonstarted_sidecar(timeline: Timeline) -> None:
    """A sidecar that runs but has not started gets SIGTERM at once, with later ones not running.

    An earlier one, which has started, gets it after that.
    """
    pod = timeline.pod_named("term-init-unstarted")
    for name in ("sidecar-2", "app"):
        assert not pod[name].ever_started, f"{name} was started before sidecar-1 had started up"
    assert pod["sidecar-1"].said("EXIT") < pod["first"].said("TERM")
    # What waits wrongly does so for the grace period of 90 s, or for that of 30 s which is usual.
    assert_at_most(timeline, pod["sidecar-1"].said("TERM") - timeline.deletion(pod.name), 25)
    assert_at_most(timeline, pod.gone - timeline.deletion(pod.name), 25)


@requirement(
    "term.regular-init-not-awaited",
    OBSERVED,
    since="1.29",
    scenario="term-init",
    source=TERMINATION_ORDER,
    needs=OWN_GRACE,
)
def test_regular_init_not_awaited(timeline: Timeline) -> None:
    """In a pod stopped during initialisation, sidecars do not wait for plain init containers."""
    pod = timeline.pod_named("term-init-plain")
    assert pod["init"].said("START") < pod["sidecar"].said("TERM")
    assert_in_time(timeline, pod["sidecar"].said("TERM"), pod["init"].said("EXIT"))


@requirement(
    "term.ephemeral-not-awaited",
    OBSERVED,
    since="1.29",
    scenario="term-gap",
    source=TERMINATION_ORDER,
    needs=(*OWN_GRACE, Capability.EPHEMERAL_CONTAINERS),
)
def test_ephemeral_not_awaited(timeline: Timeline) -> None:
    """Sidecars do not wait for ephemeral containers to stop."""
    debugger = timeline["debugger"]
    assert debugger.kind == "ephemeral"
    assert timeline["app"].said("EXIT") < timeline["sidecar-3"].said("TERM")
    assert_in_time(timeline, timeline["sidecar-3"].said("TERM"), debugger.said("EXIT"))


@requirement(
    "term.gap-in-chain",
    OBSERVED,
    since="1.29",
    unless=(RESTARTABLE_IN_TERMINATION,),
    scenario="term-gap",
    source=TERMINATION_ORDER,
    needs=(*OWN_GRACE, Capability.LONG_BACKOFF),
)
def test_gap_in_chain(timeline: Timeline) -> None:
    """A sidecar waits for the next one only, and where that is down, for no other."""
    app, middle = timeline["app"], timeline["sidecar-2"]
    assert app.said("DOWN") < app.said("TERM")
    assert middle.first.exit_code == 1
    if middle.restarts != 1:
        raise InconclusiveError("the back-off of the middle sidecar was over before the deletion")
    for name in ("sidecar-1", "sidecar-3"):
        for regular in (app, timeline["slow"]):
            assert regular.said("EXIT") < timeline[name].said("TERM")
    assert_in_time(timeline, timeline["sidecar-1"].said("TERM"), timeline["sidecar-3"].said("EXIT"))


@requirement(
    "term.no-restart-while-terminating",
    MUST,
    since="1.29",
    unless=(RESTARTABLE_IN_TERMINATION,),
    scenario="term-delete",
    source=(KEP_RESTARTABLE, LIFECYCLE_TEST),
    needs=OWN_GRACE,
)
def test_no_restart_while_terminating(timeline: Timeline) -> None:
    """A sidecar that exits while its pod is being deleted is not restarted."""
    sidecar = timeline["crashes"]
    assert sidecar.first.exit_code == 3
    assert_at_least(timeline, timeline["app"].said("EXIT") - sidecar.said("CRASH"), 3)
    assert_stays_down(sidecar, "CRASH")


@requirement(
    "term.image-change-ignored",
    MUST,
    since="1.29",
    scenario="term-delete",
    source=(POD_TERMINATION, LIFECYCLE_TEST),
    needs=(Capability.SIDECARS, Capability.SECOND_IMAGE, Capability.UNCHANGED_GRACE),
)
def test_image_change_ignored(timeline: Timeline) -> None:
    """A changed image of a sidecar causes no restart and no delay while its pod is deleted."""
    sidecar = timeline["sidecar-2"]
    change = timeline.action("patch", name="term-delete")
    assert change.accepted, f"the new image was refused: {change.message}"
    assert_in_time(timeline, change.moment, timeline["app"].said("EXIT"))
    assert timeline["sidecar-3"].said("EXIT") < sidecar.said("TERM")
    assert_stays_down(sidecar, "TERM")
    assert sidecar.last.exit_code == 0
    # The grace period is 60 s, of which nothing is left to be used once the first one has ended.
    assert_at_most(timeline, timeline.pod.gone - timeline["sidecar-1"].said("EXIT"), 20)


@requirement(
    "term.delete-grace-override",
    MUST,
    since="1.29",
    scenario="term-overtime",
    source=POD_TERMINATION,
    needs=OWN_GRACE,
)
def test_delete_grace_override(timeline: Timeline) -> None:
    """The grace period of a delete request takes the place of the pod's own."""
    assert timeline.pod.spec["terminationGracePeriodSeconds"] == 60
    app = timeline["app"]
    # That of the request is 9 s.
    assert_at_least(timeline, last_still(app) - app.said("TERM"), 7)
    for container in (app, timeline["sidecar-2"]):
        assert container.last.exit_code == KILLED
        assert_at_most(timeline, last_still(container) - app.said("TERM"), 16)


@requirement(
    "term.force",
    OBSERVED,
    since="1.29",
    scenario="term-force",
    source=upstream("pkg/kubelet/pod_workers.go"),
    needs=OWN_GRACE,
)
def test_force(timeline: Timeline) -> None:
    """Deletion without grace does not wait for the containers, which are killed within seconds."""
    pod = timeline.pod
    released = [
        version
        for version in pod.versions
        if version.raw["metadata"].get("deletionGracePeriodSeconds") == 0
    ]
    assert released, "the pod was never up for removal"
    for name in ("app", "sidecar"):
        status = released[0].container(name)
        assert status.running, f"the removal waited for the end of {name}: it was {status}"
    # The pod's grace period is 40 s. A kubelet tells the sidecar to stop a second after the app
    # and kills each 2 s later: too little for their order to be judged.
    for container in (pod["app"], pod["sidecar"]):
        assert container.last.exit_code == KILLED
        assert_at_most(timeline, last_still(container) - pod["app"].said("TERM"), 20)


@requirement(
    "term.shorter-second-delete",
    SHOULD,
    since="1.29",
    scenario="term-twice",
    source=KEP_RESTARTABLE,
    needs=OWN_GRACE,
)
def test_shorter_second_delete(timeline: Timeline) -> None:
    """A second delete request with a shorter grace period shortens the termination."""
    for grace in (20, 2):
        deletion = timeline.action("delete", grace=grace)
        assert deletion.accepted, f"the deletion with {grace} s was refused: {deletion.message}"
    app, sidecar = timeline["app"], timeline["sidecar"]
    assert app.last.exit_code == KILLED
    assert_at_most(timeline, last_still(app) - app.said("TERM"), 14)
    assert app.said("TERM") < sidecar.said("TERM")


@requirement(
    "term.sleep-hook",
    MUST,
    since="1.30",
    scenario="term-sleep",
    source=(
        kep("3960-pod-lifecycle-sleep-action"),
        kep("4818-allow-zero-value-for-sleep-action-of-prestop-hook"),
    ),
    needs=OWN_GRACE,
)
def test_sleep_hook(timeline: Timeline) -> None:
    """A preStop hook of the sleep kind works on sidecars, from the beginning of termination.

    The hook sleeps for 8 s and the app stops in 4: one after the other would take 12.
    """
    app, sidecar = timeline["app"], timeline["sidecar"]
    assert_at_least(timeline, sidecar.said("TERM") - app.said("TERM"), 6)
    assert_at_most(timeline, sidecar.said("TERM") - app.said("EXIT"), 7)
    zero = timeline.creation("term-sleep-zero")
    allowed = timeline.has(Component.API_SERVER, "PodLifecycleSleepActionAllowZero", since=33)
    # Where its gates cannot be read, either is as promised.
    as_promised = {True: zero.accepted, False: zero.invalid, None: zero.accepted or zero.invalid}
    assert as_promised[allowed], f"a sleep of 0 s was answered {zero.message}"


@requirement(
    "term.stopsignal",
    OBSERVED,
    since="1.33",
    scenario="term-stopsignal",
    source=POD_TERMINATION,
    needs=(Capability.STOP_SIGNALS, Capability.SIDECARS, Capability.UNCHANGED_CONTAINERS),
)
def test_stopsignal(timeline: Timeline) -> None:
    """The stop signal that a sidecar's lifecycle names is sent to it instead of SIGTERM.

    Other containers get their own. The order is the same, and statuses tell each signal.
    """
    wanted = {"app": "USR2", "unnamed": "TERM", "named": "USR1"}
    for name, signal in wanted.items():
        said = {word for word in ("USR1", "USR2", "TERM") if timeline[name].ever_said(word)}
        assert said == {signal}, f"{name} got {sorted(said)} and not {signal}"
        told = {seen.value.raw.get("stopSignal") for seen in timeline[name].statuses}
        assert f"SIG{signal}" in told, f"the status of {name} tells {told}"
    assert timeline["app"].said("EXIT") < timeline["unnamed"].said("TERM")
    assert timeline["unnamed"].said("EXIT") < timeline["named"].said("USR1")


@requirement(
    "term.active-deadline",
    MUST,
    since="1.29",
    scenario=("term-ways", "term-init"),
    source=INIT_CONTAINERS,
    needs=OWN_GRACE,
)
def test_active_deadline(timelines: Mapping[str, Timeline]) -> None:
    """A pod's active deadline fails the pod and stops its sidecars, in initialisation, too."""
    for scenario, name, stopped in (
        ("term-ways", "term-ways-deadline", ("app", "sidecar-2", "sidecar-1")),
        ("term-init", "term-init-plain", ("sidecar",)),
    ):
        pod = timelines[scenario].pod_named(name)
        limit = timelines[scenario].action("patch", name=name)
        assert limit.accepted, f"the deadline was refused: {limit.message}"
        assert_failed(pod, "DeadlineExceeded")
        for container in stopped:
            assert_since(limit.begun, pod[container].said("TERM"))
            assert pod[container].last.exit_code == 0
    app = timelines["term-init"].pod_named("term-init-plain")["app"]
    assert not app.ever_started, "app was started although the deadline was over"


@requirement(
    "term.active-deadline-order",
    OBSERVED,
    since="1.29",
    scenario="term-ways",
    source=upstream("pkg/kubelet/active_deadline.go"),
    needs=OWN_GRACE,
)
def test_active_deadline_order(timeline: Timeline) -> None:
    """A pod's active deadline stops sidecars after the app and in reverse order.

    They do not wait for a regular container that is done.
    """
    pod = timeline.pod_named("term-ways-deadline")
    assert pod["done"].last.exit_code == 0
    assert_reverse_order(pod, CHAIN[:2])
    # The grace period is 40 s.
    assert_at_most(timeline, pod["sidecar-2"].said("TERM") - pod["app"].said("EXIT"), 20)
    assert pod["sidecar-1"].said("EXIT")


@requirement(
    "term.eviction-api",
    MUST,
    since="1.29",
    scenario="term-ways",
    source=f"{DOCS}/concepts/scheduling-eviction/api-eviction/",
    needs=(*OWN_GRACE, Capability.EVICTION),
)
def test_eviction_api(timeline: Timeline) -> None:
    """An evicted pod stops in the same order as a deleted one, its regular containers first."""
    pod = timeline.pod_named("term-ways-evicted")
    eviction = timeline.action("evict", name=pod.name)
    assert eviction.accepted, f"the eviction was refused: {eviction.message}"
    assert pod["app"].said("UP") < pod["app"].said("TERM")
    assert pod["quick"].said("EXIT") < pod["sidecar-2"].said("TERM")
    assert_reverse_order(pod, CHAIN[:2])
    assert pod["sidecar-1"].said("EXIT")


@requirement(
    "term.preemption",
    MUST,
    by=(*SCHEDULED, *KUBELET),
    since="1.29",
    gates=("PodDisruptionConditions",),
    scenario="res-fit",
    source=f"{DOCS}/concepts/scheduling-eviction/pod-priority-preemption/",
    needs=(*OWN_GRACE, Capability.NODE_ACCESS, Capability.UNCHANGED_RESOURCES),
)
def test_preemption(timeline: Timeline) -> None:
    """A preempted pod stops in order with its grace period, and keeps its room until then.

    It says why in its condition DisruptionTarget.
    """
    victim, other = timeline.pod_named(PREEMPTED), timeline.pod_named(PREEMPTING)
    assert_target(victim, "PreemptionByScheduler")
    assert victim["app"].said("START") < victim["app"].said("TERM")
    assert_reverse_order(victim, ("sidecar",))
    assert victim["sidecar"].said("EXIT") < other["app"].said("START")
    for container in victim.containers.values():
        assert container.last.exit_code == 0, f"{container} ended with {container.last.exit_code}"


@requirement(
    "term.kubelet-restart",
    MUST,
    since="1.29",
    scenario="node-kubelet",
    source=POD_TERMINATION,
    needs=(Capability.SIDECARS, Capability.NODE_ACCESS, Capability.UNCHANGED_GRACE),
)
def test_kubelet_restart(timeline: Timeline) -> None:
    """A kubelet that is restarted during termination begins it again, with all its grace period."""
    pod = timeline.pod_named("node-kubelet-stops")
    app, sidecar = pod["app"], pod["sidecar"]
    assert app.said("TERM") < timeline.action("stop-kubelet").begun
    # The grace period is 10 s, of which 2 at least had passed before the kubelet came back. Whether
    # the runtime sends SIGTERM for a second time is its own affair.
    back = timeline.action("start-kubelet").begun
    assert back - app.said("TERM") >= 2
    assert last_still(app) - back >= 8.5
    assert app.last.exit_code == KILLED
    assert sidecar.said("TERM") - back >= 8.5
