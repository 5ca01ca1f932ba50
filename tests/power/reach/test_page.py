from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.power.components import COMPONENTS
from tests.power.reach import page, reasons
from tests.power.reach.test_measure import MISSED, reach

if TYPE_CHECKING:
    import pytest

    from tests.power.reach.measure import Reach

ROOT = Path(__file__).parents[3]

__all__ = ["reach"]


def test_the_page_is_the_one_that_stands_in_the_docs() -> None:
    written = (ROOT / "docs" / "reach.md").read_text(encoding="utf-8")
    assert written == "\n".join(page.lines()) + "\n", "write it again: nox -s docs"


def test_the_page_names_all_components_and_reasons() -> None:
    text = "\n".join(page.lines())
    assert all(f"| {one.name} | `{one.packages[0]}`" in text for one in COMPONENTS)
    assert all(reason.why in text for reason in reasons.REASONS)


def test_what_is_about_sidecars_and_was_not_executed_has_a_reason() -> None:
    unexplained = [
        f"{reach.kubernetes} {one.file} {one.name}"
        for reach in page.measured()
        for component in reach.components
        for one in component.functions
        if one.missing_about and not reasons.of(one.file, one.name)
    ]
    assert unexplained == []


def test_what_was_measured_stands_on_the_page(
    reach: Reach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("v1.33.13", "v1.37.2"):
        one = reach.model_copy(update={"kubernetes": version})
        (tmp_path / f"{version}.json").write_text(one.model_dump_json(by_alias=True))
    monkeypatch.setattr(page, "MEASURED", tmp_path)
    lines = list(page.lines())
    shares = "kubelet | 41.7 % of 36 | 35.3 % of 17 | 66.7 % of 9 |"
    assert lines.index(f"| v1.37.2 | {shares}") < lines.index(f"| v1.33.13 | {shares}")
    assert (
        f"| `pkg/kubelet/keeper.go`<br>`{MISSED.name}` | 11 of 17 | 13-19, 21-22, 30-34 "
        "| 13-15, 21-22 |  |"
    ) in lines
