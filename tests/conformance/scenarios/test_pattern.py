"""Steps of the patterns: the classic form of a pod."""

from __future__ import annotations

import copy

from conformance.scenarios.pattern import classic_form

NATIVE = {
    "metadata": {"name": "pattern-native"},
    "spec": {
        "initContainers": [
            {"name": "proxy", "restartPolicy": "Always", "startupProbe": {}},
            {"name": "init"},
            {"name": "lock", "restartPolicy": "Always"},
        ],
        "containers": [{"name": "app"}],
    },
}


def test_the_classic_form_has_sidecars_as_regular_containers_behind_the_app() -> None:
    assert classic_form(NATIVE) == {
        "metadata": {"name": "pattern-classic"},
        "spec": {
            "initContainers": [{"name": "init"}],
            "containers": [
                {"name": "app"},
                {"name": "proxy", "startupProbe": {}},
                {"name": "lock"},
            ],
        },
    }


def test_the_native_form_is_left_as_it_is() -> None:
    before = copy.deepcopy(NATIVE)
    classic_form(NATIVE)
    assert before == NATIVE
