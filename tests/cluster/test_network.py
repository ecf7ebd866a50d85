"""Who may call whom, tried from the pods themselves: every edge that is meant passes, and every other is refused."""

import itertools
import subprocess
import sys
from collections.abc import Iterator

import pytest
from support.backends import volume
from support.environment import namespace_of
from support.kubectl import apply, get, kubectl, pods, ready, within
from support.namespace import existing_or_new, namespace
from support.rendering import ROOT, SERVICES, overlay, text

sys.path.insert(0, str(ROOT / "tests/deploy"))
from lib.edges import BACKENDS, CALLS  # noqa: E402  (after the path)

HOME = "flotilla-qa"


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    """qa: every service, its database and its cache."""
    found = overlay("qa")
    with namespace_of(found), volume(HOME):
        apply(text(found))
        within(240, "all pods are ready", lambda: len(pods(HOME)) >= 7 and all(ready(pod) for pod in pods(HOME)))
        require_enforcement()
        yield HOME


def require_enforcement() -> None:
    """Without a network plugin that knows policies everything passes, and there is nothing to test."""
    if reaches(HOME, pod_of("hello"), url("storefront", service_port("storefront"))):
        pytest.skip("the cluster's network plugin enforces no NetworkPolicy")


def pod_of(service: str) -> str:
    return pods(HOME, service)[0]["metadata"]["name"]


def service_port(service: str) -> int:
    return 80 if service == "hello" else int(ports(service)["http"])


def ports(service: str) -> dict[str, int]:
    container = pods(HOME, service)[0]["spec"]["containers"][0]
    return {port["name"]: port["containerPort"] for port in container["ports"]}


def url(name: str, port: int, home: str = HOME) -> str:
    return f"http://{name}.{home}:{port}/healthz"


def said(home: str, pod: str, target: str) -> str:
    """What the service's own health check says of an address, asked from that pod; empty when all is well."""
    command = ["kubectl", "-n", home, "exec", pod, "--", "/service", "healthcheck", "--url", target]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return "" if done.returncode == 0 else done.stderr or "failed"


def reaches(home: str, pod: str, target: str) -> bool:
    """Whether a connection comes about; what is no HTTP server answers with something that is no HTTP."""
    answer = said(home, pod, target).lower()
    assert "lookup" not in answer, f"the name does not resolve: {answer}"
    return not any(word in answer for word in ("refused", "no answer within", "timed out", "unreachable"))


PAIRS = [pair for pair in itertools.product(SERVICES, SERVICES) if pair[0] != pair[1]]


@pytest.mark.parametrize(("caller", "called"), PAIRS, ids=lambda name: str(name))
def test_a_service_reaches_its_upstreams_and_no_other_service(home: str, caller: str, called: str) -> None:
    target = url(called, service_port(called))
    if (caller, called) in CALLS:
        assert said(home, pod_of(caller), target) == ""
    else:
        assert not reaches(home, pod_of(caller), target)


@pytest.mark.parametrize("caller", SERVICES)
def test_only_the_catalogue_reaches_its_backends(home: str, caller: str) -> None:
    for _, backend, port in sorted(BACKENDS):
        meant = any(edge == (caller, backend, port) for edge in BACKENDS)
        assert reaches(home, pod_of(caller), f"http://{backend}.{home}:{port}/") == meant, backend


@pytest.mark.parametrize("caller", SERVICES)
def test_no_service_reaches_another_s_metrics_or_the_api_server(home: str, caller: str) -> None:
    for called in SERVICES:
        if called != caller:
            assert not reaches(home, pod_of(caller), url(called, ports(called)["metrics"])), called
    assert not reaches(home, pod_of(caller), "http://kubernetes.default.svc:443/")


def visitor(home: str, image: str = "flotilla/hello:0.1.0") -> str:
    """A pod that is nobody's, in a namespace of its own."""
    security = {
        "runAsNonRoot": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": "visitor", "image": image, "imagePullPolicy": "IfNotPresent", "securityContext": security}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "visitor", "namespace": home}, "spec": {"containers": [container]}}
    apply(text([pod]))
    within(60, "the visitor runs", lambda: ready(get("pod", "visitor", home)))
    return "visitor"


def test_a_namespace_that_no_policy_names_reaches_nothing(home: str) -> None:
    with namespace("flotilla-visitor") as other:
        pod = visitor(other)
        assert said(other, pod, "http://127.0.0.1:8080/healthz") == ""
        for service in SERVICES:
            assert not reaches(other, pod, url(service, service_port(service))), service
            assert not reaches(other, pod, url(service, ports(service)["metrics"])), service
        for _, backend, port in sorted(BACKENDS):
            assert not reaches(other, pod, f"http://{backend}.{home}:{port}/"), backend


def test_the_monitoring_namespace_reaches_the_metrics_and_nothing_else(home: str) -> None:
    with existing_or_new("monitoring") as monitoring:
        pod = visitor(monitoring)
        try:
            for service in SERVICES:
                assert said(monitoring, pod, url(service, ports(service)["metrics"])) == "", service
                assert not reaches(monitoring, pod, url(service, service_port(service))), service
            for _, backend, port in sorted(BACKENDS):
                assert not reaches(monitoring, pod, f"http://{backend}.{home}:{port}/"), backend
        finally:
            kubectl("-n", monitoring, "delete", "pod", pod, "--wait=false", "--grace-period=1")
