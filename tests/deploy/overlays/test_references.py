"""Everything that an object names exists, in every overlay and with every component on top of dev."""
import copy
import functools
import json

import pytest
from lib import pod_security, schemas, wiring
from lib.render import CHARTS, ENVIRONMENTS, SERVICES, Document
from overlay import COMPONENTS, Objects, container, overlay, plain_name, pod, variables, with_components, workloads

# Secrets that an overlay or a component finds in the cluster.
EXISTING = {
    "existing-backends": {"product-api-cache", "product-api-database"},
    "production": {"product-api-cache", "product-api-database"},
    "aws-static-credentials": {"aws-credentials"},
}
# A Rollout without `replicas` has one. An autoscaler is to own them in every overlay with the component.
# What has to be there before a component.
NEEDS = {
    "analysis": ["canary"],
    "autoscaling": ["postgres"],
    "existing-gateway": ["gateway"],
    "high-availability": ["postgres"],
    "keda": ["postgres"],
    "openshift": ["postgres", "redis", "canary"],
}
RULED_OUT = dict.fromkeys(
    ["analysis", "canary", "openshift"], ["Rollout/hello: replicas must be there exactly when there is no autoscaler"])


@pytest.fixture(scope="module", params=[*ENVIRONMENTS, *COMPONENTS])
def case(request) -> tuple[str, Objects]:
    name = request.param
    if name in ENVIRONMENTS:
        return name, overlay(name)
    own = ("environment", "ingress")
    return name, overlay("dev") if name in own else with_components("dev", *NEEDS.get(name, []), name)


def test_what_is_named_exists(case):
    name, objects = case
    outside = frozenset(f"Secret/{secret}" for secret in EXISTING.get(name, ()))
    assert wiring.problems([with_claims(obj) for obj in objects.values()], outside) == RULED_OUT.get(name, [])


def with_claims(obj: Document) -> Document:
    """A StatefulSet with its claims among the volumes, where its controller puts them."""
    if obj["kind"] != "StatefulSet":
        return obj
    obj = copy.deepcopy(obj)
    pod(obj).setdefault("volumes", []).extend(claim["metadata"] for claim in obj["spec"].get("volumeClaimTemplates", []))
    return obj


def test_the_schemas_are_content(case):
    assert schemas.problems(list(case[1].values())) == []


@pytest.mark.skipif(not schemas.CRD_VALIDATOR.exists(), reason="the schemas of custom resources are not there")
def test_the_schemas_of_custom_resources_are_content(case, tmp_path):
    objects = list(case[1].values())
    assert not any(map(schemas.is_custom, objects)) or schemas.crd_problems(objects, tmp_path) == ""


def test_pods_are_restricted(case):
    for name, workload in workloads(case[1]).items():
        assert pod_security.problems(pod(workload)) == [], name


def test_no_pod_but_postgres_shares_a_uid_with_the_node(case):
    low = {name for name, workload in workloads(case[1]).items() if pod(workload)["securityContext"].get("runAsUser", 10000) < 10000}
    assert low <= {"postgres"}


def test_what_is_generated_is_used_by_its_hashed_name(case):
    objects = case[1]
    used = {reference["name"] for workload in workloads(objects).values()
            for source in container(workload).get("envFrom", []) for reference in source.values()}
    used |= {entry["valueFrom"]["secretKeyRef"]["name"] for workload in workloads(objects).values()
             for entry in container(workload).get("env", []) if "secretKeyRef" in entry.get("valueFrom", {})}
    # Dashboards are found by their label.
    generated = {name for kind, name in objects if kind in ("ConfigMap", "Secret") and not name.startswith("flotilla-")}
    assert generated <= used
    assert all(name != plain_name(name) for name in generated)


def test_a_stateful_set_selects_its_own_pods_and_has_its_service(case):
    objects = case[1]
    for (kind, name), obj in objects.items():
        if kind == "StatefulSet":
            assert wiring.matches(obj["spec"]["selector"], obj["spec"]["template"]["metadata"]["labels"])
            assert ("Service", obj["spec"]["serviceName"]) in objects
            [secret] = [e["valueFrom"]["secretKeyRef"] for e in container(obj)["env"] if "valueFrom" in e]
            assert secret["key"] in objects["Secret", secret["name"]]["data"]


def test_a_rollout_names_services_and_an_ingress_that_exist(case):
    objects = case[1]
    for (kind, _), obj in objects.items():
        if kind == "Rollout":
            canary = obj["spec"]["strategy"]["canary"]
            assert {("Service", canary["stableService"]), ("Service", canary["canaryService"])} <= objects.keys()
            assert ("Ingress", canary["trafficRouting"]["nginx"]["stableIngress"]) in objects


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_more_than_one_replica_of_product_api_shares_a_database(environment):
    workload = workloads(overlay(environment))["product-api"]
    secrets = {plain_name(source["secretRef"]["name"]) for source in container(workload)["envFrom"] if "secretRef" in source}
    assert workload["spec"].get("replicas") == 1 or "product-api-database" in secrets


def test_every_variable_is_one_that_the_service_knows(case):
    """A name with a slip of the pen would do nothing: a service ignores what it does not know."""
    assert unknown_variables(case[1]) == []


def test_a_variable_that_no_service_knows_is_found():
    objects = copy.deepcopy(overlay("dev"))
    configuration = next(obj for (kind, name), obj in objects.items() if kind == "ConfigMap" and name.startswith("hello-"))
    configuration["data"]["FAIL_RTAE"] = "0.02"
    assert unknown_variables(objects) == ["hello: FAIL_RTAE"]


# What the charts set by `tracing`, and no user by `config`; and what these are made of.
TRACING = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_RESOURCE_ATTRIBUTES"}
TRACING |= {"POD_NAMESPACE", "POD_NAME", "NODE_NAME"}


def unknown_variables(objects: Objects) -> list[str]:
    """By the schema of the chart, which has the variables from the service's own help."""
    given = {name: variables(objects, workload) for name, workload in workloads(objects).items() if name in SERVICES}
    return [f"{name}: {variable}" for name in given for variable in sorted(given[name].keys() - known(name))]


@functools.cache
def known(service: str) -> set[str]:
    properties = json.loads((CHARTS / service / "values.schema.json").read_text())["properties"]
    return TRACING.union(*(properties[part]["properties"]["data"]["properties"] for part in ("config", "secret")))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_deadlines_exceed_what_the_configuration_asks_for(environment):
    objects = overlay(environment)
    for name, workload in workloads(objects).items():
        if workload["kind"] == "StatefulSet":
            continue
        given = variables(objects, workload)
        assert workload["spec"]["progressDeadlineSeconds"] > 60 + float(given.get("READINESS_DELAY_SEC", 0)), name
        drain, shutdown = float(given.get("DRAIN_DELAY_SEC", 5)), float(given.get("SHUTDOWN_TIMEOUT_SEC", 20))
        assert pod(workload)["terminationGracePeriodSeconds"] > drain + shutdown, name
