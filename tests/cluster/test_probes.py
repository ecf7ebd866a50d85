"""Probes: what they wait for, what they forgive, and what they never restart."""

import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from support.backends import backends, volume
from support.client import ask
from support.exposure import node_port
from support.kubectl import Object, apply, get, kubectl, pods, ready, restarts, rolled_out, within
from support.namespace import namespace
from support.rendering import chart, text


@pytest.fixture
def home() -> Iterator[str]:
    with namespace("flotilla-probes") as name:
        yield name


def since(pod: Object, condition: str) -> datetime:
    [found] = [c for c in pod["status"]["conditions"] if c["type"] == condition]
    return datetime.fromisoformat(found["lastTransitionTime"])


def test_a_pod_is_not_ready_before_its_delay(home: str) -> None:
    apply(text(chart("hello", home, "--set", "config.data.READINESS_DELAY_SEC=12")), "--namespace", home)
    rolled_out(home, "hello")
    [pod] = pods(home, "hello")
    started = datetime.fromisoformat(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
    # Kubernetes' times are whole seconds.
    assert (since(pod, "Ready") - started).total_seconds() >= 11
    assert restarts(home) == 0


def test_a_database_that_goes_and_comes_takes_the_pod_out_and_in_and_restarts_nothing(home: str, node: str) -> None:
    with volume(home):
        apply(text(backends(home)))
        existing = ("--set", "secret.existing={product-api-database,product-api-cache}")
        apply(text(chart("product-api", home, *existing)), "--namespace", home)
        rolled_out(home, "product-api")
        url = node_port(home, "product-api")
        within(30, "the NodePort answers", lambda: ask(f"{url}/products").status == 200)
        kubectl("-n", home, "scale", "statefulset/postgres", "--replicas=0")
        within(60, "it is not ready", lambda: not ready(pods(home, "product-api")[0]))
        # Longer than liveness takes to kill: three failures, ten seconds apart.
        time.sleep(45)
        assert restarts(home) == 0
        kubectl("-n", home, "scale", "statefulset/postgres", "--replicas=1")
        within(120, "it is ready again", lambda: ready(pods(home, "product-api")[0]))
        within(30, "it serves", lambda: ask(f"{url}/products").status == 200)
        assert [pod for pod in pods(home, "product-api") if restarts_of(pod)] == []


def restarts_of(pod: Object) -> int:
    return sum(status["restartCount"] for status in pod["status"]["containerStatuses"])


@pytest.mark.parametrize("service", ["hello", "product-api"])
def test_it_starts_under_a_twentieth_of_a_core(home: str, service: str) -> None:
    limit = ("--set", "resources.limits.cpu=50m", "--set", "resources.requests.cpu=50m")
    apply(text(chart(service, home, *limit)), "--namespace", home)
    rolled_out(home, service, 60)
    assert get("deployment", service, home)["status"]["readyReplicas"] == 1
    assert restarts(home) == 0
