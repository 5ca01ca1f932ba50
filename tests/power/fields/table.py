"""What reads the effect of each field on sidecars, and why nothing reads that of others.

A field is written as in `served.py`. The first entry that matches a field is the one it has. A `*`
stands for any text, dots included: it is for reasons that hold for whatever is below a field.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from conformance.sources import DOCS, upstream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SIDECAR = "spec.initContainers"
STATUS = "status.initContainerStatuses"


class Kind(StrEnum):
    """Why nothing reads the effect of a field, or not yet."""

    GATE = "gate"
    OPEN = "open"
    OUTSIDE = "outside"
    POD = "pod"
    SAME = "same"
    SYSTEM = "system"
    UNUSED = "unused"


ABOUT = {
    Kind.GATE: "a feature gate that is off by default",
    Kind.OPEN: "to be covered",
    Kind.OUTSIDE: "a device, a storage system, a registry or a signer outside of the cluster",
    Kind.POD: "it acts on the pod as a whole, whatever containers the pod has",
    Kind.SAME: "the same code reads it of every container, without a branch for sidecars",
    Kind.SYSTEM: "another operating system, or a security module that the nodes do not run",
    Kind.UNUSED: "the API server refuses it on sidecars, or nothing acts on it",
}


class By(StrEnum):
    """How the scenarios of a check set a field on a sidecar or its pod."""

    MANIFEST = "manifest"
    STEPS = "steps"
    API = "API server"
    """By its defaults, or by its admission."""
    KUBELET = "kubelet"
    """A status, which is read and not set."""


@dataclass(frozen=True)
class Covered:
    """Fields whose effect these checks read."""

    fields: tuple[str, ...]
    checks: tuple[str, ...]
    by: By = By.MANIFEST


@dataclass(frozen=True)
class Uncovered:
    """Fields whose effect no check reads, and why.

    `source` is where that can be read, as the sources of promises are written. `gate` is the
    feature gate that is off, of kind GATE alone. `declared` are requirements without a scenario,
    which would read it on a cluster that has what it takes.
    """

    fields: tuple[str, ...]
    kind: Kind
    why: str
    source: str
    gate: str = ""
    declared: tuple[str, ...] = ()


def of(place: str, names: str) -> tuple[str, ...]:
    """Return the fields of these names, divided by blanks, below a place."""
    return tuple(f"{place}.{name}" for name in names.split())


def per_probe(names: str, *, of_kinds: str = "startup liveness readiness") -> tuple[str, ...]:
    """Return the fields of these names of each kind of probe."""
    return tuple(
        field for kind in of_kinds.split() for field in of(f"{SIDECAR}.{kind}Probe", names)
    )


def per_hook(names: str) -> tuple[str, ...]:
    """Return the fields of these names of both hooks."""
    hooks = ("postStart", "preStop")
    return tuple(field for hook in hooks for field in of(f"{SIDECAR}.lifecycle.{hook}", names))


PODS = upstream("pkg/kubelet/kubelet_pods.go")
RUNTIME = upstream("pkg/kubelet/kuberuntime")
SANDBOX = f"{RUNTIME}/kuberuntime_sandbox.go"
CONTEXT = f"{RUNTIME}/security_context.go determineEffectiveSecurityContext"
VALIDATION = upstream("pkg/apis/core/validation/validation.go")
TYPES = upstream("staging/src/k8s.io/api/core/v1/types.go")
PROBER = upstream("pkg/kubelet/prober")
HANDLERS = upstream("pkg/kubelet/lifecycle/handlers.go")
VOLUMES = upstream("cmd/kubelet/app/plugins.go ProbeVolumePlugins")
DROPPED = upstream("pkg/api/pod/util.go dropDisabledFields")
SCHEDULING = upstream("pkg/scheduler/framework/plugins")
DEVICES = upstream("pkg/kubelet/cm/dra/manager.go")
HOSTNAMES = f"{PODS} GeneratePodHostNameAndDomain"

COVERED = (
    # What runs, and where its image comes from.
    Covered(of("spec", "initContainers containers"), ("startup.list-order",)),
    Covered(of(SIDECAR, "name"), ("status.in-init-statuses", "api.names-unique")),
    Covered(of(SIDECAR, "args command"), ("startup.list-order",)),
    Covered(of(SIDECAR, "image"), ("startup.bad-image-blocks", "restart.image-update")),
    Covered(of(SIDECAR, "imagePullPolicy"), ("startup.bad-image-blocks",)),
    Covered(
        of(SIDECAR, "restartPolicy"),
        ("startup.sidecar-started-gates-next", "restart.ignores-pod-policy"),
    ),
    Covered(
        of(
            SIDECAR,
            "restartPolicyRules restartPolicyRules.action restartPolicyRules.exitCodes"
            " restartPolicyRules.exitCodes.operator restartPolicyRules.exitCodes.values",
        ),
        ("rules.restart-all-from-sidecar",),
    ),
    Covered(
        of(SIDECAR, "terminationMessagePath terminationMessagePolicy"),
        ("status.termination-message",),
    ),
    # Variables and volumes.
    Covered(
        of(SIDECAR, "env env.name env.valueFrom env.valueFrom.fieldRef")
        + of(SIDECAR, "env.valueFrom.fieldRef.fieldPath"),
        ("net.shared-localhost", "vol.subpath"),
    ),
    Covered(of("spec", "volumes volumes.name volumes.emptyDir"), ("vol.shared-emptydir",)),
    Covered(
        of(SIDECAR, "volumeMounts volumeMounts.mountPath volumeMounts.name"),
        ("vol.shared-emptydir",),
    ),
    Covered(of(SIDECAR, "volumeMounts.subPath volumeMounts.subPathExpr"), ("vol.subpath",)),
    Covered(
        of("spec.volumes.projected", "sources sources.serviceAccountToken")
        + of("spec.volumes.projected.sources.serviceAccountToken", "expirationSeconds path")
        + of("spec", "volumes.projected serviceAccountName"),
        ("vol.sa-token",),
        By.API,
    ),
    Covered(
        of("spec", "automountServiceAccountToken enableServiceLinks"),
        ("node.apiserver-down-startup",),
    ),
    Covered(
        of(SIDECAR, "env.value envFrom")
        + of(f"{SIDECAR}.env.valueFrom", "configMapKeyRef secretKeyRef")
        + of(f"{SIDECAR}.env.valueFrom.configMapKeyRef", "key name optional")
        + of(f"{SIDECAR}.env.valueFrom.secretKeyRef", "key name optional")
        + of(f"{SIDECAR}.envFrom", "prefix configMapRef configMapRef.name configMapRef.optional")
        + of(f"{SIDECAR}.envFrom", "secretRef secretRef.name secretRef.optional"),
        ("given.variables", "given.expansions"),
    ),
    Covered(
        of(f"{SIDECAR}.env.valueFrom", "resourceFieldRef resourceFieldRef.containerName")
        + of(f"{SIDECAR}.env.valueFrom.resourceFieldRef", "divisor resource")
        + of("spec.volumes", "downwardAPI")
        + of("spec.volumes.downwardAPI", "defaultMode items items.fieldRef items.mode items.path")
        + of("spec.volumes.downwardAPI.items", "fieldRef.fieldPath resourceFieldRef")
        + of("spec.volumes.downwardAPI.items.resourceFieldRef", "containerName divisor resource"),
        ("given.resources",),
    ),
    Covered(
        of("spec.volumes", "configMap secret")
        + of("spec.volumes.configMap", "defaultMode items items.key items.mode items.path name")
        + of("spec.volumes.configMap", "optional")
        + of("spec.volumes.secret", "defaultMode items items.key items.mode items.path optional")
        + of("spec.volumes.secret", "secretName"),
        ("given.files", "vol.updated"),
    ),
    Covered(
        of("spec.volumes.projected", "defaultMode")
        + of("spec.volumes.projected.sources", "configMap secret downwardAPI downwardAPI.items")
        + of("spec.volumes.projected.sources.configMap", "items items.key items.mode items.path")
        + of("spec.volumes.projected.sources.configMap", "name optional")
        + of("spec.volumes.projected.sources.secret", "items items.key items.mode items.path")
        + of("spec.volumes.projected.sources.secret", "name optional")
        + of("spec.volumes.projected.sources.downwardAPI.items", "fieldRef fieldRef.fieldPath")
        + of("spec.volumes.projected.sources.downwardAPI.items", "mode path resourceFieldRef")
        + of(
            "spec.volumes.projected.sources.downwardAPI.items.resourceFieldRef",
            "containerName divisor resource",
        )
        + of("spec.volumes.projected.sources.serviceAccountToken", "audience"),
        ("given.projected",),
    ),
    Covered(of("spec.volumes.emptyDir", "medium sizeLimit"), ("given.memory",)),
    Covered(of(SIDECAR, "volumeMounts.readOnly"), ("given.read-only",)),
    Covered(of(SIDECAR, "volumeMounts.mountPropagation"), ("node.mount-propagation",)),
    Covered(
        of(
            f"{SIDECAR}.env.valueFrom",
            "fileKeyRef fileKeyRef.key fileKeyRef.optional fileKeyRef.path fileKeyRef.volumeName",
        ),
        ("given.env-file",),
    ),
    Covered(of("spec.volumes", "image image.reference"), ("given.image-volume",)),
    Covered(of(SIDECAR, "workingDir"), ("given.folder",)),
    Covered(of(SIDECAR, "stdin tty"), ("given.terminal",)),
    Covered(
        of("spec", "dnsConfig dnsConfig.nameservers dnsConfig.options dnsConfig.options.name")
        + of("spec", "dnsConfig.options.value dnsConfig.searches dnsPolicy")
        + of("spec", "hostAliases hostAliases.hostnames hostAliases.ip hostname"),
        ("given.names",),
    ),
    # Hooks.
    Covered(of(SIDECAR, "lifecycle"), ("hook.exec", "hook.http")),
    Covered(per_hook("exec exec.command"), ("hook.exec",)),
    Covered(per_hook("httpGet httpGet.path httpGet.port"), ("hook.http",)),
    Covered(of(SIDECAR, "lifecycle.preStop.httpGet.scheme"), ("hook.https",)),
    Covered(of(SIDECAR, "readinessProbe.httpGet.scheme"), ("probe.https",)),
    Covered(
        of(f"{SIDECAR}.lifecycle", "postStart"),
        ("startup.poststart-gates-next", "startup.poststart-failure-blocks"),
    ),
    Covered(
        of(f"{SIDECAR}.lifecycle", "preStop"),
        ("term.prestop-before-term", "term.prestop-all-at-once"),
    ),
    Covered(
        of(f"{SIDECAR}.lifecycle.preStop", "sleep sleep.seconds"),
        ("term.sleep-hook",),
    ),
    Covered(
        of(f"{SIDECAR}.lifecycle.postStart", "sleep sleep.seconds"),
        ("hook.sleep",),
    ),
    # Probes.
    Covered(of(SIDECAR, "startupProbe"), ("startup.startup-probe-gates-next",)),
    Covered(of(SIDECAR, "livenessProbe"), ("probe.liveness-restarts",)),
    Covered(of(SIDECAR, "readinessProbe"), ("probe.readiness-toggles",)),
    Covered(
        per_probe("exec exec.command", of_kinds="startup"), ("probe.startup-holds-after-restart",)
    ),
    Covered(
        per_probe(
            "tcpSocket tcpSocket.port httpGet httpGet.path httpGet.port grpc grpc.port",
            of_kinds="startup",
        ),
        ("startup.startup-probe-gates-next",),
    ),
    Covered(
        per_probe("failureThreshold periodSeconds", of_kinds="startup"),
        ("startup.startup-failure-restarts",),
    ),
    Covered(per_probe("initialDelaySeconds", of_kinds="startup"), ("startup.very-short-sidecar",)),
    Covered(
        per_probe("timeoutSeconds", of_kinds="startup"),
        ("startup.startup-failure-never-not-fatal",),
    ),
    Covered(
        per_probe(
            "exec exec.command tcpSocket tcpSocket.port httpGet httpGet.path httpGet.port grpc"
            " grpc.port timeoutSeconds failureThreshold periodSeconds initialDelaySeconds",
            of_kinds="liveness",
        ),
        ("probe.liveness-restarts",),
    ),
    Covered(
        per_probe("terminationGracePeriodSeconds", of_kinds="startup liveness"),
        ("probe.grace-override",),
    ),
    Covered(
        per_probe(
            "exec exec.command tcpSocket tcpSocket.port httpGet httpGet.path httpGet.port"
            " failureThreshold",
            of_kinds="readiness",
        ),
        ("probe.readiness-toggles",),
    ),
    Covered(
        per_probe("initialDelaySeconds", of_kinds="readiness"),
        ("probe.readiness-initial-delay",),
    ),
    Covered(per_probe("periodSeconds", of_kinds="readiness"), ("probe.ready-right-after-startup",)),
    # Ports.
    Covered(of(SIDECAR, "ports ports.containerPort ports.name"), ("net.service-named",)),
    Covered(
        of(SIDECAR, "ports.hostPort"),
        ("sched.hostport", "net.hostport-works", "api.hostport-same-pod-accepted"),
    ),
    Covered(of(SIDECAR, "ports.protocol"), ("net.service-protocol",)),
    Covered(of("spec", "hostNetwork"), ("api.host-network-ports", "net.host-network")),
    # Resources.
    Covered(
        of(SIDECAR, "resources resources.limits resources.requests"),
        ("res.quota", "res.pod-cgroup", "sched.sum", "resize.sidecar"),
    ),
    Covered(
        of(SIDECAR, "resizePolicy resizePolicy.resourceName resizePolicy.restartPolicy"),
        ("resize.restart-policy",),
    ),
    Covered(
        of("spec", "resources resources.limits resources.requests"),
        ("res.pod-level-cgroup", "resize.pod-level"),
    ),
    # The admission of RuntimeClasses gives the pod its overhead.
    Covered(of("spec", "runtimeClassName overhead"), ("res.overhead",), By.STEPS),
    # Security.
    Covered(
        of(SIDECAR, "securityContext")
        + of(f"{SIDECAR}.securityContext", "readOnlyRootFilesystem runAsUser")
        + of("spec.securityContext", "runAsUser"),
        ("sec.own-context",),
    ),
    Covered(
        of(f"{SIDECAR}.securityContext", "runAsGroup")
        + of("spec.securityContext", "fsGroup runAsGroup supplementalGroups"),
        ("sec.groups",),
    ),
    Covered(
        of(f"{SIDECAR}.securityContext", "allowPrivilegeEscalation capabilities")
        + of(f"{SIDECAR}.securityContext", "capabilities.add capabilities.drop")
        + of("spec.securityContext", "seccompProfile seccompProfile.type"),
        ("sec.confined",),
    ),
    Covered(
        of(f"{SIDECAR}.securityContext", "privileged")
        + of("spec", "securityContext securityContext.runAsNonRoot"),
        ("sec.psa-applies",),
    ),
    Covered(of("spec", "shareProcessNamespace"), ("sec.share-pid",)),
    Covered(of("spec", "hostUsers"), ("sec.user-namespace",)),
    # The pod's life.
    Covered(
        of("spec", "restartPolicy"), ("restart.ignores-pod-policy", "term.natural-never-onfailure")
    ),
    Covered(
        of("spec", "terminationGracePeriodSeconds"), ("term.grace-shared", "term.main-eats-grace")
    ),
    Covered(
        of("spec", "activeDeadlineSeconds"),
        ("term.active-deadline", "term.active-deadline-order"),
        By.STEPS,
    ),
    Covered(of("spec", "nodeName"), ("res.kubelet-admission",), By.STEPS),
    Covered(of("spec", "nodeSelector"), ("sched.hostport",), By.STEPS),
    Covered(
        of("spec", "ephemeralContainers"),
        ("dbg.ephemeral-target", "term.ephemeral-not-awaited"),
        By.STEPS,
    ),
    # Statuses.
    Covered(
        (*of("status", "initContainerStatuses containerStatuses"), *of(STATUS, "name")),
        ("cond.initialized-true",),
        By.KUBELET,
    ),
    Covered(of("status", "ephemeralContainerStatuses"), ("dbg.ephemeral-target",), By.KUBELET),
    Covered(of(STATUS, "state state.running"), ("cond.ready-needs-sidecars",), By.KUBELET),
    Covered(
        of(f"{STATUS}.state", "running.startedAt"),
        ("probe.readiness-initial-delay", "restart.last-state"),
        By.KUBELET,
    ),
    Covered(
        of(f"{STATUS}.state.terminated", "exitCode reason startedAt")
        + of(STATUS, "state.terminated"),
        ("status.final-states",),
        By.KUBELET,
    ),
    Covered(
        of(f"{STATUS}.state", "terminated.message"), ("status.termination-message",), By.KUBELET
    ),
    Covered(
        of(f"{STATUS}.state", "waiting waiting.reason"),
        ("restart.waiting-crashloop", "startup.bad-image-blocks"),
        By.KUBELET,
    ),
    Covered(
        of(STATUS, "lastState lastState.terminated")
        + of(f"{STATUS}.lastState.terminated", "containerID exitCode finishedAt reason startedAt"),
        ("restart.last-state",),
        By.KUBELET,
    ),
    Covered(
        of(STATUS, "ready"), ("probe.readiness-toggles", "cond.ready-needs-sidecars"), By.KUBELET
    ),
    Covered(
        of(STATUS, "started"), ("probe.ready-without-probe", "cond.initialized-false"), By.KUBELET
    ),
    Covered(
        of(STATUS, "restartCount"), ("restart.last-state", "kubectl.restarts-column"), By.KUBELET
    ),
    Covered(of(STATUS, "containerID"), ("node.kubelet-restart-no-restart",), By.KUBELET),
    Covered(
        of(STATUS, "resources resources.limits resources.requests"),
        ("resize.sidecar", "resize.restart-policy"),
        By.KUBELET,
    ),
    Covered(of(STATUS, "imageID"), ("restart.image-update",), By.KUBELET),
    Covered(of(STATUS, "allocatedResources"), ("resize.sidecar",), By.KUBELET),
    Covered(
        of("status", "conditions conditions.message conditions.reason conditions.status")
        + of("status", "conditions.type"),
        ("cond.initialized-false", "cond.ready-needs-sidecars"),
        By.KUBELET,
    ),
    Covered(
        of("status", "phase"),
        ("phase.pending-until-initialised", "phase.running-until-sidecars-stop"),
        By.KUBELET,
    ),
    Covered(
        of("status", "message reason"), ("res.ephemeral-limit", "res.kubelet-admission"), By.KUBELET
    ),
    Covered(of("status", "observedGeneration"), ("resize.generation",), By.KUBELET),
    Covered(of("status", "qosClass"), ("res.qos-includes-sidecars", "resize.limits"), By.KUBELET),
    Covered(
        of("status", "allocatedResources resources resources.limits resources.requests"),
        ("res.pod-status", "resize.pod-level"),
        By.KUBELET,
    ),
    Covered(
        of(STATUS, "volumeMounts volumeMounts.mountPath volumeMounts.name volumeMounts.readOnly")
        + of(STATUS, "volumeMounts.recursiveReadOnly"),
        ("vol.status-mounts",),
        By.KUBELET,
    ),
    Covered(
        of(STATUS, "user user.linux user.linux.gid user.linux.supplementalGroups user.linux.uid"),
        ("sec.status-user",),
        By.KUBELET,
    ),
    Covered(of("status", "podIP"), ("net.shared-localhost",), By.KUBELET),
    # On the clusters of a profile.
    Covered(of(SIDECAR, "lifecycle.stopSignal"), ("term.stopsignal",)),
    Covered(of(STATUS, "stopSignal"), ("term.stopsignal",), by=By.KUBELET),
)

UNCOVERED = (
    # Variables.
    Uncovered(
        of(f"{SIDECAR}.env.valueFrom", "fieldRef.apiVersion"),
        Kind.SAME,
        "`v1` is the only version of a path of fields.",
        f"{PODS} podFieldSelectorRuntimeValue",
    ),
    # Fields of paths that have one version.
    Uncovered(
        of("spec.volumes", "downwardAPI.items.fieldRef.apiVersion")
        + of("spec.volumes.projected.sources", "downwardAPI.items.fieldRef.apiVersion"),
        Kind.SAME,
        "`v1` is the only version of a path of fields.",
        upstream("pkg/volume/downwardapi/downwardapi.go CollectData"),
    ),
    # Volumes by their kinds.
    Uncovered(
        of("spec.volumes", "gitRepo*"),
        Kind.GATE,
        "The kubelet has no driver for it.",
        VOLUMES,
        gate="GitRepoVolumeDriver",
    ),
    Uncovered(
        of(
            "spec.volumes",
            "cephfs* flocker* glusterfs* photonPersistentDisk* quobyte* rbd* scaleIO* storageos*",
        ),
        Kind.UNUSED,
        "The kubelet has no driver for it any more.",
        VOLUMES,
    ),
    Uncovered(
        of(
            "spec.volumes",
            "awsElasticBlockStore* azureDisk* azureFile* cinder* gcePersistentDisk*"
            " portworxVolume* vsphereVolume*",
        ),
        Kind.OUTSIDE,
        "It is handed to a CSI driver of that system.",
        upstream("pkg/volume/csimigration/plugin_manager.go"),
    ),
    Uncovered(
        of("spec.volumes", "csi* ephemeral* fc* flexVolume* iscsi* nfs* persistentVolumeClaim*"),
        Kind.OUTSIDE,
        "It takes a storage system, or what provides volumes. The kubelet mounts all volumes of a"
        " pod before the first container is started.",
        upstream("pkg/kubelet/volumemanager/volume_manager.go WaitForAttachAndMount"),
    ),
    Uncovered(
        of("spec.volumes", "hostPath*"),
        Kind.SAME,
        "A folder of the node, which Pod Security level baseline forbids. The kubelet mounts all"
        " volumes of a pod before the first container is started.",
        upstream("pkg/kubelet/volumemanager/volume_manager.go WaitForAttachAndMount"),
    ),
    Uncovered(
        of("spec.volumes.configMap", "defaultUser items.user")
        + of("spec.volumes.downwardAPI", "defaultUser items.user")
        + of("spec.volumes.secret", "defaultUser items.user")
        + of("spec.volumes.projected", "defaultUser sources.configMap.items.user")
        + of("spec.volumes.projected.sources", "downwardAPI.items.user secret.items.user")
        + of("spec.volumes.projected.sources", "serviceAccountToken.user"),
        Kind.GATE,
        "The API server drops it.",
        DROPPED,
        gate="AtomicWriteVolumeUserFields",
    ),
    Uncovered(
        of("spec.volumes", "emptyDir.mode"),
        Kind.GATE,
        "The API server drops it.",
        DROPPED,
        gate="EmptyDirVolumeMode",
    ),
    Uncovered(
        of("spec.volumes.projected.sources", "clusterTrustBundle* podCertificate*"),
        Kind.OUTSIDE,
        "It takes a signer of certificates, or an object of the whole cluster.",
        f"{DOCS}/concepts/storage/projected-volumes/",
    ),
    Uncovered(
        of("spec.volumes", "image.pullPolicy"),
        Kind.SAME,
        "It means for a volume what `imagePullPolicy` means for a container.",
        upstream("pkg/kubelet/images/image_manager.go EnsureImageExists"),
    ),
    # Volumes as they are mounted.
    Uncovered(
        of(f"{SIDECAR}.volumeMounts", "bindMountOptions"),
        Kind.GATE,
        "The API server drops it.",
        DROPPED,
        gate="VolumeBindMountOptions",
    ),
    Uncovered(
        of(SIDECAR, "volumeDevices*"),
        Kind.OUTSIDE,
        "It takes a persistent volume that is a block device.",
        f"{PODS} makeBlockVolumes",
    ),
    # What a container is otherwise.
    Uncovered(
        of(SIDECAR, "stdinOnce"),
        Kind.SAME,
        "It is handed to the runtime, which closes the input after the first attach.",
        f"{RUNTIME}/kuberuntime_container.go generateContainerConfig",
    ),
    # Handlers of hooks and probes.
    Uncovered(
        per_hook("tcpSocket*"),
        Kind.UNUSED,
        "There is no hook of this kind: it fails when it is to run.",
        f"{HANDLERS} Run",
    ),
    Uncovered(
        (
            *of(SIDECAR, "lifecycle.postStart.httpGet.scheme"),
            *per_probe("httpGet.scheme", of_kinds="startup liveness"),
        ),
        Kind.SAME,
        "It is that of the handler alone, as of other hooks and probes.",
        upstream("pkg/probe/http/request.go NewRequestForHTTPGetAction"),
    ),
    Uncovered(
        (*per_hook("httpGet.protocol"), *per_probe("httpGet.protocol")),
        Kind.GATE,
        "The API server drops it.",
        DROPPED,
        gate="H2CContainerProbe",
    ),
    Uncovered(
        (*per_hook("httpGet.host"), *per_probe("httpGet.host tcpSocket.host")),
        Kind.SAME,
        "The address is that of the handler alone. Pod Security level baseline forbids to set it.",
        upstream("pkg/probe/http/request.go NewRequestForHTTPGetAction"),
    ),
    Uncovered(
        (*per_hook("httpGet.httpHeaders*"), *per_probe("httpGet.httpHeaders*")),
        Kind.SAME,
        "The headers of a request are those of the handler alone.",
        upstream("pkg/probe/http/request.go NewRequestForHTTPGetAction"),
    ),
    Uncovered(
        per_probe("grpc.mode"),
        Kind.GATE,
        "The API server drops it.",
        DROPPED,
        gate="GRPCContainerProbeTLS",
    ),
    Uncovered(
        per_probe("grpc.service"),
        Kind.SAME,
        "The name of a service is handed on as it is.",
        f"{PROBER}/prober.go runProbe",
    ),
    Uncovered(
        per_probe("grpc grpc.port timeoutSeconds", of_kinds="readiness"),
        Kind.SAME,
        "A handler does not know the kind of its probe; those of liveness are covered.",
        f"{PROBER}/prober.go runProbe",
    ),
    Uncovered(
        per_probe("successThreshold", of_kinds="startup liveness"),
        Kind.UNUSED,
        "Nothing but 1 is valid.",
        f"{VALIDATION} validateLivenessProbe",
    ),
    Uncovered(
        per_probe("successThreshold", of_kinds="readiness"),
        Kind.SAME,
        "Results are counted without regard to the container's kind.",
        f"{PROBER}/worker.go doProbe",
    ),
    Uncovered(
        per_probe("terminationGracePeriodSeconds", of_kinds="readiness"),
        Kind.UNUSED,
        "It must not be set.",
        f"{VALIDATION} validateReadinessProbe",
    ),
    # Ports.
    Uncovered(
        of(SIDECAR, "ports.hostIP"),
        Kind.SAME,
        "The scheduler compares it with the hostPort, which is covered. The kubelet forwards"
        " neither for sidecars: `net.hostport-works`.",
        upstream("pkg/scheduler/util/utils.go GetHostPorts"),
    ),
    # Devices.
    Uncovered(
        (*of(SIDECAR, "resources.claims*"), *of("spec", "resourceClaims*")),
        Kind.OUTSIDE,
        "It takes a device and a driver that offers it.",
        f"{DEVICES} PrepareResources",
        declared=("res.dra-extended",),
    ),
    Uncovered(
        of("status", "extendedResourceClaimStatus* resourceClaimStatuses*"),
        Kind.OUTSIDE,
        "It takes a device and a driver that offers it.",
        f"{DEVICES} PrepareResources",
        declared=("res.dra-extended",),
    ),
    Uncovered(
        of("status", "nodeAllocatableResourceClaimStatuses*"),
        Kind.GATE,
        "Nothing sets it.",
        DROPPED,
        gate="DRANodeAllocatableResources",
    ),
    Uncovered(
        of(STATUS, "allocatedResourcesStatus*"),
        Kind.UNUSED,
        "The kubelet sets it of regular containers only, in both of its managers of devices.",
        f"{DEVICES} UpdateAllocatedResourcesStatus",
        declared=("res.memory-device-topology",),
    ),
    Uncovered(
        (*of(STATUS, "resources.claims*"), *of("status", "resources.claims*")),
        Kind.OUTSIDE,
        "It takes a device and a driver that offers it.",
        f"{PODS} convertToAPIContainerStatuses",
    ),
    Uncovered(
        of("spec", "resources.claims*"),
        Kind.UNUSED,
        "A pod as a whole may claim nothing.",
        f"{VALIDATION} validatePodResources",
    ),
    # Security.
    Uncovered(
        of(f"{SIDECAR}.securityContext", "seLinuxOptions*")
        + of("spec.securityContext", "seLinuxOptions* seLinuxChangePolicy"),
        Kind.SYSTEM,
        "It takes nodes with SELinux.",
        CONTEXT,
    ),
    Uncovered(
        of(f"{SIDECAR}.securityContext", "appArmorProfile*")
        + of("spec.securityContext", "appArmorProfile*"),
        Kind.SYSTEM,
        "It takes nodes with AppArmor.",
        CONTEXT,
    ),
    Uncovered(
        of(f"{SIDECAR}.securityContext", "windowsOptions*")
        + of("spec.securityContext", "windowsOptions*")
        + of("spec", "os*"),
        Kind.SYSTEM,
        "It is about Windows.",
        f"{DOCS}/concepts/windows/intro/",
    ),
    Uncovered(
        of(f"{SIDECAR}.securityContext", "seccompProfile*")
        + of("spec.securityContext", "seccompProfile.localhostProfile"),
        Kind.SAME,
        "The profile of the container goes before that of its pod; one of the node's own is a file"
        " on the node.",
        CONTEXT,
    ),
    Uncovered(
        of(f"{SIDECAR}.securityContext", "procMount"),
        Kind.SAME,
        "What is masked follows from the container's own context.",
        CONTEXT,
    ),
    Uncovered(
        of(f"{SIDECAR}.securityContext", "runAsNonRoot"),
        Kind.SAME,
        "A container whose user is root is not started; that of the pod counts where it has none.",
        f"{RUNTIME}/security_context_others.go verifyRunAsNonRoot",
    ),
    Uncovered(
        of(f"{SIDECAR}.volumeMounts", "recursiveReadOnly"),
        Kind.SAME,
        "Where the runtime can do it. A mount within a mount is what it would take.",
        f"{PODS} resolveRecursiveReadOnly",
    ),
    Uncovered(
        of("spec.securityContext", "fsGroupChangePolicy"),
        Kind.OUTSIDE,
        "It takes a volume that keeps its files, and acts when that is mounted.",
        upstream("pkg/volume/volume_linux.go"),
    ),
    Uncovered(
        of("spec.securityContext", "supplementalGroupsPolicy"),
        Kind.SAME,
        "It is handed to the runtime with the groups of each container; it takes an image whose"
        " user has groups of its own.",
        CONTEXT,
    ),
    Uncovered(
        of("spec.securityContext", "sysctls*"),
        Kind.POD,
        "They are those of the sandbox.",
        f"{SANDBOX} generatePodSandboxLinuxConfig",
    ),
    Uncovered(
        of("spec", "hostIPC hostPID"),
        Kind.POD,
        "Namespaces are those of the sandbox, and all containers join them.",
        f"{RUNTIME}/util/util.go NamespacesForPod",
    ),
    # Names and addresses.
    Uncovered(
        of("spec", "hostnameOverride setHostnameAsFQDN subdomain"),
        Kind.POD,
        "The name is that of the sandbox, and all containers have it.",
        f"{PODS} GeneratePodHostNameAndDomain",
    ),
    # What others than the kubelet do with a pod.
    Uncovered(
        of("spec", "imagePullSecrets*"),
        Kind.OUTSIDE,
        "It takes a registry that asks who one is. All images of a pod are pulled with the same.",
        upstream("pkg/kubelet/images/image_manager.go EnsureImageExists"),
    ),
    Uncovered(
        of("spec", "affinity* schedulerName tolerations* topologySpreadConstraints*"),
        Kind.POD,
        "The scheduler matches labels and taints.",
        f"{SCHEDULING}",
    ),
    Uncovered(
        of("spec", "schedulingGates*"),
        Kind.POD,
        "The scheduler leaves the pod alone.",
        f"{SCHEDULING}/schedulinggates",
    ),
    Uncovered(
        of("spec", "schedulingGroup*"),
        Kind.GATE,
        "The API server drops it.",
        DROPPED,
        gate="GenericWorkload",
    ),
    Uncovered(
        of("spec", "evictionResponders*"),
        Kind.GATE,
        "The API server drops it.",
        DROPPED,
        gate="EvictionRequestAPI",
    ),
    Uncovered(
        of("spec", "preemptionPolicy priority priorityClassName")
        + of("status", "nominatedNodeName"),
        Kind.POD,
        "It decides which pods make room for which.",
        upstream("pkg/scheduler/framework/preemption"),
    ),
    Uncovered(
        of("spec", "readinessGates*"),
        Kind.POD,
        "It is looked at when all containers are ready.",
        upstream("pkg/kubelet/status/generate.go GeneratePodReadyCondition"),
    ),
    Uncovered(
        of("spec", "serviceAccount"),
        Kind.UNUSED,
        "It is the old name of `serviceAccountName`.",
        TYPES,
    ),
    # Statuses.
    Uncovered(
        of("status", "hostIP hostIPs* podIPs* startTime"),
        Kind.POD,
        "The addresses are those of the node and of the sandbox.",
        f"{PODS} generateAPIPodStatus",
    ),
    Uncovered(
        of("status", "conditions.observedGeneration"),
        Kind.POD,
        "It is the generation of the pod.",
        upstream("pkg/api/v1/pod/util.go CalculatePodStatusObservedGeneration"),
    ),
    Uncovered(
        of("status", "conditions.lastTransitionTime"),
        Kind.SAME,
        "It changes with the condition, whatever that is about.",
        upstream("pkg/kubelet/status/status_manager.go updateLastTransitionTime"),
    ),
    Uncovered(
        of("status", "conditions.lastProbeTime"),
        Kind.UNUSED,
        "The kubelet sets it of a resize under way alone.",
        upstream("pkg/kubelet/status/status_manager.go"),
    ),
    Uncovered(
        of(STATUS, "image"),
        Kind.SAME,
        "It is what the runtime calls the image, and where two names mean one image, either.",
        f"{PODS} convertToAPIContainerStatuses",
    ),
    Uncovered(
        of(f"{STATUS}.lastState", "running* waiting*"),
        Kind.UNUSED,
        "An instance that is over is shown as terminated.",
        f"{PODS} convertToAPIContainerStatuses",
    ),
    Uncovered(
        of(STATUS, "lastState.terminated.signal state.terminated.signal"),
        Kind.UNUSED,
        "The runtime tells exit codes and no signals.",
        f"{PODS} convertToAPIContainerStatuses",
    ),
    Uncovered(
        of(STATUS, "lastState.terminated.message"),
        Kind.SAME,
        "It is the `state` of the instance before, whose message is covered.",
        f"{PODS} convertToAPIContainerStatuses",
    ),
    Uncovered(
        of(f"{STATUS}.state", "terminated.containerID terminated.finishedAt"),
        Kind.SAME,
        "The `lastState` is the same, and covered.",
        f"{PODS} convertToAPIContainerStatuses",
    ),
    Uncovered(
        of(f"{STATUS}.state", "waiting.message"),
        Kind.SAME,
        "It goes with the reason, which is covered.",
        f"{PODS} convertToAPIContainerStatuses",
    ),
    Uncovered(
        of(f"{STATUS}.volumeMounts", "volumeStatus*"),
        Kind.GATE,
        "Nothing sets it.",
        DROPPED,
        gate="ImageVolumeWithDigest",
    ),
    Uncovered(
        of("status", "volumeHealth*"),
        Kind.GATE,
        "Nothing sets it.",
        DROPPED,
        gate="CSIVolumeHealth",
    ),
    Uncovered(
        of("status", "resize"),
        Kind.UNUSED,
        "Conditions have taken its place.",
        TYPES,
    ),
)

Entry = Covered | Uncovered
ENTRIES: tuple[Entry, ...] = (*COVERED, *UNCOVERED)


def entry_of(field: str, entries: Iterable[Entry] = ENTRIES) -> Entry | None:
    """Return the entry of a field, None where it has none."""
    for entry in entries:
        if any(fnmatchcase(field, pattern) for pattern in entry.fields):
            return entry
    return None


def matched(fields: Iterable[str]) -> Mapping[Entry, tuple[str, ...]]:
    """Return the fields of each entry, in the order of the entries."""
    found: dict[Entry, list[str]] = {entry: [] for entry in ENTRIES}
    for field in fields:
        entry = entry_of(field)
        if entry is not None:
            found[entry].append(field)
    return {entry: tuple(its) for entry, its in found.items()}
