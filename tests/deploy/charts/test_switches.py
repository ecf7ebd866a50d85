"""Every key that all charts share: what it changes, and where."""

import copy
import sys

import pytest

from lib.render import CHARTS, documents, find, helm_template, values

sys.path.append(str(CHARTS / "generate"))
import readme as generator_readme  # noqa: E402
import values as generator_values  # noqa: E402

DIGEST = "sha256:" + "1" * 64
RULES = [{"name": "slow", "latency": "20ms"}]
PEERS = [{"group": "", "kind": "Service", "name": "gateway", "namespace": "a"}]
HOSTS = ["a.example"]
STEPS = [{"setWeight": 5}, {"pause": {"duration": "1m"}}]
ANALYSIS = {"templates": [{"templateName": "success"}]}
EGRESS = [{"cidr": "10.0.0.0/8", "ports": [5432]}]
CALLERS = [{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}], "ports": ["http", {"port": 15008, "protocol": "TCP"}]}]
MATCHES = [{"path": {"type": "Exact", "value": "/a"}}]
FILTERS = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["server"]}}]
TIMEOUTS = {"request": "10s"}
GATEWAY_API = {"argoproj-labs/gatewayAPI": {"httpRoute": "hello", "namespace": "default"}}
TOLERATIONS = [{"key": "a", "operator": "Exists"}]
VOLUMES = [{"name": "data", "emptyDir": {}}]
MOUNTS = [{"name": "data", "mountPath": "/data"}]
VARIABLES = [{"name": "RUST_BACKTRACE", "value": "1"}]
COLLECTOR = "http://a.b:4318"
PLACE = ",".join(
    f"{key}=$({name})"
    for key, name in [
        ("service.namespace", "POD_NAMESPACE"),
        ("k8s.namespace.name", "POD_NAMESPACE"),
        ("k8s.pod.name", "POD_NAME"),
        ("k8s.node.name", "NODE_NAME"),
    ]
)

POD = "spec template spec"
CONTAINER = f"{POD} containers 0"
META = "spec template metadata"
POLICY = "NetworkPolicy/hello spec"
CANARY = "spec strategy canary"
CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "operator": "DoesNotExist"}


def backend(name, weight):
    return {"group": "", "kind": "Service", "name": name, "port": 80, "weight": weight}


def namespace(name):
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


# Key, its value, what else must be on, and what is then where: the kind and the path in the object, without dots.
TABLE = [
    ("replicas", 4, "", "Deployment spec replicas", 4),
    ("image.registry", "a:5000", "", f"Deployment {CONTAINER} image", "a:5000/flotilla/hello:0.1.0"),
    ("image.repository", "b/c", "", f"Deployment {CONTAINER} image", "b/c:0.1.0"),
    ("image.tag", "v2", "", f"Deployment {CONTAINER} image", "flotilla/hello:v2"),
    ("image.digest", DIGEST, "tagged", f"Deployment {CONTAINER} image", f"flotilla/hello@{DIGEST}"),
    ("image.pullPolicy", "Always", "", f"Deployment {CONTAINER} imagePullPolicy", "Always"),
    ("imagePullSecrets", ["a"], "", f"Deployment {POD} imagePullSecrets", [{"name": "a"}]),
    ("env", VARIABLES, "", f"Deployment {CONTAINER} env", VARIABLES),
    ("faults.enabled", True, "", f"Deployment {CONTAINER} env 0 value", "/etc/flotilla/faults/faults.yaml"),
    ("faults.rules", RULES, "faults", "ConfigMap/hello-faults data faults.yaml", {"rules": RULES}),
    ("service.create", False, "", "Service spec", None),
    ("service.ipFamilyPolicy", "PreferDualStack", "", "Service spec ipFamilyPolicy", "PreferDualStack"),
    ("service.ipFamilies", ["IPv6", "IPv4"], "", "Service spec ipFamilies", ["IPv6", "IPv4"]),
    ("service.type", "NodePort", "", "Service spec type", "NodePort"),
    ("service.annotations", {"a": "b"}, "", "Service metadata annotations", {"a": "b"}),
    ("serviceAccount.create", False, "", f"Deployment {POD} serviceAccountName", "default"),
    ("serviceAccount.name", "a", "", f"Deployment {POD} serviceAccountName", "a"),
    ("serviceAccount.annotations", {"a": "b"}, "", "ServiceAccount metadata annotations", {"a": "b"}),
    ("securityContext.runAsUser", 1000, "", f"Deployment {POD} securityContext runAsUser", 1000),
    ("securityContext.runAsGroup", 1000, "", f"Deployment {POD} securityContext runAsGroup", 1000),
    ("securityContext.fsGroup", 1000, "volumes", f"Deployment {POD} securityContext fsGroup", 1000),
    ("autoscaling.enabled", True, "", "HorizontalPodAutoscaler spec scaleTargetRef name", "hello"),
    ("autoscaling.minReplicas", 3, "autoscaling", "HorizontalPodAutoscaler spec minReplicas", 3),
    ("autoscaling.maxReplicas", 9, "autoscaling", "HorizontalPodAutoscaler spec maxReplicas", 9),
    (
        "autoscaling.targetCPU",
        150,
        "autoscaling",
        "HorizontalPodAutoscaler spec metrics 0 resource target averageUtilization",
        150,
    ),
    ("podDisruptionBudget.enabled", True, "replicas", "PodDisruptionBudget spec maxUnavailable", 1),
    ("networkPolicy.enabled", True, "", f"{POLICY} policyTypes", ["Ingress", "Egress"]),
    ("networkPolicy.ingressNamespaces", ["a"], "policy", f"{POLICY} ingress 0 from 1", namespace("a")),
    ("networkPolicy.analysisNamespaces", ["a"], "policy", f"{POLICY} ingress 0 from 6", namespace("a")),
    ("networkPolicy.monitoringNamespaces", ["a"], "policy", f"{POLICY} ingress 1 from 0", namespace("a")),
    ("networkPolicy.dnsAddresses", ["::1/128"], "policy", f"{POLICY} egress 0 to 1 ipBlock cidr", "::1/128"),
    ("networkPolicy.awsIdentity", True, "policy", f"{POLICY} egress 1 ports", [{"port": 80, "protocol": "TCP"}]),
    ("networkPolicy.extraIngress", CALLERS, "policy", f"{POLICY} ingress 2 from", CALLERS[0]["from"]),
    ("networkPolicy.extraEgress", EGRESS, "policy", f"{POLICY} egress 1 ports", [{"port": 5432, "protocol": "TCP"}]),
    ("tracing.endpoint", COLLECTOR, "", f"Deployment {CONTAINER} env 4 value", COLLECTOR),
    ("tracing.sampler", "always_on", "tracing", f"Deployment {CONTAINER} env 5 value", "always_on"),
    ("tracing.samplerArg", 0.000001, "tracing", f"Deployment {CONTAINER} env 6 value", "0.000001"),
    ("tracing.resourceAttributes", {"a": "b"}, "tracing", f"Deployment {CONTAINER} env 3 value", f"{PLACE},a=b"),
    ("serviceMonitor.enabled", True, "", "ServiceMonitor spec endpoints 0 port", "metrics"),
    ("serviceMonitor.interval", "1m", "monitor", "ServiceMonitor spec endpoints 0 interval", "1m"),
    ("serviceMonitor.labels", {"release": "a"}, "monitor", "ServiceMonitor metadata labels release", "a"),
    ("ingress.enabled", True, "hosts", "Ingress spec rules 0 host", "b.example"),
    ("ingress.className", "a", "ingress", "Ingress spec ingressClassName", "a"),
    ("ingress.annotations", {"a": "b"}, "ingress", "Ingress metadata annotations", {"a": "b"}),
    ("ingress.hosts", HOSTS, "ingress", "Ingress spec rules 0 host", HOSTS[0]),
    ("ingress.path", "/a", "ingress", "Ingress spec rules 0 http paths 0 path", "/a"),
    ("ingress.pathType", "Exact", "ingress", "Ingress spec rules 0 http paths 0 pathType", "Exact"),
    ("ingress.tlsSecret", "a", "ingress", "Ingress spec tls", [{"hosts": ["b.example"], "secretName": "a"}]),
    ("httpRoute.enabled", True, "parents", "HTTPRoute spec rules 0 backendRefs", [backend("hello", 1)]),
    ("httpRoute.parentRefs", PEERS, "route", "HTTPRoute spec parentRefs", PEERS),
    ("httpRoute.hostnames", HOSTS, "route", "HTTPRoute spec hostnames", HOSTS),
    ("httpRoute.matches", MATCHES, "route", "HTTPRoute spec rules 0 matches", MATCHES),
    ("httpRoute.filters", FILTERS, "route", "HTTPRoute spec rules 0 filters", FILTERS),
    ("httpRoute.timeouts", TIMEOUTS, "route", "HTTPRoute spec rules 0 timeouts", TIMEOUTS),
    ("rollout.enabled", True, "", f"Rollout {CANARY} canaryService", "hello-canary"),
    ("rollout.trafficRouter", "gatewayAPI", "rollout", f"Rollout {CANARY} trafficRouting plugins", GATEWAY_API),
    ("rollout.steps", STEPS, "rollout", f"Rollout {CANARY} steps", STEPS),
    ("rollout.analysis", ANALYSIS, "rollout", f"Rollout {CANARY} analysis", ANALYSIS),
    (
        "scheduling.avoidControlPlane",
        "required",
        "",
        f"Deployment {POD} affinity nodeAffinity requiredDuringSchedulingIgnoredDuringExecution nodeSelectorTerms",
        [{"matchExpressions": [CONTROL_PLANE]}],
    ),
    ("scheduling.spreadOver", ["a"], "", f"Deployment {POD} topologySpreadConstraints 0 topologyKey", "a"),
    ("scheduling.nodeSelector", {"a": "b"}, "", f"Deployment {POD} nodeSelector", {"a": "b"}),
    ("scheduling.tolerations", TOLERATIONS, "", f"Deployment {POD} tolerations", TOLERATIONS),
    ("podLabels", {"a": "b"}, "", f"Deployment {META} labels a", "b"),
    ("podAnnotations", {"a": "b"}, "", f"Deployment {META} annotations a", "b"),
    ("volumes", VOLUMES, "", f"Deployment {POD} volumes", VOLUMES),
    ("volumeMounts", MOUNTS, "volumes", f"Deployment {CONTAINER} volumeMounts", MOUNTS),
]

# What a key needs beside it.
BESIDE = {
    "": {},
    "tagged": {"image": {"tag": "v2"}},
    "faults": {"faults": {"enabled": True}},
    "replicas": {"replicas": 2},
    "autoscaling": {"autoscaling": {"enabled": True}},
    "policy": {"networkPolicy": {"enabled": True}},
    "tracing": {"tracing": {"endpoint": COLLECTOR}},
    "monitor": {"serviceMonitor": {"enabled": True}},
    "hosts": {"ingress": {"hosts": ["b.example"]}},
    "ingress": {"ingress": {"enabled": True, "hosts": ["b.example"]}},
    "parents": {"httpRoute": {"parentRefs": [{"name": "b"}]}},
    "route": {"httpRoute": {"enabled": True, "parentRefs": [{"name": "b"}]}},
    "rollout": {"rollout": {"enabled": True}, "httpRoute": {"enabled": True, "parentRefs": [{"name": "b"}]}},
    "volumes": {"volumes": VOLUMES},
}


def at(data, place):
    """What is at a place in the rendered objects, or None."""
    kind, *path = place.split()
    kind, _, name = kind.partition("/")
    found = documents(helm_template("hello", *values(data)))
    wanted = name or "hello"
    if not any((d["kind"], d["metadata"]["name"]) == (kind, wanted) for d in found):
        return None
    node = find(found, kind, wanted)
    for key in path:
        if isinstance(node, list):
            node = node[int(key)] if int(key) < len(node) else None
        else:
            node = (node or {}).get(key)
    return documents(node)[0] if path[-1].endswith(".yaml") else node


@pytest.mark.parametrize(("key", "value", "beside", "place", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_a_key_changes_what_it_says(key, value, beside, place, expected):
    data = copy.deepcopy(BESIDE[beside])
    assert at(data, place) != expected, "it would be so without the key"
    if expected is None:
        assert at(data, place) is not None, "it is not there anyway"
    *groups, last = key.split(".")
    node = data
    for group in groups:
        node = node.setdefault(group, {})
    node[last] = value
    assert at(data, place) == expected


def test_every_documented_key_has_its_row():
    documented = generator_values.documented((CHARTS / "generate" / "values.yaml").read_text())
    keys = [".".join(v.path) for v in documented if v.comment and not generator_readme.is_group(v, documented)]
    assert sorted(row[0] for row in TABLE) == sorted(keys)


def test_probes_are_as_patient_as_their_comments_say():
    container = find(documents(helm_template("hello")), "Deployment")["spec"]["template"]["spec"]["containers"][0]
    numbers = {
        name: [container[name][key] for key in ("periodSeconds", "timeoutSeconds", "failureThreshold")]
        for name in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert numbers == {"startupProbe": [1, 2, 30], "readinessProbe": [5, 2, 2], "livenessProbe": [10, 2, 3]}
