"""What each component does, on top of dev."""
import re

import pytest
import yaml
from lib import binary, wiring
from lib.render import ROOT, SERVICES, Refused, documents, environment_values, find, helm_template, values
from overlay import build, changed, container, copy, overlay, pod, variables, with_components, workloads

README = ROOT / "kustomize/README.md"


def test_memory_stress_holds_more_than_an_analysis_allows_and_less_than_the_limit():
    objects = with_components("dev", "memory-stress")
    product_api = workloads(objects)["product-api"]
    assert variables(objects, product_api)["BALLAST"] == "256Mi"
    assert container(product_api)["resources"]["limits"]["memory"] == "512Mi"
    assert changed_pods(objects) == {"product-api"}


@pytest.mark.parametrize("component, variable", [("postgres", "DATABASE_URL"), ("redis", "REDIS_URL")])
def test_product_api_finds_its_backend(component, variable):
    objects = with_components("dev", component)
    assert variables(objects, workloads(objects)["product-api"])[variable].split("@")[1].startswith(f"{component}:")
    assert changed_pods(objects) == {"product-api", component}


@pytest.mark.parametrize("component", ["postgres", "redis"])
def test_a_backend_is_of_the_version_that_compose_has(component):
    compose = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]
    assert container(workloads(overlay("qa"))[component])["image"] == compose[component]["image"]


def test_static_credentials_are_a_secret_that_is_named():
    objects = with_components("dev", "aws-static-credentials")
    service = workloads(objects)["auxiliary-service"]
    assert variables(objects, service)["AWS_BACKEND"] == "aws"
    assert {"secretRef": {"name": "aws-credentials"}} in container(service)["envFrom"]
    assert ("Secret", "aws-credentials") not in objects


def test_workload_identity_is_an_annotation_of_the_account():
    objects = with_components("dev", "aws-workload-identity")
    assert variables(objects, workloads(objects)["auxiliary-service"])["AWS_BACKEND"] == "aws"
    account = objects["ServiceAccount", "auxiliary-service"]
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].startswith("arn:aws:iam::")
    assert changed_pods(objects) == {"auxiliary-service"}


def test_a_canary_takes_the_place_of_the_deployment():
    objects = with_components("dev", "canary")
    assert ("Deployment", "hello") not in objects
    assert objects["Rollout", "hello"]["spec"]["strategy"]["canary"]["steps"][0] == {"setWeight": 50}


def test_the_analysis_of_a_canary_is_that_of_the_chart():
    rollout = {"enabled": True, "trafficRouter": "nginx", "analysis": {"flotilla": True}, "steps": [{"setWeight": 50}, {"pause": {}}]}
    chart = helm_template("hello", *values({"rollout": rollout, "ingress": {"enabled": True, "hosts": ["a.example"]}}))
    expected = find(documents(chart), "Rollout", "hello")["spec"]["strategy"]["canary"]
    assert with_components("staging", "analysis")["Rollout", "hello"]["spec"]["strategy"]["canary"] == expected


def test_a_canary_that_is_autoscaled_is_the_target():
    objects = with_components("dev", "postgres", "autoscaling", "canary")
    target = objects["HorizontalPodAutoscaler", "hello"]["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "hello"}


@pytest.mark.parametrize("components, reason", [
    (["postgres", "canary", "autoscaling"], "Deployment"),
    (["postgres", "canary", "high-availability"], "Deployment"),
    (["postgres", "high-availability", "canary"], "preferredDuringScheduling"),
    (["postgres", "high-availability", "autoscaling", "canary"], "preferredDuringScheduling"),
    (["postgres", "autoscaling", "high-availability"], "/spec/replicas"),
    (["autoscaling"], "secretRef"),
    (["high-availability"], "secretRef"),
    (["redis", "autoscaling"], "secretRef"),
    (["autoscaling", "postgres"], "secretRef"),
    (["keda"], "secretRef"),
    (["postgres", "autoscaling", "keda"], "/spec/replicas"),
    (["postgres", "keda", "autoscaling"], "/spec/replicas"),
    (["gateway", "canary"], "multiple matches for selector TrafficRouting"),
    (["analysis"], "Rollout"),
    (["tracing", "canary"], "containers/0/env"),
    (["existing-gateway"], "Gateway"),
])
def test_components_that_do_not_go_together_are_refused(components, reason):
    with pytest.raises(Refused, match=reason):
        with_components("dev", *components)


def test_a_canary_without_a_way_in_that_weighs_its_traffic_is_refused():
    with pytest.raises(Refused, match="nothing selected by TrafficRouting"):
        changed("staging", lambda own: [name for name in own if name != "ingress"])


@pytest.mark.parametrize("backends", [["postgres", "redis"], ["redis", "postgres"], ["existing-backends"]], ids=" ".join)
def test_several_pods_are_content_with_a_database_in_any_order(backends):
    objects = with_components("dev", *backends, "high-availability", "autoscaling")
    assert all("replicas" not in workload["spec"] for workload in workloads(objects).values()
               if workload["kind"] == "Deployment")
    assert objects["HorizontalPodAutoscaler", "product-api"]


def test_high_availability_alone_has_three_replicas():
    objects = with_components("dev", "postgres", "high-availability")
    assert {workload["spec"]["replicas"] for workload in workloads(objects).values()
            if workload["kind"] == "Deployment"} == {3}
    assert ("PodDisruptionBudget", "hello") in objects


def test_keda_scales_product_api_by_the_requests_of_its_namespace():
    objects = with_components("qa", "keda")
    spec = objects["ScaledObject", "product-api"]["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "product-api"}
    assert "replicas" not in workloads(objects)["product-api"]["spec"]
    [trigger] = spec["triggers"]
    assert trigger["metadata"]["query"] == (
        'sum(http_requests_in_flight{namespace="flotilla-qa",service="product-api"})')


def test_openshift_chooses_the_users_and_is_called_for_names():
    objects = with_components("dev", "postgres", "redis", "canary", "openshift")
    assert {workload["kind"] for workload in workloads(objects).values()} == {"Deployment", "Rollout", "StatefulSet"}
    for workload in workloads(objects).values():
        own = pod(workload)["securityContext"]
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & own.keys()
        assert own["runAsNonRoot"] is True
        assert not {"runAsUser", "runAsGroup"} & container(workload)["securityContext"].keys()


@pytest.mark.parametrize("service", SERVICES)
def test_openshift_is_the_same_through_the_charts_door(service):
    given = environment_values(service, "dev") + ("-f", str(ROOT / "kustomize/components/openshift/values.yaml"))
    chart, objects = documents(helm_template(service, *given)), with_components("dev", "openshift")
    by_kustomize = objects["NetworkPolicy", service]["spec"], pod(workloads(objects)[service])["securityContext"]
    workload = find(chart, "Deployment", service)
    assert by_kustomize == (find(chart, "NetworkPolicy", service)["spec"], pod(workload)["securityContext"])


def test_the_identity_of_aws_is_reached_through_the_closed_network():
    chart = helm_template("auxiliary-service", *values({"networkPolicy": {"enabled": True, "awsIdentity": True}}))
    own = find(documents(chart), "NetworkPolicy", "auxiliary-service")["spec"]
    assert with_components("dev", "aws-workload-identity")["NetworkPolicy", "auxiliary-service"]["spec"] == own


COLLECTOR = "http://otel-collector.observability:4318"


@pytest.mark.parametrize("service", SERVICES)
def test_tracing_is_the_same_through_the_charts_door(service):
    given = environment_values(service, "dev") + values({"tracing": {"endpoint": COLLECTOR}})
    chart, objects = documents(helm_template(service, *given)), with_components("dev", "tracing")
    by_helm, by_kustomize = find(chart, "Deployment", service), workloads(objects)[service]
    assert binary.environment(chart, service) == variables(objects, by_kustomize)
    assert variables(objects, by_kustomize)["OTEL_EXPORTER_OTLP_ENDPOINT"] == COLLECTOR
    fields = [entry for entry in container(by_helm)["env"] if "valueFrom" in entry]
    assert fields == [entry for entry in container(by_kustomize)["env"] if "valueFrom" in entry]
    policies = [objects["NetworkPolicy", name]["spec"] for name in (service, "tracing")]
    own = find(chart, "NetworkPolicy", service)["spec"]
    assert [rule for policy in policies for rule in policy["egress"]] == own["egress"]
    assert policies[0]["ingress"] == own["ingress"] and "ingress" not in policies[1]
    assert wiring.matches(policies[1]["podSelector"], by_kustomize["spec"]["template"]["metadata"]["labels"])


def test_tracing_reaches_every_pod_of_a_service_and_no_other():
    objects = with_components("qa", "canary", "tracing")
    assert workloads(objects)["hello"]["kind"] == "Rollout"
    traced = {name for name, workload in workloads(objects).items()
              if "OTEL_EXPORTER_OTLP_ENDPOINT" in variables(objects, workload)}
    assert traced == set(SERVICES)
    assert not wiring.matches(objects["NetworkPolicy", "tracing"]["spec"]["podSelector"],
                              workloads(objects)["postgres"]["spec"]["template"]["metadata"]["labels"])


def test_another_collector_replaces_the_pods(tmp_path):
    """As kustomize/README.md has it."""
    [patch] = re.findall(r"```yaml\n([^`]*\n  name: tracing\n.*?)```", README.read_text(), re.DOTALL)
    path = copy(tmp_path) / "overlays/dev/kustomization.yaml"
    (path.parent / "tracing.yaml").write_text(patch)
    fields = yaml.safe_load(path.read_text())
    fields["components"].append("../../components/tracing")
    fields.setdefault("patches", []).append({"path": "tracing.yaml"})
    path.write_text(yaml.safe_dump(fields))
    before, after = with_components("dev", "tracing"), build(path.parent)
    for service in SERVICES:
        given = variables(after, workloads(after)[service])
        assert given["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector.observability:4318"
        assert (given["OTEL_TRACES_SAMPLER"], given["OTEL_TRACES_SAMPLER_ARG"]) == ("parentbased_traceidratio", "0.01")
        assert workloads(before)[service]["spec"]["template"] != workloads(after)[service]["spec"]["template"]


def test_monitoring_watches_its_own_namespace():
    objects = with_components("dev", "monitoring")
    monitor = objects["ServiceMonitor", "flotilla"]
    assert monitor["metadata"]["namespace"] == "flotilla-dev"
    assert "namespaceSelector" not in monitor["spec"]
    assert changed_pods(objects) == set()
    dashboards = [obj for (kind, name), obj in objects.items() if kind == "ConfigMap" and name.startswith("flotilla-")]
    assert dashboards and all("ENVIRONMENT" not in obj["data"] for obj in dashboards)


def changed_pods(objects):
    """The workloads that are new, or have another pod template than in dev."""
    before, after = workloads(overlay("dev")), workloads(objects)
    return {name for name in after if name not in before or after[name]["spec"]["template"] != before[name]["spec"]["template"]}
