"""Who may talk to whom: exactly what lib/edges.py lists, and every URL in a configuration among it."""
import re

import pytest
from lib import wiring
from lib.edges import BACKENDS, CALLS, INTERNAL
from lib.render import ENVIRONMENTS
from overlay import container, data, overlay, variables, workloads

METRICS = 4040
OUTSIDE = {"ingress-nginx/", "traefik/", "envoy-gateway-system/", "openshift-ingress/", "gateway"}
URL = re.compile(r"^(?P<scheme>[a-z]+)://(?:[^@/]*@)?(?P<host>[^:/]+):(?P<port>\d+)")


def peers(rule):
    """The other ends of a rule: a pod's name, `namespace/`, or an address block."""
    for peer in rule.get("from", []) + rule.get("to", []):
        if "ipBlock" in peer:
            yield peer["ipBlock"]["cidr"]
        elif "namespaceSelector" in peer:
            yield peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] + "/"
        elif peer["podSelector"] == wiring.GATEWAY_PODS:
            yield "gateway"
        else:
            yield name_of(peer["podSelector"])


def name_of(selector):
    """The name that a selector is for; Flagger's copy of a service has another, which has to be selected with it."""
    for expression in selector.get("matchExpressions", []):
        name, primary = expression["values"]
        assert (expression["key"], primary) == ("app.kubernetes.io/name", f"{name}-primary")
        return name
    return selector["matchLabels"]["app.kubernetes.io/name"]


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
        pod = name_of(policy["spec"]["podSelector"])
        for rule in policy["spec"].get(direction, []):
            for peer in peers(rule):
                ends = (peer, pod) if direction == "ingress" else (pod, peer)
                edges |= {(*ends, number) for number in numbers(objects, pod, rule)}
    return edges


def listed(objects, calls):
    """The calls of services with the number of the port, and those to what is no service."""
    return {(caller, called, port(objects, called, "http")) for caller, called in calls} | BACKENDS


def assert_only_listed_calls(objects, calls=CALLS):
    """Both directions of every policy allow what is listed, and nothing else."""
    services = {name for kind, name in objects if kind == "NetworkPolicy"} - {"default-deny", "postgres", "redis"}
    incoming = {("monitoring/", service, METRICS) for service in services}
    for service in services:
        callers = {"argo-rollouts/", f"{service}-test"} | (set() if service in INTERNAL else OUTSIDE)
        incoming |= {(caller, service, port(objects, service, "http")) for caller in callers}
    incoming |= {call for call in listed(objects, calls) if call[1] in workloads(objects)}
    assert allowed(objects, "ingress") == incoming
    # DNS, in the cluster or on the node.
    outgoing = {(service, dns, 53) for service in services for dns in ("kube-system/", "169.254.20.10/32", "fd00::/8")}
    outgoing |= {("auxiliary-service", cidr, 443) for cidr in ("0.0.0.0/0", "::/0")} | listed(objects, calls)
    assert allowed(objects, "egress") == outgoing


def assert_urls_are_calls(objects, calls=CALLS):
    """The configuration names all that is listed and is there, and each name is an edge that both ends allow."""
    outgoing, incoming = allowed(objects, "egress"), allowed(objects, "ingress")
    named = set()
    for caller, value in urls(objects):
        host, asked = URL.match(value).group("host", "port")
        [target] = [each["targetPort"] for each in objects["Service", host]["spec"]["ports"] if each["port"] == int(asked)]
        call = (caller, host, port(objects, host, target))
        assert call in outgoing and call in incoming, value
        named.add(call)
    # In dev product-api has neither database nor cache; in production their Secrets are elsewhere.
    assert named == {call for call in listed(objects, calls) if call[1] in workloads(objects)}


def urls(objects):
    return [(name, value) for name, workload in workloads(objects).items()
            for value in variables(objects, workload).values() if "://" in value]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_but_the_listed_calls_is_allowed(environment):
    objects = overlay(environment)
    assert {name for kind, name in objects if kind == "NetworkPolicy"} == {*workloads(objects), "default-deny"}
    assert_only_listed_calls(objects)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_whoever_has_no_policy_is_closed(environment):
    spec = overlay(environment)["NetworkPolicy", "default-deny"]["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_url_is_an_edge_that_both_ends_allow(environment):
    assert_urls_are_calls(overlay(environment))


@pytest.mark.parametrize("environment", ["qa", "staging"])
def test_the_password_of_a_url_is_the_servers_own(environment):
    objects = overlay(environment)
    secrets = {name: variables(objects, workloads(objects)["product-api"])[name] for name in ("DATABASE_URL", "REDIS_URL")}
    for url, server in ((secrets["DATABASE_URL"], "postgres"), (secrets["REDIS_URL"], "redis")):
        password = re.search(r":([^:@]+)@", url).group(1)
        assert password in passwords(objects, server)


def passwords(objects, server):
    return [data(obj)["password"] for (kind, name), obj in objects.items() if kind == "Secret" and name.startswith(f"{server}-")]
