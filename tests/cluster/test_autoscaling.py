"""What scales and what is refused: autoscaler, memory limit, quota."""

from collections.abc import Iterator

import pytest
from support.client import ask
from support.exposure import node_port
from support.kubectl import Refused, apply, get, kubectl, list_of, pods, rolled_out, within
from support.load import Load
from support.namespace import namespace
from support.rendering import chart, text


@pytest.fixture
def home() -> Iterator[str]:
    with namespace("flotilla-scaling") as name:
        yield name


def desired(home: str) -> int:
    return get("hpa", "hello", home)["status"].get("desiredReplicas", 0)


def test_work_scales_hello_from_one_to_five_and_quiet_scales_it_back(home: str, node: str, pod_metrics: None) -> None:
    scaled = ("--set", "autoscaling.enabled=true", "--set", "autoscaling.minReplicas=1", "--set", "autoscaling.maxReplicas=5")
    found = chart("hello", home, *scaled)
    [scaler] = [d for d in found if d["kind"] == "HorizontalPodAutoscaler"]
    # As soon as the load is gone: a test has no five minutes for the stabilization.
    scaler["spec"].setdefault("behavior", {})["scaleDown"] = {"stabilizationWindowSeconds": 5}
    apply(text(found), "--namespace", home)
    rolled_out(home, "hello")
    url = node_port(home, "hello")
    within(30, "the NodePort answers", lambda: ask(f"{url}/success").status == 200)
    # 120 requests a second of 5 ms: six times what one pod asks for.
    with Load(f"{url}/work?sleep=0ms", 120, 240) as load:
        within(200, "five replicas are wanted", lambda: desired(home) == 5)
        within(60, "five pods are there", lambda: len(pods(home, "hello")) == 5)
        report = load.stop()
    # What is due beyond what one pod can do has still to be sent when the load ends.
    lost = report["lost_reasons"].keys() - {"interrupted", "not_sent"}
    assert not lost, report
    within(200, "one replica is left", lambda: desired(home) == 1 and len(pods(home, "hello")) == 1)


def test_ballast_beyond_the_memory_limit_is_an_oom_kill(home: str) -> None:
    apply(text(chart("product-api", home, "--set", "config.data.BALLAST=256Mi")), "--namespace", home)
    killed = within(90, "the pod was killed for its memory", lambda: last_end(home))
    assert (killed["reason"], killed["exitCode"]) == ("OOMKilled", 137)


def last_end(home: str) -> dict | None:
    for pod in pods(home, "product-api"):
        for status in pod["status"].get("containerStatuses", []):
            for state in (status["lastState"], status["state"]):
                if "terminated" in state:
                    return state["terminated"]
    return None


def test_a_quota_that_is_used_up_refuses_with_an_event_that_says_so(home: str) -> None:
    kubectl("-n", home, "create", "quota", "small", "--hard=pods=1")
    apply(text(chart("hello", home, "--set", "replicas=2")), "--namespace", home)
    events = within(60, "an event about the quota", lambda: [
        event["message"] for event in list_of("events", home) if "exceeded quota: small" in event.get("message", "")
    ])
    assert "requested: pods=1, used: pods=1, limited: pods=1" in events[0]
    assert len(pods(home, "hello")) == 1
