"""What must be right whatever the values are."""

import math

import pytest
import yaml

from cases import all_renderings, database, render
from lib.render import ROOT, SERVICES, documents, find, helm_template, kinds, values
from lib.wiring import WORKLOADS, matches

pytestmark = pytest.mark.parametrize("chart", SERVICES)


def rendered(chart, data):
    return documents(helm_template(chart, *database(chart), *values(data)))


def workload(found):
    [match] = [document for document in found if document["kind"] in WORKLOADS]
    return match


def pod(found):
    return workload(found)["spec"]["template"]["spec"]


def test_optional_parts_are_off_by_default(chart):
    expected = {"Deployment", "Service", "ServiceAccount", "ConfigMap", "Pod"}
    assert set(kinds(render(chart))) - {"Secret"} == expected


def test_replicas_are_left_to_an_autoscaler_that_finds_its_target(chart):
    for switches in (("autoscaling",), ("autoscaling", "rollout")):
        found = render(chart, switches)
        assert "replicas" not in workload(found)["spec"]
        target = find(found, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
        assert target["kind"] == workload(found)["kind"] == ("Rollout" if "rollout" in switches else "Deployment")


def test_the_autoscaler_looks_at_cpu_alone(chart):
    [metric] = find(render(chart, ("autoscaling",)), "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}


@pytest.mark.parametrize(
    ("data", "certain"),
    [
        ({"replicas": 1}, False),
        ({"replicas": 2}, True),
        ({"replicas": 3, "autoscaling": {"enabled": True, "minReplicas": 1}}, False),
        ({"replicas": 1, "autoscaling": {"enabled": True, "minReplicas": 2}}, True),
    ],
)
def test_a_disruption_budget_is_made_only_where_more_than_one_replica_is_certain(chart, data, certain):
    found = rendered(chart, data | {"podDisruptionBudget": {"enabled": True}})
    assert ("PodDisruptionBudget" in kinds(found)) == certain
    if certain:
        spec = find(found, "PodDisruptionBudget")["spec"]
        assert spec["maxUnavailable"] == 1
        assert "minAvailable" not in spec


def test_no_replica_is_missing_while_it_rolls(chart):
    strategy = workload(render(chart))["spec"]["strategy"]["rollingUpdate"]
    assert strategy == {"maxSurge": 1, "maxUnavailable": 0}
    canary = workload(render(chart, ("rollout",)))["spec"]["strategy"]["canary"]
    assert (canary["maxSurge"], canary["maxUnavailable"]) == (1, 0)


@pytest.mark.parametrize(
    ("drain", "shutdown"), [(None, None), (5, 20), (0, 0), (0.25, 0.5), ("7.5", "90"), ("", ""), (30, 3600)]
)
def test_a_pod_is_given_longer_than_drain_and_shutdown_take(chart, drain, shutdown):
    given = {"DRAIN_DELAY_SEC": drain, "SHUTDOWN_TIMEOUT_SEC": shutdown}
    found = rendered(chart, {"config": {"data": {name: value for name, value in given.items() if value is not None}}})
    needed = float(drain if drain not in (None, "") else 5) + float(shutdown if shutdown not in (None, "") else 20)
    grace = pod(found)["terminationGracePeriodSeconds"]
    assert needed + 5 <= grace <= math.ceil(needed) + 6


def test_data_says_how_long_the_delays_of_an_existing_configmap_are(chart):
    data = {"DRAIN_DELAY_SEC": 60, "READINESS_DELAY_SEC": 900}
    found = rendered(chart, {"config": {"existing": "there", "data": data}})
    assert pod(found)["terminationGracePeriodSeconds"] == 60 + 20 + 5
    assert workload(found)["spec"]["progressDeadlineSeconds"] == 600 + 900


@pytest.mark.parametrize("delay", [0, 10, "0.5", 7200])
def test_a_readiness_delay_neither_restarts_a_pod_nor_fails_a_rollout(chart, delay):
    for switches in ({}, {"rollout": {"enabled": True}}):
        found = rendered(chart, {"config": {"data": {"READINESS_DELAY_SEC": delay}}} | switches)
        assert workload(found)["spec"]["progressDeadlineSeconds"] > float(delay)
        [container] = pod(found)["containers"]
        asked = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert asked == {
            "startupProbe": {"path": "/healthz", "port": "metrics", "scheme": "HTTP"},
            "livenessProbe": {"path": "/healthz", "port": "metrics", "scheme": "HTTP"},
            "readinessProbe": {"path": "/readyz", "port": "metrics", "scheme": "HTTP"},
        }


def test_control_plane_nodes_are_avoided_or_on_request_refused(chart):
    def terms(found):
        return pod(found)["affinity"]["nodeAffinity"]

    assert list(terms(render(chart))) == ["preferredDuringSchedulingIgnoredDuringExecution"]
    assert list(terms(render(chart, ("scheduling",)))) == ["requiredDuringSchedulingIgnoredDuringExecution"]


def test_pods_spread_within_their_own_release_and_never_stay_unscheduled(chart):
    for switches, key in (((), "pod-template-hash"), (("rollout",), "rollouts-pod-template-hash")):
        for constraint in pod(render(chart, ("scheduling", *switches)))["topologySpreadConstraints"]:
            assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
            assert constraint["matchLabelKeys"] == [key]


def test_a_rollout_has_the_pods_of_the_deployment(chart):
    def fields(switches):
        spec = dict(workload(render(chart, switches))["spec"])
        del spec["strategy"]
        for constraint in spec["template"]["spec"]["topologySpreadConstraints"]:
            del constraint["matchLabelKeys"]
        return spec

    assert fields(("rollout",)) == fields(())


def test_a_rollout_without_a_router_takes_no_pod_out_of_its_service(chart):
    canary = workload(render(chart, ("rollout",)))["spec"]["strategy"]["canary"]
    assert canary["canaryService"] == f"{chart}-canary"
    assert "stableService" not in canary
    for switch, routing in (
        ("nginx", {"nginx": {"stableIngress": chart}}),
        ("traefik", {"traefik": {"weightedTraefikServiceName": chart}}),
        ("gateway-api", {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": chart, "namespace": "default"}}}),
    ):
        routed = workload(render(chart, (switch,)))["spec"]["strategy"]["canary"]
        assert (routed["stableService"], routed["trafficRouting"]) == (chart, routing)


def test_memory_is_requested_and_limited_and_cpu_only_requested(chart):
    [container] = pod(render(chart))["containers"]
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert set(container["resources"]["limits"]) == {"memory"}


def test_an_image_is_named_by_registry_tag_and_digest(chart):
    def image(**parts):
        return pod(rendered(chart, {"image": parts}))["containers"][0]["image"]

    version = yaml.safe_load((ROOT / "charts" / chart / "Chart.yaml").read_text())["appVersion"]
    digest = "sha256:" + "1" * 64
    assert image() == f"flotilla/{chart}:{version}"
    assert image(tag="v2") == f"flotilla/{chart}:v2"
    assert image(registry="registry.example:5000", tag="v2") == f"registry.example:5000/flotilla/{chart}:v2"
    assert image(digest=digest, tag="v2") == f"flotilla/{chart}@{digest}"
    assert image(tag=f"v2@{digest}") == f"flotilla/{chart}:v2@{digest}"
    # As Helm and others write the + of a version, which no tag may have.
    assert image(tag="1.2.3+a.1") == f"flotilla/{chart}:1.2.3_a.1"


@pytest.mark.parametrize(
    ("tag", "label"),
    [
        ("v2-" + "a" * 80, "v2-" + "a" * 60),
        ("a" * 62 + "." + "b", "a" * 62),
        ("a" * 128, "a" * 63),
        ("1.2.3+build.7", "1.2.3_build.7"),
        ("_v2.", "v2"),
        ("___", ""),
        ("0.1.0@sha256:" + "1" * 64, "0.1.0"),
        ("a" * 80 + "@sha256:" + "1" * 64, "a" * 63),
    ],
)
def test_the_version_label_is_the_tag_as_far_as_a_label_can_be_and_stands_on_the_pod(chart, tag, label):
    found = rendered(chart, {"image": {"tag": tag}})
    metadata = [document["metadata"] for document in (*found, workload(found)["spec"]["template"])]
    assert {each["labels"]["app.kubernetes.io/version"] for each in metadata} == {label}


def test_replicas_are_left_to_another_owner(chart):
    for switches in ({}, {"rollout": {"enabled": True}}, {"podDisruptionBudget": {"enabled": True}}):
        found = rendered(chart, {"replicas": None} | switches)
        assert "replicas" not in workload(found)["spec"]
        assert "PodDisruptionBudget" not in kinds(found), "how many there are is not certain"


def test_users_and_groups_can_be_left_to_the_cluster(chart):
    unset = {"securityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}}
    volume = {"volumes": [{"name": "a", "emptyDir": {}}]}
    for found, expected in (
        (rendered(chart, volume), {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}),
        (rendered(chart, volume | unset), {}),
    ):
        for spec in (pod(found), find(found, "Pod")["spec"]):
            own = spec["securityContext"]
            assert {key: own[key] for key in ("runAsUser", "runAsGroup", "fsGroup") if key in own} == expected
            assert own["runAsNonRoot"] is True
            # What a container says goes before it.
            [container] = spec["containers"]
            assert not {"runAsUser", "runAsGroup"} & container["securityContext"].keys()
            assert container["securityContext"]["runAsNonRoot"] is True


def test_both_services_have_the_families_that_are_asked_for(chart):
    families = {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6", "IPv4"]}
    found = rendered(chart, {"service": families, "rollout": {"enabled": True}})
    services = [document["spec"] for document in found if document["kind"] == "Service"]
    assert [{key: spec[key] for key in families} for spec in services] == [families] * 2
    assert not families.keys() & find(render(chart), "Service")["spec"].keys()


def test_services_can_be_left_to_flagger(chart):
    data = {"service": {"create": False}, "replicas": None, "podDisruptionBudget": {"enabled": True}}
    found = rendered(chart, data | {"autoscaling": {"enabled": True}})
    assert "Service" not in kinds(found)
    # Its copies of the pods are drained with care too; the autoscaler is the pattern of the copy's own.
    labels = workload(found)["spec"]["template"]["metadata"]["labels"]
    selector = find(found, "PodDisruptionBudget")["spec"]["selector"]
    assert matches(selector, labels | {"app.kubernetes.io/name": f"{chart}-primary"})
    assert matches(selector, labels)
    assert find(found, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == chart


def test_names_stay_within_63_characters(chart):
    release = "r" * 53  # the most that helm takes
    text = helm_template(
        chart, *database(chart), *values({"rollout": {"enabled": True}, "faults": {"enabled": True}}), release=release
    )
    names = [document["metadata"]["name"] for document in documents(text)]
    assert max(map(len, names)) <= 63
    assert len({(kind, name) for kind, name in zip(kinds(documents(text)), names, strict=True)}) == len(names)


def test_the_test_pod_asks_the_service_with_the_services_own_image(chart):
    found = render(chart)
    [container] = find(found, "Pod")["spec"]["containers"]
    port = next(p["port"] for p in find(found, "Service")["spec"]["ports"] if p["name"] == "http")
    assert container["image"] == pod(found)["containers"][0]["image"]
    assert [*container["command"], *container["args"]] == [
        "/service",
        "healthcheck",
        "--url",
        f"http://{chart}:{port}/healthz",
    ]


def test_the_charts_own_servicemonitor_scrapes_as_that_of_the_fleet(chart):
    file = ROOT / "monitoring" / "scrape" / "servicemonitor.yaml"
    own = find(render(chart, ("servicemonitor",)), "ServiceMonitor")["spec"]
    of_the_fleet = yaml.safe_load(file.read_text())["spec"]
    for key in ("endpoints", "sampleLimit"):
        assert own[key] == of_the_fleet[key]


def test_every_rendering_has_one_workload(chart):
    for case, found in all_renderings(chart).items():
        assert sum(document["kind"] in WORKLOADS for document in found) == 1, case
