"""Every values file with every combination of switches: valid for Kubernetes, and consistent in itself."""

import pytest

from cases import OUTSIDE, all_renderings
from lib import pod_security, schemas, wiring
from lib.render import (
    CHARTS,
    ENVIRONMENTS,
    HELM,
    SERVICES,
    documents,
    environment_values,
    helm_template,
    run,
    scratch,
    values,
)

pytestmark = pytest.mark.parametrize("chart", SERVICES)


def problems(chart, check):
    return [f"{case}: {problem}" for case, found in all_renderings(chart).items() for problem in check(found)]


@pytest.mark.parametrize("environment", [None, *ENVIRONMENTS])
def test_helm_lint_is_content(chart, environment):
    given = environment_values(chart, environment) if environment else ()
    run(HELM, "lint", "--strict", CHARTS / chart, *given)


def test_every_object_is_valid_in_the_oldest_and_the_newest_kubernetes(chart):
    assert problems(chart, schemas.problems) == []


def test_every_custom_resource_is_valid(chart):
    if not schemas.CRD_VALIDATOR.exists():
        pytest.skip("the schemas of custom resources are not there")
    found = [document for documents in all_renderings(chart).values() for document in documents]
    assert schemas.crd_problems(found, scratch()) == ""


def test_names_selectors_ports_probes_and_policies_refer_to_what_exists(chart):
    assert problems(chart, lambda found: wiring.problems(found, OUTSIDE)) == []


def test_a_name_that_looks_like_something_else_stays_a_name(chart):
    names = {
        "config": {"existing": "1"},
        "secret": {"existing": ["2"]},
        "serviceAccount": {"create": False, "name": "3"},
        "imagePullSecrets": ["4"],
        "networkPolicy": {"enabled": True, "ingressNamespaces": ["5"]},
        "edges": {"callers": ["6"], "upstreams": [{"name": "7", "port": 80}]},
        "ingress": {"enabled": True, "hosts": ["8"], "className": "9", "tlsSecret": "10"},
        "image": {"tag": "11"},
    }
    found = documents(helm_template(chart, *values(names), release="true"))
    assert schemas.problems(found) == []
    assert wiring.problems(found, frozenset(["ConfigMap/1", "Secret/2", "ServiceAccount/3"])) == []


def test_every_pod_meets_the_restricted_standard(chart):
    def check(found):
        pods = [pod for document in found if (pod := wiring.pod_template(document))]
        assert len(pods) == 2, "the workload's and the test's"
        return [problem for pod in pods for problem in pod_security.problems(pod["spec"])]

    assert problems(chart, check) == []


def test_every_object_carries_the_recommended_labels(chart):
    wanted = {f"app.kubernetes.io/{key}" for key in ("name", "instance", "version", "component", "part-of")}

    def check(found):
        for document in found:
            extra = {"app.kubernetes.io/managed-by", "helm.sh/chart"}
            missing = (wanted | extra) - set(document["metadata"]["labels"])
            if document["kind"] in wiring.WORKLOADS:
                missing |= wanted - set(document["spec"]["template"]["metadata"]["labels"])
            yield from (f"{document['kind']} lacks {label}" for label in missing)

    assert problems(chart, check) == []
