"""Security: a sidecar's own context, the processes it sees, and the admission of its pod."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from conformance.checks.needs import OWN_CONTAINERS
from conformance.requirements import API_SERVER, MUST, OBSERVED, SHOULD, requirement
from conformance.scenarios.sec import NO_SANDBOX
from conformance.sources import DOCS, INIT_CONTAINERS, KEP_SIDECARS, kep
from fixtures.evidence.capabilities import Capability

if TYPE_CHECKING:
    from fixtures.evidence.pods import Container
    from fixtures.evidence.timeline import Timeline

SECURITY_CONTEXT = f"{DOCS}/tasks/configure-pod-container/security-context/"
SHARED_PROCESSES = f"{DOCS}/tasks/configure-pod-container/share-process-namespace/"
ALL_FEATURES = f"{INIT_CONTAINERS}#differences-from-regular-containers"
"""Init containers have all fields and features of others, but for what the page names."""
BIND_SERVICE = "0000000000000400"
"""The capability NET_BIND_SERVICE alone, as the kernel shows it."""
NONE = "0000000000000000"
USER_NAMESPACES = f"{DOCS}/concepts/workloads/pods/user-namespaces/"
FIRST_ID = 1 << 16
"""Users and groups of a node that are below this are those of no pod in a user namespace."""
POD_SECURITY_ADMISSION = f"{DOCS}/concepts/security/pod-security-admission/"
POD_SECURITY_STANDARDS = f"{DOCS}/concepts/security/pod-security-standards/"


def context_of(timeline: Timeline, name: str) -> tuple[int | None, bool]:
    """Return a container's user, and whether its root file system is read-only, as stored."""
    pod = timeline.pod.spec.get("securityContext") or {}
    own = timeline[name].spec.get("securityContext") or {}
    return own.get("runAsUser", pod.get("runAsUser")), bool(own.get("readOnlyRootFilesystem"))


def groups_of(timeline: Timeline, name: str) -> tuple[int | None, list[int]]:
    """Return a container's own group, and the further groups of its pod, as stored."""
    pod = timeline.pod.spec.get("securityContext") or {}
    own = timeline[name].spec.get("securityContext") or {}
    further = [*(pod.get("supplementalGroups") or ()), pod.get("fsGroup")]
    group = own.get("runAsGroup", pod.get("runAsGroup"))
    return group, [one for one in further if one is not None]


@requirement(
    "sec.psa-applies",
    MUST,
    by=API_SERVER,
    since="1.29",
    scenario="sec-psa",
    source=(POD_SECURITY_ADMISSION, POD_SECURITY_STANDARDS),
    needs=OWN_CONTAINERS,
)
def test_psa_applies(timeline: Timeline) -> None:
    """Pod Security admission holds sidecars to the same standard as other containers."""
    assert timeline.created("sec-psa-restricted")
    for privileged in ("regular", "sidecar"):
        proposed = timeline.creation(f"sec-psa-{privileged}")
        refused = proposed.status == HTTPStatus.FORBIDDEN
        assert refused, f"a privileged {privileged} container was answered {proposed.message}"
    message = timeline.creation("sec-psa-sidecar").message
    assert "violates PodSecurity" in message, message
    assert '"sidecar"' in message, message


@requirement(
    "sec.own-context",
    SHOULD,
    since="1.29",
    scenario="sec-contexts",
    source=(SECURITY_CONTEXT, KEP_SIDECARS),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_SECURITY),
)
def test_own_context(timeline: Timeline) -> None:
    """A sidecar's securityContext is its own and bears on no other container."""
    contexts = {name: context_of(timeline, name) for name in ("sidecar", "app")}
    if contexts != {"sidecar": (1001, True), "app": (1000, False)}:
        pytest.skip(f"this cluster sets users or root file systems of containers: {contexts}")
    assert timeline["sidecar"].said("USER 1001")
    assert timeline["sidecar"].said("READ-ONLY")
    assert timeline["app"].said("USER 1000")
    assert timeline["app"].said("WRITABLE")


@requirement(
    "sec.status-user",
    SHOULD,
    gates=("SupplementalGroupsPolicy",),
    since="1.33",
    scenario="sec-contexts",
    source=(SECURITY_CONTEXT, kep("3619-supplemental-groups-policy")),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_SECURITY),
)
def test_status_user(timeline: Timeline) -> None:
    """A sidecar's status tells the user and the groups that its first process began with."""
    shown = {name: timeline[name].status.raw.get("user") for name in ("sidecar", "app")}
    if not any(shown.values()):
        pytest.skip("the container runtime tells no users")
    for name, user in shown.items():
        wanted, _ = context_of(timeline, name)
        assert user, f"the status of {name} has no user: {shown}"
        assert user["linux"]["uid"] == wanted, f"{name} is told to be {user}, not {wanted}"
        group, further = groups_of(timeline, name)
        assert group in (None, user["linux"]["gid"]), f"{name} is told to be {user}, not {group}"
        missing = set(further) - set(user["linux"].get("supplementalGroups") or ())
        assert not missing, f"{name} is told to be {user}, without {missing}"


@requirement(
    "sec.groups",
    MUST,
    since="1.29",
    scenario="sec-contexts",
    source=(SECURITY_CONTEXT, ALL_FEATURES),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_SECURITY),
)
def test_groups(timeline: Timeline) -> None:
    """A sidecar has a group of its own, and the pod's further groups, one of which volumes have."""
    groups = {name: groups_of(timeline, name) for name in ("sidecar", "app")}
    if groups != {"sidecar": (3000, [4000, 5000]), "app": (2000, [4000, 5000])}:
        pytest.skip(f"this cluster sets groups of containers: {groups}")
    assert timeline["sidecar"].said("GROUPS 3000 4000 5000")
    assert timeline["app"].said("GROUPS 2000 4000 5000")
    assert timeline["sidecar"].said("VOLUME 5000")


@requirement(
    "sec.confined",
    MUST,
    since="1.29",
    scenario="sec-contexts",
    source=(SECURITY_CONTEXT, ALL_FEATURES),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_SECURITY),
)
def test_confined(timeline: Timeline) -> None:
    """A sidecar's capabilities are its own; it gains no privileges, and a filter holds for it."""
    context = timeline["sidecar"].spec.get("securityContext") or {}
    capabilities = context.get("capabilities") or {}
    if capabilities.get("add") != ["NET_BIND_SERVICE"]:
        pytest.skip(f"this cluster sets capabilities of containers: {capabilities}")
    assert timeline["sidecar"].said(f"CONFINED {BIND_SERVICE} 1 2")
    assert timeline["app"].said(f"CONFINED {NONE} 1 2")


@requirement(
    "sec.share-pid", OBSERVED, since="1.29", scenario="sec-contexts", source=SHARED_PROCESSES
)
def test_share_pid(timeline: Timeline) -> None:
    """With shareProcessNamespace a sidecar and the other containers see each other's processes.

    The sidecar is told to stop at the pod's end, though its process is not the first one there.
    """
    assert timeline["app"].said("SEES sidecar")
    assert timeline["sidecar"].said("SEES app")
    assert timeline["sidecar"].said("TERM")
    assert timeline["sidecar"].last.exit_code == 0


def told(container: Container, word: str) -> list[str]:
    """Return the words that a container has said after this one."""
    assert container.last.said(word)
    return next(one.text.split()[1:] for one in container.last.lines if one.begins_with(word))


@requirement(
    "sec.user-namespace",
    MUST,
    gates=("UserNamespacesSupport",),
    since="1.33",
    scenario="sec-userns",
    source=(USER_NAMESPACES, kep("127-user-namespaces")),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_SECURITY),
)
def test_user_namespace(timeline: Timeline) -> None:
    """Without hostUsers a sidecar is in the user namespace of its pod, with the main containers.

    No user or group in it is one that the node has for itself.
    """
    pod = timeline.pod
    if pod.spec.get("hostUsers") is not False:
        pytest.skip("this cluster keeps no hostUsers of pods")
    failed = timeline.events(NO_SANDBOX, pod=pod.name)
    if failed and not any(one.instances for one in pod.containers.values()):
        pytest.skip(f"no pod in a user namespace runs on the node: {failed[-1].message}")
    for name in ("sidecar", "app"):
        for word in ("USERS", "GROUPS"):
            mapped = told(pod[name], word)
            inside, outside, count = map(int, mapped[:3])
            private = (inside, len(mapped)) == (0, 3) and min(outside, count) >= FIRST_ID
            assert private, f"{word} of {name} are {mapped}: the first inside, outside, how many"
    spaces = {name: told(pod[name], "NAMESPACE") for name in ("sidecar", "app")}
    assert spaces["sidecar"] == spaces["app"], f"sidecar and app are in two namespaces: {spaces}"
