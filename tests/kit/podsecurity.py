"""The Pod Security Standards as a test needs them: what a pod has that a level does not allow.

Every rule for Linux pods that a field of the API can break is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.kubeapi.status import CONTAINER_LISTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    Json = dict[str, Any]

BASELINE_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
RESTRICTED_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
SECCOMP = frozenset({"RuntimeDefault", "Localhost"})
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def containers_of(spec: Json) -> Iterator[Json]:
    """Yield all containers of a pod, of every kind."""
    for part in CONTAINER_LISTS:
        yield from spec.get(part) or []


def handlers_of(container: Json) -> Iterator[Json]:
    """Yield the probes and hooks of a container."""
    for probe in PROBES:
        if probe in container:
            yield container[probe]
    for name, hook in (container.get("lifecycle") or {}).items():
        if name != "stopSignal":
            yield hook


def beyond_baseline(spec: Json) -> list[str]:
    """Return what level baseline does not allow in a pod, a phrase for each."""
    context = spec.get("securityContext") or {}
    found = [field for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    found += [
        f"volume {volume['name']}" for volume in spec.get("volumes") or [] if "hostPath" in volume
    ]
    found += _contexts(context, "pod", ("windowsOptions", "seLinuxOptions", "sysctls"))
    found += _profiles(context, "pod")
    for container in containers_of(spec):
        name, own = container["name"], container.get("securityContext") or {}
        found += [f"{name}: privileged"] * bool(own.get("privileged"))
        added = set((own.get("capabilities") or {}).get("add") or ())
        found += [f"{name}: capability {one}" for one in sorted(added - BASELINE_CAPABILITIES)]
        for port in container.get("ports") or []:
            found += [f"{name}: hostPort"] * bool(port.get("hostPort"))
        for handler in handlers_of(container):
            asked = [handler.get(kind) or {} for kind in ("httpGet", "tcpSocket")]
            found += [f"{name}: host of a probe or hook" for one in asked if one.get("host")]
        found += _contexts(own, name, ("windowsOptions", "seLinuxOptions", "procMount"))
        found += _profiles(own, name)
    return found


def _contexts(context: Json, name: str, fields: tuple[str, ...]) -> list[str]:
    return [f"{name}: {field}" for field in fields if context.get(field)]


def _profiles(context: Json, name: str) -> list[str]:
    """Return the profiles that leave a container unconfined."""
    profiles = {field: context.get(field) or {} for field in ("seccompProfile", "appArmorProfile")}
    return [
        f"{name}: {field}" for field, one in profiles.items() if one.get("type") == "Unconfined"
    ]


def beyond_restricted(spec: Json) -> list[str]:
    """Return what level restricted does not allow in a pod, a phrase for each."""
    context = spec.get("securityContext") or {}
    found = beyond_baseline(spec)
    for volume in spec.get("volumes") or []:
        kinds = volume.keys() - {"name"}
        found += [f"volume {volume['name']}: {kind}" for kind in kinds - RESTRICTED_VOLUMES]
    found += ["pod: runs as root"] * (context.get("runAsUser") == 0)
    for container in containers_of(spec):
        name, own = container["name"], container.get("securityContext") or {}
        both = {**context, **own}
        if own.get("allowPrivilegeEscalation") is not False:
            found.append(f"{name}: allowPrivilegeEscalation")
        found += [f"{name}: may run as root"] * (both.get("runAsNonRoot") is not True)
        found += [f"{name}: runs as root"] * (own.get("runAsUser") == 0)
        if (both.get("seccompProfile") or {}).get("type") not in SECCOMP:
            found.append(f"{name}: seccompProfile")
        capabilities = own.get("capabilities") or {}
        found += [f"{name}: keeps capabilities"] * ("ALL" not in (capabilities.get("drop") or ()))
        found += [f"{name}: adds capabilities"] * bool(
            set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}
        )
    return found
