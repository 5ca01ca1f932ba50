"""Check the workflows with actionlint, as `nox -s workflows` does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fixtures.host.progress import Progress
from fixtures.images import parts

ROOT = Path(__file__).parents[2]
ACTIONLINT = parts.Part("actionlint", "github.com/rhysd/actionlint", "v1.7.12", ("cmd/actionlint",))


def check(root: Path) -> subprocess.CompletedProcess[str]:
    """Check all workflows of a checkout; what is wrong is on standard output."""
    program = parts.built(ACTIONLINT, Progress()) / ACTIONLINT.name
    workflows = sorted(str(path) for path in (root / ".github" / "workflows").glob("*.yaml"))
    # shellcheck and pyflakes are optional to it; what is wrong must not depend on who has them.
    words = [str(program), "-shellcheck=", "-pyflakes=", *workflows]
    return subprocess.run(words, cwd=root, check=False, stdout=subprocess.PIPE, text=True)


if __name__ == "__main__":
    done = check(ROOT)
    print(done.stdout, end="")  # noqa: T201 - a command's output
    sys.exit(done.returncode)
