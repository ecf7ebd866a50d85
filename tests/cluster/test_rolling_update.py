"""Releases, drains and evictions under load: every request is answered."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support.backends import backends, volume
from support.client import ask
from support.exposure import gateway, node_port
from support.kubectl import apply, kubectl, list_of, pods, rolled_out, within
from support.load import Load, without_loss
from support.namespace import namespace
from support.rendering import chart, text

# So that a drained pod finds its way back to the only node there may be.
STAYS = ("--set", "scheduling.tolerations[0].key=node.kubernetes.io/unschedulable", "--set", "scheduling.tolerations[0].operator=Exists")


@pytest.fixture
def home() -> Iterator[str]:
    with namespace("flotilla-releases") as name:
        yield name


def hello(home: str, *options: str) -> None:
    # A drain evicts what its selector finds in any namespace: only these pods have the label.
    drained = ("--set", "podLabels.drained-by=tests", "--set", "podDisruptionBudget.enabled=true", *STAYS)
    base = ("--set", "config.data.READINESS_DELAY_SEC=1", *drained)
    apply(text(chart("hello", home, *base, *options)), "--namespace", home)
    rolled_out(home, "hello")


def replicas(count: int) -> tuple[str, str]:
    return ("--set", f"replicas={count}")


INGRESS, GATEWAY = "ingress.tests.flotilla.local", "gateway.tests.flotilla.local"


def let_in() -> tuple[str, ...]:
    """Through Traefik too, where there is one: by an Ingress and by a Gateway."""
    if not os.environ.get("FLOTILLA_INGRESS"):
        return ()
    ingress = ("--set", "ingress.enabled=true", "--set", "ingress.className=traefik", "--set", f"ingress.hosts={{{INGRESS}}}")
    route = ("--set", "httpRoute.enabled=true", "--set", f"httpRoute.hostnames={{{GATEWAY}}}", "--set", "httpRoute.parentRefs[0].name=tests")
    # Traefik takes up new pods every two seconds at most, and on a busy machine not within five that one has gone.
    return ingress + route + ("--set", "config.data.DRAIN_DELAY_SEC=15")


def ways(home: str) -> list[tuple[str, int, tuple[str, ...]]]:
    """Every way in, with its share of 400 requests a second: kept and new connections, HTTP/1.1 and HTTP/2."""
    url = node_port(home, "hello") + "/success"
    direct = [(url, 100, ()), (url, 100, ("--new-connections",)), (url, 100, ("--http2",))]
    if not os.environ.get("FLOTILLA_INGRESS"):
        return [*direct, (url, 100, ("--http2", "--new-connections"))]
    url = os.environ["FLOTILLA_INGRESS"] + "/success"
    through = [(INGRESS, ()), (INGRESS, ("--http2",)), (GATEWAY, ("--new-connections",)), (GATEWAY, ("--http2",))]
    return direct + [(url, 25, ("--header", f"Host: {host}", *options)) for host, options in through]


def answers(way: tuple[str, int, tuple[str, ...]]) -> bool:
    with Load(way[0], 1, 1, *way[2]) as load:
        return set(load.report()["status"]) == {"200"}


def test_tag_configuration_and_replicas_change_without_a_lost_request(home: str, node: str) -> None:
    if os.environ.get("FLOTILLA_INGRESS"):
        gateway(home)
    hello(home, *replicas(2), *let_in())
    paths = ways(home)
    for way in paths:
        within(30, f"an answer by {way}", lambda way=way: answers(way))
    two = (*let_in(), "--set", "image.tag=0.2.0")
    with ExitStack() as stack:
        loads = [stack.enter_context(Load(url, rate, 600, *options)) for url, rate, options in paths]
        began = time.monotonic()
        hello(home, *replicas(2), *two)
        hello(home, *replicas(2), *two, "--set", "secret.data.GREETING=changed")
        hello(home, *replicas(2), *two, "--set", "config.data.FAIL_RATE=0.5")
        hello(home, *replicas(4), *two)
        hello(home, *replicas(1), *two)
        hello(home, *replicas(2), *let_in())
        # Until 50,000 were sent, at the least.
        time.sleep(max(0, 128 - (time.monotonic() - began)))
        reports = [load.stop() for load in loads]
    assert sum(without_loss(report) for report in reports) >= 50_000
    assert all(set(report["versions"]) == {"0.1.0", "0.2.0"} for report in reports)


def test_a_drain_and_evictions_under_the_budget_lose_nothing(home: str, node: str) -> None:
    hello(home, *replicas(2))
    url = node_port(home, "hello")
    within(30, "the NodePort answers", lambda: ask(f"{url}/success").status == 200)
    before = {pod["metadata"]["name"] for pod in pods(home, "hello")}
    nodes = sorted({pod["spec"]["nodeName"] for pod in pods(home, "hello")})
    with Load(f"{url}/success", 200, 60) as load:
        for name in nodes:
            try:
                kubectl("drain", name, "--pod-selector=drained-by=tests",
                        "--timeout=120s", "--ignore-daemonsets", "--delete-emptydir-data")
            finally:
                kubectl("uncordon", name)
        within(60, "both pods are new and ready", lambda: renewed(home, before))
        without_loss(load.report())


def renewed(home: str, before: set[str]) -> bool:
    now = {pod["metadata"]["name"] for pod in pods(home, "hello")}
    [deployment] = list_of("deployments", home)
    return not now & before and deployment["status"].get("readyReplicas", 0) == 2


def test_a_request_of_ten_seconds_outlives_the_sigterm_of_its_pod(home: str, node: str) -> None:
    hello(home, *replicas(1))
    url = node_port(home, "hello")
    within(30, "the NodePort answers", lambda: ask(f"{url}/success").status == 200)
    answers = []
    slow = threading.Thread(target=lambda: answers.append(ask(f"{url}/work?cpu=0ms&sleep=10s", timeout=30)))
    slow.start()
    time.sleep(1)
    [pod] = pods(home, "hello")
    kubectl("-n", home, "delete", "pod", pod["metadata"]["name"], "--wait=false")
    slow.join()
    assert answers[0].status == 200, answers
    assert answers[0].headers["x-replica"] == pod["metadata"]["name"]


def test_every_acknowledged_write_is_there_after_releases(home: str, node: str) -> None:
    with volume(home):
        apply(text(backends(home)))
        options = ("--set", "secret.existing={product-api-database,product-api-cache}", *replicas(2))
        release(home, *options)
        url = node_port(home, "product-api")
        within(30, "the NodePort answers", lambda: ask(f"{url}/products").status == 200)
        writer = Writer(url)
        release(home, *options, "--set", "image.tag=0.2.0")
        release(home, *options)
        acknowledged, refused = writer.stop()
        assert refused == []
        assert len(acknowledged) > 500
        assert acknowledged <= stored(url)


def release(home: str, *options: str) -> None:
    apply(text(chart("product-api", home, *options)), "--namespace", home)
    rolled_out(home, "product-api")


def stored(url: str) -> set[int]:
    found: set[int] = set()
    after = 0
    while after is not None:
        page = ask(f"{url}/products?limit=200&after={after}").json()
        found |= {product["id"] for product in page["data"]}
        after = page.get("next")
    return found


class Writer:
    """Writes one product after the other from four threads, and keeps what was acknowledged."""

    def __init__(self, url: str) -> None:
        self.url, self.ended = url, threading.Event()
        self.acknowledged: set[int] = set()
        self.refused: list[str] = []
        self.threads = [threading.Thread(target=self.write) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def write(self) -> None:
        body = {"name": "written in a release", "price": 1.5, "category": "tests"}
        while not self.ended.wait(0.02):
            answer = ask(f"{self.url}/products", "POST", body)
            if answer.status == 201:
                self.acknowledged.add(answer.json()["id"])
            else:
                self.refused.append(f"{answer.status} {answer.body}")

    def stop(self) -> tuple[set[int], list[str]]:
        self.ended.set()
        for thread in self.threads:
            thread.join()
        return self.acknowledged, self.refused
