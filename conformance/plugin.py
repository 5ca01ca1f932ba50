"""The pytest plugin of a run: options, the fixtures of checks, and the verdicts.

One pytest process is one run: one Kubernetes version, one cluster, one report. The order of events:

1. options are checked, checks are collected and selected (nothing is made yet)
2. `cluster` makes or opens the cluster
3. `evidence` stages all scenarios of the selected checks and records them
4. each check judges its `timeline`
5. the reports are written, whatever happened
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from pytest_html.basereport import BaseReport

from conformance import assertions, options
from conformance import known_failures as knownfailures
from conformance.catalogue import declared, load_scenarios
from conformance.editions import require_known
from conformance.judge import NotStagedError, judge, unjudged, why_failed, why_unsupported
from conformance.requirements import PROMISE, declared_by, requirement_of
from conformance.selection import Selection
from conformance.session import Session
from fixtures.errors import EnvironmentBrokenError, SuiteError, unwritten
from fixtures.evidence.moments import comparisons
from fixtures.words import one_line
from reports import github, pytesthtml, terminal
from reports.model import Result, Verdict, exit_status

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from conformance.requirements import Requirement
    from fixtures.clusters import Cluster
    from fixtures.evidence.evidence import Evidence
    from fixtures.evidence.moments import Comparison
    from fixtures.evidence.timeline import Timeline

RUN = pytest.StashKey[Session]()
RESULT = pytest.StashKey[Result]()
COMPARED: pytest.StashKey[Sequence[Comparison]] = pytest.StashKey()
KNOWN_FAILURES = knownfailures.FILE

NOT_ASKED = "left out: pytest was not asked for it"
"""Why a promise is skipped that nobody took out of the selection."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    options.add_options(parser.getgroup("conformance", "Kubernetes sidecar conformance").addoption)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the options, as far as that needs no cluster."""
    if config.option.help:
        return
    try:
        session = Session.from_options(config.option)
        session.claim()
    except SuiteError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[RUN] = session
    config.pluginmanager.register(_Ending(session), "sidecar-conformance-ending")
    session.page = pytesthtml.configure(config, session.work / pytesthtml.FILE)
    load_scenarios()

    def interrupt(*_: object) -> None:
        # Once: a second signal must not cut the cleaning up short.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        if session.evidence is None:
            _leave_page(config)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)


def _let_it_end(*_: object) -> None:
    """Say why the signal is of no use now, from wherever the process is just then."""
    os.write(2, b"cleaning up, which ends within some minutes\n")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Leave it to us to say why a run ends before its time."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and RUN in session.config.stash:
        # pytest says it as "! _pytest.outcomes.Exit: ... !", and there is no option against that.
        reporter._report_keyboardinterrupt = lambda: None  # noqa: SLF001 - there is no other way


class _Ending:
    """Says in one line why a run ends before its time, and lets others write where it did."""

    def __init__(self, run: Session) -> None:
        self._run = run
        self._why = ""

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep what ended the run."""
        words = one_line(excinfo.value)
        self._why = self._run.broke or words or "the run was interrupted"

    def pytest_unconfigure(self) -> None:
        """Say it as the last line."""
        why = self._why or self._run.unwritten
        if why:
            print(f"ERROR: {why}", file=sys.stderr)  # noqa: T201 - for the person
        self._run.give_back()


def _leave_page(config: pytest.Config) -> None:
    """Have pytest-html write and say nothing more."""
    for plugin in config.pluginmanager.get_plugins():
        if isinstance(plugin, BaseReport):
            config.pluginmanager.unregister(plugin)


def _refuse(config: pytest.Config, error: SuiteError) -> NoReturn:
    _leave_page(config)
    raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Collect a check that declares several requirements once for each of them."""
    found = declared_by(metafunc.definition)
    if len(found) > 1:
        metafunc.fixturenames.append(PROMISE)
        metafunc.parametrize(PROMISE, found, ids=[one.id for one in found])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the user left out, and remember it for the report."""
    known = [found for found in map(requirement_of, items) if found is not None]
    try:
        selection = Selection.from_options(config.option, known)
    except SuiteError as error:
        _refuse(config, error)
    run = config.stash.get(RUN, None)
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        requirement = requirement_of(item)
        reason = selection.leaves_out(requirement) if requirement else None
        (dropped if reason else kept).append(item)
        if run is None or requirement is None:
            continue
        if reason:
            run.results.append(unjudged(requirement, Verdict.SKIPPED, reason))
        else:
            run.requirements.append(requirement)
    if run is not None:
        _complete(run, known)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
    if run is not None:
        # A person may name one module: then those of all others are known as well.
        ids = [requirement.id for requirement in (*known, *(one.requirement for one in declared()))]
        try:
            run.baseline = knownfailures.load(KNOWN_FAILURES, ids)
        except SuiteError as error:
            _refuse(config, error)


def _complete(run: Session, known: Sequence[Requirement]) -> None:
    """Have the report name all promises of the suite, those too that pytest was not pointed at."""
    ours = [one.requirement for one in declared()]
    if not any(requirement in ours for requirement in known):
        return  # checks of somebody else
    for requirement in ours:
        if requirement not in known:
            run.results.append(unjudged(requirement, Verdict.SKIPPED, NOT_ASKED))


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember for the report what pytest's own options leave out, such as -k."""
    for item in items:
        run = item.config.stash.get(RUN, None)
        requirement = requirement_of(item)
        if run is not None and requirement in run.requirements:
            run.requirements.remove(requirement)
            run.results.append(unjudged(requirement, Verdict.SKIPPED, NOT_ASKED))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Find out whether the wanted cluster can be had, before anything is made."""
    run = session.config.stash.get(RUN, None)
    if run is not None and session.items:
        try:
            run.plan()
        except SuiteError as error:
            _refuse(session.config, error)


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Session:
    """The run as a whole."""
    return request.config.stash[RUN]


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, run: Session) -> Iterator[Cluster]:
    """The cluster that is judged; it is removed, or left as it was, at the end."""
    try:
        with run.open_cluster() as opened:
            try:
                yield opened
            finally:
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, _let_it_end)
    except SuiteError as error:
        _give_up(request.config, run, error)
    except OSError as error:
        _give_up(request.config, run, unwritten(run.work, error))


@pytest.fixture(scope="session")
def evidence(request: pytest.FixtureRequest, run: Session) -> Evidence:
    """What happened: staged and recorded now, or read with --replay."""
    try:
        if run.replays:
            return run.read_evidence(run.replays)
        return run.stage(request.getfixturevalue("cluster"))
    except SuiteError as error:
        _give_up(request.config, run, error)
    except OSError as error:
        _give_up(request.config, run, unwritten(run.work, error))


def _give_up(config: pytest.Config, run: Session, error: SuiteError) -> NoReturn:
    run.broke = str(error)
    if run.evidence is None:
        _leave_page(config)
    pytest.exit(str(error), returncode=error.exit_status)


@pytest.fixture(autouse=True)
def supported(request: pytest.FixtureRequest) -> None:
    """Skip a check whose promise this cluster does not make, or cannot be held to.

    Fail one that was judged before anything was staged.
    """
    requirement = requirement_of(request.node)
    if requirement is None:
        return
    evidence: Evidence = request.getfixturevalue("evidence")
    failed = why_failed(requirement, evidence.facts.capabilities)
    if failed:
        pytest.fail(failed, pytrace=False)
    unsupported = why_unsupported(requirement, evidence)
    if unsupported:
        pytest.skip(unsupported)


@pytest.fixture
def timelines(
    request: pytest.FixtureRequest,
    supported: None,  # noqa: ARG001 - what is unsupported has no timelines
    evidence: Evidence,
) -> dict[str, Timeline]:
    """The timelines of the check's scenarios, by name."""
    requirement = requirement_of(request.node)
    if requirement is None:
        raise LookupError(f"{request.node.nodeid} declares no requirement")
    require_known(evidence, requirement.scenarios)
    found = {name: evidence.timeline(name) for name in requirement.scenarios}
    for name, timeline in found.items():
        if timeline.recording.failure:
            raise NotStagedError(f"{name} could not be staged: {timeline.recording.failure}")
    return found


@pytest.fixture
def timeline(timelines: dict[str, Timeline]) -> Timeline:
    """The timeline of a check that has one scenario."""
    (only,) = timelines.values()
    return only


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str]:
    """Say in a sentence what a comparison found that failed."""
    return [assertions.explain(op, left, right)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Collect the moments that a check compares."""
    with comparisons() as found:
        item.stash[COMPARED] = found
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn what a check raised into its verdict."""
    report = yield
    requirement = requirement_of(item)
    settled = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
    run = item.config.stash.get(RUN, None)
    if requirement is None or run is None or run.evidence is None or not settled:
        return report
    raised = call.excinfo.value if call.excinfo else None
    result = judge(requirement, raised, run.evidence, item.stash[COMPARED])
    if not item.config.option.no_baseline:
        for versions in run.evidence.versions_of(requirement.scenarios):
            result = run.baseline.judge(result, versions, run.evidence.day)
    item.stash[RESULT] = result
    run.results.append(result)
    _show(report, result)
    pytesthtml.attach(report, result)
    return report


def _show(report: pytest.TestReport, result: Result) -> None:
    """Say the verdict in pytest's words, with our account of it instead of a traceback."""
    match result.verdict:
        case Verdict.PASS:
            report.outcome = "passed"
        case Verdict.KNOWN_FAILURE:
            report.outcome = "skipped"
            report.wasxfail = f"{result.issue}: {result.reason}"
        case Verdict.UNSUPPORTED | Verdict.SKIPPED:
            report.outcome = "skipped"
        case _:
            report.outcome = "failed"
            report.longrepr = "\n".join(
                filter(
                    None,
                    (
                        f"{result.level} {result.id}: {result.title}",
                        f"{result.verdict}: {result.reason}",
                        result.evidence,
                    ),
                )
            )


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Name the verdicts in pytest's summary as the suite names them."""
    if config.stash.get(RUN, None) is None:
        return None
    value: Any = dict(getattr(report, "user_properties", ())).get(pytesthtml.PROPERTY)
    if value is None or (report.when != "call" and report.outcome == "passed"):
        return None
    # No letters: the summary at the end says more, and progress has lines of its own.
    return value["verdict"], "", value["verdict"].upper()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(
    session: pytest.Session, exitstatus: int
) -> Generator[None, object, object]:
    """Write the reports and set the exit status by the run's verdict.

    Of all wrappers this is the innermost: pytest-html writes its page, and what is left of the
    cluster is removed, between the two halves of it.
    """
    run = session.config.stash.get(RUN, None)
    if run is None:
        return (yield)
    judged = exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    )
    known = len(run.progress.notices)
    _write(session, run, judged=judged)
    try:
        result = yield
    except OSError as error:
        result = None
        _unwritten(session, run, unwritten(run.work, error))
    if len(run.progress.notices) > known:
        # The cluster of a run that ended before its time is removed only now.
        _write(session, run, judged=judged)
    try:
        run.publish(judged=judged)
    except OSError as error:
        _unwritten(session, run, unwritten(run.directory, error))
    _leave_page(session.config)  # it would name the place where it wrote
    return result


def _write(session: pytest.Session, run: Session, *, judged: bool) -> None:
    """Write the reports, and set the exit status by the verdict."""
    if run.evidence is None:
        if judged:
            session.exitstatus = EnvironmentBrokenError.exit_status
        return
    report = run.report(run.evidence, interrupted=not judged)
    if judged:
        session.exitstatus = exit_status(report)
    try:
        run.write(report)
    except EnvironmentBrokenError as error:
        _unwritten(session, run, error)


def _unwritten(session: pytest.Session, run: Session, error: EnvironmentBrokenError) -> None:
    run.unwritten = str(error)
    session.exitstatus = error.exit_status


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:  # noqa: ANN401
    """End with what a person wants to know first."""
    run = config.stash.get(RUN, None)
    if run is not None and run.written is not None:
        terminalreporter.section("sidecar conformance")
        for line in terminal.summary(run.written, run.folder):
            terminalreporter.line(line)
        try:
            for line in github.tell(run.written, os.environ):
                terminalreporter.line(line)
        except OSError as error:
            terminalreporter.line(f"no summary for the job: {unwritten('it', error)}")
