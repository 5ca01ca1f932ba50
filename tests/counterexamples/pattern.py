"""Counter-examples to the checks of `conformance.checks.test_pattern`."""

from __future__ import annotations

from tests.kit.edits import Edit, counterexample


@counterexample("pattern.log-shipper", "the sidecar misses the first line")
def missed(edit: Edit) -> None:
    edit.drop_line("logshipper", "logging 1")


@counterexample("pattern.log-shipper", "the sidecar never prints a line")
def silent(edit: Edit) -> None:
    edit.drop_line("logshipper", "logging")


@counterexample("pattern.log-shipper", "the pod is not ready with its sidecar")
def unready(edit: Edit) -> None:
    for pod in edit.pods():
        for condition in pod["status"].get("conditions") or []:
            if condition["type"] == "Ready":
                condition["status"] = "False"


@counterexample("pattern.log-shipper", "the Deployment never becomes available")
def unavailable(edit: Edit) -> None:
    for deployment in edit.objects("Deployment"):
        deployment["status"].pop("availableReplicas", None)


@counterexample("pattern.config-helper", "the app starts without its configuration")
def too_early(edit: Edit) -> None:
    edit.rename_line("app", "CONFIG first", "CONFIG none", pod="pattern-helpers-native")


@counterexample("pattern.config-helper", "the app never sees the change")
def unchanged(edit: Edit) -> None:
    edit.drop_line("app", "CONFIG second", pod="pattern-helpers-native")


@counterexample("pattern.config-helper-classic", "the configuration is there in time")
def in_time(edit: Edit) -> None:
    edit.rename_line("app", "CONFIG none", "CONFIG first", pod="pattern-helpers-classic")


@counterexample("pattern.lock-helper", "the lock is given back while the app works")
def given_back(edit: Edit) -> None:
    edit.shift_line("lock", "RELEASED", -3, pod="pattern-helpers-native")


@counterexample("pattern.lock-helper", "the app finds the lock free")
def free(edit: Edit) -> None:
    edit.rename_line("app", "LOCK held", "LOCK free", pod="pattern-helpers-native")


@counterexample("pattern.lock-helper-classic", "the lock is held until the app has ended")
def held(edit: Edit) -> None:
    edit.shift_line("lock", "RELEASED", 60, pod="pattern-helpers-classic")


@counterexample("pattern.adapter", "the adapter misses the last thing")
def uncounted(edit: Edit) -> None:
    edit.drop_line("adapter", "COUNT 2", pod="pattern-helpers-native")


@counterexample("pattern.adapter-classic", "the adapter has counted everything")
def counted(edit: Edit) -> None:
    edit.rename_line("adapter", "COUNT 1", "COUNT 2", pod="pattern-helpers-classic")


@counterexample("pattern.ambassador", "the first request is refused")
def refused(edit: Edit) -> None:
    edit.rename_line("app", "FIRST", "FIRST refused", pod="pattern-ambassador-native")


@counterexample("pattern.ambassador", "the last request is refused")
def refused_at_last(edit: Edit) -> None:
    edit.rename_line("app", "LAST", "LAST refused", pod="pattern-ambassador-native")


@counterexample("pattern.ambassador-classic", "the last request is carried")
def carried(edit: Edit) -> None:
    edit.rename_line("app", "LAST", "LAST answer", pod="pattern-ambassador-classic")


@counterexample("pattern.init-network", "the init container has no network")
def no_network(edit: Edit) -> None:
    edit.rename_line("init", "INIT", "INIT refused", pod="pattern-ambassador-native")


@counterexample("pattern.init-network-classic", "the init container has a proxy")
def network(edit: Edit) -> None:
    edit.rename_line("init", "INIT", "INIT answer", pod="pattern-ambassador-classic")
