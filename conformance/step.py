"""Run as a step of a pipeline: options come from the environment, as INPUT_KUBERNETES and such."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.options import DEFAULT_OUTPUT
from fixtures.errors import UsageError
from reports import jsonreport
from reports.markup import command_property
from reports.model import RUN_VERDICTS, RunVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PREFIX = "INPUT_"
PLAIN = ("kubernetes", "profile", "context", "only", "level")
PATHS = ("kubeconfig", "output")
SWITCHES = ("quick",)
ARGS = "args"
INPUTS = (*PLAIN, *PATHS, *SWITCHES, ARGS)
"""The inputs, each read from the variable of its name; one that is empty was not given."""

WORKSPACES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Name the folder that paths are relative to. The suite itself may lie elsewhere."""


def run(
    environment: Mapping[str, str],
    judge: Callable[[Sequence[str]], int],
    say: Callable[[str], None],
) -> int:
    """Judge what the environment asks for, and return the exit status of the contract.

    Where GITHUB_OUTPUT names a file the outputs are added to it: `status`, `verdict` (empty
    without a report) and `reports`, the folder that holds one folder a run. Raises UsageError for
    an input that cannot be read.
    """
    folder = _path(environment, _value(environment, "output") or DEFAULT_OUTPUT)
    status = UsageError.exit_status
    try:
        status = judge(list(words(environment, folder)))
    finally:
        verdict = worst(folder)
        outputs = {"status": str(status), "verdict": verdict or "", "reports": str(folder)}
        if environment.get("GITHUB_OUTPUT"):
            with Path(environment["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
                file.writelines(f"{name}={value}\n" for name, value in outputs.items())
        if environment.get("GITHUB_ACTIONS") == "true" and verdict is None:
            title = command_property("sidecar conformance: no report")
            say(f"::error title={title}::exit status {status}; the log of this step says why")
    return status


def words(environment: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Yield the command line that the inputs ask for. Raises UsageError."""
    for name in PLAIN:
        if value := _value(environment, name):
            yield f"--{name}={value}"
    if value := _value(environment, "kubeconfig"):
        yield f"--kubeconfig={_path(environment, value)}"
    yield f"--output={folder}"
    for name in SWITCHES:
        value = _value(environment, name)
        if value not in ("", "true", "false"):
            raise UsageError(f"{name} is {value!r}: write true or false")
        if value == "true":
            yield f"--{name}"
    try:
        yield from shlex.split(_value(environment, ARGS))
    except ValueError as problem:
        raise UsageError(f"args cannot be read as words of a shell: {problem}") from problem


def worst(folder: Path) -> RunVerdict | None:
    """Return the worst verdict of the reports that lie in a folder; None where there is none."""
    verdicts = []
    for path in sorted(folder.glob("*/report.json")):
        try:
            verdicts.append(jsonreport.read(path).verdict)
        except UsageError:
            verdicts.append(RunVerdict.UNDECIDED)
    return min(verdicts, key=RUN_VERDICTS.index, default=None)


def _value(environment: Mapping[str, str], name: str) -> str:
    return environment.get(f"{PREFIX}{name.upper()}", "").strip()


def _path(environment: Mapping[str, str], text: str) -> Path:
    workspace = next((environment[name] for name in WORKSPACES if environment.get(name)), "")
    return Path(workspace, text).absolute()
