"""Volumes: files that a sidecar shares, and those that it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.requirements import MUST, OBSERVED, requirement
from conformance.sources import DOCS, SIDECARS, upstream

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Timeline

SUBPATH = f"{DOCS}/concepts/storage/volumes/#using-subpath"
SERVICE_ACCOUNTS = f"{DOCS}/tasks/configure-pod-container/configure-service-account/"
READ_ONLY_MOUNTS = f"{DOCS}/concepts/storage/volumes/#read-only-mounts"


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
