from __future__ import annotations

from tests.power.reach import reasons
from tests.power.reach.reasons import ABOUT, PREFIX, REASONS, Kind


def test_each_kind_is_told_and_used() -> None:
    assert set(ABOUT) == set(Kind) == {reason.kind for reason in REASONS}


def test_a_function_may_have_several_reasons() -> None:
    file = f"{PREFIX}pkg/kubelet/kuberuntime/kuberuntime_manager.go"
    found = reasons.of(file, "(*kubeGenericRuntimeManager).SyncPod")
    assert [reason.kind for reason in found] == [Kind.DEFENSIVE, Kind.OPEN, Kind.SYSTEM]


def test_a_function_that_nobody_looked_at_has_none() -> None:
    assert reasons.of(f"{PREFIX}pkg/kubelet/kubelet.go", "(*Kubelet).SyncPod") == []


def test_no_reason_is_written_twice() -> None:
    assert len({reason.why for reason in REASONS}) == len(REASONS)
    assert all(reason.why.endswith(".") and reason.functions for reason in REASONS)
