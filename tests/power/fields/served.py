"""The fields of pods that a version of Kubernetes serves, and the list of them that is kept.

A field is named by its path in a pod, as `kubectl explain` takes it: `spec.volumes.configMap`.
The containers of `spec.initContainers` stand for sidecars, and so do their statuses. Those of other
containers have the same fields, and are one field here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fixtures.errors import UsageError
from fixtures.images import golang, kubernetes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIST = Path(__file__).with_name("served.txt")
"""The version in the first line, then a field a line."""

SPECIFICATION = Path("api", "openapi-spec", "swagger.json")
"""Where the API stands in the source of Kubernetes, as OpenAPI 2."""

CORE = "io.k8s.api.core.v1."
"""What the names of the types begin with whose fields are listed; one of another type is whole."""

OTHER_CONTAINERS = {
    "spec.containers",
    "spec.ephemeralContainers",
    "status.containerStatuses",
    "status.ephemeralContainerStatuses",
}


def kept() -> tuple[str, tuple[str, ...]]:
    """Return the version of the list that is kept, and its fields."""
    version, *fields = LIST.read_text(encoding="utf-8").splitlines()
    return version, tuple(fields)


def keep(version: str) -> Iterator[str]:
    """Make the list of a version the one that is kept, and yield what has changed.

    Raises UsageError where its source cannot be had.
    """
    before = set(kept()[1])
    after = taken(version)
    LIST.write_text("\n".join([version, *after, ""]), encoding="utf-8")
    yield from (f"+ {field}" for field in after if field not in before)
    yield from (f"- {field}" for field in sorted(before - set(after)))


def taken(version: str) -> list[str]:
    """Return the fields of a version ('v1.37.2'); its source is downloaded where it is not here.

    Raises UsageError where it cannot be had.
    """
    module = f"{kubernetes.MODULE}@{version}"
    refused = golang.download([module])
    if refused:
        reason = refused[module].splitlines()[-1].strip()
        raise UsageError(f"Kubernetes {version} cannot be had as Go module: {reason}")
    path = Path(golang.environment()["GOMODCACHE"]) / module / SPECIFICATION
    return list(fields_of(json.loads(path.read_text(encoding="utf-8"))["definitions"]))


def fields_of(definitions: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields of a pod's spec and status by the definitions of an OpenAPI document."""
    for part, name in (("spec", "PodSpec"), ("status", "PodStatus")):
        yield from _below(part, f"{CORE}{name}", definitions)


def _below(path: str, name: str, definitions: Mapping[str, Any]) -> Iterator[str]:
    for field, schema in sorted(definitions[name].get("properties", {}).items()):
        found = f"{path}.{field}"
        yield found
        reference = schema.get("$ref") or schema.get("items", {}).get("$ref") or ""
        of = reference.rpartition("/")[2]
        if of.startswith(CORE) and found not in OTHER_CONTAINERS:
            yield from _below(found, of, definitions)
