"""The front door: `nox -s conformance` for a verdict, `nox -s tests` for the suite's own tests."""

from __future__ import annotations

import sys
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.10.14"
nox.options.sessions = ["lint", "tests"]
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
# A Python that is not here is skipped with that reason, on CI as well; none is downloaded.
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"

PYPROJECT = nox.project.load_toml("pyproject.toml")
RUNTIME = PYPROJECT["project"]["dependencies"]
TESTS = nox.project.dependency_groups(PYPROJECT, "tests")
LINT = nox.project.dependency_groups(PYPROJECT, "lint")
PYTHONS = nox.project.python_versions(PYPROJECT)

CLEAN_UP_SECONDS = 120
"""How long an interrupted run may take to remove its cluster before nox ends it."""

GENERATED = {
    "docs/catalogue.md": ["conformance.catalogue"],
    "docs/fields.md": ["tests.power.fields", "--page"],
    "docs/hostile-clusters.md": ["tests.hostile", "--page"],
    "docs/patience.md": ["fixtures.patience"],
    "docs/reach.md": ["tests.power.reach", "--page"],
    "fixtures/evidence/recording.schema.json": ["fixtures.evidence.schema"],
    "reports/diff.schema.json": ["reports.schema", "diff"],
    "reports/overhead.schema.json": ["reports.schema", "overhead"],
    "reports/registry/README.md": ["reports", "registry"],
    "reports/report.schema.json": ["reports.schema"],
}
"""The files that are generated, and the module (with its options) that prints each."""

SCHEMAS = {
    "vendor.github-actions": ["action.yml", ".github/actions/setup/action.yml"],
    "vendor.github-workflows": [
        ".github/workflows/nightly.yaml",
        ".github/workflows/pull-request.yaml",
    ],
    "vendor.gitlab-ci": [".gitlab-ci.yml", "ci/gitlab/nightly.yml"],
}
"""The files of continuous integration by the published schema, one that check-jsonschema holds."""


def _run(session: nox.Session, module: str) -> None:
    """Run a module that makes clusters, and end with its exit status."""
    session.install(*RUNTIME)
    try:
        session.run(
            "python",
            "-m",
            module,
            *session.posargs,
            interrupt_timeout=CLEAN_UP_SECONDS,
            terminate_timeout=CLEAN_UP_SECONDS,
        )
    except CommandFailed as error:
        # nox would end with 1 whatever the status; the suite's statuses tell causes apart.
        sys.exit(error.return_code)


@nox.session
def conformance(session: nox.Session) -> None:
    """Judge the sidecars of a cluster: `nox -s conformance -- --kubernetes 1.34`."""
    _run(session, "conformance")


@nox.session
def overhead(session: nox.Session) -> None:
    """Measure what a sidecar costs, on a cluster of its own: some minutes."""
    _run(session, "conformance.overhead")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the suite's own tests, without a cluster; a whole run measures their coverage as well."""
    session.install(*RUNTIME, *TESTS)
    if session.posargs:  # some of the tests cover some of the code
        session.run("python", "-m", "pytest", *session.posargs)
        return
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest")
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def hostile(session: nox.Session) -> None:
    """Run the suite on clusters that are changed the way users' are: half an hour and more."""
    _run(session, "tests.hostile")


@nox.session
def reach(session: nox.Session) -> None:
    """Report what no scenario makes Kubernetes execute, by function; compiles components first."""
    _run(session, "tests.power.reach")


@nox.session
def mutants(session: nox.Session) -> None:
    """Change Kubernetes in small ways, and tell which changes the suite notices: hours."""
    _run(session, "tests.power.mutants")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types."""
    session.install(*RUNTIME, *LINT)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    for schema, paths in SCHEMAS.items():
        words = ["--data-transform", "gitlab-ci"] if schema.endswith("gitlab-ci") else []
        session.run("check-jsonschema", "--builtin-schema", schema, *words, *paths)


@nox.session
def workflows(session: nox.Session) -> None:
    """Check the workflows of GitHub Actions with actionlint, which is built from its Go module."""
    session.install(*RUNTIME)
    session.run("python", "-m", "tests.kit.actionlint")


@nox.session
def clean(session: nox.Session) -> None:
    """List what the suite has made on this machine, with sizes, and remove it."""
    session.install(*RUNTIME)
    session.run("python", "-m", "fixtures.clusters.clean", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Write the generated files: pages of docs, and the schemas of reports and recordings."""
    session.install(*RUNTIME)
    for path, words in GENERATED.items():
        text = session.run("python", "-m", *words, silent=True, stderr=None)
        Path(path).write_text(str(text), encoding="utf-8")


@nox.session(python=PYTHONS[0], reuse_venv=False)
def minimums(session: nox.Session) -> None:
    """Run the tests with the lowest versions that pyproject.toml allows of what it names."""
    session.install("uv")
    session.run("uv", "pip", "install", "--resolution", "lowest-direct", *RUNTIME, *TESTS)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(python=PYTHONS)
def pythons(session: nox.Session) -> None:
    """Run the tests on every supported Python that is installed here."""
    session.install(*RUNTIME, *TESTS)
    session.run("python", "-m", "pytest", *session.posargs)
