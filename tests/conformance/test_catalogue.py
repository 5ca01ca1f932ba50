"""The catalogue page and the list of promises agree with the declarations."""

from __future__ import annotations

import re
from pathlib import Path

from conformance.catalogue import declared, lines, markdown
from conformance.requirements import Requirement
from fixtures.clusters import profiles
from fixtures.evidence.capabilities import SOFTWARE as ASKED
from fixtures.evidence.capabilities import Capability
from fixtures.software import shelf
from fixtures.versions import SIDECARS_SINCE, minor_of
from reports.model import Level
from reports.runpage import CLASSIC

ROOT = Path(__file__).parents[2]
ENVOY = ASKED[Capability.ENVOY]
PROMISED = Path(__file__).with_name("promised.txt")


def test_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert page == "\n".join(markdown(declared())) + "\n", "run 'nox -s docs'"


def test_every_promise_is_declared() -> None:
    promised = set(PROMISED.read_text(encoding="utf-8").split())
    assert not promised - {one.requirement.id for one in declared()}


def test_ids_are_unique() -> None:
    ids = [one.requirement.id for one in declared()]
    assert sorted(ids) == sorted(set(ids))


def test_a_classic_form_is_judged_beside_its_native_form() -> None:
    known = {one.requirement.id: one.requirement for one in declared()}
    classic = {name.removesuffix(CLASSIC) for name in known if name.endswith(CLASSIC)}
    assert classic >= {"pattern.log-shipper", "pattern.job-helper"}
    for name in classic:
        levels = (known[name].level, known[name + CLASSIC].level)
        assert levels == (Level.SHOULD, Level.OBSERVED), f"{name}: {levels}"


def test_an_area_names_its_module() -> None:
    """What is promised of each software has one module, and each mesh one with its substitute."""
    wrong = [
        one
        for one in declared()
        for name in [one.requirement.id.replace("-substitute", "")]
        for words in [name.replace("-", "_").split(".")]
        if one.module
        not in (f"test_{words[0]}", f"test_{words[0]}_{words[1]}", f"test_{words[0]}_software")
    ]
    assert not wrong


def test_the_list_is_sorted_and_counted() -> None:
    known = [
        promise("term.other", Level.OBSERVED, since="1.28", until="1.30"),
        promise("startup.list-order", Level.MUST),
    ]
    assert list(lines(known)) == [
        "startup.list-order  MUST      1.29+       Sidecars keep their order.",
        "term.other          OBSERVED  1.28-1.30   Sidecars keep their order.",
        "2 requirements",
    ]
    assert list(lines([])) == ["0 requirements"]


def test_the_list_says_which_profile_a_promise_needs() -> None:
    one = promise("term.order", Level.MUST, needs=(Capability.SIDECARS, Capability.STATIC_CPUS))
    assert next(lines([one])).endswith("Sidecars keep their order. (--profile static-cpus)")
    assert "| `--profile stop-signals`" not in "\n".join(markdown(declared()))
    assert ", `--profile stop-signals` |" in "\n".join(markdown(declared()))


def test_the_list_says_what_to_ask_for_where_software_is_judged() -> None:
    one = promise("pattern.envoy.order", Level.SHOULD, needs=(Capability.ENVOY,))
    assert next(lines([one])).endswith("Sidecars keep their order. (--only pattern.envoy)")
    assert ", `--only pattern.envoy` |" in "\n".join(markdown(declared()))


def promise(
    identifier: str,
    level: Level,
    *,
    since: str = "1.29",
    until: str | None = None,
    needs: tuple[Capability, ...] = (),
) -> Requirement:
    return Requirement(
        id=identifier,
        title="Sidecars keep their order.",
        level=level,
        since=since,
        until=until,
        sources=("KEP-753",),
        scenarios=("one",),
        needs=needs,
    )


def test_the_page_of_profiles_names_what_each_judges() -> None:
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8").splitlines()
    for name in profiles.PROFILES:
        (row,) = [line for line in page if line.startswith(f"| `{name}` |")]
        judged = re.findall(r"`([a-z.-]+)`", row.split(" | ")[-1])
        assert judged == [
            one.requirement.id for one in declared() if one.requirement.profile == name
        ]


def test_the_page_of_software_has_all_there_is() -> None:
    page = (ROOT / "docs" / "software.md").read_text(encoding="utf-8").splitlines()
    for capability, one in shelf.SOFTWARE.items():
        asked = ASKED.get(capability, f"--profile {capability}")
        (row,) = [line for line in page if line.startswith(f"| `{asked}` |")]
        assert f" | {one.title} | " in row
        assert all(f"`{image.published}`" in row for image in one.images if image.published)
    words = {line.split("`")[1] for line in page if re.match(r"\| `[a-z-]+` \|", line)}
    of_envoy = {one.requirement.id for one in declared() if one.requirement.software == ENVOY}
    assert {f"{ENVOY}.{word}" for word in words} == of_envoy


LATER = {
    "api.gate-locked": "1.33 locks the gate, 1.37 removes it",
    "api.gate-metric": "1.37 removes the gate",
    "api.gate-off-acts-as-plain-init": "1.33 locks the gate: it cannot be off any more",
    "api.gate-off-drops-field": "as above",
    "api.gate-off-keeps-field-in-use": "as above",
    "api.gate-off-probes-rejected": "as above",
    "api.gate-removed": "1.37 removes the gate",
    "api.kubelet-gate-off-rejects": "1.33 locks the gate: it cannot be off any more",
    "api.scheduler-gate-off-unschedulable": "as above",
    "given.env-file": "EnvFiles is beta, and on, since 1.35",
    "given.image-volume": "ImageVolume is on since 1.35",
    "hook.sleep": "PodLifecycleSleepAction is beta, and on, since 1.30",
    "job.ends-after-sidecars": "1.31 delays the last condition of a Job until its pods have ended",
    "job.success-policy": "JobSuccessPolicy is beta, and on, since 1.31",
    "node.old-kubelet-skew": "1.33 locks the gate: it cannot be off any more",
    "node.kubelet-restart-status-stable": "1.35 brings it, with a gate for what was before",
    "res.dra-extended": "1.35 brings it, as part of a feature that is newer than sidecars",
    "res.pod-level": "PodLevelResources is beta, and on, since 1.34",
    "res.pod-level-cgroup": "as above",
    "res.pod-status": "1.36 has InPlacePodLevelResourcesVerticalScaling on",
    "res.podresources-api": "1.30 brings it, as a feature of its changelog",
    "resize.absent-before": "1.33 has InPlacePodVerticalScaling on",
    "resize.app-restart": "as resize.limits",
    "resize.below-use": "1.34 lets a limit of memory be lowered without a restart",
    "resize.conditions": "as resize.limits",
    "resize.cpu-limit": "as resize.limits",
    "resize.deferred": "as resize.limits",
    "resize.generation": "PodObservedGenerationTracking is beta, and on, since 1.34",
    "resize.infeasible": "as resize.limits",
    "resize.limits": "1.33 has InPlacePodVerticalScaling on, for sidecars too",
    "resize.plain-init": "as above",
    "resize.pod-level": "1.36 has InPlacePodLevelResourcesVerticalScaling on",
    "resize.quota": "as resize.limits",
    "resize.restart-policy": "as resize.limits",
    "resize.sidecar": "as resize.limits",
    "rules.init-policy-with-sidecar": "ContainerRestartRules is beta, and on, since 1.35",
    "rules.regular-always-is-not-sidecar": "as above",
    "rules.restart-all-from-init": "1.36 has RestartAllContainersOnContainerExits on",
    "rules.restart-all-from-main": "as above",
    "rules.restart-all-from-sidecar": "as above",
    "rules.restart-all-initialized": "as above",
    "rules.restart-all-not-on-delete": "as above",
    "rules.restart-all-ungraceful": "as above",
    "sched.image-locality": "1.30 brings it, as a feature of its changelog",
    "sec.status-user": "1.33 has SupplementalGroupsPolicy on, which tells users in statuses",
    "sec.user-namespace": "1.33 has UserNamespacesSupport on",
    "term.alpha-unordered": "1.29 brings the order",
    "term.sleep-hook": "as hook.sleep",
    "term.stopsignal": "1.33 brings ContainerStopSignals",
    "vol.status-mounts": "1.31 has RecursiveReadOnlyMounts on, which tells mounts in statuses",
    "wl.scale-down-prefers-flapping-sidecars": "1.32 brings it, as a feature of its changelog",
}
"""Why a promise is younger than sidecars that are on by default, or has an end.

That a bug was fixed then is no reason: see conformance/known-failures.toml.
"""


def test_a_promise_is_as_old_as_sidecars_unless_something_newer_made_it() -> None:
    known = [one.requirement for one in declared()]
    others = {one.id for one in known if minor_of(one.since) > SIDECARS_SINCE or one.until}
    assert others == LATER.keys()
