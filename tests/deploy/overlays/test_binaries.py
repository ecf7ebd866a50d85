"""The configuration of every rendered pod is accepted by the real binary, started with exactly that environment."""
import json

import pytest
from lib import binary
from lib.render import ENVIRONMENTS, SERVICES
from overlay import Objects, container, overlay, variables, with_components, workloads

COMPONENTS = {
    "memory-stress": "product-api",
    "aws-static-credentials": "auxiliary-service",
    "aws-workload-identity": "auxiliary-service",
    "tracing": "storefront",
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_service_takes_the_configuration_of_its_pod(environment, service):
    assert version(overlay(environment), service)["environment"] == environment


@pytest.mark.parametrize("component, service", COMPONENTS.items())
def test_the_service_takes_the_configuration_of_a_component(component, service):
    assert version(with_components("dev", component), service)["environment"] == "dev"


def version(objects: Objects, service: str) -> dict[str, str]:
    """What the service says of itself, once it listens with the variables of its pod."""
    workload = workloads(objects)[service]
    given = variables(objects, workload)
    for source in container(workload)["envFrom"]:
        given |= binary.EXISTING.get(source.get("secretRef", {}).get("name"), {})
    with binary.running(service, given) as urls:
        status, body = binary.get(urls["management"] + "/version")
    assert status == 200
    return json.loads(body)
