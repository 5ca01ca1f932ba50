"""Steps of the patterns: the classic form of a pod."""

from __future__ import annotations

import copy

from conformance.scenarios.pattern import classic_form

NATIVE = {
    "kind": "Pod",
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
        "kind": "Pod",
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


def test_what_works_once_is_an_init_container_in_its_place() -> None:
    assert classic_form(NATIVE, once=("proxy",))["spec"] == {
        "initContainers": [
            {"name": "proxy", "env": [{"name": "ONCE", "value": "yes"}]},
            {"name": "init"},
        ],
        "containers": [{"name": "app"}, {"name": "lock"}],
    }


def test_a_workload_of_the_classic_form_selects_its_own_pods() -> None:
    labels = {"pods": "pattern-native"}
    template = {"metadata": {"labels": labels}, "spec": copy.deepcopy(NATIVE["spec"])}
    native = {
        "kind": "Deployment",
        "metadata": {"name": "pattern-native"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    classic = classic_form(native)["spec"]
    assert classic["selector"]["matchLabels"] == {"pods": "pattern-classic"}
    assert classic["template"] == {
        "metadata": {"labels": {"pods": "pattern-classic"}},
        "spec": classic_form(NATIVE)["spec"],
    }


def test_the_native_form_is_left_as_it_is() -> None:
    before = copy.deepcopy(NATIVE)
    classic_form(NATIVE, once=("lock", "proxy"))
    assert before == NATIVE
