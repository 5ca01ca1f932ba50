"""Continuous integration: its files, and its steps' own commands, run here as a runner does."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from conformance import step, versions
from fixtures.images import parts
from reports import __main__ as reports_main
from reports import jsonreport
from reports.model import Verdict
from tests.kit.actionlint import ACTIONLINT, check
from tests.kit.edits import RECORDINGS
from tests.kit.samples import report, result

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
ACTIONS = [ROOT / "action.yml", ROOT / ".github" / "actions" / "setup" / "action.yml"]
GITLAB = ROOT / "ci" / "gitlab"
PINNED = re.compile(r"uses: actions/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def load(path: Path) -> Any:  # noqa: ANN401 - YAML
    """Return the last document of a file; `on` is no truth value here."""
    return list(yaml.load_all(path.read_text(encoding="utf-8"), yaml.BaseLoader))[-1]


def steps(path: Path) -> Iterator[dict[str, Any]]:
    """Yield all steps of a workflow or an action."""
    told = load(path)
    if "runs" in told:
        yield from told["runs"]["steps"]
    for job in told.get("jobs", {}).values():
        yield from job["steps"]


def script(path: Path, identifier: str) -> str:
    """Return the commands of the step with this id or name."""
    (found,) = [one for one in steps(path) if identifier in (one.get("id"), one.get("name"))]
    return str(found["run"])


def program(path: Path, body: str) -> None:
    """Make a program of shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)


def run(commands: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run commands as a runner does."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", commands],
        cwd=folder,
        env={**kept, "TMPDIR": str(folder), **environment},
        check=False,
        capture_output=True,
        text=True,
    )


def outputs(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def suite_python(folder: Path) -> None:
    """Put the Python of the suite's environment where nox does."""
    body = f'PYTHONPATH={ROOT} exec {sys.executable} "$@"'
    program(folder / ".nox" / "conformance" / "bin" / "python", body)


def kept_run(folder: Path) -> Path:
    """Unpack a recorded run of one scenario, to be judged again."""
    (folder / "recordings").mkdir(parents=True)
    source = RECORDINGS / "v1.37.2"
    shutil.copy(source / "run.json", folder)
    packed = (source / "api-gate.jsonl.gz").read_bytes()
    (folder / "recordings" / "api-gate.jsonl").write_bytes(gzip.decompress(packed))
    return folder


# What the files say.


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=str)
def test_every_action_of_others_is_pinned_to_a_commit_with_its_release(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if "uses:" in line and "uses: ./" not in line:
            assert PINNED.search(line), line


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=str)
def test_no_step_has_a_program_in_it_or_text_of_others(path: Path) -> None:
    for one in steps(path):
        commands = one.get("run", "")
        assert len(commands.splitlines()) <= 3, commands
        assert "${{" not in commands, commands


@pytest.mark.parametrize("path", WORKFLOWS, ids=str)
def test_every_workflow_has_bounds_and_the_fewest_rights(path: Path) -> None:
    told = load(path)
    assert told["permissions"] == {"contents": "read"}
    assert told["concurrency"]["group"]
    for name, job in told["jobs"].items():
        assert int(job["timeout-minutes"]) <= 150
        assert job["runs-on"] == "ubuntu-24.04"
        rights = {"pages": "write", "id-token": "write"} if name == "pages" else None
        assert job.get("permissions") == rights


def test_a_version_that_fails_stops_neither_others_nor_the_merging() -> None:
    jobs = load(ROOT / ".github" / "workflows" / "nightly.yaml")["jobs"]
    assert jobs["judge"]["strategy"]["fail-fast"] == "false"
    uploads = [s for s in jobs["judge"]["steps"] if "upload-artifact" in s.get("uses", "")]
    assert [upload["if"] for upload in uploads] == ["${{ !cancelled() }}"]
    assert "!cancelled()" in jobs["matrix"]["if"]
    assert load(GITLAB / "nightly.yml")["matrix"]["when"] == "always"
    assert load(GITLAB / "conformance.yml")["$[[ inputs.job ]]"]["artifacts"]["when"] == "always"


def test_no_version_is_named_in_a_workflow() -> None:
    for path in [*WORKFLOWS, *GITLAB.iterdir(), ROOT / ".gitlab-ci.yml"]:
        assert not re.search(r"\b1\.(2[89]|3\d)\b", path.read_text(encoding="utf-8")), path


def test_the_action_and_the_template_hand_on_every_input_of_a_step() -> None:
    variables = {f"{step.PREFIX}{name.upper()}" for name in step.INPUTS}
    (judge,) = [one for one in steps(ACTIONS[0]) if one.get("id") == "judge"]
    assert {name for name in judge["env"] if name.startswith(step.PREFIX)} == variables
    job = load(GITLAB / "conformance.yml")["$[[ inputs.job ]]"]
    assert {name for name in job["variables"] if name.startswith(step.PREFIX)} == variables
    assert {*load(ACTIONS[0])["inputs"]} == {*step.INPUTS, "sudo"}


@pytest.mark.skipif(not parts.is_ready(ACTIONLINT), reason="`nox -s workflows` builds actionlint")
def test_actionlint_finds_nothing_and_finds_a_mistake(tmp_path: Path) -> None:
    done = check(ROOT)
    assert (done.returncode, done.stdout) == (0, "")
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    shutil.copy(ROOT / "action.yml", tmp_path)
    (tmp_path / ".git").mkdir()
    nightly = tmp_path / ".github" / "workflows" / "nightly.yaml"
    nightly.write_text(nightly.read_text().replace("steps.judge.outputs.reports", "steps.nope.x"))
    assert '"nope" is not defined' in check(tmp_path).stdout


# GitHub: what the steps do.


def test_the_versions_become_an_output_that_a_matrix_takes(tmp_path: Path) -> None:
    commands = script(ROOT / ".github" / "workflows" / "nightly.yaml", "versions")
    python = tmp_path / ".nox" / "conformance" / "bin" / "python"
    told = '[{"version": "v1.37.2", "profile": "", "label": "v1.37.2"}]'
    program(python, f"""test "$*" = "-m conformance versions --json --profiles"; echo '{told}'""")
    done = run(commands, tmp_path, GITHUB_OUTPUT=str(tmp_path / "output"))
    assert done.returncode == 0, done.stderr
    (wanted,) = json.loads(outputs(tmp_path / "output")["runs"])
    job = load(ROOT / ".github" / "workflows" / "nightly.yaml")["jobs"]["judge"]
    taken = set(re.findall(r"matrix\.(\w+)", json.dumps(job)))
    assert taken == {*wanted} == {*asdict(versions.Wanted("v1.37.2")), "label"}


def test_without_versions_the_step_fails_and_says_nothing_else(tmp_path: Path) -> None:
    commands = script(ROOT / ".github" / "workflows" / "nightly.yaml", "versions")
    program(
        tmp_path / ".nox" / "conformance" / "bin" / "python", "echo ERROR: no network >&2; exit 3"
    )
    done = run(commands, tmp_path, GITHUB_OUTPUT=str(tmp_path / "output"))
    assert (done.returncode, done.stderr) == (3, "ERROR: no network\n")
    assert not (tmp_path / "output").exists()


def runner(folder: Path) -> dict[str, str]:
    """Make a runner whose Python makes environments with a nox that runs the suite as it is."""
    nox = (
        'case "$2" in\n'
        "pip) exit 0;;\n"
        f'nox) while test "$1" != --; do shift; done; shift\n'
        f'  cd {ROOT}; exec {sys.executable} -m conformance "$@";;\n'
        "esac"
    )
    program(folder / "nox", nox)
    program(
        folder / "python3",
        f'test "$2" = venv || exec {folder}/nox "$@"\n'
        f'mkdir -p "$3/bin"; cp {folder}/nox "$3/bin/python"',
    )
    return {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHON": str(folder / "python3")}


@pytest.mark.parametrize(
    ("only", "status", "verdict"),
    [
        ("api.gate-removed", "0", "kept"),
        ("order.nope", "4", ""),
        ("startup.list-order", "3", "undecided"),
    ],
)
def test_the_action_judges_and_tells_its_outputs(
    tmp_path: Path, only: str, status: str, verdict: str
) -> None:
    kept = kept_run(tmp_path / "a kept run")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    done = run(
        script(ACTIONS[0], "judge"),
        workspace,
        **runner(tmp_path / "programs"),
        AS_ROOT="",
        GITHUB_ACTIONS="true",
        GITHUB_ACTION_PATH=str(ROOT),
        GITHUB_OUTPUT=str(tmp_path / "output"),
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary"),
        GITHUB_WORKSPACE=str(workspace),
        INPUT_ARGS=f"--replay '{kept}'",
        INPUT_ONLY=only,
        INPUT_OUTPUT="reports here",
        INPUT_QUICK="false",
        RUNNER_TEMP=str(tmp_path),
    )
    assert done.returncode == int(status), done.stderr
    told = outputs(tmp_path / "output")
    assert told == {
        "status": status,
        "verdict": verdict,
        "reports": str(workspace / "reports here"),
    }
    assert ("::error title=" in done.stdout) == (status != "0")
    if verdict:
        assert (workspace / "reports here" / "v1.37.2" / "report.json").is_file()
        assert verdict in (tmp_path / "summary").read_text()


def test_the_workflow_of_pull_requests_holds_the_action_to_its_outputs(tmp_path: Path) -> None:
    workflow = ROOT / ".github" / "workflows" / "pull-request.yaml"
    name = "The outputs of the action tell the verdict and where the reports are"
    commands = script(workflow, name)
    (tmp_path / "v1.37.2").mkdir()
    good = {"STATUS": "0", "VERDICT": "conformant", "REPORTS": str(tmp_path)}
    assert run(commands, tmp_path, **good).returncode == 1
    (tmp_path / "v1.37.2" / "report.json").touch()
    assert run(commands, tmp_path, **good).returncode == 0
    assert run(commands, tmp_path, **{**good, "VERDICT": ""}).returncode == 1


def night(folder: Path, verdict: Verdict) -> None:
    """Lay the reports of a night where they are downloaded to."""
    (folder / "v1.37.2").mkdir(parents=True, exist_ok=True)
    jsonreport.write(
        report(result("term.reverse-order", verdict)), folder / "v1.37.2" / "report.json"
    )


@pytest.mark.skipif("diff" not in reports_main.COMMANDS, reason="needs the command diff")
@pytest.mark.parametrize("where", ["github", "gitlab"])
def test_a_regression_fails_the_night_and_is_named(tmp_path: Path, where: str) -> None:
    suite_python(tmp_path)
    if where == "github":
        commands = script(ROOT / ".github" / "workflows" / "nightly.yaml", "compare")
        reports, number = tmp_path / "matrix", "GITHUB_RUN_ID"
    else:
        commands = load(GITLAB / "nightly.yml")["matrix"]["script"][-1]
        reports, number = tmp_path / "sidecar-conformance", "CI_PIPELINE_ID"
    page = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    night(reports, Verdict.PASS)
    first = run(commands, tmp_path, **{number: "9"}, **page)
    assert first.returncode == 0, first.stderr
    assert "nothing to compare with" in first.stdout
    night(reports, Verdict.FAIL)
    for _ in range(2):  # run again, it fails again
        (tmp_path / "summary").unlink()
        second = run(commands, tmp_path, **{number: "10"}, **page)
        assert second.returncode == 1
        assert "term.reverse-order" in second.stdout
        assert "term.reverse-order" in (tmp_path / "summary").read_text()
    assert (reports / "index.html").is_file()


# GitLab.


def test_a_generated_pipeline_gives_the_template_inputs_that_it_has() -> None:
    spec = next(yaml.safe_load_all((GITLAB / "conformance.yml").read_text(encoding="utf-8")))
    wanted = [versions.Wanted("v1.29.15"), versions.Wanted("v1.37.2", "static-cpus")]
    included: Any = versions.pipeline(wanted)["include"]
    *jobs, end = included
    assert [job["inputs"]["job"] for job in jobs] == ["v1.29.15", "v1.37.2+static-cpus"]
    for job in jobs:
        assert (ROOT / job["local"]).is_file()
        assert {*job["inputs"]} <= {*spec["spec"]["inputs"]}
    assert (ROOT / end["local"]).is_file()


def test_the_template_judges_with_the_checkout(tmp_path: Path) -> None:
    job = load(GITLAB / "conformance.yml")["$[[ inputs.job ]]"]
    kept = kept_run(tmp_path / "kept")
    done = run(
        "\n".join(job["script"]),
        tmp_path,
        **runner(tmp_path / "programs"),
        CI_PROJECT_DIR=str(tmp_path),
        INPUT_ARGS=f"--install-missing --replay {kept}",
        INPUT_ONLY="api.gate-removed",
        INPUT_OUTPUT="sidecar-conformance",
        SUITE="",
        SUITE_REF="main",
    )
    assert done.returncode == 0, done.stderr
    (junit,) = tmp_path.glob(
        job["artifacts"]["reports"]["junit"].replace("$[[ inputs.output ]]", "*")
    )
    assert junit.parent.name == "v1.37.2"
