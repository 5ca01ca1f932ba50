"""Security: a sidecar's own context, the processes it sees, and the admission of its pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.requirements import Level, requirement
from fixtures.stage.scenario import scenario

if TYPE_CHECKING:
    from fixtures.stage.run import Run
    from fixtures.timeline import Timeline

SHOULD, OBSERVED = Level.SHOULD, Level.OBSERVED
CONTEXT = "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"
SHARED = "https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/"
ADMISSION = "https://kubernetes.io/docs/concepts/security/pod-security-admission/"
STANDARDS = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
KEP = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers"

CREATED, FORBIDDEN = 201, 403


@scenario("sec-psa", seconds=1, own_namespace=True, applies=False)
def sec_psa(run: Run) -> None:
    """Restrict the namespace, wait until that is in force, and ask for each pod."""
    path = f"/api/v1/namespaces/{run.namespace}"
    run.request(
        "restrict namespace",
        "PATCH",
        path,
        arguments={"enforce": "restricted"},
        body={"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}},
        content_type="application/merge-patch+json",
    )
    regular = run.documents[-1]
    run.until(
        "the namespace to refuse a privileged pod",
        lambda: (
            run.api.request("POST", f"{path}/pods", body=regular, query={"dryRun": "All"}).status
            == FORBIDDEN
        ),
    )
    for document in run.documents:
        run.create(document, dry_run=True)


@requirement(
    "sec.psa-applies", OBSERVED, since="1.29", scenario="sec-psa", source=(ADMISSION, STANDARDS)
)
def test_psa_applies(timeline: Timeline) -> None:
    """Pod Security admission holds sidecars to the same standard as other containers."""
    restricted = timeline.action("create", name="sec-psa-restricted")
    assert restricted.status == CREATED, f"it was refused: {restricted.body.get('message')}"
    regular = timeline.action("create", name="sec-psa-regular")
    assert regular.status == FORBIDDEN, f"a privileged app was answered {regular.status}"
    sidecar = timeline.action("create", name="sec-psa-sidecar")
    assert sidecar.status == FORBIDDEN, f"a privileged sidecar was answered {sidecar.status}"
    message = sidecar.body["message"]
    assert "violates PodSecurity" in message, message
    assert 'container "sidecar" must not set securityContext.privileged=true' in message, message


@requirement(
    "sec.own-context", SHOULD, since="1.29", scenario="sec-contexts", source=(CONTEXT, KEP)
)
def test_own_context(timeline: Timeline) -> None:
    """A sidecar's securityContext is its own and bears on no other container."""
    assert timeline["sidecar"].said("USER 1001")
    assert timeline["sidecar"].said("READ-ONLY")
    assert timeline["app"].said("USER 1000")
    assert timeline["app"].said("WRITABLE")


@requirement("sec.share-pid", OBSERVED, since="1.29", scenario="sec-contexts", source=SHARED)
def test_share_pid(timeline: Timeline) -> None:
    """With shareProcessNamespace a sidecar and the other containers see each other's processes."""
    assert timeline["app"].said("SEES sidecar")
    assert timeline["sidecar"].said("SEES app")
