"""Given: variables, files, names and terminals of a sidecar, also when it is restarted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.requirements import MUST, OBSERVED, SHOULD, requirement
from conformance.sources import DOCS, INIT_CONTAINERS, kep, upstream
from fixtures.evidence.capabilities import Capability

if TYPE_CHECKING:
    from fixtures.evidence.timeline import Timeline

ALL_FEATURES = f"{INIT_CONTAINERS}#differences-from-regular-containers"
"""Init containers have all fields and features of others, but for what the page names."""

TASKS = f"{DOCS}/tasks/inject-data-application"
VOLUMES = f"{DOCS}/concepts/storage/volumes"
EXPANDED = "plain+map-letter+secret-letter+$(NOTHING)+$(PLAIN)"


def assert_told(timeline: Timeline, *texts: str) -> None:
    """Assert that the sidecar has said all of this, in its first run and in the next one."""
    sidecar = timeline["sidecar"]
    assert sidecar.restarts >= 1, "the sidecar was not restarted"
    for instance in (sidecar.instance(0), sidecar.instance(1)):
        said = [line.text for line in instance.lines]
        for text in texts:
            assert instance.ever_said(text), f"{instance} did not say {text!r}, but {said}"


@requirement(
    "given.variables",
    MUST,
    since="1.29",
    scenario="given",
    source=(ALL_FEATURES, f"{TASKS}/define-environment-variable-container/"),
)
def test_variables(timeline: Timeline) -> None:
    """A sidecar's variables are its own values, fields of its pod, of ConfigMaps and Secrets."""
    assert_told(
        timeline,
        "VALUES plain blue map-letter secret-word",
        "ALL map-letter own-word secret-letter secret-word",
        "OPTIONAL unset unset",
    )
    said = timeline["app"].ever_said("HOST given-name unset")
    assert said, "the app has a variable of the sidecar, or another name than it"


@requirement(
    "given.expansions",
    MUST,
    since="1.29",
    scenario="given",
    source=(ALL_FEATURES, f"{TASKS}/define-interdependent-environment-variables/"),
)
def test_expansions(timeline: Timeline) -> None:
    """Variables are expanded in a sidecar's later variables and in its arguments."""
    assert_told(timeline, f"EXPANDED {EXPANDED} {EXPANDED}")


@requirement(
    "given.resources",
    MUST,
    since="1.29",
    scenario="given",
    source=(ALL_FEATURES, f"{DOCS}/concepts/workloads/pods/downward-api/"),
    needs=(Capability.SIDECARS, Capability.UNCHANGED_RESOURCES),
)
def test_resources(timeline: Timeline) -> None:
    """A sidecar can be told its own resources and another container's, as variables and files."""
    assert_told(
        timeline,
        "RESOURCES 5 48",
        "FILES pod blue 32",
        "FILES all map-word secret-word given 10",
    )


@requirement(
    "given.files",
    MUST,
    since="1.29",
    scenario="given",
    source=(ALL_FEATURES, f"{VOLUMES}/"),
)
def test_files(timeline: Timeline) -> None:
    """A sidecar alone may mount ConfigMaps and Secrets, with the paths and the modes of items."""
    assert_told(
        timeline,
        "FILES map map-letter map-word 444 644",
        "FILES secret secret-letter secret-word 444 644",
    )
    for kind in ("map", "secret"):
        for instance in timeline["sidecar"].instances[:2]:
            lines = [line.text.strip() for line in instance.lines]
            assert f"NONE {kind}" in lines, (
                f"{instance} finds something of what is missing: {lines}"
            )


@requirement(
    "given.projected",
    MUST,
    since="1.29",
    scenario="given",
    source=(ALL_FEATURES, f"{DOCS}/concepts/storage/projected-volumes/"),
)
def test_projected(timeline: Timeline) -> None:
    """A sidecar alone may mount a volume of several sources, with a token of its own audience."""
    assert_told(
        timeline,
        "FILES all map-word secret-word given",
        "MODES all 644 644 444 644",
        "TOKEN given",
    )


@requirement(
    "given.memory",
    MUST,
    since="1.29",
    scenario="given",
    source=(ALL_FEATURES, f"{VOLUMES}/#emptydir"),
)
def test_memory(timeline: Timeline) -> None:
    """A sidecar alone may mount a volume that is memory, of the size that it is limited to."""
    assert_told(timeline, "MEMORY tmpfs 8192")


@requirement(
    "given.read-only",
    MUST,
    since="1.29",
    scenario="given",
    source=(ALL_FEATURES, f"{VOLUMES}/#read-only-mounts"),
)
def test_read_only(timeline: Timeline) -> None:
    """A volume can be read-only in a sidecar and writable in another container."""
    assert_told(timeline, "READ-ONLY")
    assert timeline["app"].said("WRITABLE")


@requirement(
    "given.names",
    MUST,
    since="1.29",
    scenario="given",
    source=(
        ALL_FEATURES,
        f"{DOCS}/tasks/network/customize-hosts-file-for-pods/",
        f"{DOCS}/concepts/services-networking/dns-pod-service/",
    ),
)
def test_names(timeline: Timeline) -> None:
    """A sidecar has its pod's host name, host aliases and resolver."""
    assert_told(
        timeline,
        "HOST given-name",
        "ALIAS",
        "RESOLVER nameserver 192.0.2.53",
        "RESOLVER search given.invalid",
        "RESOLVER options ndots:2",
    )


@requirement(
    "given.env-file",
    MUST,
    since="1.35",
    scenario="given-env-file",
    source=(
        ALL_FEATURES,
        f"{TASKS}/define-environment-variable-via-file/",
        kep("3721-support-for-env-files"),
    ),
    gates=("EnvFiles",),
)
def test_env_file(timeline: Timeline) -> None:
    """A sidecar is given variables of a file as it is when it starts, which another has written."""
    reader = timeline["reader"]
    assert reader.restarts >= 1, "the sidecar was not restarted"
    for number, letter in enumerate(("first letter", "second letter")):
        instance = reader.instance(number)
        said = [line.text for line in instance.lines]
        wanted = f"GIVEN {letter} +{letter}+ unset unset"
        assert instance.ever_said(wanted), f"{instance} did not say {wanted!r}, but {said}"
    assert timeline["app"].ever_said("GIVEN unset"), "the app has a variable of the sidecar"


@requirement(
    "given.image-volume",
    SHOULD,
    since="1.35",
    scenario="given-image-volume",
    source=(ALL_FEATURES, f"{DOCS}/tasks/configure-pod-container/image-volumes/"),
    gates=("ImageVolume",),
)
def test_image_volume(timeline: Timeline) -> None:
    """A sidecar alone may mount an image as a volume, which nobody can write to."""
    sidecar = timeline["sidecar"]
    assert sidecar.said("FOUND")
    assert sidecar.said("READ-ONLY")
    assert timeline["app"].said("NOTHING")


@requirement("given.folder", MUST, since="1.29", scenario="given", source=ALL_FEATURES)
def test_folder(timeline: Timeline) -> None:
    """A sidecar starts in the folder that is its working directory, and no other container does."""
    assert_told(timeline, "FOLDER /shared")
    assert not timeline["app"].ever_said("HOST given-name unset /shared")


@requirement(
    "given.terminal",
    OBSERVED,
    since="1.29",
    scenario="given",
    source=(
        ALL_FEATURES,
        upstream("pkg/kubelet/kuberuntime/kuberuntime_container.go generateContainerConfig"),
    ),
)
def test_terminal(timeline: Timeline) -> None:
    """A sidecar can have a terminal, while other containers have none."""
    assert timeline["terminal"].said("TERMINAL")
    assert timeline["app"].said("NONE")
