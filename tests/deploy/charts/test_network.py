"""Who may call whom: all of it, and nothing else."""

import re
from itertools import product
from urllib.parse import urlsplit

import pytest

from cases import render
from lib import edges
from lib.render import ENVIRONMENTS, SERVICES, documents, find, helm_template, values
from lib.wiring import WORKLOADS, matches

# Beside the services: what an environment or a cluster runs.
OTHERS = ("redis", "postgres", "stranger", *(f"{service}-test" for service in SERVICES))
NAMESPACES = ("ingress-nginx", "monitoring", "argo-rollouts", "kube-system", "stranger")

CALLS = {
    *((caller, called, "http") for caller, called in edges.CALLS),
    *(("ingress-nginx", service, "http") for service in SERVICES if service not in edges.INTERNAL),
    *(("monitoring", service, "metrics") for service in SERVICES),
    *(("argo-rollouts", service, "http") for service in SERVICES),
    *((f"{service}-test", service, "http") for service in SERVICES),
}
# Out of the fleet: to a pod or namespace, and its port.
LEAVES = {
    *edges.BACKENDS,
    *((service, "kube-system", 53) for service in SERVICES),
}


def fleet(environment=None):
    given = {service: render(service, ("networkpolicy",), environment) for service in SERVICES}
    policies = {
        d["metadata"]["name"]: d["spec"] for found in given.values() for d in found if d["kind"] == "NetworkPolicy"
    }
    pods = {s: next(d for d in found if d["kind"] in WORKLOADS)["spec"]["template"] for s, found in given.items()}
    return given, policies, pods


def labels(name, pods):
    """Of a service's pods, of a test's, or of those of a component."""
    if name in pods:
        return pods[name]["metadata"]["labels"]
    instance = name.removesuffix("-test")
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": instance}


def allows(rules, direction, peer_labels, namespace, *ports):
    """Whether one of the rules names the peer and, by number or by name, the port. A peer is a pod of the same
    namespace or any pod of another."""
    for rule in rules:
        assert rule.get(direction) and rule.get("ports"), "no peer, or no port, allows all"
        if not {port["port"] for port in rule["ports"]} & set(ports):
            continue
        for peer in rule[direction]:
            if namespace and matches(
                peer.get("namespaceSelector", {"a": "b"}), {"kubernetes.io/metadata.name": namespace}
            ):
                return True
            if not namespace and matches(peer.get("podSelector", {"a": "b"}), peer_labels):
                return True
    return False


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_policies_allow_what_is_listed_and_nothing_else(environment):
    _, policies, pods = fleet(environment)
    allowed = set()
    for caller, service, port in product((*SERVICES, *OTHERS, *NAMESPACES), SERVICES, ("http", "metrics")):
        numbers = {p["name"]: p["containerPort"] for p in pods[service]["spec"]["containers"][0]["ports"]}
        inward = allows(
            policies[service]["ingress"],
            "from",
            labels(caller, pods),
            caller in NAMESPACES and caller,
            port,
            numbers[port],
        )
        # What a component or another namespace may call is not for these charts to say.
        out = policies.get(caller, {}).get("egress")
        outward = out is None or allows(out, "to", labels(service, pods), None, port, numbers[port])
        if inward and outward:
            allowed.add((caller, service, port))
        # A door that is open on one side only is a mistake, or of no use.
        assert inward == outward or out is None, f"{caller} to {service} {port}: in {inward}, out {outward}"
    assert allowed == CALLS


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_services_leave_the_fleet_as_listed(environment):
    _, policies, pods = fleet(environment)
    names = ("redis", "postgres", "stranger", *NAMESPACES)
    cases = product(SERVICES, names, (53, 80, 443, 5432, 6379, 8080))
    allowed = {
        (service, name, port)
        for service, name, port in cases
        if allows(policies[service]["egress"], "to", labels(name, pods), name in NAMESPACES and name, port)
    }
    assert allowed == LEAVES


# NodeLocal DNSCache.
DNS = {("169.254.20.10/32", 53)}


def blocks(policy):
    """What it may call by address."""
    return {
        (peer["ipBlock"]["cidr"], port["port"])
        for rule in policy["egress"]
        for peer in rule["to"]
        for port in rule["ports"]
        if "ipBlock" in peer
    }


def test_addresses_are_open_only_where_they_are_asked_for():
    for service in SERVICES:
        text = helm_template(service, *values({"networkPolicy": {"enabled": True}}))
        expected = {("0.0.0.0/0", 443), ("::/0", 443)} if service == "auxiliary-service" else set()
        assert blocks(find(documents(text), "NetworkPolicy", service)["spec"]) == expected | DNS


def test_names_are_asked_over_udp_and_tcp_of_the_cluster_and_of_the_nodes_cache():
    for service in SERVICES:
        for name in (service, f"{service}-test"):
            rule = find(render(service, ("networkpolicy",)), "NetworkPolicy", name)["spec"]["egress"][0]
            assert rule == {
                "to": [
                    {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
                    {"ipBlock": {"cidr": "169.254.20.10/32"}},
                ],
                "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
            }


def test_extra_egress_is_what_it_says():
    extra = [{"cidr": "10.1.0.0/16", "ports": [5432, 6380]}, {"cidr": "169.254.170.23/32", "ports": [80]}]
    text = helm_template("product-api", *values({"networkPolicy": {"enabled": True, "extraEgress": extra}}))
    spec = find(documents(text), "NetworkPolicy", "product-api")["spec"]
    assert blocks(spec) == DNS | {("10.1.0.0/16", 5432), ("10.1.0.0/16", 6380), ("169.254.170.23/32", 80)}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_url_in_the_configuration_leads_over_an_allowed_edge(environment):
    given, _, _ = fleet(environment)
    urls = [
        (service, urlsplit(url))
        for service, found in given.items()
        for document in found
        if document["kind"] == "ConfigMap"
        for value in document["data"].values()
        for url in re.findall(r"\w+://\S+", value)
    ]
    assert {service for service, _ in urls} >= {"main-api", "storefront"}
    for service, url in urls:
        ports = {
            port["name"]: port["port"] for port in find(given[url.hostname], "Service", url.hostname)["spec"]["ports"]
        }
        assert ports["http"] == url.port
        assert (service, url.hostname, "http") in CALLS


def test_the_test_pod_may_ask_its_service_and_nobody_may_ask_it():
    for service in SERVICES:
        spec = find(render(service, ("networkpolicy",)), "NetworkPolicy", f"{service}-test")["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        assert "ingress" not in spec
        assert [sorted(port["port"] for port in rule["ports"]) for rule in spec["egress"]] == [
            [53, 53],
            [port_of(service)],
        ]


def port_of(service):
    [container] = find(render(service), "Deployment")["spec"]["template"]["spec"]["containers"]
    return next(port["containerPort"] for port in container["ports"] if port["name"] == "http")
