"""Checks on clusters of several versions, with gates and settings of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.catalogue import declared
from fixtures.evidence.components import Component, Components, Kubelet
from fixtures.evidence.recording import ActionRecord
from tests.kit import edits
from tests.kit.judging import components, judge

if TYPE_CHECKING:
    from fixtures.evidence.recording import Recording

BY_ID = {one.requirement.id: one for one in declared()}
NEW = "v1.37.2"


def judge_kept(requirement: str, of: Components) -> None:
    one = BY_ID[requirement]
    judge(one, {name: edits.load(NEW, name) for name in one.requirement.scenarios}, of=of)


def with_kubelet(**more: Any) -> Components:  # noqa: ANN401 - any of its fields
    """Return components of 1.37, and a kubelet that is another in these points."""
    found = components(37)
    kubelet = found.kubelets[""].model_copy(update=more)
    return found.model_copy(update={"kubelets": {"": kubelet}})


def tuned(period: str) -> Components:
    gates = {"KubeletCrashLoopBackOffMax": True}
    settings = {"crashLoopBackOff": {"maxContainerRestartPeriod": period}, "eventRecordQPS": 50}
    return with_kubelet(gates=gates, settings=settings)


def with_server(gates: dict[str, bool] | None) -> Components:
    found = {} if gates is None else {Component.API_SERVER: gates}
    return components(37).model_copy(update={"gates": found})


def test_a_back_off_is_as_long_as_the_kubelet_is_told_to() -> None:
    judge_kept("restart.backoff", tuned("5s"))
    judge_kept("restart.backoff", with_kubelet(gates=None, settings=None))


def test_a_kubelet_that_restarts_sooner_than_it_is_told_to_fails() -> None:
    of = components(37)
    judge_kept("restart.backoff", of)
    one = BY_ID["restart.backoff"]
    edit = edits.Edit(edits.load(NEW, "restart-backoff"))
    recording: Recording = edit.result()
    slow = type("Slow", (Kubelet,), {"backoff": property(lambda _: (30.0, 300.0))})
    kubelet = slow(version="v1.37.2")
    with pytest.raises(AssertionError):
        judge(
            one,
            {"restart-backoff": recording},
            of=of.model_copy(update={"kubelets": {"": kubelet}}),
        )


def test_events_that_a_kubelet_may_not_send_are_missed_by_nobody() -> None:
    one = BY_ID["status.killing-event-early"]
    (scenario,) = one.requirement.scenarios
    edit = edits.Edit(edits.load(NEW, scenario))
    edit.drop_events("Event", lambda event: event["reason"] == "Killing")
    with pytest.raises(pytest.skip.Exception, match=r"its kubelet sends 1 events a second"):
        judge(one, {scenario: edit.result()}, of=with_kubelet(settings={"eventRecordQPS": 1}))


@pytest.mark.parametrize("requirement", ["api.regular-policy", "api.init-policy-other-values"])
def test_what_is_stored_follows_the_gate_and_not_the_minor(requirement: str) -> None:
    judge_kept(requirement, with_server({"ContainerRestartRules": True}))
    judge_kept(requirement, with_server(None))  # what is stored tells
    with pytest.raises(AssertionError):
        judge_kept(requirement, with_server({"ContainerRestartRules": False}))


def test_rules_of_sidecars_have_a_gate_of_their_own() -> None:
    on = {"ContainerRestartRules": True, "RestartAllContainersOnContainerExits": True}
    judge_kept("api.rules-on-sidecar", with_server(on))
    judge_kept("api.rules-on-sidecar", with_server(None))
    for gate in on:
        with pytest.raises(AssertionError):
            judge_kept("api.rules-on-sidecar", with_server({**on, gate: False}))


def of_kubelet(minor: int) -> Components:
    old = components(minor)
    return components(37).model_copy(update={"kubelets": old.kubelets})


def mixed_gates() -> Recording:
    """Return the gates of an API server of 1.37 and of a kubelet of 1.33."""
    new, old = edits.load(NEW, "api-gate"), edits.load("v1.33.13", "api-gate")
    shown = {
        record.arguments.get("component"): record
        for record in old.of(ActionRecord)
        if record.name == "gates"
    }
    records = [
        shown["kubelet"]
        if isinstance(record, ActionRecord)
        and record.name == "gates"
        and record.arguments["component"] == "kubelet"
        else record
        for record in new.records
    ]
    return type(new)(new.path, new.header, records, new.complete)


def test_each_component_shows_the_gate_of_its_own_version() -> None:
    recordings = {"api-gate": mixed_gates()}
    for requirement in ("api.gate-metric", "api.gate-removed"):
        judge(BY_ID[requirement], recordings, of=of_kubelet(33))
        with pytest.raises(AssertionError):
            # Taken for one of 1.37 the kubelet shows a gate that it should not have.
            judge(BY_ID["api.gate-removed"], recordings, of=of_kubelet(37))


def answered(recording: Recording, status: int) -> Recording:
    """Return a recording in which the resize of the plain init container had another answer."""
    records = [
        replace(record, answer={**record.answer, "status": status})
        if isinstance(record, ActionRecord) and "'plain'" in str(record.arguments.get("patch"))
        else record
        for record in recording.records
    ]
    return type(recording)(recording.path, recording.header, records, recording.complete)


def test_an_init_container_is_not_resized_where_the_kubelet_cannot() -> None:
    one, kept = BY_ID["resize.plain-init"], edits.load(NEW, "resize")
    judge(one, {"resize": kept})
    judge(one, {"resize": answered(kept, 403)}, of=of_kubelet(35))
    with pytest.raises(pytest.skip.Exception, match="the kubelet is too old"):
        judge(one, {"resize": kept}, of=of_kubelet(35))
    with pytest.raises(AssertionError):
        judge(one, {"resize": answered(kept, 403)})


def test_the_servers_promises_are_its_own_beside_an_old_kubelet() -> None:
    old = of_kubelet(33)
    for one in BY_ID.values():
        if one.requirement.by == (Component.API_SERVER,):
            new = one.requirement.unpromised_by(components(37))
            found = one.requirement.unpromised_by(old)
            assert (found is None) == (new is None), one.requirement.id
