"""The scripts of gitops/cluster on a cluster that is there: what they bring up, what they see, and what they say of what is broken."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from support.environment import alone
from support.kubectl import get, kubectl, list_of, within
from support.load import FLOTILLA
from support.namespace import existing_or_new
from support.rendering import ROOT, SERVICES

HOME = "flotilla-dev"
DEFAULT = "ingressclass.kubernetes.io/is-default-class"


def script(name: str, *arguments: str, gateway: str = "", limit: float = 300) -> tuple[int, str]:
    """Its exit code, and all that it printed."""
    environment = os.environ | {"FLOTILLA": str(FLOTILLA), "WAIT_SEC": "240"} | ({"GATEWAY": gateway} if gateway else {})
    command = [ROOT / "gitops/cluster" / name, *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=limit)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def gateway(ingress: str) -> Iterator[str]:
    """As up.sh makes it: Traefik's class is the default, which an Ingress without one gets."""
    with alone(HOME):
        kubectl("annotate", "ingressclass", "traefik", f"{DEFAULT}=true", "--overwrite")
        yield ingress
        kubectl("annotate", "ingressclass", "traefik", f"{DEFAULT}-")


@pytest.fixture(scope="module")
def up(gateway: str) -> str:
    code, said = script("up.sh", "--existing", gateway=gateway)
    assert code == 0, said
    return said


def test_up_waits_until_the_fleet_is_reached_and_a_second_time_changes_nothing(up: str, gateway: str) -> None:
    assert [f"curl -H 'Host: {s}.dev.flotilla.local' {gateway}/" in up for s in SERVICES if s != "auxiliary-service"] == [True] * 4
    before = {d["metadata"]["name"]: d["metadata"]["generation"] for d in list_of("deployments", HOME)}
    code, said = script("up.sh", "--existing", gateway=gateway)
    assert code == 0, said
    assert {d["metadata"]["name"]: d["metadata"]["generation"] for d in list_of("deployments", HOME)} == before


def test_check_says_what_is_not_ready_and_why(up: str, gateway: str) -> None:
    code, said = script("check.sh", HOME, gateway=gateway)
    assert code == 0, said
    assert "ok  deployment flotilla-dev/hello\n" in said and "ok  host hello.dev.flotilla.local\n" in said
    kubectl("-n", HOME, "set", "image", "deployment/storefront", "storefront=flotilla/storefront:0.9.9")
    kubectl("-n", HOME, "scale", "deployment/main-api", "--replicas=0")
    try:
        found = within(90, "both are seen", lambda: broken(gateway))
        assert "no  host main-api.dev.flotilla.local: " in found
    finally:
        kubectl("-n", HOME, "set", "image", "deployment/storefront", "storefront=flotilla/storefront:0.1.0")
        kubectl("-n", HOME, "scale", "deployment/main-api", "--replicas=1")
    within(90, "all is well again", lambda: script("check.sh", HOME, gateway=gateway)[0] == 0)
    code, said = script("check.sh", HOME, gateway="http://127.0.0.1:9")
    assert code == 1 and "no  gateway: http://127.0.0.1:9 does not answer\n" in said


def broken(gateway: str) -> str:
    code, said = script("check.sh", HOME, gateway=gateway)
    pods = [line for line in said.splitlines() if line.startswith(f"no  pod {HOME}/storefront-")]
    return said if code == 1 and pods and "flotilla/storefront:0.9.9" in pods[0] else ""


def test_debug_metrics_finds_the_step_that_fails(up: str) -> None:
    with existing_or_new("monitoring"):
        code, said = script("debug-metrics.sh", HOME)
        assert said.count("series, version=") == said.count("answers a pod of the namespace monitoring") == len(SERVICES), said
        # Without the policy that lets in, the namespace is closed.
        kubectl("-n", HOME, "delete", "networkpolicy", "hello")
        try:
            code, said = within(60, "the closed network is seen", lambda: refused(script("debug-metrics.sh", HOME)))
            assert code == 1
        finally:
            kubectl("apply", "--server-side", "--force-conflicts", "-k", str(ROOT / "kustomize/overlays/dev"))
        assert not [pod for pod in list_of("pods", "monitoring") if "debug-metrics" in pod["metadata"]["name"] and "deletionTimestamp" not in pod["metadata"]]


def refused(result: tuple[int, str]) -> tuple[int, str] | None:
    lines = [line for line in result[1].splitlines() if "does not answer a pod" in line]
    return result if [line.split()[1].startswith("hello-") for line in lines] == [True] else None


def test_the_demonstration_scales_hello_and_back(up: str, gateway: str, pod_metrics: None) -> None:
    code, said = script("hpa-demo.sh", "run", "--for", "240s", gateway=gateway)
    assert code == 0, said
    try:
        assert script("hpa-demo.sh", "run", gateway=gateway)[0] == 1
        within(200, "more replicas are wanted", lambda: get("hpa", "hello-demo", HOME)["status"].get("desiredReplicas", 0) > 1)
    finally:
        code, said = script("hpa-demo.sh", "stop", gateway=gateway)
    assert code == 0 and "lost" in said, said
    assert list_of("hpa", HOME) == []
    assert get("deployment", "hello", HOME)["spec"]["replicas"] == 1
    assert script("hpa-demo.sh", "stop", gateway=gateway)[0] == 0
