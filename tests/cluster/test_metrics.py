"""The cluster's Prometheus: every pod under the labels that the ServiceMonitor gives, and rules that evaluate on what is real."""

import json
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.client import ask
from support.exposure import node_port
from support.kubectl import apply, kubectl, pods, ready, within
from support.load import Load, without_loss
from support.namespace import OWNER, remove
from support.rendering import ROOT, SERVICES, of_kind, overlay, text

HOME = "flotilla-dev"


@pytest.fixture(scope="module")
def home(prometheus: str) -> Iterator[str]:
    remove(HOME)
    found = overlay("dev")
    try:
        apply(text(of_kind(found, "Namespace")))
        kubectl("label", "namespace", HOME, OWNER)
        apply(text(found))
        within(180, "all pods are ready", lambda: len(pods(HOME)) == len(SERVICES) and all(ready(pod) for pod in pods(HOME)))
        yield HOME
    finally:
        remove(HOME)


def query(prometheus: str, expression: str) -> list[dict]:
    answer = ask(f"{prometheus}/api/v1/query?query={urllib.parse.quote(expression)}")
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["data"]["result"]


def test_every_pod_is_scraped_once_under_the_labels_of_the_service_monitor(home: str, prometheus: str) -> None:
    def scraped() -> bool:
        found = query(prometheus, f'up{{namespace="{home}"}} == 1')
        labels = {(s["metric"].get("service"), s["metric"].get("job"), s["metric"].get("pod"), s["metric"].get("track")) for s in found}
        return labels == {
            (pod["metadata"]["labels"]["app.kubernetes.io/name"],) * 2 + (pod["metadata"]["name"], "stable") for pod in pods(home)
        }

    within(60, "up is 1 for each pod, once", scraped)


def test_what_a_client_sent_is_what_prometheus_counts(home: str, prometheus: str, node: str) -> None:
    url = node_port(home, "hello")
    within(30, "the NodePort answers", lambda: ask(f"{url}/success").status == 200)
    counted = f'sum(http_requests_total{{namespace="{home}",service="hello",path="/fail"}})'
    [before] = query(prometheus, counted)
    with Load(f"{url}/fail", 100, 5) as load:
        sent = without_loss(load.report(), ("500",))
    within(30, f"{sent} more failures", lambda: float(query(prometheus, counted)[0]["value"][1]) - float(before["value"][1]) == sent)


def test_cadvisor_and_the_kubelet_give_what_the_rules_ask_of_them(home: str, prometheus: str) -> None:
    for metric in ("container_memory_working_set_bytes", "container_cpu_usage_seconds_total"):
        selector = f'{metric}{{namespace="{home}",container!=""}}'
        within(60, f"{metric} of each service", lambda selector=selector: {s["metric"]["container"] for s in query(prometheus, selector)} >= set(SERVICES))


# What only kube-state-metrics has; a cluster without it has rules that find nothing, and says so.
MISSING_WITHOUT = {"kube-state-metrics": "kube_pod_info"}


@pytest.fixture
def evaluated(prometheus: str, tmp_path: Path) -> Iterator[str]:
    """A Prometheus of this test's own, with the project's rules over what the cluster's has seen."""
    if not shutil.which("prometheus"):
        pytest.skip("prometheus is not installed")
    configuration = {
        "global": {"evaluation_interval": "5s"},
        "rule_files": [str(ROOT / "monitoring/prometheus/*.yaml")],
        "remote_read": [{"url": f"{prometheus}/api/v1/read", "read_recent": True}],
    }
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    address = "127.0.0.1:19599"
    options = (f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address={address}")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(["prometheus", *options], stdout=log, stderr=log)
    try:
        within(30, "it is ready", lambda: ask(f"http://{address}/-/ready").status == 200)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_every_rule_evaluates_on_what_the_cluster_measures(home: str, prometheus: str, evaluated: str) -> None:
    def rules() -> list[dict]:
        groups = ask(f"{evaluated}/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    found = within(90, "every rule was evaluated", lambda: rules() if all(r["health"] != "unknown" for r in rules()) else None)
    assert {rule["name"]: rule.get("lastError") for rule in found if rule["health"] != "ok"} == {}
    firing = {rule["name"] for rule in found if rule["type"] == "alerting" and rule["state"] == "firing"}
    assert not firing
    for exporter, metric in MISSING_WITHOUT.items():
        if not query(prometheus, metric):
            print(f"not seen here: what {exporter} would give")
