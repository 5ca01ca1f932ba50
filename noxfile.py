"""The front door: `nox -s conformance` for a verdict, `nox -s tests` for the suite's own tests."""

from __future__ import annotations

import sys
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
RUNTIME = PYPROJECT["project"]["dependencies"]
CLEAN_UP_SECONDS = 120
"""How long an interrupted run may take to remove its cluster before nox ends it."""


@nox.session
def conformance(session: nox.Session) -> None:
    """Judge the sidecars of a cluster: `nox -s conformance -- --kubernetes 1.34`."""
    session.install(*RUNTIME)
    try:
        session.run(
            "python",
            "-m",
            "fixtures",
            *session.posargs,
            interrupt_timeout=CLEAN_UP_SECONDS,
            terminate_timeout=CLEAN_UP_SECONDS,
        )
    except CommandFailed as error:
        # nox would end with 1 whatever the status; the suite's statuses tell causes apart.
        sys.exit(error.return_code)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the suite's own tests, without a cluster."""
    session.install(*RUNTIME, *nox.project.dependency_groups(PYPROJECT, "tests"))
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types."""
    session.install(*RUNTIME, *nox.project.dependency_groups(PYPROJECT, "lint"), "nox")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")


@nox.session
def clean(session: nox.Session) -> None:
    """List what the suite has made on this machine, with sizes, and remove it."""
    session.install(*RUNTIME)
    session.run("python", "-m", "fixtures.clean", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Write the generated pages."""
    session.install(*RUNTIME)
    page = session.run("python", "-m", "fixtures.catalogue", silent=True)
    Path("docs/catalogue.md").write_text(str(page), encoding="utf-8")
