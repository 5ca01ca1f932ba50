"""Known failures: promises that named versions break, each with its upstream issue and an expiry.

The file is for people to edit, so every mistake in it is refused with the entry that has it, and
whatever in it no longer does its work is reported: a failure that is known is an exception with an
end, not a place to put failures away.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from semver import Version

from fixtures.errors import UsageError, first_problem
from fixtures.versions import parse_release
from reports.model import Result, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

FILE = Path(__file__).with_name("known-failures.toml")
TABLE = "known-failure"
SERVER: Final = "kube-apiserver"
"""The component whose version counts where an entry names none."""

# Operators of semver's own Version.match, followed by a whole version. No operator means ==.
COMPARATOR = re.compile(r"(?:>=|<=|==|!=|>|<)?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?")


def _comparators(alternative: str) -> list[str]:
    return [comparator.strip() for comparator in alternative.split(",")]


def _alternative(text: str) -> str:
    """Return the text if it is a comma-separated list of comparators. Raises ValueError."""
    for comparator in _comparators(text):
        try:
            valid = COMPARATOR.fullmatch(comparator) is not None
            # A leading zero, say: semver knows.
            Version(0).match(comparator)
        except ValueError:
            valid = False
        if not valid:
            raise ValueError(
                f"{comparator!r} is not a version such as '1.29.3' or a comparison such as "
                "'>=1.29.3'"
            )
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class KnownFailure(BaseModel):
    """One entry. `versions` are alternatives, each a comma-separated list of comparators.

    `component` names whose version they speak of; the entry counts until the end of `expires`.
    `sometimes` is true of a defect that shows in some runs only.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    requirement: Text
    versions: Annotated[list[Annotated[str, AfterValidator(_alternative)]], Field(min_length=1)]
    issue: Annotated[str, StringConstraints(pattern=r"^https://\S+$")]
    reason: Text
    expires: date
    component: Literal["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet"] = (
        SERVER
    )
    sometimes: bool = False

    def concerns(self, versions: Mapping[str, str]) -> bool:
        """Tell whether the component's version is known and among those of the entry."""
        version = _parse(versions.get(self.component, ""))
        return version is not None and any(
            all(version.match(comparator) for comparator in _comparators(alternative))
            for alternative in self.versions
        )


@dataclass(frozen=True)
class Baseline:
    """All entries of one file; without entries it changes nothing and has no notices."""

    entries: Sequence[KnownFailure] = ()

    def judge(self, result: Result, versions: Mapping[str, str], today: date) -> Result:
        """Return a failure that is known as known-failure, with its issue; all else as it is.

        A doubt about what is known to be broken is one as well: on a slow node the evidence of the
        failure is within what may be late, and whichever it was, the run is no worse for it.
        `versions` holds a version by component: `{"kube-apiserver": "v1.29.14", "kubelet": ...}`.
        """
        if result.verdict not in (Verdict.FAIL, Verdict.INCONCLUSIVE):
            return result
        for entry in self.entries:
            if (
                entry.requirement == result.id
                and entry.expires >= today
                and entry.concerns(versions)
            ):
                reason = f"{result.reason} (known: {entry.reason})"
                known = {"verdict": Verdict.KNOWN_FAILURE, "reason": reason, "issue": entry.issue}
                return result.model_copy(update=known)
        return result

    def notices(
        self, results: Iterable[Result], versions: Mapping[str, str], today: date
    ) -> list[str]:
        """Say which entries that concern these versions do no work any more, one line each.

        That is an entry whose check passed, unless it fails sometimes only, one that has expired,
        and one that could not be applied to a failure because the version of its component is not
        known.
        """
        verdicts = {result.id: result.verdict for result in results}
        lines = []
        for entry in self.entries:
            verdict = verdicts.get(entry.requirement)
            name = f"known failure of {entry.requirement} ({entry.issue})"
            found = versions.get(entry.component)
            if found is None or _parse(found) is None:
                if verdict is Verdict.FAIL:
                    told = "unknown" if found is None else f"{found!r}"
                    lines.append(f"{name} was not applied: {entry.component}'s version is {told}")
            elif entry.concerns(versions):
                if verdict is Verdict.PASS and not entry.sometimes:
                    lines.append(f"{name} no longer fails on {entry.component} {found}: narrow it")
                elif entry.expires < today:
                    lines.append(f"{name} expired on {entry.expires} and was not applied: renew it")
        return lines


def load(path: Path, known_ids: Collection[str]) -> Baseline:
    """Read the file; `known_ids` are all requirement ids of the suite.

    UsageError, with one line that names file and entry, for anything that is not as documented.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror}") from problem
    except ValueError as problem:
        raise UsageError(f"{path}: not TOML: {problem}") from problem
    for key in document:
        if key != TABLE:
            raise UsageError(f"{path}: unknown key {key!r}: entries are [[{TABLE}]] tables")
    tables = document.get(TABLE, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{path}: entries are [[{TABLE}]] tables, in double brackets")
    entries = []
    for number, table in enumerate(tables, 1):
        name = f"{TABLE} {number} ({table.get('requirement', 'no requirement')})"
        try:
            entry = KnownFailure.model_validate(table)
        except ValidationError as problem:
            raise UsageError(f"{path}: {name}: {first_problem(problem)}") from problem
        if entry.requirement not in known_ids:
            raise UsageError(f"{path}: {name}: {entry.requirement!r} is no requirement: see --list")
        entries.append(entry)
    return Baseline(tuple(entries))


def _parse(text: str) -> Version | None:
    """Return the release that a component's version is a build of; None where it is none."""
    try:
        return parse_release(text)
    except ValueError:
        return None
