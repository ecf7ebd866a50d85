"""What a chart refuses: every unknown key and wrong type by its name, and what is wrong together in one sentence."""

import pytest
import yaml

from cases import HOSTS
from lib.render import CHARTS, SERVICES, Refused, helm_template, values


def refusal(chart, data):
    with pytest.raises(Refused) as refused:
        helm_template(chart, *values(data))
    return str(refused.value)


def defaults(chart):
    return yaml.safe_load((CHARTS / chart / "values.yaml").read_text())


def paths(value, path=()):
    found = [path] if path else []
    if isinstance(value, dict):
        found += [below for key, child in value.items() for below in paths(child, (*path, key))]
    return found


@pytest.mark.parametrize("chart", SERVICES)
def test_a_misspelt_key_is_refused_by_its_name_wherever_it_stands(chart):
    known = defaults(chart)

    def typos(value):
        if not isinstance(value, dict):
            return value
        return {f"{key}x": "typo" for key in value} | {key: typos(child) for key, child in value.items()}

    text = refusal(chart, typos(known))
    for path in paths(known):
        assert f"Additional property {path[-1]}x is not allowed" in text, path


@pytest.mark.parametrize("chart", SERVICES)
def test_an_unknown_variable_is_refused_by_its_name(chart):
    for kind in ("config", "secret"):
        assert "Additional property LOG_LEVLE is not allowed" in refusal(chart, {kind: {"data": {"LOG_LEVLE": "info"}}})


@pytest.mark.parametrize("chart", SERVICES)
@pytest.mark.parametrize("variable", ["HTTP_ADDR", "MANAGEMENT_ADDR", "FAULTS_FILE"])
def test_a_variable_that_the_chart_relies_on_cannot_be_set(chart, variable):
    assert f"Additional property {variable} is not allowed" in refusal(chart, {"config": {"data": {variable: "x"}}})


@pytest.mark.parametrize(("chart", "variable"), [("product-api", "DATABASE_URL"), ("hello", "ADMIN_TOKEN")])
def test_a_secret_is_refused_among_what_is_no_secret(chart, variable):
    assert f"Additional property {variable} is not allowed" in refusal(chart, {"config": {"data": {variable: "x"}}})
    helm_template(chart, *values({"secret": {"data": {variable: "x"}}}))


@pytest.mark.parametrize("chart", SERVICES)
def test_a_wrong_type_is_refused_by_the_keys_name(chart):
    """A list where a map belongs, and a map where anything else does."""

    def wrong(value):
        if not isinstance(value, dict):
            return {"wrong": 1}
        return {key: wrong(child) for key, child in value.items()} or ["wrong"]

    text = refusal(chart, wrong(defaults(chart)))
    leaves = [path for path in paths(defaults(chart)) if not isinstance(lookup(defaults(chart), path), dict)]
    for path in leaves:
        assert f"- {'.'.join(path)}: " in text or f"- {'.'.join(path)}." in text, path


def lookup(value, path):
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"replicas": -1}, "replicas: Must be greater than or equal to 0"),
        ({"replicas": "two"}, "replicas: Invalid type. Expected: integer, given: string"),
        ({"image": {"digest": "sha256:12"}}, "image.digest: Does not match pattern"),
        ({"image": None}, "image is required"),
        ({"service": {"type": "Loadbalancer"}}, "service.type: service.type must be one of the following"),
        ({"rollout": {"trafficRouter": "istio"}}, "rollout.trafficRouter: rollout.trafficRouter must be one of"),
        ({"resources": {"limits": {"memory": "64 MB"}}}, "resources.limits.memory: Does not match pattern"),
        (
            {"networkPolicy": {"extraEgress": [{"cidr": "10.0.0.0/8"}]}},
            "networkPolicy.extraEgress.0: ports is required",
        ),
        ({"serviceMonitor": {"interval": "1s"}}, "serviceMonitor.interval: Does not match pattern"),
        (
            {"autoscaling": {"enabled": True, "minReplicas": 9}},
            "autoscaling.minReplicas is greater than autoscaling.maxReplicas.",
        ),
        ({"ingress": {"enabled": True}}, "ingress.enabled needs at least one of ingress.hosts."),
        ({"httpRoute": {"enabled": True}}, "httpRoute.enabled needs at least one of httpRoute.parentRefs."),
        (
            {"rollout": {"enabled": True, "trafficRouter": "nginx"}},
            "rollout.trafficRouter nginx needs ingress.enabled.",
        ),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_words(data, said):
    assert said in refusal("hello", data)


@pytest.mark.parametrize("chart", SERVICES)
def test_a_kubernetes_that_lacks_what_the_chart_needs_is_refused(chart):
    with pytest.raises(Refused, match="requires kubeVersion"):
        helm_template(chart, "--kube-version", "1.26.15")
    # Providers add to the version.
    helm_template(chart, "--kube-version", "1.27.0-gke.100")


@pytest.mark.parametrize(
    "data",
    [
        {"replicas": 2},
        {"autoscaling": {"enabled": True}},
        {"rollout": {"enabled": True}},
        {"replicas": 2, "secret": {"data": {"DATABASE_URL": "sqlite:///data/products"}}},
        {"replicas": 2, "secret": {"data": {"REDIS_URL": "redis://redis:6379"}}},
    ],
)
def test_product_api_refuses_more_than_one_pod_without_a_database_that_they_share(data):
    [sentence] = [line for line in refusal("product-api", data).splitlines() if "database.yaml" in line]
    assert sentence.endswith(
        "replicas > 1, autoscaling and a rollout need a PostgreSQL that all pods share: "
        "set secret.data.DATABASE_URL or name its Secret in secret.existing."
    )


@pytest.mark.parametrize(
    "database",
    [
        {"secret": {"data": {"DATABASE_URL": "postgres://u:p@postgres/db"}}},
        {"secret": {"existing": ["product-api-database"]}},
        {"env": [{"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]},
    ],
)
def test_product_api_has_many_pods_on_one_database(database):
    helm_template("product-api", *values({"autoscaling": {"enabled": True}, "rollout": {"enabled": True}} | database))
    helm_template("product-api", *values({"ingress": {"enabled": True, "hosts": HOSTS}, "replicas": 2} | database))
