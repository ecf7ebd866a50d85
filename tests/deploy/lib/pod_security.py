"""The Pod Security Standard "restricted", plus what the fleet asks beyond it: a read-only root and no token."""

from typing import Any

from lib.render import Document

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def problems(pod: Document) -> list[str]:
    """What is wrong with a pod's spec."""
    found = [f"{key} is set" for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    found += [f"volume {v['name']} is not allowed" for v in pod.get("volumes", []) if not VOLUMES & set(v)]
    if pod.get("automountServiceAccountToken") is not False:
        found.append("a service account token is mounted")
    for container in pod.get("initContainers", []) + pod["containers"]:
        context = pod.get("securityContext", {}) | container.get("securityContext", {})
        found += [f"{container['name']}: {problem}" for problem in container_problems(container, context)]
    return found


def container_problems(container: dict[str, Any], context: dict[str, Any]) -> list[str]:
    """`context` is the pod's with the container's over it, as the kubelet reads them."""
    wanted = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    found = [f"{key} is {context.get(key)}" for key, value in wanted.items() if context.get(key) != value]
    # None at all leaves the choice to the cluster, which runAsNonRoot binds too.
    found += [f"{key} is not a number above 0" for key in ("runAsUser", "runAsGroup") if not context.get(key, 1) > 0]
    if context.get("privileged"):
        found.append("it is privileged")
    found += [
        f"port {port['containerPort']} is a host port" for port in container.get("ports", []) if "hostPort" in port
    ]
    return found
