"""The switches of the charts, and the combinations of them that are rendered."""

import functools
from itertools import combinations
from typing import Any

from lib.render import ENVIRONMENTS, Document, documents, environment_values, helm_template, values

HOSTS = ["a.example", "*.b.example"]
RULE = {
    "name": "slow",
    "match": {"path": "/"},
    "error": {"rate": 0.000001},
    "latency": {"p50": "20ms", "p90": "120ms", "p99": "900ms"},
}
ROUTE = {"enabled": True, "parentRefs": [{"name": "gateway"}]}

SWITCHES: dict[str, dict[str, Any]] = {
    "replicas": {"replicas": 2},
    "autoscaling": {"autoscaling": {"enabled": True}},
    "disruptionbudget": {"podDisruptionBudget": {"enabled": True}},
    "networkpolicy": {
        "networkPolicy": {
            "enabled": True,
            "awsIdentity": True,
            "extraIngress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 15008, "protocol": "TCP"}]}],
            "extraEgress": [{"cidr": "10.0.0.0/8", "ports": [5432, 6379]}],
        }
    },
    "no-namespaces": {
        "networkPolicy": {key: [] for key in ("ingressNamespaces", "monitoringNamespaces", "analysisNamespaces")}
        | {"dnsAddresses": []}
    },
    "tracing": {
        "tracing": {
            "endpoint": "http://otel-collector.observability:4318",
            "samplerArg": 0.01,
            "resourceAttributes": {"cloud.region": "eu-1"},
        }
    },
    "servicemonitor": {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}},
    "ingress": {"ingress": {"enabled": True, "hosts": HOSTS, "tlsSecret": "tls", "annotations": {"a": "b"}}},
    "httproute": {
        "httpRoute": ROUTE
        | {
            "hostnames": HOSTS,
            "matches": [{"headers": [{"name": "a", "value": "b"}]}, {"path": {"value": "/shop"}, "method": "GET"}],
            "filters": [
                {
                    "type": "URLRewrite",
                    "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
                },
                {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "mirror", "port": 80}}},
            ],
            "timeouts": {"request": "10s", "backendRequest": "2s500ms"},
        }
    },
    "rollout": {"rollout": {"enabled": True, "analysis": {"templates": [{"templateName": "success"}]}}},
    "nginx": {"rollout": {"enabled": True, "trafficRouter": "nginx"}, "ingress": {"enabled": True, "hosts": HOSTS}},
    "traefik": {
        "rollout": {"enabled": True, "trafficRouter": "traefik", "analysis": {"flotilla": True}},
        "ingress": {"enabled": True, "hosts": HOSTS, "path": "/shop"},
    },
    "gateway-api": {"rollout": {"enabled": True, "trafficRouter": "gatewayAPI"}, "httpRoute": ROUTE},
    "openshift": {"securityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}},
    "dual-stack": {"service": {"ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv6", "IPv4"]}},
    "faults": {"faults": {"enabled": True, "rules": [RULE]}},
    "existing": {"config": {"existing": "there"}, "secret": {"existing": ["there", "too"]}},
    "account": {"serviceAccount": {"create": False, "name": "there"}},
    "pod": {
        "imagePullSecrets": ["there"],
        "image": {"registry": "registry.example:5000", "tag": "v2", "digest": "sha256:" + "0" * 64},
        "env": [{"name": "RUST_BACKTRACE", "value": "1"}],
        "podLabels": {"team": "a"},
        "podAnnotations": {"note": "b"},
        "volumes": [{"name": "data", "emptyDir": {}}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    },
    "scheduling": {
        "scheduling": {
            "avoidControlPlane": "required",
            "spreadOver": ["kubernetes.io/hostname", "topology.kubernetes.io/zone"],
            "nodeSelector": {"disk": "fast"},
            "tolerations": [{"operator": "Exists"}],
        }
    },
}

# What is there before a release, in the cases that name it.
OUTSIDE = frozenset(
    ["ServiceAccount/there", "ConfigMap/there", "Secret/there", "Secret/too"]
    + ["Secret/product-api-database", "Secret/product-api-cache", "Secret/product-api-demo"]
)


def pairwise() -> list[tuple[str, ...]]:
    """Eight combinations in which each two switches meet in all four ways. Each switch is on in another four of the
    last seven: any two sets of four share a member, and neither holds the other; in the first all are off."""
    sets = list(combinations(range(1, 8), 4))
    rows = {name: sets[number] for number, name in enumerate(SWITCHES)}
    return [tuple(name for name, on in rows.items() if row in on) for row in range(8)]


def merged(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(argument for name in names for argument in values(SWITCHES[name]))


def database(chart: str) -> tuple[str, ...]:
    """product-api is refused more than one pod without one."""
    return values({"secret": {"existing": ["product-api-demo"]}}) if chart == "product-api" else ()


def render(chart: str, names: tuple[str, ...] = (), environment: str | None = None) -> list[Document]:
    given = environment_values(chart, environment) if environment else ()
    given += database(chart) if environment in (None, "dev") else ()
    return documents(helm_template(chart, *given, *merged(names)))


@functools.cache
def all_renderings(chart: str) -> dict[str, list[Document]]:
    """Every values file with every combination of two; the defaults also with each switch alone, so that a failure
    names it, and with all."""
    alone = [(name,) for name in SWITCHES]
    cases = [(None, names) for names in [*alone, tuple(SWITCHES)]]
    cases += [(environment, names) for environment in (None, *ENVIRONMENTS) for names in pairwise()]
    return {
        f"{environment or 'defaults'}+{'+'.join(names) or 'nothing'}": render(chart, names, environment)
        for environment, names in cases
    }
