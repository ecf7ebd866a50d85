"""How requests get in: Ingress, HTTPRoute, and what weighs them for a canary."""

import json

import pytest

from lib.render import ROOT, documents, find, helm_template, kinds, values

ROUTE = {"enabled": True, "parentRefs": [{"name": "shared", "namespace": "gateways", "sectionName": "https"}]}
SCHEMA = ROOT.parent / "shared" / "crd-schemas" / "gateway.networking.k8s.io" / "httproute_v1.json"


def rendered(data, *arguments):
    return documents(helm_template("hello", *values(data), *arguments))


def route(**settings):
    return find(rendered({"httpRoute": ROUTE | settings}), "HTTPRoute")["spec"]


def test_an_ingress_is_the_clusters_default_classs_unless_told_otherwise():
    ingress = {"enabled": True, "hosts": ["a.example"]}
    assert "ingressClassName" not in find(rendered({"ingress": ingress}), "Ingress")["spec"]


def test_an_ingress_leads_a_path_of_each_host_here():
    ingress = {"enabled": True, "hosts": ["a.example", "b.example"], "path": "/shop(/|$)(.*)"}
    spec = find(rendered({"ingress": ingress | {"pathType": "ImplementationSpecific"}}), "Ingress")["spec"]
    paths = [(rule["host"], path["path"], path["pathType"]) for rule in spec["rules"] for path in rule["http"]["paths"]]
    assert paths == [(host, "/shop(/|$)(.*)", "ImplementationSpecific") for host in ingress["hosts"]]


def test_a_route_says_all_that_the_api_server_would_add():
    """Argo CD compares lists as a whole, and would be out of sync for ever."""
    filters = [
        {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "m", "port": 80}, "fraction": {"numerator": 1}}},
        {"type": "CORS", "cors": {"allowOrigins": ["*"]}},
    ]
    matches = [{"path": {"value": "/a"}, "queryParams": [{"name": "a", "value": "b"}]}, {"headers": [{"name": "a", "value": "b"}]}]
    spec = route(filters=filters, matches=matches)
    if not SCHEMA.exists():
        pytest.skip("the schemas of custom resources are not there")
    assert defaulted(json.loads(SCHEMA.read_text())["properties"]["spec"], spec) == spec
    assert spec["rules"][0]["matches"][1]["path"] == {"type": "PathPrefix", "value": "/"}
    assert spec["parentRefs"] == [{"group": "gateway.networking.k8s.io", "kind": "Gateway"} | ROUTE["parentRefs"][0]]


def defaulted(schema, value):
    """A value with what its schema has as defaults, as the API server adds them."""
    if isinstance(value, list):
        return [defaulted(schema.get("items", {}), item) for item in value]
    if not isinstance(value, dict):
        return value
    known = schema.get("properties", {})
    value = value | {key: below["default"] for key, below in known.items() if "default" in below and key not in value}
    return {key: defaulted(known.get(key, {}), item) for key, item in value.items()}


def test_a_default_of_the_api_takes_the_place_of_nothing_that_was_given():
    """An empty group is the core group: that of a Service, which a mesh attaches a route to."""
    parent = {"group": "", "kind": "Service", "name": "hello"}
    header = {"name": "a", "value": "b.*", "type": "RegularExpression"}
    redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    spec = route(parentRefs=[parent], matches=[{"headers": [header]}], filters=[redirect])
    assert spec["parentRefs"] == [parent]
    assert spec["rules"][0]["matches"][0]["headers"] == [header]
    assert spec["rules"][0]["filters"] == [redirect]


def test_a_route_that_redirects_has_no_backend():
    """The API refuses both at once."""
    redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}
    header = {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["server"]}}
    [rule] = route(filters=[header, redirect])["rules"]
    assert rule["filters"][1]["requestRedirect"] == {"scheme": "https", "statusCode": 302}
    assert "backendRefs" not in rule


def test_the_plugin_finds_the_route_in_the_namespace_of_the_release():
    data = {"rollout": {"enabled": True, "trafficRouter": "gatewayAPI"}, "httpRoute": ROUTE}
    canary = find(rendered(data, "--namespace", "shop"), "Rollout")["spec"]["strategy"]["canary"]
    assert canary["trafficRouting"]["plugins"]["argoproj-labs/gatewayAPI"]["namespace"] == "shop"


def test_a_router_without_a_rollout_weighs_nothing():
    for router in ("gatewayAPI", "nginx", "traefik"):
        found = rendered({"rollout": {"trafficRouter": router}, "httpRoute": ROUTE})
        assert find(found, "HTTPRoute")["spec"]["rules"][0]["backendRefs"] == [
            {"group": "", "kind": "Service", "name": "hello", "port": 80, "weight": 1}
        ]
        assert "TraefikService" not in kinds(found)


@pytest.mark.parametrize(
    ("host", "path", "kind", "rule"),
    [
        ("a.example", "/", "Prefix", "Host(`a.example`)"),
        ("*.a.example", "/", "Prefix", "HostRegexp(`^[^.]+\\.a\\.example$`)"),
        ("a.example", "/shop/", "Prefix", "Host(`a.example`) && (Path(`/shop`) || PathPrefix(`/shop/`))"),
        ("a.example", "/", "Exact", "Host(`a.example`) && Path(`/`)"),
    ],
)
def test_traefik_weighs_the_canary_behind_what_the_ingress_says(host, path, kind, rule):
    ingress = {"enabled": True, "hosts": [host], "path": path, "pathType": kind, "className": "edge", "tlsSecret": "tls"}
    ingress["annotations"] = {"traefik.ingress.kubernetes.io/router.middlewares": "a-cut@kubernetescrd, a-b@file"}
    found = rendered({"rollout": {"enabled": True, "trafficRouter": "traefik"}, "ingress": ingress})
    assert "Ingress" not in kinds(found)
    route = find(found, "IngressRoute")
    assert route["metadata"]["annotations"]["kubernetes.io/ingress.class"] == "edge"
    assert route["spec"] == {
        "routes": [
            {
                "kind": "Rule",
                "match": rule,
                "middlewares": [{"name": "a-cut@kubernetescrd"}, {"name": "a-b@file"}],
                "services": [{"kind": "TraefikService", "name": "hello"}],
            }
        ],
        "tls": {"secretName": "tls"},
    }
