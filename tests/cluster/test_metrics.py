"""Every pod under the labels that the ServiceMonitor gives, and rules that evaluate on what is real."""

import shutil
import warnings
from collections.abc import Iterator

import pytest
from support.client import ask
from support.environment import namespace_of
from support.exposure import node_port
from support.kubectl import apply, pods, ready, within
from support.load import Load, without_loss
from support.prometheus import prometheus, query
from support.rendering import SERVICES, overlay, text

# What only this exporter has: without it some rules find nothing.
KUBE_STATE_METRICS = "kube_"


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    found = overlay("dev")
    with namespace_of(found) as name:
        apply(text(found))
        within(180, "all pods are ready", lambda: len(pods(name)) == len(SERVICES) and all(ready(pod) for pod in pods(name)))
        yield name


@pytest.fixture(scope="module")
def watching(home: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not shutil.which("prometheus"):
        pytest.skip("prometheus is not installed")
    with prometheus(home, tmp_path_factory.mktemp("prometheus")) as url:
        yield url


def test_every_pod_is_scraped_once_under_the_labels_of_the_service_monitor(home: str, watching: str) -> None:
    names = ("service", "job", "pod", "track")
    wanted = sorted((*[pod["metadata"]["labels"]["app.kubernetes.io/name"]] * 2, pod["metadata"]["name"], "stable") for pod in pods(home))

    def scraped() -> bool:
        found = query(watching, f'up{{namespace="{home}"}} == 1')
        return sorted(tuple(series["metric"][name] for name in names) for series in found) == wanted

    within(60, "up is 1 for each pod, once", scraped)


def test_what_a_client_sent_is_what_prometheus_counts(home: str, watching: str, node: str) -> None:
    url = node_port(home, "hello")
    within(30, "the NodePort answers", lambda: ask(f"{url}/success").status == 200)
    counted = f'sum(http_requests_total{{namespace="{home}",service="hello",path="/fail"}})'
    within(60, "it counts", lambda: query(watching, counted))
    [before] = query(watching, counted)
    with Load(f"{url}/fail", 100, 5) as load:
        sent = without_loss(load.report(), ("500",))
    within(60, f"{sent} more failures", lambda: float(query(watching, counted)[0]["value"][1]) - float(before["value"][1]) == sent)


def test_the_kubelet_gives_what_the_rules_ask_of_it(home: str, watching: str) -> None:
    for metric in ("container_memory_working_set_bytes", "container_cpu_usage_seconds_total"):
        selector = f'{metric}{{namespace="{home}",container!=""}}'
        within(60, f"{metric} of each service", lambda selector=selector: {s["metric"]["container"] for s in query(watching, selector)} >= set(SERVICES))


def test_every_rule_evaluates_on_what_the_cluster_measures(home: str, watching: str) -> None:
    def rules() -> list[dict]:
        groups = ask(f"{watching}/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    found = within(90, "every rule was evaluated", lambda: rules() if all(r["health"] != "unknown" for r in rules()) else None)
    assert {rule["name"]: rule.get("lastError") for rule in found if rule["health"] != "ok"} == {}
    assert not {rule["name"] for rule in found if rule["type"] == "alerting" and rule["state"] == "firing"}
    if not query(watching, f'{{__name__=~"{KUBE_STATE_METRICS}.+"}}'):
        names = sorted(rule["name"] for rule in found if KUBE_STATE_METRICS in rule["query"])
        warnings.warn(f"no kube-state-metrics here, so these rules find nothing: {', '.join(names)}", stacklevel=1)
    rates = within(60, "a rate was recorded", lambda: query(watching, f'namespace_service:http_requests:rate5m{{namespace="{home}"}}'))
    assert {series["metric"]["service"] for series in rates} == set(SERVICES)
