"""Who may talk to whom: exactly what is listed here, and every URL in a configuration among it."""
import re

import pytest
from lib.render import ENVIRONMENTS, SERVICES
from overlay import container, data, overlay, variables, workloads

# Every other service is for clients outside the cluster.
INTERNAL = {"auxiliary-service"}
METRICS = 4040
CALLS = {("main-api", "auxiliary-service", 8001), ("storefront", "product-api", 3000),
         ("product-api", "redis", 6379), ("product-api", "postgres", 5432)}
URL = re.compile(r"^(?P<scheme>[a-z]+)://(?:[^@/]*@)?(?P<host>[^:/]+):(?P<port>\d+)")


def peers(rule):
    """The other ends of a rule: a pod's name, `namespace/`, or an address block."""
    for peer in rule.get("from", []) + rule.get("to", []):
        if "ipBlock" in peer:
            yield peer["ipBlock"]["cidr"]
        elif "namespaceSelector" in peer:
            yield peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] + "/"
        else:
            yield peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]


def port(objects, workload, name):
    """The number that a pod gives to the name of a port."""
    [number] = [each["containerPort"] for each in container(workloads(objects)[workload])["ports"] if each["name"] == name]
    return number


def numbers(objects, workload, rule):
    """The ports of a rule; those with a name are the pod's own."""
    given = [each["port"] for each in rule["ports"]]
    return [port(objects, workload, each) if isinstance(each, str) else each for each in given]


def allowed(objects, direction):
    """(caller, called, port) of every rule of a direction."""
    edges = set()
    for (kind, name), policy in objects.items():
        if kind != "NetworkPolicy" or name == "default-deny":
            continue
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"], name
        pod = policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for rule in policy["spec"].get(direction, []):
            for peer in peers(rule):
                ends = (peer, pod) if direction == "ingress" else (pod, peer)
                edges |= {(*ends, number) for number in numbers(objects, pod, rule)}
    return edges


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_may_come_in_is_listed(environment):
    objects = overlay(environment)
    expected = {("monitoring/", service, METRICS) for service in SERVICES}
    for service in SERVICES:
        callers = {"argo-rollouts/", f"{service}-test"} | (set() if service in INTERNAL else {"ingress-nginx/"})
        expected |= {(caller, service, port(objects, service, "http")) for caller in callers}
    expected |= {call for call in CALLS if call[1] in workloads(objects)}
    assert allowed(objects, "ingress") == expected


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_may_go_out_is_listed(environment):
    # The cluster's DNS, and the cache that a node may have of it.
    expected = {(service, dns, 53) for service in SERVICES for dns in ("kube-system/", "169.254.20.10/32")} | CALLS
    expected |= {("auxiliary-service", cidr, 443) for cidr in ("0.0.0.0/0", "::/0")}
    assert allowed(overlay(environment), "egress") == expected


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_whoever_has_no_policy_is_closed(environment):
    spec = overlay(environment)["NetworkPolicy", "default-deny"]["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_url_is_an_edge_that_both_ends_allow(environment):
    objects = overlay(environment)
    urls = [(name, value) for name, workload in workloads(objects).items()
            for value in variables(objects, workload).values() if "://" in value]
    # In dev product-api has neither database nor cache; in production their Secrets are elsewhere.
    assert len(urls) == (4 if environment in ("qa", "staging") else 2)
    outgoing, incoming = allowed(objects, "egress"), allowed(objects, "ingress")
    for caller, value in urls:
        host, asked = URL.match(value).group("host", "port")
        [target] = [each["targetPort"] for each in objects["Service", host]["spec"]["ports"] if each["port"] == int(asked)]
        number = port(objects, host, target)
        assert (caller, host, number) in outgoing, value
        assert (caller, host, number) in incoming, value


@pytest.mark.parametrize("environment", ["qa", "staging"])
def test_the_password_of_a_url_is_the_servers_own(environment):
    objects = overlay(environment)
    secrets = {name: variables(objects, workloads(objects)["product-api"])[name] for name in ("DATABASE_URL", "REDIS_URL")}
    for url, server in ((secrets["DATABASE_URL"], "postgres"), (secrets["REDIS_URL"], "redis")):
        password = re.search(r":([^:@]+)@", url).group(1)
        assert password in passwords(objects, server)


def passwords(objects, server):
    return [data(obj)["password"] for (kind, name), obj in objects.items() if kind == "Secret" and name.startswith(f"{server}-")]
