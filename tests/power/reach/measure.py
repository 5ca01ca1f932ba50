"""What a run made Kubernetes execute, by function: the model, and how it is said."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from tests.power.reach import reasons

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.power.components import Component
    from tests.power.reach.places import Function
    from tests.power.reach.profiles import Block


class _Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, populate_by_name=True
    )


class Share(_Model):
    """How many of some statements were executed."""

    statements: int
    executed: int

    def __str__(self) -> str:
        part = 100 * self.executed / self.statements if self.statements else 100.0
        return f"{part:.1f} % of {self.statements:,}"


class FunctionReach(_Model):
    """A function that speaks of sidecars, and what of it was not executed.

    `file` begins with the import path of its package; `about` counts the statements that speak of
    sidecars or that are decided by such a condition. `unexecuted` and `unexecuted_about` are lines:
    `71-73`.
    """

    file: str
    name: str
    first: int
    last: int
    whole: Share
    about: Share
    unexecuted: tuple[str, ...]
    unexecuted_about: tuple[str, ...]

    @property
    def missing(self) -> int:
        """How many statements were not executed."""
        return self.whole.statements - self.whole.executed

    @property
    def missing_about(self) -> int:
        """How many of those are about sidecars."""
        return self.about.statements - self.about.executed


class ComponentReach(_Model):
    """A component: all statements that were counted, and its functions that speak of sidecars."""

    name: str
    packages: tuple[str, ...]
    everything: Share
    speaking: Share
    about: Share
    functions: tuple[FunctionReach, ...]


class Reach(_Model):
    """What one run made the components of one Kubernetes version execute."""

    kubernetes: str
    suite: str
    options: tuple[str, ...]
    status: int
    components: tuple[ComponentReach, ...]


def of_component(
    component: Component, blocks: Sequence[Block], functions: Sequence[Function]
) -> ComponentReach:
    """Return the reach of a component: `functions` are those of its packages that speak."""
    by_file = {
        file: list(group)
        for file, group in groupby(
            sorted(blocks, key=lambda block: block.file), key=lambda block: block.file
        )
    }
    found = []
    for function in functions:
        held = [
            block
            for block in by_file.get(function.file, ())
            if function.holds(block.file, block.first)
        ]
        if held:  # a file for another operating system is not compiled
            found.append(_of_function(function, held))
    return ComponentReach(
        name=component.name,
        packages=component.packages,
        everything=_share(blocks),
        speaking=_sum(one.whole for one in found),
        about=_sum(one.about for one in found),
        functions=tuple(found),
    )


def _of_function(function: Function, blocks: Sequence[Block]) -> FunctionReach:
    about = [block for block in blocks if function.speaks(block.first, block.last)]
    return FunctionReach(
        file=function.file,
        name=function.name,
        first=function.first,
        last=function.last,
        whole=_share(blocks),
        about=_share(about),
        unexecuted=tuple(_unexecuted(blocks)),
        unexecuted_about=tuple(_unexecuted(about)),
    )


def _share(blocks: Iterable[Block]) -> Share:
    counted = [(block.statements, block.executed) for block in blocks]
    return Share(
        statements=sum(number for number, _ in counted),
        executed=sum(number for number, executed in counted if executed),
    )


def _sum(shares: Iterable[Share]) -> Share:
    all_of_them = list(shares)
    return Share(
        statements=sum(share.statements for share in all_of_them),
        executed=sum(share.executed for share in all_of_them),
    )


def _unexecuted(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the lines that were not executed, those that touch as one range."""
    begin = end = 0
    for block in sorted(blocks, key=lambda block: (block.first, block.last)):
        if block.executed or not block.statements:
            continue
        if begin and block.first <= end + 1:
            end = max(end, block.last)
            continue
        if begin:
            yield _range(begin, end)
        begin, end = block.first, block.last
    if begin:
        yield _range(begin, end)


def _range(begin: int, end: int) -> str:
    return str(begin) if begin == end else f"{begin}-{end}"


def lines(reach: Reach) -> Iterator[str]:
    """Yield the report for people: what no scenario made Kubernetes execute, and why."""
    yield f"Kubernetes {reach.kubernetes}, suite {reach.suite}, {_asked(reach)}"
    for component in reach.components:
        missing = [one for one in component.functions if one.missing]
        unexplained = [one for one in missing if not reasons.of(one.file, one.name)]
        yield ""
        yield f"{component.name}: executed are"
        yield f"  {component.everything} statements in all its counted packages,"
        yield f"  {component.speaking} in the functions that speak of sidecars,"
        yield f"  {component.about} that are about sidecars there."
        yield f"  {len(missing)} of {len(component.functions)} functions that speak of sidecars"
        yield f"  were not executed as a whole, {len(unexplained)} of them without a known reason."
        for file, group in groupby(missing, key=lambda one: one.file):
            yield ""
            yield f"  {file}"
            for one in group:
                yield from _of_one(one)


def _asked(reach: Reach) -> str:
    asked = " ".join(reach.options) or "the whole suite"
    return f"{asked}, exit status {reach.status}"


def _of_one(one: FunctionReach) -> Iterator[str]:
    about = f", {one.missing_about} of them about sidecars" if one.missing_about else ""
    yield f"    {one.name}: {one.missing} of {one.whole.statements} statements{about}"
    yield f"      lines {', '.join(one.unexecuted)}"
    if one.unexecuted_about and one.unexecuted_about != one.unexecuted:
        yield f"      about sidecars {', '.join(one.unexecuted_about)}"
    found = reasons.of(one.file, one.name)
    for reason in found:
        yield f"      {reason.kind}: {reason.why}"
    if not found:
        yield "      no reason is known"
