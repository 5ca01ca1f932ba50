"""Probes: what those of a sidecar do to it, to its pod, and to one another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fixtures.moments import SECOND, InconclusiveError, Moment
from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario
from fixtures.stage.statuses import condition_of, container_status
from fixtures.timeline import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from fixtures.stage.run import Run
    from fixtures.timeline import Container, Timeline

MUST, SHOULD, OBSERVED = Level.MUST, Level.SHOULD, Level.OBSERVED
SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"
PROBES = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes"
CONFIGURE = (
    "https://kubernetes.io/docs/tasks/configure-pod-container/"
    "configure-liveness-readiness-startup-probes/"
)
UPSTREAM = "kubernetes/kubernetes test/e2e/common/node/container_probe.go"
LIFECYCLE = "kubernetes/kubernetes test/e2e_node/container_lifecycle_test.go"
PROBER = "kubernetes/kubernetes pkg/kubelet/prober"

FAILING = ("exec", "http", "grpc", "slow", "redirect")
PASSING = ("exec", "tcp", "http", "redirect", "grpc")
SEVERAL = 2
PERIOD = 30
STARTUP_PERIOD = 30
PROMPT = 18
"""In seconds: far more than a busy machine needs, and less than what is left of the period."""


@scenario("probe-liveness-fails", seconds=20)
def probe_liveness_fails(run: Run) -> None:
    """Wait until each sidecar was restarted, and one twice."""

    def restarted() -> bool:
        counts = {name: run.status(name).get("restartCount", 0) for name in FAILING}
        return all(counts.values()) and bool(counts["exec"] >= SEVERAL)

    run.until_said("app", "START")
    run.until("each sidecar to be restarted, exec twice", restarted)


@scenario("probe-liveness-passes", seconds=12)
def probe_liveness_passes(run: Run) -> None:
    """Wait until each sidecar was asked, and leave time for more."""
    run.until_ready()
    for name in PASSING:
        run.until_said(name, "ASKED")
    run.observe(5, "no sidecar to be restarted")


@scenario("probe-gates", seconds=53, applies=False)
def probe_gates(run: Run) -> None:
    """Let initialisation end when sidecars are ready; then let one fail its liveness probe.

    Probes with a period longer than the kubelet's age begin after a random part of that period.
    """
    run.observe(youth(run, PERIOD + 10), "kubelets to be older than the period of a probe")
    run.apply()
    run.until_starting("plain")
    run.exec("plain", "touch", "/go")
    run.until_running("init")
    run.until(
        "late and delayed to be ready",
        lambda: all(run.status(name).get("ready") for name in ("late", "delayed")),
    )
    run.exec("init", "touch", "/go")
    run.until_ready()
    run.exec("late", "rm", "/alive")
    run.until_restarted("late")


@scenario("probe-restart", seconds=43, applies=False)
def probe_restart(run: Run) -> None:
    """Let the sidecar fail its liveness probe right after its startup probe has been asked."""
    run.observe(youth(run, STARTUP_PERIOD + 10), "kubelets to be older than the period of a probe")
    run.apply()
    # At once: on a busy node, too, the restart is to be over before the startup probe comes again.
    run.until("late to be ready", lambda: run.status("late").get("ready"), 120)
    run.exec("late", "rm", "/alive")
    run.until_restarted("late")
    run.until("late to be ready again", lambda: run.status("late")["ready"])


@scenario("probe-ready", seconds=11)
def probe_ready(run: Run) -> None:
    """Take readiness and give it back, delete the pod, and let both probes fail meanwhile."""
    run.until_ready()
    run.exec("sidecar", "rm", "/ready")
    run.until(
        "sidecar and pod to be unready",
        lambda: not run.status("sidecar")["ready"] and run.condition("Ready") == "False",
    )
    run.exec("sidecar", "touch", "/ready")
    run.until_ready()
    run.delete(grace=60)
    run.until_said("app", "TERM")
    run.exec("sidecar", "rm", "/ready", "/alive")
    run.until("sidecar to be unready", lambda: not run.status("sidecar")["ready"], 20)
    run.observe(3, "sidecar not to be stopped for its liveness")
    run.exec("app", "touch", "/go")
    run.until_gone()


@requirement(
    "probe.startup-holds-others",
    MUST,
    since="1.29",
    scenario="probe-gates",
    source=(PROBES, UPSTREAM),
)
def test_startup_holds_others(timeline: Timeline) -> None:
    """Until its startup probe has succeeded a sidecar's other probes have no effect.

    Then they have one.
    """
    late = timeline["late"]
    # It would have failed its liveness probe some three times before, and passed the other one.
    assert late.first.said("UP") - late.first.said("START") >= 3
    assert late.first.said("UP") < first_seen_ready(late)
    assert late.first.said("TERM") > timeline["app"].said("START")
    assert late.restarts >= 1, "late failed its liveness probe in the end and was not restarted"


@requirement(
    "probe.startup-holds-after-restart",
    MUST,
    since="1.29",
    scenario="probe-restart",
    source=(PROBES, "https://github.com/kubernetes/kubernetes/issues/141155"),
)
def test_startup_holds_after_restart(timeline: Timeline) -> None:
    """A sidecar that was restarted has to pass its startup probe anew before the others count."""
    late = timeline["late"]
    assert late.restarts == 1, f"late was restarted {late.restarts} times"
    again = late.run(1)
    assert again.ever_said("UP"), (
        f"{again} was ready, or asked whether it is alive, before it was up"
    )
    assert again.said("UP") < first_seen_ready(late, run=1)


@requirement(
    "probe.liveness-restarts",
    MUST,
    since="1.29",
    scenario=("probe-liveness-fails", "probe-liveness-passes"),
    source=(PROBES, UPSTREAM),
)
def test_liveness_restarts(timelines: Mapping[str, Timeline]) -> None:
    """A sidecar that fails its liveness probe of any kind is restarted; one that passes is not."""
    for name in FAILING:
        sidecar = timelines["probe-liveness-fails"][name]
        assert sidecar.restarts >= 1, f"{name} failed its liveness probe and was not restarted"
    for name in PASSING:
        sidecar = timelines["probe-liveness-passes"][name]
        assert len(sidecar.all_said("ASKED")) > SEVERAL, f"{name} was hardly ever asked"
        assert sidecar.restarts == 0, f"{name} passed its liveness probe and was restarted"


@requirement(
    "probe.liveness-count-monotonic",
    MUST,
    since="1.29",
    scenario="probe-liveness-fails",
    source=UPSTREAM,
)
def test_liveness_count_monotonic(timeline: Timeline) -> None:
    """The restart count of a sidecar only grows while it fails its liveness probe repeatedly."""
    history = timeline["exec"].history(lambda status: int(status["restartCount"]), "restarts")
    counts = [seen.value for seen in history]
    assert max(counts) >= SEVERAL, f"the restart counts of exec were {counts}"
    assert counts == sorted(counts), f"the restart counts of exec were {counts}"


@requirement(
    "probe.liveness-runs-prestop",
    MUST,
    since="1.29",
    scenario="probe-liveness-fails",
    source=(PROBES, LIFECYCLE),
)
def test_liveness_runs_prestop(timeline: Timeline) -> None:
    """A sidecar that fails its liveness probe is stopped with its preStop hook, and only it."""
    first = timeline["exec"].first
    assert first.said("PRESTOP") < first.said("TERM")
    assert first.said("TERM") < timeline["exec"].run(1).said("START 2")
    for name in ("init", "app"):
        assert len(timeline[name].instances) == 1, f"{name} did not run exactly once"
        assert timeline[name].restarts == 0, f"{name} was restarted"


@requirement(
    "probe.liveness-during-init",
    MUST,
    since="1.29",
    scenario="probe-liveness-fails",
    source=LIFECYCLE,
)
def test_liveness_during_init(timeline: Timeline) -> None:
    """A sidecar that fails its liveness probe is restarted while a later init container runs."""
    assert timeline["exec"].run(1).said("START 2") < timeline["init"].said("DONE")
    assert timeline["init"].said("DONE") < timeline["app"].said("START")
    assert timeline["exec"].first.ever_said("TERM"), "the first run of exec was not stopped"


@requirement(
    "probe.readiness-initial-delay",
    MUST,
    since="1.29",
    scenario="probe-gates",
    source=(CONFIGURE, UPSTREAM),
)
def test_readiness_initial_delay(timeline: Timeline) -> None:
    """A sidecar is not asked for readiness before the initial delay, and never restarted for it."""
    delayed = timeline["delayed"]
    asked = delayed.all_said("ASKED")
    assert len(asked) > SEVERAL, f"delayed was asked {len(asked)} times"
    # 5 s, from a start that is known to a second.
    assert asked[0] - delayed.started >= 3
    assert asked[2] < first_seen_ready(delayed)
    assert delayed.restarts == 0, f"delayed was restarted {delayed.restarts} times"


@requirement(
    "probe.readiness-toggles", MUST, since="1.29", scenario="probe-ready", source=(SIDECARS, PROBES)
)
def test_readiness_toggles(timeline: Timeline) -> None:
    """A sidecar's readiness probe sets its ready flag and its pod's condition, up and down."""
    expected = [False, True, False, True]
    flags = [s.value for s in timeline["sidecar"].history(lambda s: s["ready"], "ready")]
    assert flags[:4] == expected, f"the sidecar's ready flag was {flags}"
    conditions = [s.value["status"] == "True" for s in timeline.pod.conditions("Ready")]
    turns = [c for i, c in enumerate(conditions) if i == 0 or conditions[i - 1] != c]
    assert turns[:4] == expected, f"the pod's condition Ready was {turns}"
    assert timeline["sidecar"].restarts == 0, "the sidecar was restarted"


@requirement(
    "probe.readiness-during-init", OBSERVED, since="1.29", scenario="probe-gates", source=PROBER
)
def test_readiness_during_init(timeline: Timeline) -> None:
    """A sidecar is asked for readiness, and can be ready, while init containers still run."""
    ready = [
        pod
        for _, _, pod in timeline.pod.versions
        if pod["status"].get("phase") == "Pending" and container_status(pod, "late").get("ready")
    ]
    assert ready, "late was never ready while the pod was Pending"
    assert timeline["delayed"].all_said("ASKED")[2] < timeline["init"].said("DONE")


@requirement("probe.ready-without-probe", MUST, since="1.29", scenario="probe-gates", source=PROBES)
def test_ready_without_probe(timeline: Timeline) -> None:
    """A sidecar without a readiness probe is ready as soon as it is started, and not before."""
    turns = timeline["plain"].history(
        lambda status: ("running" in status["state"], status.get("started"), status["ready"]),
        "running, started, ready",
    )
    states = [seen.value for seen in turns]
    if not any(running and not started for running, started, _ in states):
        raise InconclusiveError(f"no status shows plain starting up: {states}")
    assert states[-1] == (True, True, True), f"plain was started but not ready: {states}"
    for _, started, ready in states:
        assert started or not ready, f"plain was ready before it was started: {states}"


@requirement(
    "probe.ready-right-after-startup", MUST, since="1.29", scenario="probe-gates", source=UPSTREAM
)
def test_ready_right_after_startup(timeline: Timeline) -> None:
    """Readiness is asked for as soon as the startup probe has succeeded, not a period later."""
    late = timeline["late"]
    assert late.spec["readinessProbe"]["periodSeconds"] == PERIOD
    assert first_seen_ready(late) - late.first.said("UP") <= PROMPT


@requirement(
    "probe.grace-override",
    MUST,
    since="1.29",
    scenario="startup-fails",
    source=(CONFIGURE, UPSTREAM),
)
def test_grace_override(timeline: Timeline) -> None:
    """The grace period of a liveness or startup probe replaces the pod's when the probe fails."""
    assert timeline.pod.spec["terminationGracePeriodSeconds"] == 600
    for name in ("not-alive", "not-up"):
        sidecar = timeline[name]
        assert sidecar.restarts >= 1, f"{name} was not restarted: it has the pod's grace period"
        # It ignores SIGTERM, so that it was killed.
        # 4 s, the preStop hook's second included; the handler may have been slow.
        assert sidecar.last.said("START") - sidecar.first.said("TERM") >= 2


@requirement(
    "probe.termination-readiness",
    MUST,
    since="1.29",
    scenario="probe-ready",
    source=(UPSTREAM, "https://github.com/kubernetes/kubernetes/issues/140882"),
)
def test_termination_readiness(timeline: Timeline) -> None:
    """While a pod is being deleted its sidecar is asked for readiness, but not for liveness."""
    unready = [
        pod
        for _, _, pod in timeline.pod.versions
        if "deletionTimestamp" in pod["metadata"]
        and "running" in container_status(pod, "sidecar").get("state", {})
        and "running" in container_status(pod, "app").get("state", {})
        and not container_status(pod, "sidecar")["ready"]
    ]
    assert unready, "the sidecar stayed ready although its readiness probe failed"
    assert condition_of(unready[-1], "Ready").get("status") == "False", "the pod stayed ready"
    assert timeline["app"].said("EXIT") < timeline["sidecar"].said("TERM")
    assert timeline["sidecar"].restarts == 0, "the sidecar was restarted"


@requirement(
    "probe.workers-survive-restart-never",
    MUST,
    since="1.29",
    scenario="startup-never-recovers",
    source=("https://github.com/kubernetes/kubernetes/issues/132826", LIFECYCLE),
)
def test_workers_survive_restart_never(timeline: Timeline) -> None:
    """In a Never pod a sidecar that was restarted is still probed: changes are noticed."""
    assert timeline.pod.spec["restartPolicy"] == "Never"
    steady = timeline["steady"]
    steady.said("CHANGED")
    third = [
        seen.value["ready"]
        for seen in steady.statuses
        if seen.value["restartCount"] == SEVERAL and "running" in seen.value["state"]
    ]
    assert third, "the third run of steady was never seen running"
    assert third[0] is False, "steady was ready before it could be"
    assert third[-1] is True, "the third run of steady never became ready"


@requirement(
    "probe.named-port-own",
    OBSERVED,
    since="1.29",
    scenario="probe-liveness-passes",
    source=PROBER,
)
def test_named_port_own(timeline: Timeline) -> None:
    """A port's name in a sidecar's probe means the sidecar's own port of that name."""
    numbers = [
        port["containerPort"]
        for name in ("tcp", "app")
        for port in timeline[name].spec["ports"]
        if port["name"] == "own"
    ]
    assert numbers[0] != numbers[1], f"the ports of that name are {numbers}"
    assert len(timeline["tcp"].all_said("ASKED")) > 1, "tcp was not asked on its own port"
    assert timeline["tcp"].restarts == 0, "tcp was restarted: another port was asked"


def youth(run: Run, age: float) -> float:
    """Return in how many seconds each kubelet will have run for `age` seconds, at least 0."""
    answer = run.get("/api/v1/nodes", "nodes")
    starts = [kubelet_start(run, node) for node in (answer.body["items"] if answer.ok else [])]
    return max(0.0, max(starts, default=0.0) + age - time.time())


def kubelet_start(run: Run, node: Mapping[str, Any]) -> float:
    """Return when a kubelet was started, in seconds since the epoch; 0 where nothing tells.

    Where its metrics may not be read, it is taken to be as old as its node's condition Ready,
    which outlives a short restart.
    """
    name = node["metadata"]["name"]
    path = f"/api/v1/nodes/{name}/proxy/metrics"
    samples = run.metrics("kubelet-start", path, "process_start_time_seconds", node=name)
    if samples:
        return float(samples[0].split()[1])
    ready = condition_of(node, "Ready")
    return parse_time(ready["lastTransitionTime"]) / SECOND if ready else 0.0


def first_seen_ready(container: Container, run: int = 0) -> Moment:
    """Return when this run was first seen to be ready, which is after it has become so."""
    for seen in container.statuses:
        if seen.value["restartCount"] == run and seen.value["ready"] and seen.moment.own:
            arrived = seen.moment.own.latest
            what = f"{container}#{run} is seen to be ready"
            return container.pod.timeline.clocks.seen_between(arrived, arrived, what)
    raise AssertionError(f"{container}#{run} was never ready")
