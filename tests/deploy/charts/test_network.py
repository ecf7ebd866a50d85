"""Who may call whom: all of it, and nothing else."""

import re
from itertools import product
from urllib.parse import urlsplit

import pytest

from cases import all_renderings, database, render
from lib import edges
from lib.render import ENVIRONMENTS, SERVICES, documents, environment_values, find, helm_template, values
from lib.wiring import WORKLOADS, matches

# Beside the services: what an environment or a cluster runs.
OTHERS = ("redis", "postgres", "stranger", "gateway", *(f"{service}-test" for service in SERVICES))
CONTROLLERS = ("ingress-nginx", "traefik", "envoy-gateway-system", "openshift-ingress")
NAMESPACES = (*CONTROLLERS, "monitoring", "argo-rollouts", "kube-system", "stranger")
# The proxies of a Gateway, beside the services.
PROXY = {"gateway.networking.k8s.io/gateway-name": "any"}

CALLS = {
    *((caller, called, "http") for caller, called in edges.CALLS),
    *((c, service, "http") for c in (*CONTROLLERS, "gateway") for service in SERVICES if service not in edges.INTERNAL),
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
    given = {service: documents(helm_template(service, *closed(service, environment))) for service in SERVICES}
    policies = {
        d["metadata"]["name"]: d["spec"] for found in given.values() for d in found if d["kind"] == "NetworkPolicy"
    }
    pods = {s: next(d for d in found if d["kind"] in WORKLOADS)["spec"]["template"] for s, found in given.items()}
    return given, policies, pods


def closed(service, environment=None):
    given = environment_values(service, environment) if environment else ()
    return (*given, *database(service), *values({"networkPolicy": {"enabled": True}}))


def labels(name, pods):
    """Of a service's pods, of a test's, or of those of a component."""
    if name in pods:
        return pods[name]["metadata"]["labels"]
    if name == "gateway":
        return PROXY
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
            if (
                namespace
                and "namespaceSelector" in peer
                and matches(peer["namespaceSelector"], {"kubernetes.io/metadata.name": namespace})
            ):
                return True
            if not namespace and "podSelector" in peer and matches(peer["podSelector"], peer_labels):
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


# NodeLocal DNSCache, in either family.
DNS = {("169.254.20.10/32", 53), ("fd00::/8", 53)}
AWS = {"169.254.170.23/32", "fd00:ec2::23/128", "169.254.169.254/32", "fd00:ec2::254/128"}


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
                    {"ipBlock": {"cidr": "fd00::/8"}},
                ],
                "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
            }


def test_no_rule_of_the_charts_own_knows_one_family_alone():
    for service in SERVICES:
        for case, found in all_renderings(service).items():
            rules = [r for d in found if d["kind"] == "NetworkPolicy" for r in d["spec"].get("egress", [])]
            blocks_of = [{p["ipBlock"]["cidr"] for p in rule["to"] if "ipBlock" in p} for rule in rules]
            for addresses in blocks_of:
                # The extra one of the cases.
                if addresses and addresses != {"10.0.0.0/8"}:
                    assert {":" in address for address in addresses} == {True, False}, (case, addresses)


def test_the_identity_of_aws_is_one_setting():
    text = helm_template("auxiliary-service", *values({"networkPolicy": {"enabled": True, "awsIdentity": True}}))
    spec = find(documents(text), "NetworkPolicy", "auxiliary-service")["spec"]
    assert blocks(spec) == DNS | {("0.0.0.0/0", 443), ("::/0", 443)} | {(address, 80) for address in AWS}


def policy_of_hello(**settings):
    found = documents(helm_template("hello", *values({"networkPolicy": {"enabled": True} | settings})))
    return find(found, "NetworkPolicy", "hello")["spec"]


@pytest.mark.parametrize(
    ("endpoint", "peer", "port"),
    [
        ("http://collector.telemetry:4318", "telemetry", 4318),
        ("http://collector.telemetry:4318/otlp", "telemetry", 4318),
        ("http://collector.telemetry.svc:4318", "telemetry", 4318),
        ("http://collector.telemetry.svc.cluster.local.:14318/", "telemetry", 14318),
        ("http://collector.telemetry", "telemetry", 80),
        ("http://collector:4318", None, 4318),
    ],
)
def test_the_way_to_a_collector_is_open_where_it_is_a_service(endpoint, peer, port):
    [rule] = egress_beyond_dns(endpoint)
    pods = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": peer}}} if peer else {"podSelector": {}}
    assert rule == {"to": [pods], "ports": [{"port": port, "protocol": "TCP"}]}


@pytest.mark.parametrize(
    "endpoint", ["", "http://10.0.0.1:4318", "http://[fd00::1]:4318", "http://$(HOST_IP):4318", "http://otlp.a.example:4318"]
)
def test_any_other_address_of_a_collector_opens_nothing(endpoint):
    assert egress_beyond_dns(endpoint) == []


def egress_beyond_dns(endpoint):
    found = documents(helm_template("hello", *values({"networkPolicy": {"enabled": True}, "tracing": {"endpoint": endpoint}})))
    return find(found, "NetworkPolicy", "hello")["spec"]["egress"][1:]


def test_own_rules_are_ranges_of_addresses_or_what_a_policy_has():
    mesh = {"namespaceSelector": {}}
    ports = [15008, {"port": 8443, "endPort": 8450, "protocol": "TCP"}]
    for extra, direction, peer in (("extraIngress", "ingress", "from"), ("extraEgress", "egress", "to")):
        rules = [{"cidr": "fd12::/16", "ports": [8080]}, {peer: [mesh], "ports": ports}]
        added = policy_of_hello(**{extra: rules})[direction][-2:]
        assert added == [
            {peer: [{"ipBlock": {"cidr": "fd12::/16"}}], "ports": [{"port": 8080, "protocol": "TCP"}]},
            {peer: [mesh], "ports": [{"port": 15008, "protocol": "TCP"}, ports[1]]},
        ]


def test_the_copies_that_flagger_makes_may_do_what_the_service_may():
    """It calls them NAME-primary in the label as well."""
    for service in SERVICES:
        policy = find(render(service, ("networkpolicy",)), "NetworkPolicy", service)["spec"]
        _, _, pods = fleet()
        primary = pods[service]["metadata"]["labels"] | {"app.kubernetes.io/name": f"{service}-primary"}
        assert matches(policy["podSelector"], primary)
        assert not matches(policy["podSelector"], primary | {"app.kubernetes.io/instance": "another"})
        for caller, called in edges.CALLS:
            if called == service:
                calling = pods[caller]["metadata"]["labels"] | {"app.kubernetes.io/name": f"{caller}-primary"}
                assert allows(policy["ingress"], "from", calling, None, "http")
        test = find(render(service, ("networkpolicy",)), "NetworkPolicy", f"{service}-test")["spec"]
        assert allows(test["egress"], "to", primary, None, port_of(service))


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
