"""Volumes: files that a sidecar shares, those that it is given, and how these change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.requirements import MUST, OBSERVED, requirement
from conformance.sources import DOCS, SIDECARS, upstream
from fixtures.evidence.moments import InconclusiveError

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Timeline

SUBPATH = f"{DOCS}/concepts/storage/volumes/#using-subpath"
SERVICE_ACCOUNTS = f"{DOCS}/tasks/configure-pod-container/configure-service-account/"
CONFIGMAPS = f"{DOCS}/concepts/configuration/configmap/"
SECRETS = f"{DOCS}/concepts/configuration/secret/#using-secrets-as-files-from-a-pod"
DOWNWARD = f"{DOCS}/concepts/storage/volumes/#downwardapi"
VOLUME_TESTS = upstream("test/e2e/common/storage")
READ_ONLY_MOUNTS = f"{DOCS}/concepts/storage/volumes/#read-only-mounts"
SYNCED = ("map/word", "secret/word", "all/map", "all/secret")
"""Files that change with a ConfigMap or a Secret, when the kubelet syncs the pod."""


@requirement("vol.shared-emptydir", MUST, since="1.29", scenario="vol-files", source=SIDECARS)
def test_shared_emptydir(timeline: Timeline) -> None:
    """What a sidecar writes to an emptyDir is there for later containers and its own later runs."""
    sidecar = timeline["sidecar"]
    assert sidecar.first.said("WROTE")
    assert timeline["setup"].said("READ whole")
    assert timeline["app"].said("READ whole")
    assert sidecar.first.exit_code == 1
    assert sidecar.last.number == 1
    assert sidecar.last.said("FOUND whole"), "the file was lost in the restart"


@requirement(
    "vol.shared-memory",
    MUST,
    since="1.29",
    scenario="vol-files",
    source=(SIDECARS, f"{DOCS}/concepts/storage/volumes/#emptydir", READ_ONLY_MOUNTS),
)
def test_shared_memory(timeline: Timeline) -> None:
    """What a sidecar writes to memory is there for containers that may only read it, and stays."""
    sidecar = timeline["sidecar"]
    for name in ("setup", "app"):
        assert timeline[name].said("READ FAST fast")
        assert timeline[name].said("READ-ONLY")
    assert sidecar.last.number == 1
    assert sidecar.last.said("FOUND FAST fast")


@requirement("vol.subpath", OBSERVED, since="1.29", scenario="vol-files", source=SUBPATH)
def test_subpath(timeline: Timeline) -> None:
    """A sidecar may mount parts of a volume by subPath and subPathExpr, also when restarted."""
    sidecar = timeline["sidecar"]
    assert timeline["setup"].said("READ whole part")
    assert timeline["app"].said("READ whole part own"), "the parts are not where they belong"
    assert sidecar.first.exit_code == 1
    assert sidecar.last.number == 1
    assert sidecar.last.said("FOUND whole part own")


@requirement("vol.sa-token", OBSERVED, since="1.29", scenario="vol-files", source=SERVICE_ACCOUNTS)
def test_sa_token(timeline: Timeline) -> None:
    """The service account's token is mounted into a sidecar, also when it is restarted."""
    sidecar = timeline["sidecar"]
    assert sidecar.restarts == 1
    assert sidecar.first.said("TOKEN")
    assert sidecar.last.said("TOKEN")


@requirement(
    "vol.status-mounts",
    OBSERVED,
    gates=("RecursiveReadOnlyMounts",),
    since="1.31",
    scenario="vol-files",
    source=(READ_ONLY_MOUNTS, upstream("staging/src/k8s.io/api/core/v1/types.go ContainerStatus")),
)
def test_status_mounts(timeline: Timeline) -> None:
    """A sidecar's status lists its mounts, and whether read-only ones are so recursively."""
    sidecar = timeline["sidecar"]
    asked = sidecar.spec["volumeMounts"]
    assert any(mount.get("readOnly") for mount in asked), f"no mount is read-only: {asked}"
    shown = sidecar.status.raw.get("volumeMounts") or []
    found = [(one["name"], one["mountPath"], bool(one.get("readOnly"))) for one in shown]
    wanted = [(one["name"], one["mountPath"], bool(one.get("readOnly"))) for one in asked]
    assert found == wanted, f"the status shows {shown}"
    for mount, status in zip(asked, shown, strict=True):
        recursive = status.get("recursiveReadOnly")
        if not mount.get("readOnly"):
            assert recursive is None, f"{status} is not read-only"
        elif mount.get("recursiveReadOnly") is None:
            assert recursive == "Disabled", f"nobody asked for {status}"


def require_often_synced(timeline: Timeline) -> None:
    """Skip the check where changes have not come yet, and the kubelet is known to be slow in it."""
    seldom = timeline.kubelet_of(timeline.pod).seldom_syncs
    if seldom and not all(timeline["sidecar"].ever_said(f"CHANGED {file}") for file in SYNCED):
        pytest.skip(f"not all files have changed in the sidecar, but {seldom}")


def assert_changed(timeline: Timeline, file: str) -> None:
    """Assert that a file of the sidecar has changed while its first instance ran."""
    sidecar = timeline["sidecar"].first
    assert sidecar.said(f"READ {file} first")
    assert sidecar.said(f"CHANGED {file}"), f"{file} has not changed"


@requirement(
    "vol.updated",
    MUST,
    since="1.29",
    scenario="vol-updates",
    source=(CONFIGMAPS, SECRETS, VOLUME_TESTS),
)
def test_updated(timeline: Timeline) -> None:
    """A changed ConfigMap or Secret is there in a sidecar that runs, also where it is projected."""
    require_often_synced(timeline)
    for file in SYNCED:
        assert_changed(timeline, file)


@requirement(
    "vol.downward-updated",
    MUST,
    since="1.29",
    scenario="vol-updates",
    source=(DOWNWARD, VOLUME_TESTS),
)
def test_downward_updated(timeline: Timeline) -> None:
    """A label of the pod that changes does so in the files of a sidecar that runs."""
    require_often_synced(timeline)
    assert timeline.action("patch", kind="Pod").accepted
    assert_changed(timeline, "pod/word")


@requirement("vol.subpath-kept", MUST, since="1.29", scenario="vol-updates", source=CONFIGMAPS)
def test_subpath_kept(timeline: Timeline) -> None:
    """A ConfigMap's part that a sidecar mounts by subPath stays as it was when the rest changes."""
    require_often_synced(timeline)
    sidecar = timeline["sidecar"].first
    assert sidecar.said("READ part first")
    if not sidecar.ever_said("KEPT"):
        raise InconclusiveError("the other files of the sidecar have not changed")
    assert sidecar.said("KEPT first"), "the part has changed as well"
