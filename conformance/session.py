"""One run from its options to its report: what the pytest plugin drives."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
import time
import tomllib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

import reports
from conformance.catalogue import declared
from conformance.claim import Claim
from conformance.editions import editions
from conformance.judge import already_judged, unjudged, why_unsupported
from conformance.known_failures import Baseline
from conformance.options import ARGUMENTS_VARIABLE, READY_VARIABLE
from conformance.place import Place
from fixtures import patience
from fixtures.clusters.providers import provider_for
from fixtures.errors import SuiteError, UsageError, unwritten
from fixtures.evidence.capabilities import SOFTWARE, Capability
from fixtures.evidence.components import Component
from fixtures.evidence.evidence import Evidence
from fixtures.evidence.facts import RunFacts
from fixtures.evidence.recording import Header
from fixtures.host.progress import Progress
from fixtures.kubeapi.owner import new_run_id
from fixtures.stage.control import Control
from fixtures.stage.detect import detect
from fixtures.stage.manifest import Images
from fixtures.stage.scenario import goes_apart, scenario_named
from fixtures.stage.selftest import AGREE, UNKNOWN, SelfTest
from fixtures.stage.stage import Stage
from fixtures.words import one_line
from reports import pytesthtml, runpage
from reports.model import Report, Result, Verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from conformance.requirements import Requirement
    from fixtures.clusters import Cluster, Provider
    from fixtures.stage.detect import Found
    from reports.pytesthtml import PytestPage

ROOT = Path(__file__).parents[1]

FILES = (
    *(form.FILE for form in reports.FORMATS),
    runpage.FILE,
    pytesthtml.FILE,
    "run.json",
    "recordings",
)
"""What a run writes into its folder."""


@dataclass
class Session:
    """The state of one run. `directory` is where its report goes, `work` where it lies until then.

    Either `provider` comes to a cluster, or `replays` are the facts of a run to judge again.
    """

    options: argparse.Namespace
    label: str
    directory: Path
    progress: Progress
    provider: Provider | None = None
    replays: RunFacts | None = None
    run_id: str = field(default_factory=new_run_id)
    requirements: list[Requirement] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    baseline: Baseline = field(default_factory=Baseline)
    evidence: Evidence | None = None
    page: PytestPage | None = None
    broke: str = ""
    unwritten: str = ""
    """Why a report could not be written."""
    written: Report | None = None
    published: bool = False
    """Whether the report lies where it belongs."""
    _claim: Claim | None = None
    _cluster_seconds: float = 0.0

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> Session:
        """Check the options, as far as that needs no cluster, and find out where things go.

        Raises UsageError.
        """
        patience.choose(options.patience)
        output = Path(options.output)
        if options.replay:
            facts = RunFacts.read(Path(options.replay))
            made = cls(options, facts.label, output / facts.label, Progress(), replays=facts)
            _require_own(Path(options.replay), made.directory)
            return made
        provider = provider_for(options)
        label = provider.label
        return cls(options, label, output / label, Progress(), provider=provider)

    @property
    def work(self) -> Path:
        """Where the run writes: what is only judged again has its recordings already."""
        return self.directory if self.replays else self._place.work

    @property
    def folder(self) -> Path:
        """Where the files of this run lie now."""
        return self.directory if self.published else self.work

    @property
    def _place(self) -> Place:
        return Place(self.directory, FILES)

    def claim(self) -> None:
        """Make sure that the report can be written, by this run alone. Raises UsageError."""
        self._claim = Claim.take(self.directory)
        self._place.recover()

    def give_back(self) -> None:
        """Let others write where this run did, and leave no empty folder behind."""
        self._place.tidy()
        if self._claim is not None:
            self._claim.give_back()

    def plan(self) -> None:
        """Find out whether the cluster can be had; nothing is made. Raises UsageError."""
        if self.provider is not None:
            self.provider.plan(self.progress)

    @contextmanager
    def open_cluster(self) -> Iterator[Cluster]:
        """Make the cluster, or open the existing one; undo that at the end.

        What cannot be undone is a notice: it says nothing about the cluster that was judged.
        """
        if self.provider is None:
            raise LookupError("a run that judges recordings again has no cluster")
        begun = time.monotonic()
        with ExitStack() as stack:
            self.provider.prepare(self.progress, self._wanted_software())
            self.work.mkdir(parents=True, exist_ok=True)
            cluster = stack.enter_context(
                self.provider.create(
                    self.run_id, self.work, self.progress, apart=self._wants_apart()
                )
            )
            self._cluster_seconds = round(time.monotonic() - begun, 2)
            ready = os.environ.get(READY_VARIABLE)
            if ready:
                Path(ready).touch()
                stack.enter_context(self._turn(Path(ready).with_name("turn.lock")))
            cleaning = stack.pop_all()
        try:
            yield cluster
        finally:
            try:
                cleaning.close()
            except (SuiteError, OSError) as error:
                self.progress.notice(f"not everything could be removed: {one_line(error)}")

    def _wants_apart(self) -> bool:
        """Tell whether a scenario that the run may stage disturbs its node, and only that.

        A profile whose scenarios need another node brings it.
        """
        return any(
            goes_apart(name)
            for one in self.requirements
            if one.profile is None
            for name in one.scenarios
        )

    def _wanted_software(self) -> set[Capability]:
        """Return what the selected requirements need of others; none unless asked for by name."""
        if not self.options.only:
            return set()
        return {need for one in self.requirements for need in one.needs if need in SOFTWARE}

    @contextmanager
    def _turn(self, path: Path) -> Iterator[None]:
        """Judge alone: two runs of one invocation would slow each other down."""
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            with self.progress.step("waiting for the run before this one"):
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def stage(self, cluster: Cluster) -> Evidence:
        """Stage the scenarios of all checks that the cluster supports, and record them."""
        self._place.begin()
        images = Images(
            cluster.fixture_image,
            cluster.other_image,
            cluster.fixture_image_loaded,
            cluster.software.references,
        )
        begun = time.monotonic()
        stage = Stage(
            cluster.api,
            run_id=self.run_id,
            spaces=cluster.spaces,
            directory=self.work / "recordings",
            images=images,
            nodes=cluster.nodes,
            progress=self.progress,
            in_flight=self.options.in_flight,
            apart=cluster.apart,
        )
        with self.progress.step("looking at the cluster"):
            cluster.spaces.open(stage.namespace)
            user = stage.user_in(stage.namespace)
            found = detect(
                cluster.api,
                stage.namespace,
                cluster.nodes,
                images,
                user=user,
                versions=cluster.versions,
                denied=cluster.denied,
            )
            found = found.without(cluster.spaces.missing()).with_software(cluster.software)
        if found.doubt:
            self.progress.notice(found.doubt)
        if self._scenarios(self._facts(found, cluster)):
            with self.progress.step("testing two pods"):
                missing = found.capabilities.missing
                gate_off = Capability.SCHEDULER_GATE_OFF in found.capabilities.configured
                trial = SelfTest(cluster.api, stage.namespace, self.run_id, images, user=user)
                findings = trial.run(
                    sidecars=Capability.SIDECARS not in missing and not gate_off,
                    service=Capability.SERVICE_NETWORK not in missing,
                )
            found = found.with_admission(findings.admission)
            found = found.without(findings.missing, clocks=findings.clocks)
        for sentence in found.facts["admission"]:
            self.progress.line(f"admission of this cluster: {sentence}")
        clocks_apart = found.facts.get("clocks", AGREE)
        clocks_apart = "" if clocks_apart in (AGREE, UNKNOWN) else clocks_apart
        stage.configure(
            lambda scenario: Header(
                label=self.label,
                minor=found.capabilities.minor,
                shared_clock=bool(cluster.nodes),
                clocks_apart=clocks_apart,
                scenario=scenario,
            ),
            node_pods=found.facts["podsPerNode"],
            cpus=found.facts["cpus"],
            missing=found.capabilities.missing.keys(),
            follows=any(kubelet.rotates_soon for kubelet in found.components.kubelets.values()),
        )
        run_facts = self._facts(found, cluster)
        names = self._scenarios(run_facts)
        run_facts = run_facts.model_copy(update={"staged": tuple(sorted(names))})
        # Whatever happens from now on, what was recorded until then can be judged again.
        run_facts.write(self.work)
        self.evidence = Evidence(run_facts, self.work)
        try:
            with _disk_of(stage):
                stage.stage(
                    [scenario_named(name) for name in sorted(names)], Control() if names else None
                )
        finally:
            stage.stop()
            timing = {
                **stage.figures,
                "clusterSeconds": self._cluster_seconds,
                "evidenceSeconds": round(time.monotonic() - begun, 2),
                "suiteCpuSeconds": round(time.process_time(), 2),
                **_memory(),
            }
            run_facts = run_facts.model_copy(update={"timing": timing})
            run_facts.write(self.work)
            self.evidence = Evidence(run_facts, self.work)
        return self.evidence

    def _facts(self, found: Found, cluster: Cluster) -> RunFacts:
        return RunFacts(
            label=self.label,
            capabilities=found.capabilities,
            components=found.components,
            versions=found.versions,
            cluster={**found.facts, **cluster.facts, "patience": patience.factor()},
            reproduce=reproduce(self.provider),
            scenarios=editions(
                name
                for one in (*self.requirements, *(known.requirement for known in declared()))
                for name in one.scenarios
            ),
        )

    def _scenarios(self, facts: RunFacts) -> set[str]:
        """Return the names of the scenarios that a cluster with these facts is judged by."""
        evidence = Evidence(facts, self.work)
        return {
            name
            for requirement in self.requirements
            if why_unsupported(requirement, evidence) is None
            for name in requirement.scenarios
        }

    def read_evidence(self, facts: RunFacts) -> Evidence:
        """Return the evidence of the run that is judged again."""
        self.evidence = Evidence(facts, Path(self.options.replay))
        return self.evidence

    def report(self, evidence: Evidence, *, interrupted: bool) -> Report:
        """Make the report of what has been judged so far."""
        facts = evidence.facts
        results = [already_judged(result, facts.capabilities) for result in self.results]
        judged = {result.id for result in results}
        ended = "was interrupted" if interrupted else "ended"  # by -x, say
        reason = self.broke or f"the run {ended} before it was judged"
        missing = [
            unjudged(requirement, Verdict.ERROR, reason)
            for requirement in self.requirements
            if requirement.id not in judged
        ]
        capabilities = facts.capabilities
        return Report(
            label=facts.label,
            suite={"version": suite_version(), "revision": revision()},
            cluster={
                **facts.cluster,
                "versions": dict(facts.versions),
                "capabilities": {
                    one.value: capabilities.lacking((one,)) or "yes" for one in Capability
                },
                "gates": dict(capabilities.gates),
            },
            reproduce=facts.reproduce,
            results=[*results, *missing],
            scenarios=evidence.times(),
            timing=facts.timing,
            notices=[
                *self.baseline.notices(_by_oldest(results, evidence), facts.versions, evidence.day),
                *self.progress.notices,
                *filter(None, [evidence.clocks_apart()]),
            ],
            # A cluster that loses sidecars which it should have is not one without any.
            unsupported=""
            if capabilities.dropped
            else capabilities.missing.get(Capability.SIDECARS, ""),
        )

    def write(self, report: Report) -> None:
        """Write all formats of the report but `pytest.html`, which pytest-html writes later.

        Raises EnvironmentBrokenError for one that cannot be written, after all others.
        """
        self.written = report
        if self.page is not None:
            self.page.report = report
        trouble: OSError | None = None
        writers: list[tuple[str, Callable[[Path], None]]] = [
            *((form.FILE, partial(form.write, report)) for form in reports.FORMATS),
            (runpage.FILE, partial(runpage.write, report, self.evidence)),
        ]
        for name, write in writers:
            try:
                write(self.work / name)
            except OSError as error:
                trouble = trouble or error
        if trouble is not None:
            raise unwritten(self.work, trouble) from trouble

    def publish(self, *, judged: bool) -> None:
        """Put the report where it belongs. Raises OSError.

        One that ended before all was judged takes no earlier report's place: it stays in `work`.
        """
        if self.written is None or self.unwritten:
            return
        if self.replays is None:
            if not judged and (self.directory / "report.json").exists():
                return
            self._place.publish()
        self.published = True


def _require_own(replay: Path, directory: Path) -> None:
    """Raise UsageError where a report would lie beside the recordings of another run."""
    if (directory / "recordings").exists() and not directory.samefile(replay):
        raise UsageError(
            f"{directory} holds the recordings of another run than {replay}: give another --output"
        )


def _by_oldest(results: Iterable[Result], evidence: Evidence) -> list[Result]:
    """Return the results of checks whose pods had kubelets of the oldest version only."""
    oldest = evidence.facts.versions.get(Component.KUBELET)
    return [
        one
        for one in results
        if evidence.facts.components.alike
        or {each[Component.KUBELET] for each in evidence.versions_of(one.scenarios)} == {oldest}
    ]


@contextmanager
def _disk_of(stage: Stage) -> Iterator[None]:
    """End a staging as soon as one of its threads cannot write, and raise what that one met.

    What a thread could not write is lost, so that nothing may be judged as if it were there.
    """
    met: list[OSError] = []
    before = threading.excepthook

    def failed(thread: threading.ExceptHookArgs) -> None:
        if isinstance(thread.exc_value, OSError):
            met.append(thread.exc_value)
            stage.stop()
        else:
            before(thread)

    threading.excepthook = failed
    try:
        yield
    finally:
        threading.excepthook = before
    if met:
        raise met[0]


def _memory() -> dict[str, float]:
    """Return the peak memory of this process in MiB, where the host tells it."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return {}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1024 if sys.platform == "darwin" else 1  # macOS counts bytes, and others KiB
    return {"suiteMemoryMiB": round(peak / unit / 1024, 1)}


def reproduce(provider: Provider | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the command line that makes such a run again: the person's, its versions in full."""
    words = environment.get(ARGUMENTS_VARIABLE)
    if words is None:  # pytest was called by hand
        return shlex.join(["python", "-m", "pytest", *sys.argv[1:]])
    given = json.loads(words)
    if provider is not None:
        given = provider.in_full(given)
    return shlex.join(["nox", "-s", "conformance", "--", *given])


def suite_version() -> str:
    """Return the version of the suite, as pyproject.toml states it."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def revision() -> str:
    """Return the commit that this checkout is at, with `+` where it was changed."""
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
