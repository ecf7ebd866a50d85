"""A Prometheus of the tests' own, which reads the project's ServiceMonitor as the operator does. Everything comes through
the API server: no pod has to be reached, and no certificate to be had."""

import itertools
import json
import re
import subprocess
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from support.client import ask
from support.kubectl import list_of, within
from support.rendering import ROOT

MONITOR = ROOT / "monitoring/scrape/servicemonitor.yaml"


def query(prometheus: str, expression: str) -> list[dict]:
    answer = ask(f"{prometheus}/api/v1/query?query={urllib.parse.quote(expression)}")
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["data"]["result"]


def snake(relabeling: dict) -> dict:
    """A relabeling as Prometheus writes it."""
    return {re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", key): value for key, value in relabeling.items()}


def copied(source: str, target: str) -> dict:
    return {"source_labels": [f"__meta_kubernetes_{source}"], "target_label": target}


def kept(source: str, value: str) -> dict:
    return {"source_labels": [f"__meta_kubernetes_{source}"], "regex": value, "action": "keep"}


def through(api: str, path: str, *sources: str) -> list[dict]:
    """Turns a target into its path at the API server."""
    named = [f"__meta_kubernetes_{source}" for source in sources]
    return [
        {"source_labels": ["__address__"], "target_label": "instance"},
        {"source_labels": named, "separator": "/", "regex": "/".join(["(.+)"] * len(named)), "target_label": "__metrics_path__", "replacement": path},
        {"target_label": "__address__", "replacement": api},
    ]


def labels(prefix: str, found: dict) -> dict:
    return {f"__meta_kubernetes_{prefix}_label_{escaped(key)}": value for key, value in found["metadata"].get("labels", {}).items()}


def escaped(label: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]", "_", label)


def endpoints(namespace: str) -> Iterator[dict]:
    """What Prometheus finds in a cluster. Debian's is built without that, so it is told."""
    services = {service["metadata"]["name"]: service for service in list_of("services", namespace)}
    pods = {pod["metadata"]["name"]: pod for pod in list_of("pods", namespace)}
    for one in list_of("endpointslices", namespace):
        service = services[one["metadata"]["labels"]["kubernetes.io/service-name"]]
        for port, endpoint in itertools.product(one["ports"], one["endpoints"]):
            pod = pods[endpoint["targetRef"]["name"]]
            facts = {
                "namespace": namespace,
                "service_name": service["metadata"]["name"],
                "endpointslice_port_name": port["name"],
                "pod_name": pod["metadata"]["name"],
                "pod_container_name": pod["spec"]["containers"][0]["name"],
                "pod_container_port_number": str(port["port"]),
            }
            meta = {f"__meta_kubernetes_{key}": value for key, value in facts.items()}
            yield {"targets": [f"{endpoint['addresses'][0]}:{port['port']}"], "labels": meta | labels("service", service) | labels("pod", pod)}


def pods(api: str, namespace: str) -> dict:
    """What the operator makes of the monitor, for one namespace."""
    [monitor] = yaml.safe_load_all(MONITOR.read_text())
    [endpoint] = monitor["spec"]["endpoints"]
    [(label, value)] = monitor["spec"]["selector"]["matchLabels"].items()
    relabelings = [
        kept(f"service_label_{escaped(label)}", value),
        kept("endpointslice_port_name", endpoint["port"]),
        *(copied(source, target) for source, target in (("namespace", "namespace"), ("service_name", "service"), ("service_name", "job"))),
        *(copied(source, target) for source, target in (("pod_name", "pod"), ("pod_container_name", "container"))),
        *(snake(relabeling) for relabeling in endpoint["relabelings"]),
        *through(api, f"/api/v1/namespaces/$1/pods/$2:$3/proxy{endpoint['path']}", "namespace", "pod_name", "pod_container_port_number"),
    ]
    job = {"job_name": "pods", "sample_limit": monitor["spec"]["sampleLimit"], "honor_labels": endpoint["honorLabels"]}
    return job | {"static_configs": list(endpoints(namespace)), "relabel_configs": relabelings}


def kubelets(api: str) -> dict:
    """What the kubelets measure of the containers; cAdvisor's own endpoint lacks their names under some runtimes."""
    names = [node["metadata"]["name"] for node in list_of("nodes", "default")]
    found = [{"targets": [name], "labels": {"__meta_kubernetes_node_name": name}} for name in names]
    relabelings = through(api, "/api/v1/nodes/$1/proxy/metrics/resource", "node_name")
    return {"job_name": "kubelet", "static_configs": found, "relabel_configs": relabelings}


@contextmanager
def api_server() -> Iterator[str]:
    process = subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def prometheus(namespace: str, folder: Path) -> Iterator[str]:
    """Its URL, with all of the project's rules."""
    address = "127.0.0.1:19599"
    with api_server() as api, (folder / "log").open("w") as log:
        configuration = {
            "global": {"scrape_interval": "5s", "evaluation_interval": "5s"},
            "rule_files": [str(ROOT / "monitoring/prometheus/*.yaml")],
            "scrape_configs": [pods(api, namespace), kubelets(api)],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
        options = (f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}")
        process = subprocess.Popen(["prometheus", *options], stdout=log, stderr=log)
        try:
            within(60, "it is ready", lambda: ask(f"http://{address}/-/ready").status == 200)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(timeout=30)
