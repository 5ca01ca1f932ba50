"""One run from its options to its report, on a cluster of these tests or judged again."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from conformance import catalogue
from conformance import session as sessions
from conformance.__main__ import parser
from conformance.options import ARGUMENTS_VARIABLE, READY_VARIABLE
from conformance.requirements import Requirement
from conformance.session import Session, reproduce, revision, suite_version
from fixtures.clusters import Cluster
from fixtures.clusters.existing import ExistingProvider
from fixtures.clusters.kind import KindProvider
from fixtures.clusters.kind import Request as Wanted
from fixtures.clusters.spaces import OwnNamespaces
from fixtures.errors import EnvironmentBrokenError, UsageError
from fixtures.evidence.capabilities import Capabilities, Capability
from fixtures.evidence.evidence import Evidence
from fixtures.evidence.facts import RunFacts
from fixtures.host.progress import Progress
from fixtures.images import releases
from fixtures.kubeapi import owner
from fixtures.kubeapi.namespaces import ENFORCE, QUESTION, RESTRICTED
from fixtures.stage.detect import Found, detect
from fixtures.stage.stage import Stage
from reports import FORMATS, jsonreport, runpage
from reports.model import Level, Verdict
from tests.kit.apiserver import CutError, Ran, Reply, Request, serving
from tests.kit.pods import Cluster as Pods
from tests.kit.samples import result
from tests.kit.tapes import Tape, running

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from fixtures.kubeapi.client import Api

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]


def options(*words: str) -> Any:  # noqa: ANN401 - a namespace
    return parser().parse_args(words)


def requirement(identifier: str = "order.one", **more: Any) -> Requirement:  # noqa: ANN401
    words = {
        "id": identifier,
        "title": "The app starts.",
        "level": Level.MUST,
        "since": "1.29",
        "until": None,
        "sources": ("KEP-753",),
        "scenarios": ("one",),
        "needs": (Capability.SIDECARS,),
    }
    return Requirement(**{**words, **more})


def facts(**more: Any) -> RunFacts:  # noqa: ANN401 - any fact
    words = {
        "label": "v1.37.2",
        "capabilities": Capabilities(minor=37, missing={Capability.RESIZE: "no subresource"}),
        "versions": {"kubelet": "v1.37.2", "kube-apiserver": "v1.37.2"},
        "cluster": {"nodes": 1},
        "reproduce": "nox -s conformance -- --kubernetes v1.37.2",
    }
    return RunFacts(**{**words, **more})


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A run that is to be judged again."""
    folder = tmp_path / "kept"
    tape = Tape()
    tape.pod(1, app=running("a", 2))
    tape.end()
    tape.write(folder / "recordings" / "one.jsonl")
    facts().write(folder)
    return folder


# From the options to the provider and the folder.


def test_without_options_a_cluster_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "resolve", lambda text: f"v{text}.9")
    made = Session.from_options(options("--kubernetes", "1.34"))
    assert isinstance(made.provider, KindProvider)
    assert (made.label, made.directory) == ("v1.34.9", Path("reports/out/v1.34.9"))
    assert made.replays is None


def test_a_context_chooses_the_cluster_that_is_there(tmp_path: Path) -> None:
    with serving(lambda _: Reply({"gitVersion": "v1.34.9-eks-1"}), tmp_path):
        words = ["--kubeconfig", str(tmp_path / "kubeconfig"), "--context", "test"]
        made = Session.from_options(options(*words, "--output", str(tmp_path / "out")))
    assert isinstance(made.provider, ExistingProvider)
    assert made.directory == tmp_path / "out" / "v1.34.9-eks-1@test"


def test_a_run_is_judged_again_in_another_folder(kept: Path, tmp_path: Path) -> None:
    given = options("--replay", str(kept), "--output", str(tmp_path / "out"))
    made = Session.from_options(given)
    assert made.provider is None
    assert (made.label, made.directory) == ("v1.37.2", tmp_path / "out" / "v1.37.2")
    assert made.replays is not None
    evidence = made.read_evidence(made.replays)
    assert made.evidence is evidence
    assert evidence.timeline("one")["app"].started
    made.plan()
    assert not made.directory.exists()


def test_a_run_that_is_judged_again_needs_no_cluster(kept: Path) -> None:
    made = Session.from_options(options("--replay", str(kept), "--context", "nowhere"))
    assert made.provider is None
    with pytest.raises(LookupError, match="has no cluster"):
        made.open_cluster().__enter__()


def test_options_that_cannot_be_met_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no run to judge again"):
        Session.from_options(options("--replay", str(tmp_path)))


def test_each_run_has_an_id_of_its_own(kept: Path) -> None:
    given = options("--replay", str(kept))
    assert Session.from_options(given).run_id != Session.from_options(given).run_id


# The cluster of a run.


class Theatre:
    """A provider of this test: `done` holds what was done with it; it breaks where told so."""

    label = "v1.37.2"

    def __init__(self, api: Api, done: list[str], breaks: str = "") -> None:
        self._api = api
        self._done = done
        self._breaks = breaks

    def in_full(self, words: Sequence[str]) -> list[str]:
        """See Provider."""
        return ["--stage", "globe", *words]

    def plan(self, _: Progress) -> None:
        """See Provider."""
        self._do("plan")

    def prepare(self, _: Progress, software: Collection[Capability] = ()) -> None:
        """See Provider."""
        self._do(f"prepare {', '.join(sorted(software))}".rstrip())

    def _do(self, step: str) -> None:
        self._done.append(step)
        if step == self._breaks:
            raise EnvironmentBrokenError("the roof fell in")

    @contextmanager
    def create(
        self, run_id: str, run_dir: Path, _: Progress, *, apart: bool = False
    ) -> Iterator[Cluster]:
        """See Provider."""
        assert run_dir.is_dir()
        self._do(f"create {run_id}{' with a node apart' if apart else ''}")
        yield Cluster(
            label=self.label,
            api=self._api,
            kubeconfig=None,
            context=None,
            fixture_image="fixture:1",
            other_image="fixture:2",
            fixture_image_loaded=False,
            spaces=OwnNamespaces(self._api, run_id),
            facts={"source": "theatre"},
        )
        self._do("remove")


class Server:
    """An API server with one node and everything; `replies` are its answers, to be changed."""

    def __init__(self) -> None:
        node = {
            "allocatable": {"cpu": "2", "pods": "110"},
            "nodeInfo": {
                "kubeletVersion": "v1.36.1",
                "containerRuntimeVersion": "containerd://2.2.1",
                "kernelVersion": "6.1.0",
                "osImage": "Debian GNU/Linux 12",
                "architecture": "amd64",
            },
        }
        self.asked: list[tuple[str, str]] = []
        self.created: list[Json] = []
        self.pods = Pods("sidecar-run")
        self.namespaces: list[Json] = []
        self.replies: dict[str, Any] = {
            "/version": {"gitVersion": "v1.37.2"},
            "/api/v1/nodes": {"items": [{"metadata": {"name": "node"}, "status": node}]},
            "/api/v1": {"resources": [{"name": "pods/resize"}]},
            "/apis/admissionregistration.k8s.io/v1": {"resources": []},
            "/metrics": "",
            "/api/v1/nodes/node/proxy/metrics": "",
            "/api/v1/nodes/node/proxy/configz": {"kubeletconfig": {}},
            "/apis/security.openshift.io": {},
            "/apis/metrics.k8s.io/v1beta1": Reply({"message": "no such path"}, status=404),
        }

    def answer(self, request: Request) -> Reply | Ran:
        """Answer as an API server does."""
        self.asked.append((request.method, request.path))
        if request.method == "POST" and request.path.endswith("/pods"):
            self.created.append(request.body)
        if request.method == "POST" and request.body["metadata"]["name"] == QUESTION:
            return Reply(request.body, status=201)
        if (request.method, request.path) == ("POST", "/api/v1/namespaces"):
            self.namespaces.append(request.body)
            return Reply(request.body, status=201)
        if request.path not in self.replies and "/namespaces/sidecar-run/" in request.path:
            return self.pods.answer(request)
        found = self.replies[request.path]
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Reply) else Reply(found)


class Run:
    """A session on a cluster of this test, its server, and what a person is shown."""

    def __init__(self, api: Api, server: Server, folder: Path) -> None:
        self._api = api
        self.server = server
        self.folder = folder
        self.shown = io.StringIO()
        self.done: list[str] = []

    def session(self, name: str = "run", breaks: str = "") -> Session:
        """Return a session that has not begun."""
        return Session(
            options("--in-flight", "5"),
            "v1.37.2",
            self.folder / "out" / "v1.37.2",
            Progress(Console(file=self.shown, width=200)),
            provider=Theatre(self._api, self.done, breaks),  # type: ignore[arg-type]  # as a provider does
            run_id=name,
        )

    def stage(self, *requirements: Requirement) -> tuple[Session, Evidence]:
        """Stage what these requirements need."""
        made = self.session()
        made.requirements.extend(requirements)
        with made.open_cluster() as cluster:
            return made, made.stage(cluster)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    server = Server()
    with serving(server.answer, tmp_path) as (_, api):
        yield Run(api, server, tmp_path)


def test_the_cluster_is_planned_made_and_removed(run: Run) -> None:
    made = run.session()
    made.plan()
    assert not made.directory.exists()
    with made.open_cluster() as cluster:
        assert cluster.facts == {"source": "theatre"}
        assert run.done == ["plan", "prepare", "create run"]
    assert run.done[-1] == "remove"


def test_a_node_apart_is_made_for_a_scenario_that_disturbs_its_node_only(run: Run) -> None:
    made = run.session()
    catalogue.load_scenarios()
    made.requirements.append(requirement(scenarios=("node-kubelet",)))
    with made.open_cluster():
        assert run.done[-1] == "create run with a node apart"


def test_a_profile_brings_the_node_apart_of_its_scenarios_itself(run: Run) -> None:
    made = run.session()
    catalogue.load_scenarios()
    needs = (Capability.GRACEFUL_SHUTDOWN,)
    made.requirements.append(requirement(scenarios=("node-shutdown",), needs=needs))
    with made.open_cluster():
        assert run.done[-1] == "create run"


def test_software_is_had_by_the_run_that_asks_for_it_by_name(run: Run) -> None:
    """A default run has a requirement of it, too: it is unsupported there."""
    for only, done in (("", "prepare"), ("pattern.envoy", "prepare envoy")):
        made = run.session()
        made.options.only = only
        made.requirements.append(requirement(needs=(Capability.SIDECARS, Capability.ENVOY)))
        with made.open_cluster():
            assert run.done[-2] == done


def test_a_cluster_that_cannot_be_removed_is_a_notice_and_no_error(
    run: Run, judged: Session
) -> None:
    made = run.session(breaks="remove")
    with made.open_cluster():
        pass
    assert run.done[-1] == "remove"
    words = "not everything could be removed: the roof fell in"
    assert made.progress.notices == [words]
    assert words in run.shown.getvalue()
    judged.progress = made.progress
    judged.requirements.pop()
    assert judged.evidence is not None
    report = judged.report(judged.evidence, interrupted=False)
    assert words in report.notices
    assert report.exit_status == 0


def test_a_thread_that_cannot_write_ends_the_staging(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has lost must not be judged as if it were there."""
    stopped = threading.Event()

    def stage(*_: object) -> None:
        def write() -> None:
            raise OSError(28, "No space left on device")

        threading.Thread(target=write).start()
        assert stopped.wait(30)

    monkeypatch.setattr(Stage, "stage", stage)
    monkeypatch.setattr(Stage, "stop", lambda _: stopped.set())
    with pytest.raises(OSError, match="No space left on device"):
        run.stage()
    # What was recorded until then can be judged again.
    assert (run.session().work / "run.json").exists()


def test_whoever_runs_several_is_told_when_the_cluster_is_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = tmp_path / "ready"
    monkeypatch.setenv(READY_VARIABLE, str(ready))
    for step in ("prepare", "create run"):
        with pytest.raises(EnvironmentBrokenError):
            run.session(breaks=step).open_cluster().__enter__()
        assert not ready.exists()
    with run.session().open_cluster():
        assert ready.exists()


def test_of_several_runs_one_at_a_time_is_judged(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(READY_VARIABLE, str(tmp_path / "ready"))
    first, second = run.session("first"), run.session("second")
    happened: list[str] = []
    waits = threading.Event()

    class Shown(io.StringIO):
        def write(self, text: str) -> int:
            if "waiting for the run before this one ..." in text:
                waits.set()
            return super().write(text)

    second.progress = Progress(Console(file=Shown(), width=200))

    def judge() -> None:
        with second.open_cluster():
            happened.append("second is judged")

    thread = threading.Thread(target=judge)
    with first.open_cluster():
        thread.start()
        # Its cluster is there already: it was made while the first was judged.
        assert waits.wait(30)
        assert run.done[-1] == "create second"
        happened.append("first is judged")
    thread.join(30)
    assert happened == ["first is judged", "second is judged"]


# What is staged, and what of a run is written.


def test_what_was_found_out_of_the_cluster_is_written(run: Run) -> None:
    made, evidence = run.stage()
    found = RunFacts.read(made.work)
    assert found == evidence.facts
    assert made.evidence is evidence
    assert found.label == "v1.37.2"
    assert found.capabilities.minor == 36  # as old as its oldest component
    assert found.versions == {
        "kube-apiserver": "v1.37.2",
        "kube-controller-manager": "v1.37.2",
        "kube-scheduler": "v1.37.2",
        "kubelet": "v1.36.1",
    }
    assert found.components.kubelets["node"].version == "v1.36.1"
    assert (found.cluster["source"], found.cluster["nodes"]) == ("theatre", 1)
    assert {"clusterSeconds", "stageSeconds", "suiteCpuSeconds"} <= found.timing.keys()
    (namespace,) = run.server.namespaces
    assert namespace["metadata"]["name"] == "sidecar-run"
    labels = namespace["metadata"]["labels"]
    assert labels == {owner.RUN_LABEL: "run", ENFORCE: RESTRICTED}


def test_what_a_cluster_cannot_be_held_to_is_not_staged(run: Run) -> None:
    # There is no such manifest: whoever staged it would be told so.
    unstaged = {"scenarios": ("no-such-manifest",)}
    later = requirement("order.later", since="1.37", **unstaged)
    lacking = requirement("order.lacking", needs=(Capability.NODE_ACCESS,), **unstaged)
    made, _ = run.stage(later, lacking)
    assert not (made.work / "recordings").exists()


def test_what_a_cluster_is_held_to_is_staged(run: Run) -> None:
    with pytest.raises(UsageError, match=r"no manifests/no-such-manifest\.yaml"):
        run.stage(requirement(scenarios=("no-such-manifest",)))


def test_pods_are_tried_before_anything_is_staged(run: Run) -> None:
    run.server.pods.unreachable = ("10.96.0.1",)
    run.server.pods.admit = lambda thing: thing["metadata"]["labels"].clear()
    made = run.session()
    made.requirements.append(requirement(scenarios=("no-such-manifest",)))
    with pytest.raises(UsageError), made.open_cluster() as cluster:
        made.stage(cluster)
    assert made.evidence is not None
    facts = made.evidence.facts
    assert facts.cluster["clocks"] == "agree"
    assert facts.cluster["patience"] == 1
    assert list(facts.capabilities.missing)[-1] is Capability.SERVICE_NETWORK
    sentence = "dropped metadata.labels.sidecar-conformance/self-test"
    assert sentence in facts.cluster["admission"]
    assert f"admission of this cluster: {sentence}" in run.shown.getvalue()


@pytest.mark.parametrize("configured", [(), (Capability.SCHEDULER_GATE_OFF,)])
def test_a_scheduler_that_takes_no_sidecars_is_tried_without(
    run: Run, monkeypatch: pytest.MonkeyPatch, configured: tuple[Capability, ...]
) -> None:
    def found(*arguments: Any, **words: Any) -> Found:  # noqa: ANN401 - passed on
        made = detect(*arguments, **words)
        more = {"configured": configured}
        return replace(made, capabilities=made.capabilities.model_copy(update=more))

    monkeypatch.setattr(sessions, "detect", found)
    with pytest.raises(UsageError, match="no manifests/no-such-manifest"):
        run.stage(requirement(scenarios=("no-such-manifest",)))
    created = [one for one in run.server.created if one["metadata"]["name"] == "self-test"]
    init = created[-1]["spec"]["initContainers"]
    assert any("restartPolicy" in one for one in init) == (not configured)


def test_the_patience_of_the_options_holds_for_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[float] = []
    monkeypatch.setattr("fixtures.patience.choose", chosen.append)
    for words in (("--patience", "2.5"), ()):
        Session.from_options(options("--output", str(tmp_path), "--kubernetes", "v1.37.2", *words))
    assert chosen == [2.5, 1]


def test_a_run_that_stages_nothing_tries_no_pod(run: Run) -> None:
    run.stage(requirement("order.later", since="1.99"))
    assert list(run.server.pods.pods) == ["self-test"]  # the dry run's
    assert ("GET", "/api/v1/namespaces/sidecar-run/pods/self-test") not in run.server.asked


def test_a_cluster_on_which_no_pod_runs_is_no_run_to_judge(run: Run) -> None:
    run.server.pods.exec = Ran(code=1)
    with pytest.raises(EnvironmentBrokenError, match="cannot write to its log"):
        run.stage(requirement(scenarios=("no-such-manifest",)))
    assert not (run.session().work / "run.json").exists()


def test_what_a_capability_of_the_pods_forbids_is_not_staged(run: Run) -> None:
    run.server.pods.unreachable = ("10.0.0.7",)
    needs = (Capability.SIDECARS, Capability.POD_NETWORK)
    made, _ = run.stage(requirement(scenarios=("no-such-manifest",), needs=needs))
    assert not (made.work / "recordings").exists()


LEFT = ["report.json", "junit.xml", "index.html", "run.json", "recordings/old.jsonl"]


@pytest.fixture
def earlier(run: Run) -> Path:
    """The folder of an earlier run, in which somebody keeps notes."""
    folder = run.session().directory
    (folder / "recordings").mkdir(parents=True)
    for name in [*LEFT, "notes.txt"]:
        (folder / name).write_text("old", encoding="utf-8")
    (folder.parent / "v1.36.3").mkdir()
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_earlier_report_gives_way_to_a_whole_one_and_what_a_person_put_there_stays(
    run: Run, earlier: Path
) -> None:
    before = contents(earlier)
    made, evidence = run.stage()
    assert contents(earlier) == before
    made.write(made.report(evidence, interrupted=False))
    assert contents(earlier) == before
    assert made.folder == made.work
    made.publish(judged=True)
    assert made.folder == earlier
    after = contents(earlier)
    assert sorted(after) == sorted(
        [*(one.FILE for one in FORMATS), runpage.FILE, "notes.txt", "run.json"]
    )
    assert [name for name, text in after.items() if text == "old"] == ["notes.txt"]
    assert (earlier.parent / "v1.36.3").is_dir()
    made.give_back()
    assert not made.work.parent.exists()


def test_a_run_that_ended_too_soon_takes_no_earlier_reports_place(run: Run, earlier: Path) -> None:
    before = contents(earlier)
    made, evidence = run.stage()
    made.write(made.report(evidence, interrupted=True))
    made.publish(judged=False)
    assert contents(earlier) == before
    # What it has recorded can be judged.
    words = ["--replay", str(made.folder), "--output", str(run.folder / "again")]
    assert Session.from_options(options(*words)).replays == evidence.facts
    (earlier / "report.json").unlink()
    made.publish(judged=False)
    assert jsonreport.read(earlier / "report.json").verdict == "undecided"


def test_a_report_that_could_not_be_written_takes_no_earlier_ones_place(
    run: Run, earlier: Path
) -> None:
    before = contents(earlier)
    made, evidence = run.stage()
    made.write(made.report(evidence, interrupted=False))
    made.unwritten = "the disk is full"
    made.publish(judged=True)
    assert contents(earlier) == before
    assert (made.work / "report.json").is_file()


def test_a_report_does_not_come_to_lie_beside_recordings_of_another_run(
    kept: Path, earlier: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        Session.from_options(options("--replay", str(kept), "--output", str(earlier.parent)))
    assert str(caught.value) == (
        f"{earlier} holds the recordings of another run than {kept}: give another --output"
    )
    own = kept.rename(kept.with_name("v1.37.2"))
    made = Session.from_options(options("--replay", str(own), "--output", str(own.parent)))
    assert made.work == made.directory == own


def test_a_cluster_that_does_not_answer_is_no_run_to_judge(run: Run) -> None:
    run.server.replies["/version"] = CutError()
    with pytest.raises(EnvironmentBrokenError, match="GET /version"):
        run.stage()
    assert not (run.session().work / "run.json").exists()


# The report.


@pytest.fixture
def judged(kept: Path, tmp_path: Path) -> Session:
    """A run that is judged again, of whose two requirements one has a result."""
    given = options("--replay", str(kept), "--output", str(tmp_path / "out"))
    made = Session.from_options(given)
    made.requirements += [requirement("order.one"), requirement("order.two")]
    made.results.append(result("order.one"))
    assert made.replays is not None
    made.read_evidence(made.replays)
    return made


def test_a_report_holds_what_was_judged_and_of_what(judged: Session) -> None:
    assert judged.evidence is not None
    report = judged.report(judged.evidence, interrupted=False)
    assert report.label == "v1.37.2"
    assert report.reproduce == "nox -s conformance -- --kubernetes v1.37.2"
    assert report.suite["version"] == suite_version()
    cluster: Json = {**report.cluster}
    assert cluster["nodes"] == 1
    assert cluster["versions"] == {"kubelet": "v1.37.2", "kube-apiserver": "v1.37.2"}
    assert cluster["capabilities"][Capability.RESIZE.value].endswith("no subresource")
    assert cluster["capabilities"][Capability.SIDECARS.value] == "yes"
    assert [each.name for each in report.scenarios] == ["one"]
    assert report.unsupported == ""


@pytest.mark.parametrize(
    ("broke", "interrupted", "reason"),
    [
        ("", True, "the run was interrupted before it was judged"),
        ("", False, "the run ended before it was judged"),
        ("the roof fell in", True, "the roof fell in"),
    ],
)
def test_what_was_not_judged_before_the_end_is_an_error(
    judged: Session, broke: str, reason: str, *, interrupted: bool
) -> None:
    judged.broke = broke
    assert judged.evidence is not None
    report = judged.report(judged.evidence, interrupted=interrupted)
    found = {each.id: (each.verdict, each.reason) for each in report.results}
    assert found == {"order.one": (Verdict.PASS, ""), "order.two": (Verdict.ERROR, reason)}


def test_a_cluster_without_sidecars_is_unsupported_with_the_reason(judged: Session) -> None:
    missing = {Capability.SIDECARS: "the gate is off"}
    evidence = Evidence(facts(capabilities=Capabilities(minor=37, missing=missing)), Path())
    assert judged.report(evidence, interrupted=False).unsupported == "the gate is off"


DROPPED = Capabilities(
    minor=37, missing={Capability.SIDECARS: "admission drops it"}, dropped="admission drops it"
)


@pytest.mark.parametrize("verdict", [Verdict.SKIPPED, Verdict.FAIL, None])
def test_a_cluster_that_loses_sidecars_is_never_unsupported(
    judged: Session, verdict: Verdict | None
) -> None:
    if verdict:
        judged.results.append(result("api.field-persisted", verdict, "MUST"))
    judged.results[0] = result("order.one", Verdict.UNSUPPORTED, "MUST")
    evidence = Evidence(facts(capabilities=DROPPED), judged.directory)
    report = judged.report(evidence, interrupted=False)
    assert report.unsupported == ""
    if verdict is None:  # whoever has named one module of checks only
        assert (report.verdict, report.exit_status) == ("undecided", 3)
        return
    assert (report.verdict, report.exit_status) == ("not conformant", 1)
    (failed,) = (each for each in report.results if each.verdict is Verdict.FAIL)
    assert (failed.reason, failed.scenarios) == ("admission drops it", ())


def test_a_report_is_written_in_all_formats_and_for_the_page(judged: Session) -> None:
    class Page:
        report = None

    page = Page()
    judged.page = page  # type: ignore[assignment]  # as far as a session sees it
    assert judged.evidence is not None
    report = judged.report(judged.evidence, interrupted=False)
    judged.write(report)
    assert jsonreport.read(judged.directory / "report.json").results == report.results
    assert b"order.one" in (judged.directory / "junit.xml").read_bytes()
    assert page.report is judged.written is report


# The command that reproduces a run, and what judged it.


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ([], "nox -s conformance --"),
        (["--context", "conformance"], "nox -s conformance -- --context conformance"),
        (["--kubeconfig", "my files/c"], "nox -s conformance -- --kubeconfig 'my files/c'"),
        (["--only", "term.*"], "nox -s conformance -- --only 'term.*'"),
    ],
)
def test_a_run_is_reproduced_by_the_words_of_the_person(words: list[str], command: str) -> None:
    assert reproduce(None, {ARGUMENTS_VARIABLE: json.dumps(words)}) == command


def test_a_minor_is_reproduced_by_the_patch_that_it_meant() -> None:
    words = json.dumps(["--kubernetes", "1.37", "-x"])
    command = reproduce(KindProvider(Wanted("v1.37.2")), {ARGUMENTS_VARIABLE: words})
    assert command == "nox -s conformance -- --kubernetes v1.37.2 -x"


def test_a_run_keeps_the_command_as_its_provider_says_it_in_full(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ARGUMENTS_VARIABLE, json.dumps(["-x"]))
    _, evidence = run.stage(requirement("order.later", since="1.99"))
    assert evidence.facts.reproduce == "nox -s conformance -- --stage globe -x"


@given(st.lists(st.text(st.characters(exclude_categories=["C"]))))
def test_a_shell_reads_the_very_words_in_the_command(words: list[str]) -> None:
    command = reproduce(None, {ARGUMENTS_VARIABLE: json.dumps(words)})
    assert shlex.split(command) == ["nox", "-s", "conformance", "--", *words]


def test_who_called_pytest_by_hand_is_told_to_call_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["pytest", "-p", "conformance.plugin", "my checks"])
    assert reproduce(None, {}) == "python -m pytest -p conformance.plugin 'my checks'"


def test_the_version_of_the_suite_is_that_of_its_project() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (version,) = re.findall(r'^version = "(.*)"$', text, re.MULTILINE)
    assert suite_version() == version


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The git command in a folder of this test, which the suite takes for its own."""
    monkeypatch.setattr(sessions, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "somebody@example.org")

    def call(*words: str) -> str:
        command = ["git", "-C", str(tmp_path), *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    return call


def test_the_revision_is_the_commit_and_whether_it_was_changed(
    git: Callable[..., str], tmp_path: Path
) -> None:
    git("init", "--quiet")
    (tmp_path / "file").write_text("one", encoding="utf-8")
    git("add", "file")
    git("commit", "--quiet", "--message", "a commit")
    commit = git("rev-parse", "--short=12", "HEAD")
    assert revision() == commit
    (tmp_path / "file").write_text("two", encoding="utf-8")
    assert revision() == f"{commit}+"


@pytest.mark.usefixtures("git")
def test_outside_of_a_repository_no_commit_is_claimed() -> None:
    assert not re.search(r"[0-9a-f]{7}", revision())


@pytest.mark.usefixtures("git")
def test_without_git_no_commit_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert not re.search(r"[0-9a-f]{7}", revision())
