"""values-<env>.yaml: the environments differ in what is listed here and in nothing else."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from cases import render
from lib.render import (
    CHARTS,
    ENVIRONMENTS,
    SERVICES,
    Document,
    documents,
    environment_values,
    find,
    helm_template,
    kinds,
    scratch,
)
from lib.wiring import WORKLOADS

# Paths in the rendered objects, without the environment's name, that may differ between two environments.
MAY_DIFFER = [
    r"ConfigMap/[\w-]+/data/(ENVIRONMENT|FAIL_RATE)",
    r"Secret/hello/data/GREETING",
    r"Workload/[\w-]+/spec/template/metadata/annotations/checksum/(config|secret)",
    # A tag lives in values-<env>.yaml, and shows in the labels.
    r"Workload/[\w-]+/spec/template/spec/containers/0/image",
    r".*/labels/app.kubernetes.io/version",
    # Size.
    r"Workload/[\w-]+/spec/replicas",
    r"(HorizontalPodAutoscaler|PodDisruptionBudget)/.*",
    r"Workload/[\w-]+/spec/template/spec/(affinity|topologySpreadConstraints)/.*",
    # Names.
    r"Ingress/[\w-]+/spec/rules/0/host",
    # product-api: in memory in dev, then on what its Secrets name.
    r"Workload/product-api/spec/template/spec/containers/0/envFrom/[12]/.*",
    # hello in staging is a Rollout.
    r"Workload/hello/(apiVersion|kind|spec/strategy/.*)",
    r"Service/hello-canary/.*",
]


def flat(value, path=""):
    """Every leaf of an object by its path."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if children is None:
        return {path: value}
    return {key: leaf for name, child in children for key, leaf in flat(child, f"{path}/{name}").items()}


def leaves(found: list[Document]):
    return {
        path: leaf
        for document in found
        for kind in ["Workload" if document["kind"] in WORKLOADS else document["kind"]]
        for path, leaf in flat(document, f"{kind}/{document['metadata']['name']}").items()
    }


@pytest.mark.parametrize("chart", SERVICES)
@pytest.mark.parametrize(("one", "other"), list(pairwise(ENVIRONMENTS)))
def test_neighbours_differ_only_in_what_is_listed(chart, one, other):
    before, after = leaves(render(chart, (), one)), leaves(render(chart, (), other))
    differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert [path for path in sorted(differing) if not any(re.fullmatch(rule, path) for rule in MAY_DIFFER)] == []
    assert differing, "they are the same"


@pytest.mark.parametrize("chart", SERVICES)
@pytest.mark.parametrize(
    ("environment", "replicas", "bounds"),
    [("dev", 1, None), ("qa", 1, None), ("staging", None, (2, 5)), ("production", None, (3, 10))],
)
def test_each_has_its_size(chart, environment, replicas, bounds):
    found = render(chart, (), environment)
    [workload] = [document for document in found if document["kind"] in WORKLOADS]
    assert workload["spec"].get("replicas") == replicas
    assert ("HorizontalPodAutoscaler" in kinds(found)) == bool(bounds)
    if bounds:
        spec = find(found, "HorizontalPodAutoscaler")["spec"]
        assert (spec["minReplicas"], spec["maxReplicas"]) == bounds
    assert ("PodDisruptionBudget" in kinds(found)) == (environment == "production")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_hello_in_staging_is_a_rollout(environment):
    rollouts = [chart for chart in SERVICES if "Rollout" in kinds(render(chart, (), environment))]
    assert rollouts == (["hello"] if environment == "staging" else [])


def test_the_rollout_of_staging_pauses_at_half_of_the_traffic_of_its_ingress():
    canary = find(render("hello", (), "staging"), "Rollout")["spec"]["strategy"]["canary"]
    assert canary["steps"] == [{"setWeight": 50}, {"pause": {}}]
    assert canary["trafficRouting"] == {"nginx": {"stableIngress": "hello"}}
    assert (canary["canaryMetadata"], canary["stableMetadata"]) == (
        {"labels": {"track": "canary"}},
        {"labels": {"track": "stable"}},
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_hello_shows_where_it_runs(environment):
    found = render("hello", (), environment)
    variables = find(found, "ConfigMap")["data"]
    assert variables == {
        "ENVIRONMENT": environment,
        "FAIL_RATE": "0" if environment == "production" else "0.02",
        "READINESS_DELAY_SEC": "10",
    }
    assert list(find(found, "Secret")["data"]) == ["GREETING"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("chart", SERVICES)
def test_each_has_policies_and_what_users_call_an_ingress(chart, environment):
    found = render(chart, (), environment)
    assert "NetworkPolicy" in kinds(found)
    hosts = [rule["host"] for document in found if document["kind"] == "Ingress" for rule in document["spec"]["rules"]]
    assert hosts == ([] if chart == "auxiliary-service" else [f"{chart}.{environment}.flotilla.local"])


def test_production_spreads_over_zones_and_refuses_control_plane_nodes():
    for chart in SERVICES:
        spec = find(render(chart, (), "production"), "Deployment")["spec"]["template"]["spec"]
        keys = [constraint["topologyKey"] for constraint in spec["topologySpreadConstraints"]]
        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        assert "requiredDuringSchedulingIgnoredDuringExecution" in spec["affinity"]["nodeAffinity"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_all_charts_have_in_an_environment_is_the_same(environment):
    """Five short files say it; none may be forgotten."""

    def common(chart):
        [_, file] = environment_values(chart, environment)
        values = yaml.safe_load(Path(file).read_text())
        return {key: value for key, value in values.items() if key not in ("config", "secret", "ingress", "rollout")}

    assert all(common(chart) == common("hello") for chart in SERVICES)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("chart", SERVICES)
def test_an_image_tag_is_changed_in_one_line(chart, environment):
    [_, file] = environment_values(chart, environment)
    text = Path(file).read_text()
    changed = scratch() / f"{chart}-{environment}.yaml"
    changed.write_text(re.sub(r'^  tag: ".*"$', '  tag: "9.9.9"', text, count=1, flags=re.MULTILINE))
    found = documents(helm_template(chart, "-f", str(changed)))
    [container] = [d for d in found if d["kind"] in WORKLOADS][0]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"flotilla/{chart}:9.9.9"
    labels = [document["metadata"]["labels"] for document in found]
    assert {label["app.kubernetes.io/version"] for label in labels} == {"9.9.9"}


def test_a_values_file_stays_short():
    for file in CHARTS.glob("*/values-*.yaml"):
        assert len(file.read_text().splitlines()) <= 40, file
