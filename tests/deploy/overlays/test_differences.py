"""Between two environments differs what is listed here, and all of it does."""
import copy
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from overlay import WORKLOADS, Objects, data, overlay, plain_name

# Paths are `Kind/name path`; a Deployment and a Rollout are both a Workload.
ALWAYS = [
    "Namespace/flotilla",
    "ConfigMap/* data.ENVIRONMENT",
    "Secret/hello data.GREETING",
    "Ingress/* spec.rules.0.host",
]
BACKENDS = [f"{kind}/{name}" for name in ("postgres", "redis")
            for kind in ("StatefulSet", "Service", "NetworkPolicy", "Secret")]
BACKENDS += ["Secret/product-api-cache", "Secret/product-api-database"]
CANARY = [
    "Workload/hello apiVersion",
    "Workload/hello kind",
    "Workload/hello spec.strategy.*",
    "Service/hello-canary",
    # Argo labels the pods of a release by another name.
    "Workload/hello spec.template.spec.topologySpreadConstraints.*.matchLabelKeys.0",
]
LISTED = {
    ("dev", "qa"): ["Workload/product-api spec.template.spec.containers.product-api.envFrom.*", *BACKENDS],
    ("qa", "staging"): ["ResourceQuota/environment spec.hard.*", "HorizontalPodAutoscaler/*", "Workload/* spec.replicas", *CANARY],
    ("staging", "production"): [
        "ResourceQuota/environment spec.hard.*",
        "ConfigMap/hello data.FAIL_RATE",
        "HorizontalPodAutoscaler/* spec.minReplicas",
        "HorizontalPodAutoscaler/* spec.maxReplicas",
        "HorizontalPodAutoscaler/hello spec.scaleTargetRef.*",
        "PodDisruptionBudget/*",
        "Workload/* spec.template.spec.affinity.nodeAffinity.*",
        "Workload/* spec.template.spec.topologySpreadConstraints.topology.kubernetes.io/zone.*",
        *BACKENDS,
        *CANARY,
    ],
}


@pytest.mark.parametrize("pair", LISTED, ids="-".join)
def test_only_what_is_listed_differs(pair):
    allowed = ALWAYS + LISTED[pair]
    found = differences(*(neutral(overlay(environment)) for environment in pair))
    assert [path for path in found if not any(fnmatchcase(path, pattern) for pattern in allowed)] == []
    assert [pattern for pattern in allowed if not any(fnmatchcase(path, pattern) for path in found)] == []


def neutral(objects: Objects) -> Objects:
    """By names without hashes and namespaces, so that only what was written differs."""
    found = {}
    for (kind, name), obj in copy.deepcopy(objects).items():
        obj["metadata"].pop("namespace", None)
        if kind in ("ConfigMap", "Secret"):
            obj["data"] = data(obj)
            name = obj["metadata"]["name"] = plain_name(name)
        if kind in WORKLOADS:
            unhash(obj)
        key = ("Workload" if kind in ("Deployment", "Rollout") else kind, "flotilla" if kind == "Namespace" else name)
        found[key] = obj
    return found


def unhash(workload: dict[str, Any]) -> None:
    for container in workload["spec"]["template"]["spec"]["containers"]:
        references = [named for source in container.get("envFrom", []) for named in source.values()]
        references += [e["valueFrom"]["secretKeyRef"] for e in container.get("env", []) if "valueFrom" in e]
        for reference in references:
            reference["name"] = plain_name(reference["name"])


def differences(old: Objects, new: Objects) -> list[str]:
    """The paths that differ; of an object that only one has, and of a Namespace, its name."""
    found = [f"{kind}/{name}" for kind, name in sorted(old.keys() ^ new.keys())]
    for kind, name in sorted(old.keys() & new.keys()):
        before, after = (dict(flat(objects[kind, name])) for objects in (old, new))
        paths = [path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]
        found += [f"{kind}/{name}"] if kind == "Namespace" and paths else [f"{kind}/{name} {path}" for path in paths]
    return found


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with its path; members of a list by what identifies them."""
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = [(identity(member) or str(index), member) for index, member in enumerate(value)]
    else:
        yield path.removeprefix("."), value
        return
    for name, member in members:
        yield from flat(member, f"{path}.{name}")


def identity(member: Any) -> str | None:
    return (member.get("name") or member.get("topologyKey")) if isinstance(member, dict) else None
