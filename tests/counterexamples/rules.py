"""Counter-examples to the checks of `conformance.checks.test_rules`."""

from __future__ import annotations

from tests.kit.edits import Edit, counterexample


@counterexample("rules.regular-always-is-not-sidecar", "the pod ends with the other container")
def ends(edit: Edit) -> None:
    for pod in edit.pods("rules-policies-always"):
        for status in pod["status"].get("containerStatuses") or []:
            if status["name"] == "app" and "terminated" in status["state"]:
                pod["status"]["phase"] = "Succeeded"


@counterexample("rules.regular-always-is-not-sidecar", "it is not restarted")
def not_restarted(edit: Edit) -> None:
    for status in edit.statuses("helper", "rules-policies-always"):
        if status["restartCount"]:
            status.update(restartCount=0, state=status["lastState"])


@counterexample("rules.regular-always-is-not-sidecar", "the sidecar is stopped")
def sidecar_stopped(edit: Edit) -> None:
    for status in edit.statuses("sidecar", "rules-policies-always"):
        if "running" in status["state"]:
            started = status["state"]["running"]["startedAt"]
            status["state"] = {
                "terminated": {"exitCode": 0, "startedAt": started, "finishedAt": started}
            }


@counterexample("rules.init-policy-with-sidecar", "the pod hangs though its init container failed")
def hangs(edit: Edit) -> None:
    for pod in edit.pods("rules-policies-never"):
        pod["status"]["phase"] = "Pending"


@counterexample("rules.init-policy-with-sidecar", "the sidecar of the failed pod goes on")
def goes_on(edit: Edit) -> None:
    for status in edit.statuses("sidecar", "rules-policies-never"):
        if "terminated" in status["state"]:
            started = status["state"]["terminated"]["startedAt"]
            status["state"] = {"running": {"startedAt": started}}


@counterexample("rules.init-policy-with-sidecar", "the init container is not retried")
def not_retried(edit: Edit) -> None:
    for status in edit.statuses("init", "rules-policies-retry"):
        status["restartCount"] = 0


def forget(edit: Edit, text: str) -> None:
    """Let something never have been written into the volume."""
    edit.drop_line("app", f"THEN {text}")


@counterexample("rules.restart-all-from-init", "the init container is not run again")
def init_not_rerun(edit: Edit) -> None:
    forget(edit, "init RUN 2")


@counterexample("rules.restart-all-from-init", "the main container is started all the same")
def init_ignored(edit: Edit) -> None:
    edit.rename_line("app", "THEN init RUN 2", "THEN app RUN 1")


@counterexample("rules.restart-all-from-main", "the init container is not run again")
def main_without_init(edit: Edit) -> None:
    forget(edit, "init RUN 3")


@counterexample("rules.restart-all-from-main", "the pod gets another address")
def other_address(edit: Edit) -> None:
    for pod in edit.pods():
        if any(status["restartCount"] for status in pod["status"].get("containerStatuses") or []):
            pod["status"]["podIP"] = "10.9.8.7"


@counterexample("rules.restart-all-from-init", "the restart of the init container is not counted")
def init_not_counted(edit: Edit) -> None:
    for status in edit.statuses("init"):
        status["restartCount"] = min(status["restartCount"], 0)


@counterexample("rules.restart-all-from-main", "a main container without a rule lives on")
def other_lives_on(edit: Edit) -> None:
    for status in edit.statuses("other"):
        status.update(restartCount=0, lastState={})


@counterexample("rules.restart-all-from-sidecar", "how the last instance ended is forgotten")
def ends_forgotten(edit: Edit) -> None:
    for status in edit.statuses("other"):
        status["lastState"] = {}


@counterexample("rules.restart-all-from-sidecar", "the main container is not run again")
def main_not_rerun(edit: Edit) -> None:
    forget(edit, "app RUN 4")


@counterexample("rules.restart-all-ungraceful", "the sidecar is given its grace period")
def graceful(edit: Edit) -> None:
    edit.rename_line("app", "THEN sidecar TERM", "THEN sidecar EXIT")


@counterexample("rules.restart-all-ungraceful", "the condition does not end")
def endless(edit: Edit) -> None:
    tell(edit, "True")


@counterexample("rules.restart-all-ungraceful", "no condition tells of it")
def untold(edit: Edit) -> None:
    tell(edit, "False")


def tell(edit: Edit, restarting: str) -> None:
    """Let the condition that tells of the restarts have had one status all the time."""
    for pod in edit.pods():
        for condition in pod["status"].get("conditions") or []:
            if condition["type"] == "AllContainersRestarting":
                condition["status"] = restarting


@counterexample("rules.restart-all-not-on-delete", "all containers are restarted once more")
def restarted(edit: Edit) -> None:
    for pod in edit.pods():
        if "deletionTimestamp" in pod["metadata"]:
            for status in pod["status"]["initContainerStatuses"]:
                status["restartCount"] += 1
                status["containerID"] += "-again"


@counterexample("rules.restart-all-initialized", "the pod has to be initialised anew")
def initialised_anew(edit: Edit) -> None:
    for pod in edit.pods():
        for status in pod["status"].get("initContainerStatuses") or []:
            if status["name"] == "init" and status["restartCount"] and "waiting" in status["state"]:
                for condition in pod["status"]["conditions"]:
                    if condition["type"] == "Initialized":
                        condition["status"] = "False"


@counterexample("rules.restart-all-initialized", "not all containers are restarted")
def not_all_rerun(edit: Edit) -> None:
    for status in edit.statuses("init"):
        status["restartCount"] = min(status["restartCount"], 2)
