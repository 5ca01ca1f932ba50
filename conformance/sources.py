"""Sources of promises: the addresses and terms that declarations of several areas share.

A page that only one area cites stands in that area's module. A source is an https address, or a
path in the Kubernetes repository as `upstream` writes it.
"""

from __future__ import annotations

DOCS = "https://kubernetes.io/docs"
POD_REFERENCE = f"{DOCS}/reference/kubernetes-api/workload-resources/pod-v1/"
SIDECARS = f"{DOCS}/concepts/workloads/pods/sidecar-containers/"
SIDECAR_JOBS = f"{SIDECARS}#jobs-with-sidecar-containers"
INIT_CONTAINERS = f"{DOCS}/concepts/workloads/pods/init-containers/"
POD_LIFECYCLE = f"{DOCS}/concepts/workloads/pods/pod-lifecycle/"
RESTART_POLICY = f"{POD_LIFECYCLE}#restart-policy"
CONTAINER_PROBES = f"{POD_LIFECYCLE}#container-probes"
POD_TERMINATION = f"{POD_LIFECYCLE}#pod-termination"
SIDECAR_TERMINATION = f"{POD_LIFECYCLE}#termination-with-sidecars"
EPHEMERAL_STORAGE = f"{DOCS}/concepts/configuration/manage-resources-containers/"
LIFECYCLE_HOOKS = f"{DOCS}/concepts/containers/container-lifecycle-hooks/"
SIDECAR_TUTORIAL = f"{DOCS}/tutorials/configuration/pod-sidecar-containers/"
DEBUG_RUNNING = f"{DOCS}/tasks/debug/debug-application/debug-running-pod/"
DEBUG_INIT = f"{DOCS}/tasks/debug/debug-application/debug-init-containers/"
SIDECAR_BLOG = "https://kubernetes.io/blog/2023/08/25/native-sidecar-containers/"


def kep(name: str) -> str:
    """Return the address of an enhancement proposal of SIG Node: `753-sidecar-containers`."""
    return f"https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/{name}"


def issue(number: int) -> str:
    """Return the address of an issue of Kubernetes."""
    return f"https://github.com/kubernetes/kubernetes/issues/{number}"


def pull(number: int) -> str:
    """Return the address of a pull request of Kubernetes."""
    return f"https://github.com/kubernetes/kubernetes/pull/{number}"


def upstream(path: str) -> str:
    """Return a file of the Kubernetes repository as a source: a test, or code that decides."""
    return f"kubernetes/kubernetes {path}"


KEP_SIDECARS = kep("753-sidecar-containers")
KEP_RESTART_RULES = kep("5307-container-restart-policy")
KEP_RESTARTABLE = kep("4438-container-restart-termination")
KEP_RESTART_ALL = kep("5532-restart-all-containers-on-container-exits")
LIFECYCLE_TEST = upstream("test/e2e_node/container_lifecycle_test.go")
