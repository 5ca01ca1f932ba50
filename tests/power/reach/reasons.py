"""Why statements about sidecars stay unexecuted, by function: what docs/reach.md lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

PREFIX = "k8s.io/kubernetes/"
"""What import paths of Kubernetes itself begin with; it is left out where people read."""


class Kind(StrEnum):
    """What it would take to execute them."""

    DEFENSIVE = "defensive"
    DEVICE = "device"
    GATE = "gate"
    OPEN = "open"
    OTHER = "other"
    PRESSURE = "pressure"
    SETTING = "setting"
    SYSTEM = "system"


ABOUT = {
    Kind.DEFENSIVE: "an error of the runtime, of the API server or of the component itself",
    Kind.DEVICE: "a device, and a plugin that offers it",
    Kind.GATE: "a feature gate that is not as it is by default",
    Kind.OPEN: "a variant that could be staged, and is not yet",
    Kind.OTHER: "another component, which was not compiled with counters in that run",
    Kind.PRESSURE: "a node that is short of memory or disk as a whole",
    Kind.SETTING: "a setting that the suite's clusters do not have",
    Kind.SYSTEM: "another operating system",
}


@dataclass(frozen=True)
class Reason:
    """Why functions are not executed as a whole; `functions` are globs of `file function`."""

    kind: Kind
    functions: tuple[str, ...]
    why: str


REASONS = (
    Reason(
        Kind.SETTING,
        (
            "pkg/kubelet/cm/cpumanager/policy_static.go *",
            "pkg/kubelet/cm/memorymanager/*",
        ),
        "The static policies of the CPU and the memory manager are for whole cores and NUMA nodes;"
        " the default policy `none` is what runs. The profile `static-cpus` has that of the CPU"
        " manager.",
    ),
    Reason(
        Kind.DEVICE,
        ("pkg/kubelet/cm/devicemanager/manager.go *",),
        "Devices that an earlier pod has freed, and an allocation that fails.",
    ),
    Reason(
        Kind.PRESSURE,
        ("pkg/kubelet/eviction/helpers.go evictionMessage",),
        "The message of an eviction for pressure on the node, which the profile `node-pressure`"
        " stages. A pod that exceeds its own limit is evicted with another one.",
    ),
    Reason(
        Kind.DEFENSIVE,
        ("pkg/kubelet/eviction/eviction_manager.go *containerEphemeralStorageLimitEviction",),
        "An eviction that fails.",
    ),
    Reason(
        Kind.OPEN,
        ("pkg/kubelet/apis/podresources/server_v1.go *.Get",),
        "The pod resources API is asked to list all pods, not for a single one.",
    ),
    Reason(
        Kind.GATE,
        ("pkg/kubelet/apis/podresources/server_v1.go *.List",),
        "`KubeletPodResourcesListUseActivePods` off, and `PodLevelResourceManagers` on.",
    ),
    Reason(
        Kind.DEFENSIVE,
        (
            "pkg/kubelet/allocation/allocation_manager.go IsResizableContainer",
            "pkg/kubelet/kuberuntime/kuberuntime_manager.go isResizableContainer",
            "pkg/kubelet/kubelet.go isResizableContainer",
        ),
        "A type of container that is neither; callers give no other.",
    ),
    Reason(
        Kind.DEFENSIVE,
        (
            "pkg/kubelet/container/helpers.go HasAny*RegularContainerStarted",
            "pkg/kubelet/kuberuntime/kuberuntime_container.go HasAnyRegularContainerCreated",
        ),
        "A pod without any status, which callers have sorted out before.",
    ),
    Reason(
        Kind.DEFENSIVE,
        ("pkg/api/v1/pod/util.go ContainerShouldRestart",),
        "A pod without a restart policy, which the API server gives to each.",
    ),
    Reason(
        Kind.OTHER,
        ("pkg/api/v1/pod/util.go FindPort",),
        "The controllers of endpoints look for the port that a Service names.",
    ),
    Reason(
        Kind.DEFENSIVE,
        ("pkg/kubelet/kubelet_pods.go getPhase",),
        "Containers without a status, or in no state at all.",
    ),
    Reason(
        Kind.DEFENSIVE,
        ("pkg/kubelet/kubelet_pods.go *.generateAPIPodStatus",),
        "A phase that is not the one that the API server was told of as the last one, and a node"
        " whose address cannot be found out.",
    ),
    Reason(
        Kind.SETTING,
        ("pkg/kubelet/kubelet_pods.go *.generateAPIPodStatus",),
        "Nodes with addresses of two IP families.",
    ),
    Reason(
        Kind.DEFENSIVE,
        ("pkg/kubelet/kubelet_pods.go *.convertToAPIContainerStatuses",),
        "A container that the runtime has lost, volumes of images, a runtime that tells no"
        " resources, and a recursive read-only mount that it cannot make.",
    ),
    Reason(
        Kind.DEFENSIVE,
        (
            "pkg/kubelet/kuberuntime/kuberuntime_container.go *.killContainer",
            "pkg/kubelet/kuberuntime/kuberuntime_container.go *.killContainersWithSyncResult",
        ),
        "A runtime that fails to stop a container, and a pod of which the kubelet knows nothing"
        " but the labels of its containers.",
    ),
    Reason(
        Kind.DEFENSIVE,
        ("pkg/kubelet/kuberuntime/kuberuntime_container.go *.computeInitContainerActions",),
        "A container that was created and not started, and one whose state the runtime does not"
        " know.",
    ),
    Reason(
        Kind.OPEN,
        ("pkg/kubelet/kuberuntime/kuberuntime_manager.go *.computePodResizeAction",),
        "A request for memory that is resized without its limit.",
    ),
    Reason(
        Kind.DEFENSIVE,
        ("pkg/kubelet/kuberuntime/kuberuntime_manager.go *.computePodResizeAction",),
        "A container that is not running, or of which no record is left.",
    ),
    Reason(
        Kind.OPEN,
        (
            "k8s.io/component-helpers/resource/helpers.go AggregateContainerRequests",
            "pkg/kubelet/kubelet.go *.handlePodResourcesResize",
        ),
        "Resizes that are infeasible, deferred, or not allowed for a pod.",
    ),
    Reason(
        Kind.GATE,
        (
            "k8s.io/component-helpers/resource/helpers.go AggregateContainerLimits",
            "pkg/kubelet/kuberuntime/kuberuntime_manager.go *.IsPodResizeInProgress",
        ),
        "Limits as statuses tell them, and a volume in memory that is resized with its pod.",
    ),
    Reason(
        Kind.OPEN,
        (
            "pkg/kubelet/kuberuntime/kuberuntime_container.go hasAnyRegularContainerCreated",
            "pkg/kubelet/kuberuntime/kuberuntime_manager.go *.computePodActions",
        ),
        "A new sandbox of a pod that is never restarted or whose containers are done, and"
        " restart policies of single containers with it.",
    ),
    Reason(
        Kind.DEFENSIVE,
        ("pkg/kubelet/kuberuntime/kuberuntime_manager.go *.computePodActions",),
        "A container whose state the runtime does not know, and a hook of the kubelet that fails.",
    ),
    Reason(
        Kind.DEFENSIVE,
        ("pkg/kubelet/kuberuntime/kuberuntime_manager.go *.SyncPod",),
        "Errors of the runtime at each step.",
    ),
    Reason(
        Kind.OPEN,
        ("pkg/kubelet/kuberuntime/kuberuntime_manager.go *.SyncPod",),
        "Pods in user namespaces.",
    ),
    Reason(
        Kind.SYSTEM,
        ("pkg/kubelet/kuberuntime/kuberuntime_manager.go *.SyncPod",),
        "Host processes of Windows.",
    ),
    Reason(
        Kind.DEFENSIVE,
        ("pkg/kubelet/kuberuntime/kuberuntime_termination_order.go *",),
        "No grace period, where the caller does not wait for a turn in the first place.",
    ),
    Reason(
        Kind.GATE,
        (
            "pkg/kubelet/prober/prober_manager.go *.UpdatePodStatus",
            "pkg/kubelet/prober/worker.go *.doProbe",
        ),
        "`ChangeContainerStatusOnKubeletRestart` on.",
    ),
    Reason(
        Kind.DEFENSIVE,
        (
            "pkg/kubelet/prober/prober_manager.go *.UpdatePodStatus",
            "pkg/kubelet/prober/worker.go *.doProbe",
        ),
        "A pod without a status, and a probe that ends without a result.",
    ),
    Reason(
        Kind.OPEN,
        ("pkg/kubelet/qos/policy.go GetContainerOOMScoreAdjust",),
        "Sidecars of guaranteed and of critical pods, and sums at the ends of the scale.",
    ),
    Reason(
        Kind.DEFENSIVE,
        (
            "pkg/kubelet/status/generate.go Generate*Condition",
            "pkg/kubelet/status/status_manager.go *",
        ),
        "Containers that are missing in the status, and a status that goes back from terminated.",
    ),
)


def of(file: str, name: str) -> list[Reason]:
    """Return the reasons of a function: several where its parts have different ones."""
    place = f"{file.removeprefix(PREFIX)} {name}"
    return [one for one in REASONS if any(fnmatchcase(place, each) for each in one.functions)]
