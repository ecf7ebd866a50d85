"""The configuration of a pod: what replaces the pods, and that the real binary takes it."""

import json
import time

import pytest

from cases import SWITCHES, database, render
from lib import binary
from lib.render import ENVIRONMENTS, SERVICES, documents, environment_values, find, helm_template, scratch, values
from lib.wiring import WORKLOADS


def template(found):
    [workload] = [document for document in found if document["kind"] in WORKLOADS]
    return workload["spec"]["template"]


def rendered(chart, data, *arguments):
    return documents(helm_template(chart, *database(chart), *values(data), *arguments))


@pytest.mark.parametrize("rollout", [False, True])
@pytest.mark.parametrize("chart", SERVICES)
@pytest.mark.parametrize("kind", ["config", "secret"])
def test_a_changed_variable_replaces_the_pods(chart, kind, rollout):
    def pods(level):
        data = {kind: {"data": {"LOG_LEVEL": level}}, "rollout": {"enabled": rollout}}
        return template(rendered(chart, data))

    assert pods("info") != pods("debug")
    assert pods("info") == pods("info")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_changed_fail_rate_replaces_the_pods_of_hello(environment):
    given = environment_values("hello", environment)

    def pods(rate):
        return template(documents(helm_template("hello", *given, *values({"config": {"data": {"FAIL_RATE": rate}}}))))

    assert pods(0.5) != pods(0.25)


@pytest.mark.parametrize("rollout", [False, True])
@pytest.mark.parametrize("chart", SERVICES)
def test_a_changed_fault_replaces_nothing(chart, rollout):
    def found(rules):
        return rendered(chart, {"faults": {"enabled": True, "rules": rules}, "rollout": {"enabled": rollout}})

    before, after = found([]), found(SWITCHES["faults"]["faults"]["rules"])
    name = f"{chart}-faults"
    assert find(before, "ConfigMap", name) != find(after, "ConfigMap", name)
    assert template(before) == template(after)


@pytest.mark.parametrize("chart", SERVICES)
def test_a_new_version_of_the_chart_alone_replaces_nothing(chart):
    text = json.dumps(template(render(chart)))
    assert "helm.sh/chart" not in text
    assert "managed-by" not in text


@pytest.mark.parametrize("chart", SERVICES)
def test_existing_objects_take_the_place_of_those_of_the_chart(chart):
    found = render(chart, ("existing",))
    sources = template(found)["spec"]["containers"][0]["envFrom"]
    assert {"configMapRef": {"name": "there"}} in sources
    assert {"secretRef": {"name": "too"}} in sources
    assert not [document for document in found if document["kind"] == "ConfigMap"]
    assert "checksum/config" not in template(found)["metadata"].get("annotations", {})


def test_numbers_reach_the_variable_as_they_were_written():
    numbers = {
        "MAX_BODY_BYTES": 1048576,
        "FAIL_RATE": 0.000001,
        "DRAIN_DELAY_SEC": 0.25,
        "WORK_CPU": 0,
        "LOG_LEVEL": "007",
    }
    data = find(rendered("hello", {"config": {"data": numbers}}), "ConfigMap")["data"]
    expected = {
        "MAX_BODY_BYTES": "1048576",
        "FAIL_RATE": "0.000001",
        "DRAIN_DELAY_SEC": "0.25",
        "WORK_CPU": "0",
        "LOG_LEVEL": "007",
    }
    assert data.items() >= expected.items()


@pytest.mark.parametrize("environment", [None, *ENVIRONMENTS])
@pytest.mark.parametrize("chart", SERVICES)
def test_the_real_binary_takes_the_configuration(chart, environment):
    given = environment_values(chart, environment) if environment else ()
    variables = binary.environment(documents(helm_template(chart, *given)), chart)
    with binary.running(chart, variables) as urls:
        assert binary.get(urls["management"] + "/healthz") == (200, "ok")
        version = json.loads(binary.get(urls["http"] + "/version")[1])
        assert version["environment"] == (environment or "local")


TRACING = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_RESOURCE_ATTRIBUTES"}


def traced(chart, **settings):
    data = {"tracing": {"endpoint": "http://127.0.0.1:1"} | settings}
    return binary.environment(documents(helm_template(chart, *values(data))), chart)


@pytest.mark.parametrize("chart", SERVICES)
def test_a_pod_is_traced_only_where_it_is_asked_for(chart):
    off, on = binary.environment(documents(helm_template(chart)), chart), traced(chart)
    assert on.keys() - off.keys() == TRACING | {"POD_NAMESPACE", "POD_NAME", "NODE_NAME"}
    assert not any(name.startswith("OTEL_") for name in off)


@pytest.mark.parametrize("chart", SERVICES)
def test_a_span_says_which_pod_it_is_of(chart):
    assert traced(chart, resourceAttributes={"cloud.region": "eu-1"})["OTEL_RESOURCE_ATTRIBUTES"].split(",") == [
        "service.namespace=flotilla-test",
        "k8s.namespace.name=flotilla-test",
        "k8s.pod.name=pod-1",
        "k8s.node.name=node-1",
        "cloud.region=eu-1",
    ]


def test_only_a_sampler_by_ratio_has_an_argument():
    for sampler, argument in (("always_on", None), ("parentbased_always_on", None), ("traceidratio", "0.5")):
        given = traced("hello", sampler=sampler, samplerArg=0.5)
        assert (given["OTEL_TRACES_SAMPLER"], given.get("OTEL_TRACES_SAMPLER_ARG")) == (sampler, argument)


def test_the_collector_of_the_pods_own_node_is_a_variable_of_env():
    node = {"name": "HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}
    found = rendered("hello", {"env": [node], "tracing": {"endpoint": "http://$(HOST_IP):4318"}})
    assert binary.environment(found, "hello")["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://192.0.2.1:4318"


@pytest.mark.parametrize("chart", SERVICES)
def test_the_real_binary_takes_what_tracing_sets(chart):
    with binary.running(chart, traced(chart)) as urls:
        assert binary.get(urls["management"] + "/healthz") == (200, "ok")


def test_what_the_real_binary_refuses_is_noticed():
    found = rendered("hello", {"config": {"data": {"FAIL_RATE": 5}}})
    with pytest.raises(AssertionError, match="FAIL_RATE"), binary.running("hello", binary.environment(found, "hello")):
        pass


def test_the_real_binary_takes_the_fault_rules():
    found = render("hello", ("faults",))
    file = scratch() / "faults.yaml"
    file.write_text(find(found, "ConfigMap", "hello-faults")["data"]["faults.yaml"])
    variables = binary.environment(found, "hello")
    [mount] = template(found)["spec"]["containers"][0]["volumeMounts"]
    assert variables["FAULTS_FILE"] == f"{mount['mountPath']}/faults.yaml"
    with binary.running("hello", variables | {"FAULTS_FILE": str(file)}) as urls:
        deadline = time.monotonic() + 10
        while not (valid := fault_rules_are_valid(urls)) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert valid


def fault_rules_are_valid(urls):
    lines = binary.get(urls["management"] + "/metrics")[1].splitlines()
    return any(line.startswith("fault_config_valid") and line.endswith(" 1") for line in lines)
