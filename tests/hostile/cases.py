"""The clusters that the suite has to be right on: how each is changed, what is run, what comes out.

`python -m tests.hostile --list` prints them; docs/hostile-clusters.md is made of them.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.hostile.changes import (
    Applied,
    ByAddress,
    FakeNode,
    GivenToNamespaces,
    Kubeconfig,
    Kubelet,
    LesserUser,
    Nothing,
    NoTraffic,
    Paused,
    SmallDisk,
    Tainted,
    TwoKubeconfigs,
)
from tests.hostile.runs import OUTSIDE, Run, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.hostile.changes import Change

SHAPES: Mapping[str, Mapping[str, Any]] = {
    "one": {},
    "two": {"nodes": 2},
    "mixed": {"nodes": 2, "worker_version": "1.34"},
    "ipv6": {"ipv6": True},
}
"""The clusters that cases share, by name: the values of Shape in `clusters`."""

ABOUT_SHAPES: Mapping[str, str] = {
    "one": "One node",
    "two": "Two nodes",
    "mixed": "Two nodes of two versions",
    "ipv6": "Without IPv4",
}
"""What each of them is, in a heading."""


@dataclass(frozen=True)
class Case:
    """One changed cluster. `about` is what a user would say of it, one sentence.

    `known` says why the suite does not yet what stands here, empty where it does. A `full` case
    stages everything and is left out unless it is asked for.
    """

    name: str
    about: str
    runs: tuple[Run, ...]
    change: Change = field(default_factory=Nothing)
    shape: str = "one"
    full: bool = False
    known: str = ""


def only(ids: str, **expected: Any) -> Run:  # noqa: ANN401 - the fields of a Run
    """Return a run of a few checks, which are all kept unless told otherwise."""
    told = {"exit": 0, "verdict": "kept", **expected}
    return Run(options=("--only", ids, *told.pop("options", ())), **told)


FEW = "vol.subpath,startup.list-order"
"""Two checks that need nothing but pods."""

PROXY = {"HTTPS_PROXY": "http://127.0.0.1:9"}
"""A proxy at which nobody listens."""

CASES = (
    # What admission does.
    Case(
        "restart-policy-dropped",
        "Admission drops restartPolicy of every first init container.",
        (
            only(
                "startup.list-order,api.field-persisted,job.classic-sidecar-blocks-completion",
                exit=1,
                verdict="not conformant",
                decides=("*",),
                says=(r"restartPolicy.*admission", "NOT CONFORMANT"),
                never=("SidecarContainers is off",),
            ),
        ),
        Applied("drop-restart-policy", takes="Pod"),
    ),
    Case(
        "restart-policy-dropped-of-some",
        "Admission drops restartPolicy of some pods only, and of none of the self-test.",
        (
            only(
                "startup.list-order,api.field-persisted",
                exit=1,
                verdict="not conformant",
                decides=("*",),
                says=("restartPolicy", "NOT CONFORMANT"),
            ),
        ),
        Applied("drop-restart-policy-of-some", takes="Pod"),
    ),
    Case(
        "restricted-by-default",
        "New namespaces are held to Pod Security level restricted where they are not labelled.",
        (only("startup,vol,sched.hostport,sec.psa-applies"),),
        Applied("restricted-by-default", takes="Namespace"),
    ),
    Case(
        "baseline-by-default",
        "New namespaces are held to Pod Security level baseline where they are not labelled.",
        (only("vol,net,sched.hostport"),),
        Applied("baseline-by-default", takes="Namespace"),
    ),
    Case(
        "always-restricted",
        "All namespaces are held to Pod Security level restricted, whatever the suite asks for.",
        (only("startup,vol,sched.hostport,net.shared-localhost"),),
        Applied("always-restricted", takes="Namespace"),
    ),
    Case(
        "always-baseline",
        "All namespaces are held to Pod Security level baseline, whatever the suite asks for.",
        (only("startup,vol,net,sched.hostport,res.kubelet-admission"),),
        Applied("always-baseline", takes="Namespace"),
    ),
    Case(
        "no-levels",
        "The user may not label namespaces with a Pod Security level.",
        (only("startup,vol"),),
        Applied("no-levels", takes="Namespace"),
    ),
    Case(
        "random-user",
        "Every pod runs as a user of the cluster's choice, as on OpenShift.",
        (only("startup,term.main-first,probe.readiness-toggles,hook,vol"),),
        Applied("random-user", takes="Pod"),
    ),
    Case(
        "read-only-root",
        "No container writes to its root file system.",
        (only("startup,term.main-first,probe,net.shared-localhost"),),
        Applied("read-only-root", takes="Pod"),
    ),
    Case(
        "limit-range",
        "Every new namespace is given a LimitRange.",
        (only("res,resize,startup.list-order"),),
        GivenToNamespaces("limit-range"),
    ),
    Case(
        "resource-quota",
        "Every new namespace is given a ResourceQuota of one pod.",
        (
            only(
                FEW,
                exit=3,
                verdict=None,
                says=(r"exceeded quota: company-quota",),
            ),
        ),
        GivenToNamespaces("resource-quota"),
    ),
    Case(
        "mesh-first",
        "Every pod gets a mesh's sidecar in front of all init containers.",
        (only("startup,term.main-first,job,kubectl.ready-column,api.field-persisted,res.quota"),),
        Applied("mesh-first", takes="Pod"),
    ),
    Case(
        "mesh-last",
        "Every pod gets a mesh's sidecar after all init containers.",
        (only("startup,term.main-first,job,kubectl.ready-column,api.field-persisted,res.quota"),),
        Applied("mesh-last", takes="Pod"),
    ),
    Case(
        "other-grace",
        "Admission gives every pod a grace period of a minute.",
        (only("term"),),
        Applied("other-grace", takes="Pod"),
    ),
    Case(
        "limits-required",
        "Admission refuses pods whose containers have no limits.",
        (only(FEW, exit=3, verdict=None, says=(r"every container needs limits",)),),
        Applied("limits-required", takes="Pod"),
    ),
    Case(
        "slow-webhook",
        "An admission webhook answers no request for a pod, each of which waits for 5 s.",
        (only(FEW),),
        Applied("slow-webhook"),
    ),
    # Where pods cannot go, or not be had.
    Case(
        "all-tainted",
        "All nodes have a taint that the suite's pods do not tolerate.",
        (Run(options=(), exit=3, says=(r"no node takes the suite's pods .*taint",), seconds=90),),
        Tainted(),
    ),
    Case(
        "no-image",
        "The nodes cannot pull the image.",
        (
            Run(
                options=("--kubeconfig", "{kubeconfig}", "--output", "{output}"),
                as_usual=False,
                exit=3,
                says=(r"the image \S*busybox\S* cannot be had .*--image",),
                seconds=120,
            ),
        ),
    ),
    Case(
        "no-traffic",
        "Pods do not reach each other, as where a NetworkPolicy denies all.",
        (
            only(
                "startup.list-order,net.service-numeric",
                says=("1 pass", "1 unsupported"),
            ),
        ),
        NoTraffic(),
    ),
    # What is left, and who goes.
    Case(
        "broken-api-service",
        "An aggregated API without a server keeps every namespace Terminating.",
        (
            only(FEW, says=(r"note: .*is deleted and still there .*broken\.example\.com",)),
            only(FEW, says=("KEPT",)),
        ),
        Applied("broken-api-service"),
    ),
    Case(
        "killed",
        "A run is killed, the next one and `cleanup` remove what it has left.",
        (
            only(
                "res,api,vol",
                exit=-9,
                verdict=None,
                stop=Stop(signal.SIGKILL, "staging .* scenarios"),
            ),
            only(FEW, says=("removing .*sidecar-",)),
            only(
                "res,api,vol",
                exit=-9,
                verdict=None,
                stop=Stop(signal.SIGKILL, "staging .* scenarios"),
            ),
            Run(
                options=("cleanup", "--kubeconfig", "{kubeconfig}"),
                as_usual=False,
                exit=0,
                says=("removing namespace sidecar-", "all of it is gone"),
            ),
        ),
    ),
    Case(
        "interrupted",
        "A person presses Ctrl-C while scenarios are staged.",
        (
            only(
                "res,api,vol",
                exit=2,
                verdict=None,
                stop=Stop(signal.SIGINT, "staging .* scenarios"),
            ),
        ),
    ),
    Case(
        "terminated",
        "A CI job is cancelled (SIGTERM) while scenarios are staged.",
        (
            only(
                "res,api,vol",
                exit=2,
                verdict=None,
                stop=Stop(signal.SIGTERM, "staging .* scenarios"),
            ),
        ),
    ),
    # Rights.
    Case(
        "needed-rights",
        "The user has the rights that a run needs, and none of those that it wishes.",
        (
            only(
                "res.quota,sec.psa-applies,vol,wl.daemonset",
                says=("the user may not list namespaces",),
            ),
        ),
        LesserUser(),
    ),
    Case(
        "rights-missing",
        "The user may not delete namespaces nor exec.",
        (
            only(
                FEW,
                exit=4,
                verdict=None,
                says=(r"may not create, get pods/exec; delete namespaces: .*rbac",),
            ),
        ),
        LesserUser(
            {"namespaces": ("delete", "patch"), "pods/exec": ("create", "get")}, wishes=True
        ),
    ),
    # Nodes that are not like others.
    Case(
        "virtual-kubelet",
        "A node is a virtual kubelet of an old version, where no pod of the suite goes.",
        (only(FEW),),
        FakeNode("virtual-kubelet"),
    ),
    Case(
        "node-without-allocatable",
        "A node has joined a moment ago and does not say what it carries.",
        (only(FEW),),
        FakeNode("without-allocatable"),
    ),
    Case(
        "dead-node",
        "A node has died, and nobody answers at its address.",
        (only(f"{FEW},sched.hostport"),),
        FakeNode("dead"),
    ),
    Case(
        "paused-worker",
        "A worker stands still and is not ready.",
        (only(FEW),),
        Paused(),
        shape="mixed",
    ),
    # Settings of the kubelet.
    Case(
        "few-events",
        "The kubelet may send one Event a second, as hardening guides have it.",
        (only("restart,startup,status,probe,hook"),),
        Kubelet({"eventRecordQPS": 1, "eventBurst": 1}),
    ),
    Case(
        "rotated-logs",
        "The kubelet rotates the logs of containers after 200 bytes.",
        (only("term,probe,restart"),),
        Kubelet({"containerLogMaxSize": "200", "containerLogMonitorInterval": "3s"}),
    ),
    Case(
        "short-back-off",
        "The kubelet restarts what crashes after two seconds at most.",
        (only("restart"),),
        Kubelet(
            {
                "crashLoopBackOff": {"maxContainerRestartPeriod": "2s"},
                "featureGates": {"KubeletCrashLoopBackOffMax": True},
            }
        ),
    ),
    # Several nodes, several versions.
    Case(
        "two-versions",
        "The kubelet of one of two nodes is three minors older than the API server.",
        (only("startup,term.main-first,wl,vol,net,res.sum-with-main"),),
        shape="mixed",
    ),
    Case(
        "two-nodes-full",
        "A cluster of two nodes; all checks.",
        (Run(options=(), exit=0, verdict="conformant", seconds=1200),),
        shape="two",
        full=True,
    ),
    Case(
        "ipv6",
        "A cluster without IPv4.",
        (only(f"{FEW},net,sched.hostport"),),
        shape="ipv6",
    ),
    Case(
        "ipv6-full",
        "A cluster without IPv4; all checks.",
        (Run(options=(), exit=0, verdict="conformant", seconds=1200),),
        shape="ipv6",
        full=True,
    ),
    Case(
        "two-versions-full",
        "The kubelet of one of two nodes is three minors older than the API server; all checks.",
        (Run(options=(), exit=0, verdict="conformant", seconds=1200),),
        shape="mixed",
        full=True,
    ),
    # What a run is asked for.
    Case(
        "one-output",
        "Two runs write to one folder at once.",
        (
            only("vol.subpath", output="{folder}/same", beside_the_next=True),
            only(
                "vol.subpath",
                output="{folder}/same",
                exit=4,
                verdict=None,
                says=("ERROR: .*is being written by",),
            ),
        ),
    ),
    Case(
        "full-disk",
        "The disk of the report fills up.",
        (
            only(
                "startup,vol",
                exit=3,
                verdict=None,
                output="{disk}",
                says=("No space left on device",),
            ),
        ),
        SmallDisk(),
    ),
    Case(
        "expired-token",
        "The kubeconfig's credentials are not known to the API server.",
        (only(FEW, exit=4, verdict=None, says=("401 Unauthorized: check the credentials",)),),
        Kubeconfig(user={"token": "nonsense"}),
    ),
    Case(
        "failing-plugin",
        "The kubeconfig's credential plugin fails.",
        (only(FEW, exit=4, verdict=None, says=("plugin 'false'",)),),
        Kubeconfig(
            user={
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "false",
                    "interactiveMode": "Never",
                }
            }
        ),
    ),
    Case(
        "two-kubeconfigs",
        "KUBECONFIG names three files: cluster, user, and one that is not there.",
        (
            Run(
                options=(
                    *("--context", "{context}", "--only", "vol.subpath"),
                    *OUTSIDE,
                ),
                as_usual=False,
                exit=0,
                verdict="kept",
                environment={"KUBECONFIG": "{kubeconfigs}"},
            ),
        ),
        TwoKubeconfigs(),
    ),
    Case(
        "proxy",
        "HTTPS_PROXY names a proxy that does not answer.",
        (
            only(
                FEW,
                exit=4,
                verdict=None,
                says=(r"through the proxy http://127\.0\.0\.1:9 .*NO_PROXY",),
                environment={**PROXY, "NO_PROXY": "", "no_proxy": ""},
            ),
            only("vol.subpath", environment={**PROXY, "NO_PROXY": "{address}"}),
            Run(
                options=(
                    *("--kubeconfig", "{local}", "--only", "vol.subpath"),
                    *OUTSIDE,
                ),
                as_usual=False,
                exit=0,
                verdict="kept",
                environment={**PROXY, "NO_PROXY": "", "no_proxy": ""},
            ),
        ),
        ByAddress(),
    ),
)
