"""What a chart refuses: every unknown key and wrong type by its name, and what is wrong together in one sentence."""

import json
import re
import shutil

import pytest
import yaml

from cases import HOSTS, RULE
from lib.render import CHARTS, SERVICES, Refused, helm_template, scratch, values

DIGEST = "sha256:" + "1" * 64


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
        parent = ".".join(path[:-1]) or "(root)"
        assert f"- {parent}: Additional property {path[-1]}x is not allowed" in text, path


LISTS = {
    "edges.upstreams": {"name": "a", "port": 1},
    "networkPolicy.extraEgress": {"cidr": "10.0.0.0/8", "ports": [1]},
    "networkPolicy.extraIngress": {"from": [{"podSelector": {}}], "ports": [1]},
    "env": {"name": "A", "value": "b"},
    "faults.rules": RULE,
    "faults.rules.0.match": RULE["match"],
    "faults.rules.0.error": RULE["error"],
    "faults.rules.0.latency": RULE["latency"],
    "faults.rules.0.body": {"text": "a"},
    "faults.rules.0.leak": {"rate": "2Mi/s", "max": "512Mi"},
    "faults.rules.0.crash": {"after": "40s"},
    "faults.rules.0.readiness": {"down_for": "5s", "every": "30s"},
    "faults.rules.0.start": {"delay": "60s"},
}

# That the services take them too is tested where each kind is (ladder/ by the binary itself).
RUNGS = [yaml.safe_load(file.read_text()) for file in sorted((CHARTS.parent / "ladder").glob("*/*.yaml"))]
LADDER = [rule for rung in RUNGS for rule in rung["rules"]]
KINDS = [
    {"body": {"json": None}},
    {"truncate": True},
    {"cpu": 0.5},
    {"crash": {"requests": 500}},
    {"readiness": {"down_for": "5s", "every": "30s"}},
    {"start": {"delay": "60s"}},
    {"match": {"header": {"x-tenant": "acme"}, "above": "0.5/s"}, "error": {"rate": 1}},
]


def test_rules_of_every_kind_are_taken():
    rules = [{"name": f"rule-{number}"} | rule for number, rule in enumerate([*LADDER, *KINDS])]
    helm_template("hello", *values({"faults": {"enabled": True, "rules": rules}}))


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"match": {"path": "/"}},
        {"match": {"above": "fast"}, "truncate": True},
        {"body": {}},
        {"body": {"text": "a", "json": 1}},
        {"leak": {"rate": "2Mi", "max": "512Mi"}},
        {"cpu": "much"},
        {"crash": {}},
        {"crash": {"after": "1s", "requests": 1}},
        {"readiness": "later"},
        {"readiness": {"every": "30s"}},
        {"shutdown": "slow"},
        {"cache": "never"},
        {"start": "60s"},
    ],
    ids=str,
)
def test_a_rule_that_no_service_takes_is_refused(rule):
    refusal("hello", {"faults": {"enabled": True, "rules": [{"name": "wrong"} | rule]}})


@pytest.mark.parametrize("path", LISTS)
def test_a_misspelt_key_in_an_item_of_a_list_is_refused_by_its_name(path):
    wrong = LISTS[path] | {"typo": 1}
    owner, _, last = path.partition(".0.")
    value = [RULE | {last: wrong} if last else wrong]
    for key in reversed(owner.split(".")):
        value = {key: value}
    place = path if last else f"{path}.0"
    assert f"- {place}: Additional property typo is not allowed" in refusal("hello", value)


@pytest.mark.parametrize("group", ["resources.requests", "networkPolicy.extraEgress.[]", "service-lib"])
def test_a_group_that_is_left_open_lets_a_typo_pass(group):
    """Only that it is closed refuses it, so the tests above would notice."""
    copy = scratch() / f"open-{group}"
    shutil.copytree(CHARTS, copy, symlinks=True)
    file = copy / "hello" / "values.schema.json"
    schema = node = json.loads(file.read_text())
    value = {"typo": "1"} | ({"cidr": "10.0.0.0/8", "ports": [1]} if "[]" in group else {})
    for key in group.split("."):
        node = node["items"] if key == "[]" else node["properties"][key]
    for key in reversed(group.split(".")):
        value = [value] if key == "[]" else {key: value}
    with pytest.raises(Refused, match="typo is not allowed"):
        helm_template("hello", *values(value), charts=copy)
    del node["additionalProperties"]
    file.write_text(json.dumps(schema))
    helm_template("hello", *values(value), "--namespace", "open", charts=copy)


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
        ({"replicas": "two"}, "replicas: Invalid type. Expected: [integer,null], given: string"),
        ({"securityContext": {"runAsUser": 0}}, "securityContext.runAsUser: Must be greater than or equal to 1"),
        ({"image": {"tag": "@" + DIGEST}}, "image.tag: Does not match pattern"),
        ({"image": {"tag": "v1@sha256:12"}}, "image.tag: Does not match pattern"),
        ({"image": {"tag": f"v1@{DIGEST}", "digest": DIGEST}}, "image.tag has a digest behind it"),
        ({"service": {"ipFamilies": ["IPv5"]}}, "service.ipFamilies.0 must be one of the following"),
        ({"networkPolicy": {"dnsAddresses": ["10.0.0.10"]}}, "networkPolicy.dnsAddresses.0: Does not match pattern"),
        ({"networkPolicy": {"extraIngress": [{"from": [], "ports": [1]}]}}, "at least 1 items"),
        ({"networkPolicy": {"extraIngress": [{"ports": [1]}]}}, "extraIngress.0: Must validate one and only one schema"),
        ({"networkPolicy": {"extraEgress": [{"to": [{"a": 1}], "ports": []}]}}, "at least 1 items"),
        ({"ingress": {"path": "shop"}}, "ingress.path: Does not match pattern"),
        ({"httpRoute": {"timeouts": {"request": "1.5s"}}}, "httpRoute.timeouts.request: Does not match pattern"),
        ({"httpRoute": {"timeouts": {"requests": "1s"}}}, "httpRoute.timeouts: Additional property requests"),
        (
            {"rollout": {"enabled": True, "trafficRouter": "gatewayAPI"}},
            "rollout.trafficRouter gatewayAPI needs httpRoute.enabled.",
        ),
        ({"rollout": {"enabled": True}, "service": {"create": False}}, "rollout.enabled needs service.create"),
        (
            {"serviceMonitor": {"enabled": True}, "service": {"create": False}},
            "serviceMonitor.enabled needs service.create",
        ),
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
        (
            {"autoscaling": {"enabled": True}, "resources": {"requests": {"cpu": None}}},
            "autoscaling.enabled needs resources.requests.cpu",
        ),
        ({"image": {"digest": "sha256:" + "0" * 64}}, "image.digest needs image.tag, which names the version."),
        ({"ports": {"container": 9000}}, "ports.container: ports.container does not match: 8080"),
        ({"ports": {"service": 4040}}, "ports.service cannot be 4040"),
        ({"podLabels": {"track": "canary"}}, "podLabels cannot set track: it is the chart's own."),
        ({"podLabels": {"app.kubernetes.io/name": "a"}}, "podLabels cannot set app.kubernetes.io/name"),
        ({"podAnnotations": {"checksum/config": "a"}}, "podAnnotations cannot set checksum/config"),
        ({"env": [{"name": "DRAIN_DELAY_SEC", "value": "1"}]}, "env cannot set DRAIN_DELAY_SEC: config.data can"),
        ({"env": [{"name": "HTTP_ADDR", "value": "0.0.0.0:9000"}]}, "env cannot set HTTP_ADDR"),
        ({"env": [{"name": "A", "value": 1}]}, "env.0.value: Invalid type. Expected: string"),
        ({"tracing": {"endpoint": "https://a.b:4318"}}, "tracing.endpoint: Does not match pattern"),
        ({"tracing": {"endpoint": "a.b:4318"}}, "tracing.endpoint: Does not match pattern"),
        ({"tracing": {"endpoint": "http://user:secret@a.b:4318"}}, "tracing.endpoint: Does not match pattern"),
        ({"tracing": {"sampler": "always"}}, "tracing.sampler: tracing.sampler must be one of the following"),
        ({"tracing": {"samplerArg": 1.5}}, "tracing.samplerArg: Must be less than or equal to 1"),
        ({"tracing": {"samplerArg": "1%"}}, "tracing.samplerArg: Invalid type. Expected: number, given: string"),
        ({"tracing": {"resourceAttributes": {"a": "b,c=d"}}}, "tracing.resourceAttributes.a: Does not match pattern"),
        ({"env": [{"name": "OTEL_TRACES_SAMPLER", "value": "always_on"}]}, "env cannot set OTEL_TRACES_SAMPLER"),
        (
            {"env": [{"name": "POD_NAME", "value": "a"}], "tracing": {"endpoint": "http://a.b:4318"}},
            "env cannot set POD_NAME beside tracing.endpoint",
        ),
        ({"service-lib": {"replicas": 2}}, "service-lib: Additional property replicas is not allowed"),
        ({"faults": {"rules": [{"name": "a"}]}}, "faults.rules.0: error is required"),
        ({"faults": {"rules": [RULE | {"error": {"rate": 2}}]}}, "error.rate: Must be less than or equal to 1"),
        ({"faults": {"rules": [RULE | {"error": {"rate": "2%"}}]}}, "error.rate: Does not match pattern"),
        ({"faults": {"rules": [RULE | {"latency": "slow"}]}}, "faults.rules.0.latency: Does not match pattern"),
        ({"faults": {"rules": [RULE | {"latency": {"p50": "1s"}}]}}, "faults.rules.0.latency: p90 is required"),
        ({"faults": {"rules": [RULE | {"ttl": 30}]}}, "faults.rules.0.ttl: Invalid type. Expected: string"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_words(data, said):
    assert said in refusal("hello", data)


@pytest.mark.parametrize("variable", ["DRAIN_DELAY_SEC", "SHUTDOWN_TIMEOUT_SEC", "READINESS_DELAY_SEC"])
@pytest.mark.parametrize("value", [-1, 86401, 1e30, "5s", "abc", "1e30", "-0", "86400.5", "nan", True])
def test_a_delay_that_the_program_would_not_take_is_refused_by_its_name(variable, value):
    text = refusal("hello", {"config": {"data": {variable: value}}})
    said = "Invalid type" if value is True else "must be a number of seconds from 0 to 86400"
    assert re.search(f"{variable}.*{said}", text)


@pytest.mark.parametrize(
    ("kind", "variable", "value"),
    [
        ("config", "SERVICE_VERSION", 1.10),
        ("config", "GREETING", True),
        ("config", "ENVIRONMENT", 7),
        ("secret", "ADMIN_TOKEN", 83),
        ("secret", "FAIL_RATE", 0.5),
    ],
)
def test_text_that_yaml_takes_for_something_else_is_refused_by_the_keys_name(kind, variable, value):
    text = refusal("hello", {kind: {"data": {variable: value}}})
    assert f"{kind}.data.{variable}: Invalid type. Expected: string" in text


@pytest.mark.parametrize("release", ["12", "a.b", "1-hello"])
def test_a_release_whose_service_no_cluster_would_take_is_refused(release):
    with pytest.raises(Refused, match=f'No Service can be named "{release}'):
        helm_template("hello", release=release)


@pytest.mark.parametrize("chart", SERVICES)
def test_a_kubernetes_that_lacks_what_the_chart_needs_is_refused(chart):
    with pytest.raises(Refused, match="requires kubeVersion"):
        helm_template(chart, "--kube-version", "1.28.15")
    # Providers add to the version.
    helm_template(chart, "--kube-version", "1.29.0-gke.100")


@pytest.mark.parametrize(
    "data",
    [
        {"replicas": 2},
        {"replicas": None},
        {"autoscaling": {"enabled": True}},
        {"rollout": {"enabled": True}},
        {"replicas": 2, "secret": {"data": {"DATABASE_URL": "sqlite:///data/products"}}},
        {"replicas": 2, "secret": {"data": {"DATABASE_URL": "postgres.example"}}},
        {"replicas": 2, "secret": {"data": {"REDIS_URL": "redis://redis:6379"}}},
        {"replicas": 2, "secret": {"existing": ["product-api-cache"]}},
        {"replicas": 2, "env": [{"name": "DATABASE_URL", "value": "sqlite://file"}]},
    ],
)
def test_product_api_refuses_more_than_one_pod_without_a_database_that_they_share(data):
    [sentence] = [line for line in refusal("product-api", data).splitlines() if "database.yaml" in line]
    assert sentence.endswith(
        "replicas > 1 or null, autoscaling and a rollout need a PostgreSQL that all pods share: "
        "set secret.data.DATABASE_URL or name its Secret in secret.existing."
    )


@pytest.mark.parametrize(
    "database",
    [
        {"secret": {"data": {"DATABASE_URL": "postgres://u:p@postgres/db"}}},
        {"secret": {"data": {"DATABASE_URL": "postgresql://u:p@postgres/db"}}},
        {"secret": {"existing": ["product-api-database"]}},
        {"secret": {"existing": ["product-api-cache", "product-api-database"]}},
        {"env": [{"name": "DATABASE_URL", "value": "postgres://u:p@postgres/db"}]},
        {"env": [{"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]},
    ],
)
def test_product_api_has_many_pods_on_one_database(database):
    helm_template("product-api", *values({"autoscaling": {"enabled": True}, "rollout": {"enabled": True}} | database))
    helm_template("product-api", *values({"ingress": {"enabled": True, "hosts": HOSTS}, "replicas": 2} | database))
