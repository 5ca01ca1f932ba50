from __future__ import annotations

import json

import pytest

from tests.power.components import Component
from tests.power.reach import measure, reasons
from tests.power.reach.measure import FunctionReach, Reach, Share
from tests.power.reach.places import Function
from tests.power.reach.reasons import Kind, Reason
from tests.power.reach.samples import block

FILE = "k8s.io/kubernetes/pkg/kubelet/keeper.go"
KEEPER = Component("kubelet", ("k8s.io/kubernetes/pkg/kubelet/...",))
STOP = Function(FILE, "(*keeper).stop", 7, 40, (12, 20), ((13, 15), (21, 24)))
OTHER_SYSTEM = Function("k8s.io/kubernetes/pkg/kubelet/keeper_windows.go", "isSidecar", 7, 9)
BLOCKS = [
    block(FILE, 3, 5, 10, executed=False),  # of another function
    block(FILE, 30, 34, 5, executed=False),
    block(FILE, 7, 12, 4, executed=True),
    block(FILE, 13, 15, 2, executed=False),
    block(FILE, 16, 19, 3, executed=False),
    block(FILE, 20, 20, 1, executed=True),
    block(FILE, 21, 22, 1, executed=False),
    block(FILE, 23, 24, 1, executed=True),
    block(FILE, 36, 36, 0, executed=False),
    block("k8s.io/kubernetes/pkg/kubelet/other.go", 13, 15, 9, executed=True),
]
MISSED = FunctionReach(
    file=FILE,
    name="(*keeper).stop",
    first=7,
    last=40,
    whole=Share(statements=17, executed=6),
    about=Share(statements=9, executed=6),
    unexecuted=("13-19", "21-22", "30-34"),
    unexecuted_about=("13-15", "21-22"),
)


@pytest.fixture
def reach() -> Reach:
    return Reach(
        kubernetes="v1.37.2",
        suite="1f2e3d4c5b6a",
        options=("--only", "term"),
        status=1,
        components=(measure.of_component(KEEPER, BLOCKS, [STOP, OTHER_SYSTEM]),),
    )


def test_a_function_is_measured_by_the_blocks_that_begin_in_it() -> None:
    found = measure.of_component(KEEPER, BLOCKS, [STOP, OTHER_SYSTEM])
    assert found.functions == (MISSED,)
    assert found.everything == Share(statements=36, executed=15)
    assert found.speaking == Share(statements=17, executed=6)
    assert found.about == Share(statements=9, executed=6)


def test_what_was_executed_is_missing_nowhere() -> None:
    blocks = [block(one.file, one.first, one.last, one.statements, executed=True) for one in BLOCKS]
    (found,) = measure.of_component(KEEPER, blocks, [STOP]).functions
    assert (found.unexecuted, found.unexecuted_about) == ((), ())
    assert (found.missing, found.missing_about) == (0, 0)


def test_nothing_is_a_share_as_well() -> None:
    assert str(Share(statements=0, executed=0)) == "100.0 % of 0"
    assert str(Share(statements=29582, executed=13607)) == "46.0 % of 29,582"


def test_the_json_is_that_of_the_model(reach: Reach) -> None:
    text = reach.model_dump_json(by_alias=True)
    assert Reach.model_validate_json(text) == reach
    (function,) = json.loads(text)["components"][0]["functions"]
    assert function["unexecutedAbout"] == ["13-15", "21-22"]


def test_the_report_says_what_and_why(reach: Reach, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = Reason(Kind.DEFENSIVE, ("pkg/kubelet/keeper.go *.stop",), "A keeper without hands.")
    monkeypatch.setattr(reasons, "REASONS", (reason,))
    assert list(measure.lines(reach)) == [
        "Kubernetes v1.37.2, suite 1f2e3d4c5b6a, --only term, exit status 1",
        "",
        "kubelet: executed are",
        "  41.7 % of 36 statements in all its counted packages,",
        "  35.3 % of 17 in the functions that speak of sidecars,",
        "  66.7 % of 9 that are about sidecars there.",
        "  1 of 1 functions that speak of sidecars",
        "  were not executed as a whole, 0 of them without a known reason.",
        "",
        f"  {FILE}",
        "    (*keeper).stop: 11 of 17 statements, 3 of them about sidecars",
        "      lines 13-19, 21-22, 30-34",
        "      about sidecars 13-15, 21-22",
        "      defensive: A keeper without hands.",
    ]


def test_what_has_no_reason_is_counted(reach: Reach, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "REASONS", ())
    lines = list(measure.lines(reach))
    assert lines[-1] == "      no reason is known"
    assert "  were not executed as a whole, 1 of them without a known reason." in lines
