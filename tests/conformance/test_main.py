"""The front door: what a person is told, with which status, and which processes do the work."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from conformance import __main__ as front
from conformance import catalogue
from conformance.options import ARGUMENTS_VARIABLE, READY_VARIABLE, add_options
from fixtures.images import golang, kubernetes, published, releases
from reports import jsonreport
from tests.kit.edits import RECORDINGS
from tests.kit.samples import report, result

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
HINT = "see 'nox -s conformance -- --help'"


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put back what the front door does with signals."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A folder for reports, with that of an earlier run."""
    folder = tmp_path / "out"
    (folder / "v1.37.2").mkdir(parents=True)
    jsonreport.write(report(result()), folder / "v1.37.2" / "report.json")
    return folder


def content(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def options() -> set[str]:
    """Return the names of the suite's own options."""
    names: set[str] = {"--list", "--help"}
    add_options(lambda name, **_: names.add(name))
    return names


# What is asked of the suite itself.


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--quick", "-x", "--help"]])
def test_help_shows_the_options_of_the_suite_and_names_those_of_pytest(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert front.main(words) == 0
    shown, trouble = capsys.readouterr()
    assert trouble == ""
    table, _, epilog = shown.partition("Options of pytest")
    assert set(re.findall(r"--[a-z][-a-z]+", table)) == options() | {"--kubernetes", "--swap"}
    assert "-x or --durations=5; 'python -m pytest --help' lists" in " ".join(epilog.split())


def test_the_list_is_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert front.main(["--list"]) == 0
    shown, trouble = capsys.readouterr()
    assert shown.splitlines() == list(
        catalogue.lines(one.requirement for one in catalogue.declared())
    )
    assert trouble == ""


@pytest.mark.parametrize("words", [["--list"], ["--help"], ["--list", "--kubernetes", "1.36,1.37"]])
def test_who_only_asks_gets_no_verdict_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], output: Path, words: list[str]
) -> None:
    before = content(output)
    assert front.main([*words, "--output", str(output)]) == 0
    assert content(output) == before
    shown = capsys.readouterr().out
    assert "CONFORMANT (" not in shown
    assert "page:" not in shown


@pytest.mark.parametrize("word", ["--list", "--help"])
def test_a_reader_who_has_seen_enough_is_no_error(word: str) -> None:
    command = shlex.join([sys.executable, "-m", "conformance", word])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -n 1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


@pytest.mark.parametrize("word", ["--list", "--help"])
def test_a_reader_who_has_gone_before_anything_was_said_is_no_error(word: str) -> None:
    # What `head` does now and then, and here always: nobody reads when it is written.
    nobody, end = os.pipe()
    os.close(nobody)
    done = subprocess.run(
        [sys.executable, "-m", "conformance", word],
        cwd=ROOT,
        stdout=end,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    os.close(end)
    assert done.stderr == ""


@pytest.mark.parametrize(
    "words", [["--list"], ["--replay", "KEPT", "--only", "order.nope"], ["--kubeconfig", "nowhere"]]
)
def test_a_host_without_limits_of_processes_lists_judges_again_and_reads_kubeconfigs(
    tmp_path: Path, words: list[str]
) -> None:
    """Windows has no module `resource`, and needs none to judge a cluster or recordings."""
    script = (
        "import sys; sys.modules['resource'] = None\n"
        "from conformance.__main__ import main, parser\n"
        "from conformance.session import Session\n"
        "from fixtures.errors import UsageError\n"
        "words = sys.argv[1:]\n"
        "if words == ['--list']: sys.exit(main(words))\n"
        "try: Session.from_options(parser().parse_args(words))\n"
        "except UsageError as error: print(error)\n"
    )
    words = [str(tmp_path) if word == "KEPT" else word for word in words]
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


# Requests that cannot be met: one line that names the option and the remedy.


@pytest.mark.parametrize(
    ("words", "message"),
    [
        *(
            (["--in-flight", value], f"--in-flight: '{value}' is not a whole number of at least 1")
            for value in ("many", "0", "-5", "1.5", "")
        ),
        (["--in-flight=-5"], "--in-flight: '-5' is not a whole number of at least 1"),
        *(
            (["--patience", value], f"--patience: '{value}' is not a number from 1 to 100")
            for value in ("long", "0.5", "nan", "101")
        ),
        (["--node-image", "wrong"], "--node-image: invalid choice: 'wrong' (choose from"),
        *(
            ([option], f"{option}: expected one argument")
            for option in (
                "--in-flight",
                "--patience",
                "--only",
                "--level",
                "--output",
                "--replay",
                "--kubeconfig",
                "--context",
                "--kubernetes",
                "--swap",
                "--engine",
                "--image",
                "--node-image",
            )
        ),
        (["--only", "--quick"], "--only: expected one argument"),
        (["--quick=yes"], "--quick: ignored explicit argument 'yes'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_value_is_one_line_with_the_option_and_the_remedy(
    capsys: pytest.CaptureFixture[str], output: Path, words: list[str], message: str
) -> None:
    before = content(output)
    given = words if "--output" in words else ["--output", str(output), *words]
    assert front.main(given) == 4
    shown, trouble = capsys.readouterr()
    (line,) = trouble.splitlines()
    assert line.startswith(f"ERROR: {message}")
    assert line.endswith(f"; {HINT}")
    assert shown == ""
    assert content(output) == before


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Call the front door in a process of its own."""
    command = [sys.executable, "-m", "conformance", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--onyl", "x"], f"unrecognized arguments: --onyl x; {HINT}"),
        (["--maxfail", "few"], f"argument --maxfail: invalid int value: 'few'; {HINT}"),
        (["--kubernetes", "new"], "'new' is no Kubernetes version: write it as v1.37.2, or"),
        (["--replay", "nowhere"], "nowhere holds no run to judge again"),
        (["--kubeconfig", "nowhere"], "the kubeconfig nowhere does not exist: give another"),
        (["--context", "it", "--kubernetes", "1.34"], "--context judges a cluster as it is: leave"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_process_of_a_run_refuses_is_one_line_as_well(
    output: Path, words: list[str], message: str
) -> None:
    before = content(output)
    done = run(*words, "--output", str(output))
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ERROR: {message}")
    assert done.stdout.strip() == ""
    assert content(output) == before


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module proxy that has these versions and no others: no network is asked."""
    available = ["v1.36.3", "v1.37.2"]

    def download(modules: list[str]) -> dict[str, str]:
        return {each: "refused" for each in modules if each.partition("@")[2] not in available}

    monkeypatch.setattr(golang, "listed", lambda _: available)
    monkeypatch.setattr(golang, "existing", lambda *_: [])
    monkeypatch.setattr(golang, "download", download)
    monkeypatch.setattr(kubernetes, "known", lambda _: False)
    monkeypatch.setattr(published, "tags", frozenset)


@pytest.mark.usefixtures("proxy")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--kubernetes", "1.37,v1.36.99"], "Kubernetes v1.36.99 cannot be had here"),
        (["--kubernetes", "1.37,1.27"], "Kubernetes 1.27 is not supported: choose one of 1.28"),
        (["--kubernetes=1.37,new"], "'new' is no Kubernetes version: write it as v1.37.2"),
        (["--kubernetes", ","], "no Kubernetes version given: write one as v1.37.2"),
        (
            ["--kubernetes", "1.36,1.37", "--profile", "alpha"],
            "profile alpha is for Kubernetes 1.28, not for v1.36",
        ),
        (["--kubernetes", "1.36,1.37", "--profile", "cpus"], "there is no profile 'cpus': choose"),
        (
            ["--kubernetes", "1.36,1.37", "--engine", "lxc"],
            "unknown container engine 'lxc': choose",
        ),
    ],
)
def test_of_several_versions_all_must_be_there_before_one_is_begun(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    output: Path,
    words: list[str],
    message: str,
) -> None:
    monkeypatch.setattr(front, "PYTEST", ("no process is to be started",))
    before = content(output)
    assert front.main([*words, "--output", str(output)]) == 4
    shown, trouble = capsys.readouterr()
    (line,) = trouble.splitlines()
    assert line.startswith(f"ERROR: {message}")
    assert shown == ""
    assert content(output) == before


# The processes that do the work.

CHILD = """
import json, os, signal, sys, time
from pathlib import Path

folder = Path(os.environ["FOLDER"])
words = sys.argv[1:]
name = words[1] if words[:1] == ["--kubernetes"] else "only"
plan = json.loads((folder / f"{name}.json").read_text())


def tell(what):
    with (folder / "told").open("a") as file:
        file.write(f"{name} {what}\\n")


def told(what):
    return what in (folder / "told").read_text().splitlines()


def interrupted(number, _):
    tell(signal.Signals(number).name)
    sys.exit(2)


for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, interrupted)
(folder / f"{name}.words").write_text(json.dumps(words))
(folder / f"{name}.arguments").write_text(os.environ["THE_WORDS"])
if plan.get("ready"):
    Path(os.environ["THE_FILE"]).touch()
print(plan.get("says", "words"), flush=True)
print(plan.get("complains", ""), file=sys.stderr, flush=True)
tell("begins")
deadline = time.monotonic() + plan.get("patience", 60)
while plan.get("until") and not told(plan["until"]):
    if time.monotonic() > deadline:
        if "patience" in plan:
            break
        sys.exit(9)
    time.sleep(0.01)
tell("ends")
if plan.get("killed"):
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(plan.get("status", 0))
"""


class Runs:
    """What runs do in place of pytest, each in a real process; `plans` holds how, by version."""

    def __init__(self, folder: Path, output: Path) -> None:
        self.folder = folder
        self.output = output

    def plan(self, name: str = "only", **how: object) -> None:
        """Plan the run of a version: its words, its status, and what it waits for to end."""
        (self.folder / f"{name}.json").write_text(json.dumps(how), encoding="utf-8")

    def main(self, *words: str) -> int:
        """Call the front door."""
        return front.main([*words, "--output", str(self.output)])

    def told(self) -> list[str]:
        """Return what the runs did, one after the other."""
        path = self.folder / "told"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def read(self, name: str) -> list[str]:
        """Return a list that a run has written."""
        found: list[str] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return found


@pytest.fixture
def runs(tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    script = tmp_path / "child.py"
    text = CHILD.replace("THE_WORDS", ARGUMENTS_VARIABLE)
    script.write_text(text.replace("THE_FILE", READY_VARIABLE), encoding="utf-8")
    monkeypatch.setattr(front, "PYTEST", (sys.executable, str(script)))
    monkeypatch.setattr(front, "find_engine", lambda *_, **__: None)
    monkeypatch.setattr(releases, "resolve", lambda text: f"v{text}")
    monkeypatch.setenv("FOLDER", str(tmp_path))
    return Runs(tmp_path, output)


def test_all_words_go_on_to_the_run_and_are_kept_for_who_repeats_it(
    runs: Runs, capfd: pytest.CaptureFixture[str]
) -> None:
    runs.plan(says="1 of 1 done", complains="a warning")
    words = ["--kubeconfig", "my files/config", "--context", "conformance", "-x", "--quick"]
    assert runs.main(*words) == 0
    given = [*words, "--output", str(runs.output)]
    assert runs.read("only.words") == given
    assert runs.read("only.arguments") == given
    shown, trouble = capfd.readouterr()
    assert shown.splitlines()[0] == "1 of 1 done"
    assert trouble == "a warning\n"


def test_after_a_run_all_reports_are_merged(runs: Runs, capfd: pytest.CaptureFixture[str]) -> None:
    runs.plan()
    assert runs.main() == 0
    shown = capfd.readouterr().out
    assert "v1.37.2: CONFORMANT (1 pass)" in shown
    assert f"page: {runs.output / 'index.html'}" in shown
    assert (runs.output / "index.html").is_file()


def test_where_no_run_has_left_a_report_there_is_nothing_to_merge(
    runs: Runs, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runs.output = tmp_path / "empty"
    runs.plan(status=3)
    assert runs.main() == 3
    assert capfd.readouterr().out == "words\n"
    assert not runs.output.exists()


def test_a_refused_request_is_no_occasion_for_the_verdicts_of_others(
    runs: Runs, capfd: pytest.CaptureFixture[str]
) -> None:
    before = content(runs.output)
    runs.plan(status=4, says="", complains="ERROR: no")
    assert runs.main() == 4
    assert capfd.readouterr() == ("\n", "ERROR: no\n")
    assert content(runs.output) == before


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_the_status_is_that_of_the_run(runs: Runs, status: int) -> None:
    runs.plan(status=status)
    assert runs.main() == status


def test_a_run_that_was_killed_is_a_broken_environment(runs: Runs) -> None:
    runs.plan(killed=True)
    assert runs.main() == 3


def test_each_version_has_a_process_and_every_line_names_it(
    runs: Runs, capfd: pytest.CaptureFixture[str]
) -> None:
    runs.plan("v1.36", says="one\n\ntwo", complains="ERROR: three")
    runs.plan("v1.37", says="four", status=1)
    assert runs.main("--kubernetes", "1.36,1.37", "--quick") == 1
    shown, trouble = capfd.readouterr()
    lines = [line for line in shown.splitlines() if line.startswith("[")]
    assert sorted(lines) == ["[v1.36] one", "[v1.36] two", "[v1.37] four"]
    assert trouble == "[v1.36] ERROR: three\n"
    assert "v1.37.2: CONFORMANT" in shown
    for version in ("v1.36", "v1.37"):
        words = ["--kubernetes", version, "--quick", "--output", str(runs.output)]
        assert runs.read(f"{version}.words") == words
        assert runs.read(f"{version}.arguments") == words


@pytest.mark.parametrize(
    ("statuses", "worst"), [((0, 1), 1), ((1, 0), 1), ((3, 1), 3), ((2, 0), 2), ((4, 3), 4)]
)
def test_the_status_of_several_runs_is_the_worst(
    runs: Runs, statuses: tuple[int, int], worst: int
) -> None:
    for version, status in zip(("v1.36", "v1.37"), statuses, strict=True):
        runs.plan(version, status=status)
    assert runs.main("--kubernetes=1.36,1.37") == worst


def test_the_next_is_prepared_while_one_is_judged_and_never_a_third(runs: Runs) -> None:
    # The first lives on long enough for a third to be begun beside it, were that done.
    runs.plan("v1.35", ready=True, until="v1.37 begins", patience=3)
    runs.plan("v1.36", ready=True, until="v1.37 begins")
    runs.plan("v1.37", ready=True)
    assert runs.main("--kubernetes", "1.35,1.36,1.37") == 0
    told = runs.told()
    assert told[:4] == ["v1.35 begins", "v1.36 begins", "v1.35 ends", "v1.37 begins"]


def test_the_next_waits_for_the_cluster_of_the_one_before(runs: Runs) -> None:
    runs.plan("v1.36", until="v1.37 begins", patience=3)
    runs.plan("v1.37")
    assert runs.main("--kubernetes", "1.36,1.37") == 0
    assert runs.told() == ["v1.36 begins", "v1.36 ends", "v1.37 begins", "v1.37 ends"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_reaches_the_run_and_no_other_is_begun(
    runs: Runs, number: signal.Signals
) -> None:
    runs.plan("v1.36", until="never")
    runs.plan("v1.37")

    def interrupt() -> None:
        deadline = time.monotonic() + 60
        while runs.told() != ["v1.36 begins"] and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    assert runs.main("--kubernetes", "1.36,1.37") == 2
    thread.join()
    assert runs.told() == ["v1.36 begins", f"v1.36 {number.name}"]


def test_a_run_whose_lines_nobody_reads_goes_on_to_its_end(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Far more than a pipe holds: it would wait for ever for somebody to take it.
    runs.plan("v1.36", says="words\n" * 100_000)
    runs.plan("v1.37", says="words\n" * 100_000)
    nobody, end = os.pipe()
    os.close(nobody)
    with os.fdopen(end, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert runs.main("--kubernetes", "1.36,1.37") == 0
    assert runs.told()[-1] == "v1.37 ends"


# All of it, with pytest: a kept run is judged again.


@pytest.mark.parametrize("words", [[], ["--namespace", "mine"]])
def test_the_rights_of_a_run_are_printed(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert front.main(["rbac", *words]) == 0
    needed, wished = yaml.safe_load_all(capsys.readouterr().out)
    kinds = {needed["kind"], wished["kind"]}
    assert kinds == {"Role" if words else "ClusterRole"}


def test_a_run_is_judged_again_in_words_of_its_own(tmp_path: Path) -> None:
    kept, output = tmp_path / "a kept run", tmp_path / "out"
    (kept / "recordings").mkdir(parents=True)
    source = RECORDINGS / "v1.37.2"
    (kept / "run.json").write_bytes((source / "run.json").read_bytes())
    packed = (source / "api-gate.jsonl.gz").read_bytes()
    (kept / "recordings" / "api-gate.jsonl").write_bytes(gzip.decompress(packed))
    before = content(kept)
    done = run("--replay", str(kept), "--only", "api.gate-removed", "--output", str(output))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"v1.37.2: 1 of {len(catalogue.declared())} judged: KEPT" in done.stdout
    assert f"page: {output / 'index.html'}" in done.stdout
    assert content(kept) == before
    judged = jsonreport.read(output / "v1.37.2" / "report.json")
    verdicts = {each.id: each.verdict for each in judged.results if each.verdict != "skipped"}
    assert verdicts == {"api.gate-removed": "pass"}


def test_the_list_shows_what_is_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert front.main(["--list", "--only", "vol,term", "--level", "must"]) == 0
    *lines, count = capsys.readouterr().out.splitlines()
    assert "vol.shared-emptydir" in {line.split()[0] for line in lines}
    assert {line.split()[0].partition(".")[0] for line in lines} == {"term", "vol"}
    assert {line.split()[1] for line in lines} == {"MUST"}
    assert count == f"{len(lines)} requirements"
