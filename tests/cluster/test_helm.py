"""A release's life by helm itself: install, test, upgrade, rollback, uninstall."""

import json
import os
from collections.abc import Iterator

import pytest
from support.kubectl import list_of, pods, within
from support.namespace import namespace
from support.rendering import HELM, ROOT, run

# helm 3 and, where the stage could get it, helm 4.
HELMS = [HELM, *filter(None, [os.environ.get("HELM_4")])]


@pytest.fixture(params=HELMS, ids=lambda path: run(path, "version", "--template", "{{.Version}}"))
def helm(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def home() -> Iterator[str]:
    with namespace("flotilla-helm") as name:
        yield name


def versions(home: str) -> set[str]:
    return {pod["spec"]["containers"][0]["image"].rpartition(":")[2] for pod in pods(home, "hello")}


def test_a_release_is_installed_tested_upgraded_rolled_back_and_removed(helm: str, home: str) -> None:
    release = ("hello", ROOT / "charts/hello", "--namespace", home, "--wait", "--timeout", "120s", "--set", "networkPolicy.enabled=true")
    run(helm, "install", *release)
    run(helm, "test", "hello", "--namespace", home, "--timeout", "90s")
    run(helm, "upgrade", *release, "--set", "image.tag=0.2.0", "--set", "replicas=2")
    run(helm, "test", "hello", "--namespace", home, "--timeout", "90s")
    assert versions(home) == {"0.2.0"}
    run(helm, "rollback", "hello", "1", "--namespace", home, "--wait", "--timeout", "120s")
    assert versions(home) == {"0.1.0"}
    history = json.loads(run(helm, "history", "hello", "--namespace", home, "--output", "json"))
    assert [entry["status"] for entry in history] == ["superseded", "superseded", "deployed"]
    run(helm, "uninstall", "hello", "--namespace", home, "--wait", "--timeout", "120s")
    within(60, "the pods have drained", lambda: not list_of("pods", home))
    kinds = ("deployments", "services", "networkpolicies", "secrets", "serviceaccounts", "configmaps")
    left = {d["metadata"]["name"] for kind in kinds for d in list_of(kind, home)}
    assert left <= {"default", "kube-root-ca.crt"}


def test_helm_test_fails_for_a_service_that_does_not_serve(home: str) -> None:
    run(HELM, "install", "hello", ROOT / "charts/hello", "--namespace", home, "--set", "replicas=0")
    with pytest.raises(AssertionError, match="timed out"):
        run(HELM, "test", "hello", "--namespace", home, "--timeout", "20s")
