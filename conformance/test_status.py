"""Status: what container statuses, phases, conditions and events tell about sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.moments import SECOND, InconclusiveError, Moment
from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario
from fixtures.stage.statuses import container_statuses
from fixtures.timeline import NeverError, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fixtures.stage.run import Run
    from fixtures.timeline import Pod, Timeline

    Json = Mapping[str, Any]

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"
LIFECYCLE = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/"
INIT = "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/"
PHASES = "kubernetes/kubernetes pkg/kubelet/kubelet_pods.go getPhase"
CONDITIONS = "kubernetes/kubernetes pkg/kubelet/status/generate.go"

STICKY_SINCE = 36
"""From this minor on Initialized stays True whatever the regular containers are doing."""


@scenario("status-crash", seconds=23)
def status_crash(run: Run) -> None:
    """Let one after the other crash, and hold back the restarted sidecar until that was seen."""
    run.until_running("app")
    run.until("crasher to be held back", lambda: held_back_after_restart(run.status("crasher")))
    run.exec("slow", "touch", "/shared/app-fails")
    run.until("app to be held back", lambda: held_back_after_restart(run.status("app")))
    run.exec("slow", "touch", "/shared/slow-fails")

    def starts_again() -> bool:
        slow, app = run.status("slow"), run.status("app")
        restarted = slow["restartCount"] == 1 and "running" in slow["state"]
        return restarted and not slow["started"] and not runs(app)

    run.until("slow to start again while app is held back", starts_again)
    run.observe(1.5, "the phase while slow starts again")
    run.exec("slow", "touch", "/shared/slow-up")
    run.until("slow to be started", lambda: run.status("slow").get("started"))
    run.delete(grace=1)
    run.until_gone()


@scenario("status-ends", seconds=15)
def status_ends(run: Run) -> None:
    """Let two pods end by themselves and delete the third, whose main container is killed."""
    run.until_ready("status-ends-killed")
    run.delete("status-ends-killed")
    run.until_finished()
    run.until_gone("status-ends-killed")


def versions(pod: Pod) -> Iterator[tuple[str, Json, Json, Json]]:
    """Yield for each version of a pod: phase, statuses by name, conditions by type, the object."""
    for _, _, thing in pod.versions:
        status = thing["status"]
        conditions = {found["type"]: found for found in status.get("conditions") or []}
        yield status.get("phase", ""), by_name(thing), conditions, thing


def by_name(version: Json) -> dict[str, Json]:
    """Return the statuses of a pod's containers by name."""
    return {status["name"]: status for status in container_statuses(version)}


def waits_with(status: Json, reason: str) -> bool:
    """Tell whether a container status is waiting for this reason."""
    return bool(status.get("state", {}).get("waiting", {}).get("reason") == reason)


def held_back_after_restart(status: Json) -> bool:
    """Tell whether a container that was restarted is down again (shown waiting only later)."""
    return status.get("restartCount", 0) > 0 and not runs(status)


def runs(status: Json) -> bool:
    """Tell whether a container status is running."""
    return "running" in status.get("state", {})


def ended(status: Json) -> bool:
    """Tell whether a container status is terminated."""
    return "terminated" in status.get("state", {})


@requirement(
    "status.in-init-statuses",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=(SIDECARS, "kubernetes/kubernetes staging/src/k8s.io/api/core/v1/types.go PodStatus"),
)
def test_in_init_statuses(timeline: Timeline) -> None:
    """Sidecar statuses stand in initContainerStatuses in spec order, never in containerStatuses."""
    shown = 0
    for phase, _, _, thing in versions(timeline.pod):
        init = [status["name"] for status in thing["status"].get("initContainerStatuses") or []]
        regular = [status["name"] for status in thing["status"].get("containerStatuses") or []]
        if init or regular:
            shown += 1
            assert init == ["init-1", "sidecar-1", "init-2", "sidecar-2"], f"{phase}: {init}"
            assert regular == ["app"], f"{phase}: {regular}"
    assert shown, "the pod never had container statuses"


@requirement(
    "status.started-flag",
    MUST,
    since="1.29",
    scenario=("ordered-start", "status-crash"),
    source=(SIDECARS, "kubernetes/kubernetes staging/src/k8s.io/api/core/v1/types.go"),
)
def test_started_flag(timelines: dict[str, Timeline]) -> None:
    """A sidecar's `started` is true from its start-up to its end, and false again once it ended."""
    for name in ("sidecar-1", "sidecar-2"):
        sidecar = timelines["ordered-start"][name]
        flags = [
            seen.value for seen in sidecar.history(lambda s: bool(s.get("started")), "started")
        ]
        assert flags == [False, True, False], f"{name} showed started as {flags}"
        # A status may be late, and skip what was before it, but it is never early.
        first = next(seen for seen in sidecar.statuses if seen.value.get("started"))
        early = sidecar.said("UP").earliest - first.moment.latest
        assert early <= 0, f"{name} counted as started {early / SECOND:.2f} s before it was up"
    slow = timelines["status-crash"]["slow"]
    again = [s.value for s in slow.statuses if s.value["restartCount"] == 1 and runs(s.value)]
    assert again, "slow was not restarted"
    assert again[0]["started"] is False, "slow was restarted and counted as started at once"
    assert any(s["started"] for s in again), "slow never counted as started again"


@requirement(
    "status.main-waiting-reason", MUST, since="1.29", scenario="ordered-start", source=INIT
)
def test_main_waiting_reason(timeline: Timeline) -> None:
    """Regular containers wait with the reason PodInitializing until the sidecars are started."""
    seen = 0
    for _, statuses, _, _ in versions(timeline.pod):
        if (
            statuses
            and not statuses["sidecar-2"].get("started")
            and not statuses["app"].get("containerID")
        ):
            seen += 1
            state = statuses["app"]["state"]
            assert waits_with(statuses["app"], "PodInitializing"), f"app was {state}"
    assert seen, "the pod was never seen with a sidecar that was not started"
    assert timeline["app"].ever_started, "app never started"


@requirement(
    "status.final-states",
    MUST,
    since="1.29",
    scenario=("ordered-start", "status-ends"),
    source=(SIDECARS, LIFECYCLE),
)
def test_final_states(timelines: dict[str, Timeline]) -> None:
    """In the end a sidecar is shown terminated: 0 Completed by itself, 137 Error if killed."""
    ordered, ends = (
        timelines["ordered-start"],
        timelines["status-ends"].pod_named("status-ends-well"),
    )
    for sidecar, state in (
        (ordered["sidecar-1"], (0, "Completed")),
        (ordered["sidecar-2"], (0, "Completed")),
        (ends["is-killed"], (137, "Error")),
    ):
        assert ended(sidecar.status), f"{sidecar} ended as {sidecar.status['state']}"
        found = (sidecar.last.exit_code, sidecar.last.reason)
        assert found == state, f"{sidecar} ended with {found}"


def events_of(timeline: Timeline, container: str, reason: str = "") -> list[Json]:
    """Return the events about one container of the only pod, of one reason where it is given."""
    return [
        versions[-1][2]
        for versions in timeline.objects("Event")
        if versions[-1][2]["involvedObject"].get("fieldPath", "").endswith(f"{{{container}}}")
        and versions[-1][2]["involvedObject"]["uid"] in {pod.uid for pod in timeline}
        and reason in ("", versions[-1][2]["reason"])
    ]


@requirement(
    "status.events-fieldpath",
    OBSERVED,
    since="1.29",
    scenario="ordered-start",
    source="kubernetes/kubernetes pkg/kubelet/container/ref.go",
)
def test_events_fieldpath(timeline: Timeline) -> None:
    """Events about a sidecar point to it as spec.initContainers{name}."""
    for name in ("sidecar-1", "sidecar-2"):
        found = events_of(timeline, name)
        assert {"Created", "Started", "Killing"} <= {event["reason"] for event in found}, name
        paths = {event["involvedObject"]["fieldPath"] for event in found}
        assert paths == {f"spec.initContainers{{{name}}}"}, f"events of {name} point to {paths}"


@requirement(
    "status.killing-event-early",
    OBSERVED,
    since="1.29",
    scenario="status-ends",
    source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer",
)
def test_killing_event_early(timeline: Timeline) -> None:
    """The Killing event of a sidecar is recorded when the pod ends, before its turn to stop."""
    pod = timeline.pod_named("status-ends-well")
    for name in ("exits-1", "exits-143"):
        found = [
            event
            for event in events_of(timeline, name, "Killing")
            if event["involvedObject"]["uid"] == pod.uid
        ]
        if not found:
            raise NeverError(f"there is no Killing event of {name}")
        # One event of one kubelet, which has written the time once: a whole second of its clock.
        begin = parse_time(found[0]["firstTimestamp"])
        killing = Moment(f"Killing event of {name}", begin, begin + SECOND - 1, "event")
        assert killing < pod[name].said("TERM")


@requirement(
    "status.termination-message",
    OBSERVED,
    since="1.29",
    scenario="status-crash",
    source="https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/",
)
def test_termination_message(timeline: Timeline) -> None:
    """A sidecar's termination message comes from its own path, or from its log if it asks so."""
    own, of_log = timeline["crasher"].first.message, timeline["slow"].first.message
    assert own.strip() == "crasher gave up", f"the message of crasher is {own!r}"
    assert "last words of slow" in of_log, f"the message of slow is {of_log!r}"


@requirement(
    "phase.pending-until-initialised",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=(LIFECYCLE, PHASES),
)
def test_pending_until_initialised(timeline: Timeline) -> None:
    """The phase is Pending until plain init containers are done and all sidecars are started."""
    seen = set()
    for phase, statuses, _, _ in versions(timeline.pod):
        done = [name for name in ("init-1", "init-2") if ended(statuses.get(name, {}))]
        up = [n for n in ("sidecar-1", "sidecar-2") if statuses.get(n, {}).get("containerID")]
        if not statuses.get("app", {}).get("containerID"):
            started = statuses.get("sidecar-2", {}).get("started", False)
            if not started:
                seen.add((len(done), len(up)))
                assert phase == "Pending", f"{phase} with {done} done and {up} begun"
    if (2, 2) not in seen:
        raise InconclusiveError(f"no version shows sidecar-2 starting: {sorted(seen)}")
    assert "Running" in timeline.pod.phases, f"phases were {timeline.pod.phases}"


@requirement(
    "phase.running-with-crashing-sidecar",
    MUST,
    since="1.29",
    scenario="status-crash",
    source=(LIFECYCLE, PHASES),
)
def test_running_with_crashing_sidecar(timeline: Timeline) -> None:
    """Once initialised the pod stays Running while a sidecar crashes again and again."""
    held_back = [
        phase
        for phase, statuses, _, _ in versions(timeline.pod)
        if held_back_after_restart(statuses.get("crasher", {}))
        and runs(statuses["app"])
        and statuses["slow"]["restartCount"] == 0
    ]
    assert held_back, "crasher was never held back while app ran"
    assert set(held_back) == {"Running"}, f"phases with a crashing sidecar: {held_back}"


@requirement(
    "phase.not-back-to-pending",
    OBSERVED,
    since="1.33",
    scenario="status-crash",
    source=PHASES,
)
def test_not_back_to_pending(timeline: Timeline) -> None:
    """A restarted sidecar that is starting does not make a pod Pending whose main is held back."""
    starting = [
        phase
        for phase, statuses, _, _ in versions(timeline.pod)
        if held_back_after_restart(statuses.get("app", {}))
        and statuses["slow"]["restartCount"] == 1
        and runs(statuses["slow"])
        and not statuses["slow"]["started"]
    ]
    assert starting, "slow was never seen starting again while app was held back"
    assert set(starting) == {"Running"}, f"phases while slow starts again: {starting}"


@requirement(
    "phase.running-until-sidecars-stop",
    OBSERVED,
    since="1.29",
    scenario="ordered-start",
    source=PHASES,
)
def test_running_until_sidecars_stop(timeline: Timeline) -> None:
    """After the last regular container ended the pod stays Running until all sidecars stopped."""
    pod, stopping = timeline.pod, 0
    for arrived, _, version in pod.versions:
        phase, statuses = version["status"]["phase"], by_name(version)
        for name in ("sidecar-1", "sidecar-2"):
            if not ended(statuses.get("app", {})) or ended(statuses[name]):
                continue
            if phase == "Running":
                stopping += 1
            else:
                # It may come with a container status from before the end, but not before the end.
                seen = timeline.clocks.seen_between(arrived, arrived, f"{phase} is seen")
                assert pod[name].said("EXIT") < seen, f"{phase} before {name} had stopped"
    assert stopping, "the pod was never seen with app ended and a sidecar running"
    assert pod.phases[-2:] == ["Running", "Succeeded"], f"the phases were {pod.phases}"


@requirement(
    "phase.succeeded-ignores-sidecars",
    MUST,
    since="1.29",
    scenario="status-ends",
    source=(SIDECARS, PHASES),
)
def test_succeeded_ignores_sidecars(timeline: Timeline) -> None:
    """A pod whose regular containers exited 0 has Succeeded, whatever its sidecars exited with."""
    pod = timeline.pod_named("status-ends-well")
    codes = {name: pod[name].last.exit_code for name in ("exits-1", "exits-143", "is-killed")}
    assert codes == {"exits-1": 1, "exits-143": 143, "is-killed": 137}
    assert pod["app"].last.exit_code == 0
    assert pod.phase == "Succeeded", f"the pod is {pod.phase}"


@requirement(
    "phase.failed-by-main-only",
    MUST,
    since="1.29",
    scenario="status-ends",
    source=(LIFECYCLE, PHASES),
)
def test_failed_by_main_only(timeline: Timeline) -> None:
    """A pod has Failed if a regular container failed or was killed, even if sidecars exited 0."""
    for name, code in (("status-ends-badly", 3), ("status-ends-killed", 137)):
        pod = timeline.pod_named(name)
        assert pod["app"].last.exit_code == code, name
        assert pod["sidecar"].last.exit_code == 0, name
        assert pod.phase == "Failed", f"{name} is {pod.phase}"


@requirement(
    "cond.initialized-false",
    OBSERVED,
    since="1.29",
    scenario="ordered-start",
    source=CONDITIONS,
)
def test_initialized_false(timeline: Timeline) -> None:
    """While a sidecar is not started Initialized is False and its message names that sidecar."""
    seen = 0
    for _, statuses, conditions, _ in versions(timeline.pod):
        sidecar = statuses.get("sidecar-2", {})
        if runs(sidecar) and not sidecar["started"]:
            seen += 1
            found = conditions["Initialized"]
            told = (found["status"], found["reason"])
            assert told == ("False", "ContainersNotInitialized"), f"Initialized was {found}"
            wanted = "containers with incomplete status: [sidecar-2]"
            assert found["message"] == wanted, f"Initialized was {found}"
    if not seen:
        raise InconclusiveError("no version of the pod shows sidecar-2 starting")


@requirement(
    "cond.initialized-true",
    MUST,
    since="1.29",
    scenario="ordered-start",
    source=LIFECYCLE,
)
def test_initialized_true(timeline: Timeline) -> None:
    """Initialized is True once sidecars are started and plain init containers are done."""
    values = [seen.value for seen in timeline.pod.conditions("Initialized")]
    states = [value["status"] for value in values]
    assert states == sorted(states), f"Initialized was {states}"
    assert set(states) == {"False", "True"}, f"Initialized was {states}"
    for _, statuses, conditions, _ in versions(timeline.pod):
        true = conditions.get("Initialized", {}).get("status") == "True"
        if true:
            assert ended(statuses["init-1"]), "init-1 was not done"
            assert ended(statuses["init-2"]), "init-2 was not done"
            assert statuses["sidecar-2"]["started"] or ended(statuses["app"])
        elif statuses.get("app", {}).get("containerID"):
            raise AssertionError("app had begun and Initialized was not True")
    assert values[-1]["reason"] == "PodCompleted", f"in the end Initialized is {values[-1]}"


@requirement(
    "cond.initialized-sticky",
    OBSERVED,
    since="1.29",
    scenario="status-crash",
    source=CONDITIONS,
)
def test_initialized_sticky(timeline: Timeline) -> None:
    """Initialized stays True when a sidecar is restarted later and is not started yet."""
    seen = 0
    for _, statuses, conditions, _ in versions(timeline.pod):
        slow, crasher, app = (statuses.get(name, {}) for name in ("slow", "crasher", "app"))
        if not app.get("containerID"):
            continue
        promised = timeline.minor >= STICKY_SINCE or runs(app) or ended(app)
        down = not (slow["started"] and crasher["started"])
        if promised and down:
            seen += 1
            found = conditions["Initialized"]
            assert found["status"] == "True", f"{found} with app {app['state']}"
    assert seen, "no sidecar was seen down after the pod was initialised"


@requirement(
    "cond.ready-needs-sidecars",
    MUST,
    since="1.29",
    scenario="net-web",
    source=SIDECARS,
)
def test_ready_needs_sidecars(timeline: Timeline) -> None:
    """While a sidecar is not ready Ready and ContainersReady are False and name it."""
    pod = timeline.pod_named("net-web")
    unready = 0
    for _, statuses, conditions, thing in versions(pod):
        proxy, app = statuses.get("proxy", {}), statuses.get("app", {})
        if not (runs(proxy) and runs(app)) or "deletionTimestamp" in thing["metadata"]:
            continue
        for kind in ("Ready", "ContainersReady"):
            found = conditions[kind]
            if proxy["ready"] and app["ready"]:
                assert found["status"] == "True", f"{found} with all containers ready"
            elif app["ready"]:
                unready += 1
                told = (found["status"], found["reason"])
                assert told == ("False", "ContainersNotReady"), f"{kind} was {found}"
                wanted = "containers with unready status: [proxy]"
                assert found["message"] == wanted, f"{kind} was {found}"
    assert unready, "proxy was never seen unready"


@requirement(
    "cond.ready-false-after-main-done",
    OBSERVED,
    since="1.29",
    scenario="ordered-start",
    source=CONDITIONS,
)
def test_ready_false_after_main_done(timeline: Timeline) -> None:
    """When main is done Ready is False for unready containers, later since the pod completed."""
    stopping = [
        conditions["Ready"]
        for phase, statuses, conditions, _ in versions(timeline.pod)
        if phase == "Running" and ended(statuses["app"]) and not ended(statuses["sidecar-1"])
    ]
    assert stopping, "the pod was never seen with app ended and a sidecar running"
    for found in stopping:
        told = (found["status"], found["reason"])
        assert told == ("False", "ContainersNotReady"), f"Ready was {found}"
    last = timeline.pod.conditions("Ready")[-1].value
    told = (last["status"], last["reason"])
    assert told == ("False", "PodCompleted"), f"in the end Ready is {last}"
