"""The fields that scenarios set on sidecars, and on pods with sidecars, by their manifests."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from fixtures.stage import manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Json = dict[str, Any]

MAPS = {
    "spec.initContainers.resources.limits",
    "spec.initContainers.resources.requests",
    "spec.nodeSelector",
    "spec.resources.limits",
    "spec.resources.requests",
}
"""The fields with keys of a user's own below them, which are no fields."""


def scenarios() -> Mapping[str, tuple[str, ...]]:
    """Return for each field the scenarios that set it by their manifests, sorted.

    What every pod gets when it is staged counts as well, what steps do does not.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for path in manifest.MANIFESTS.glob("*.yaml"):
        for document in manifest.load(path.stem):
            for _, spec in manifest.pod_specs(manifest.secure(document)):
                for field in fields_of(spec):
                    found[field].add(path.stem)
    return {field: tuple(sorted(names)) for field, names in found.items()}


def fields_of(spec: Json) -> Iterator[str]:
    """Yield the fields that the spec of a pod sets; none where it has no sidecar.

    Those of `spec.initContainers` are those of its sidecars alone.
    """
    sidecars = [
        one for one in spec.get("initContainers") or [] if one.get("restartPolicy") == "Always"
    ]
    if sidecars:
        yield from _below("spec", spec | {"initContainers": sidecars})


def _below(path: str, value: object) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _below(path, one)
    elif isinstance(value, dict) and path not in MAPS:
        for key, one in value.items():
            yield f"{path}.{key}"
            yield from _below(f"{path}.{key}", one)
