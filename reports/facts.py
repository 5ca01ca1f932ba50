"""Facts of a cluster (JSON values of any depth) as lines of a table."""

from __future__ import annotations

import json
from collections.abc import Mapping


def facts(name: str, value: object) -> list[tuple[str, str]]:
    """Flatten a JSON value to (dotted key, text) pairs, by key: `cluster.runtime`, `containerd`.

    Feature gates are so many that they make one line: `+` and a name for on, `-` for off.
    """
    if isinstance(value, Mapping):
        if name.endswith("gates") and all(isinstance(on, bool) for on in value.values()):
            return [
                (name, " ".join(f"{'+' if value[gate] else '-'}{gate}" for gate in sorted(value)))
            ]
        return [
            pair for key in sorted(value) for pair in facts(f"{name}.{key}".lstrip("."), value[key])
        ]
    if isinstance(value, str):
        return [(name, value)]
    return [(name, json.dumps(value, ensure_ascii=False, sort_keys=True))]
