"""`gateway` in the place of `ingress`: one line of an overlay."""
import pytest
from lib import schemas, wiring
from lib.edges import INTERNAL
from lib.render import ENVIRONMENTS, SERVICES, documents, environment_values, find, helm_template, values
from overlay import overlay, through_the_gateway
from test_references import with_claims

OUTWARD = [service for service in SERVICES if service not in INTERNAL]
OUTSIDE = frozenset(["Secret/product-api-database", "Secret/product-api-cache"])
GATEWAY = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
ENTRIES = ("Ingress", "HTTPRoute", "Gateway")


@pytest.fixture(params=ENVIRONMENTS)
def case(request):
    return request.param, through_the_gateway(request.param)


def test_each_service_has_its_host_on_the_environments_own_gateway(case):
    environment, objects = case
    listener = objects["Gateway", "flotilla"]["spec"]["listeners"][0]
    assert listener["hostname"] == f"*.{environment}.flotilla.local"
    assert [name for kind, name in objects if kind == "HTTPRoute"] == OUTWARD
    for service in OUTWARD:
        spec = objects["HTTPRoute", service]["spec"]
        assert spec["hostnames"] == [f"{service}.{environment}.flotilla.local"]
        assert spec["parentRefs"] == [GATEWAY | {"name": "flotilla"}]


def test_nothing_but_the_way_in_is_another(case):
    environment, objects = case
    before = overlay(environment)
    policy = ("NetworkPolicy", "gateway")
    assert {key for key in before if key[0] not in ENTRIES} == {key for key in objects if key[0] not in ENTRIES} - {policy}
    differing = {key for key in before.keys() & objects.keys() if before[key] != objects[key]}
    assert differing == ({("Rollout", "hello")} if environment == "staging" else set())


def test_what_is_named_exists_and_the_schemas_are_content(case, tmp_path):
    objects = list(case[1].values())
    assert wiring.problems([with_claims(obj) for obj in objects], OUTSIDE) == []
    assert schemas.problems(objects) == []
    if schemas.CRD_VALIDATOR.exists():
        assert schemas.crd_problems(objects, tmp_path) == ""


@pytest.mark.parametrize("service", OUTWARD)
def test_the_routes_are_those_of_the_charts(case, service):
    environment, objects = case
    route = {"enabled": True, "parentRefs": [{"name": "flotilla"}], "hostnames": [f"{service}.{environment}.flotilla.local"]}
    router = {"rollout": {"trafficRouter": "gatewayAPI"}, "ingress": {"enabled": False}}
    namespace = ("--namespace", f"flotilla-{environment}")
    given = (*environment_values(service, environment), *values({"httpRoute": route} | router), *namespace)
    found = documents(helm_template(service, *given))
    assert objects["HTTPRoute", service]["spec"] == find(found, "HTTPRoute")["spec"]
    if ("Rollout", service) in objects:
        canary = objects["Rollout", service]["spec"]["strategy"]["canary"]
        assert canary == find(found, "Rollout")["spec"]["strategy"]["canary"]
        assert canary["trafficRouting"]["plugins"]["argoproj-labs/gatewayAPI"]["namespace"] == f"flotilla-{environment}"


def test_a_gateway_that_is_there_takes_the_routes_of_all():
    objects = through_the_gateway("staging", "existing-gateway")
    assert not [key for key in objects if key[0] == "Gateway" or key == ("NetworkPolicy", "gateway")]
    for service in OUTWARD:
        assert objects["HTTPRoute", service]["spec"]["parentRefs"] == [GATEWAY | {"name": "gateway", "namespace": "gateway"}]
    assert len(objects["HTTPRoute", "hello"]["spec"]["rules"][0]["backendRefs"]) == 2
