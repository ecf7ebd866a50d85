"""The cluster of the tests, which tests/stages/90-cluster.sh found or made; every namespace of theirs goes at the end."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support.kubectl import kubectl  # noqa: E402  (after the path)
from support.namespace import remove_all  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    assert os.environ.get("KUBECONFIG"), "no cluster: run `tests/run.sh cluster` (CONTRIBUTING.md, Clusters)"


@pytest.fixture(scope="session", autouse=True)
def clean_cluster() -> Iterator[None]:
    remove_all()
    yield
    remove_all()


@pytest.fixture(scope="session")
def node() -> str:
    """Where NodePorts answer."""
    return os.environ["FLOTILLA_NODE"]


def has(api: str) -> bool:
    """Whether the cluster knows a resource, such as rollouts.argoproj.io."""
    return bool(kubectl("get", "crd", api, "--ignore-not-found", "-o", "name").strip())


@pytest.fixture(scope="session")
def rollouts() -> None:
    if not has("rollouts.argoproj.io"):
        pytest.skip("the cluster has no Argo Rollouts")


@pytest.fixture(scope="session")
def flux() -> None:
    if not has("kustomizations.kustomize.toolkit.fluxcd.io"):
        pytest.skip("the cluster has no Flux")


@pytest.fixture(scope="session")
def git_server() -> None:
    if not os.environ.get("FLOTILLA_GIT_FOLDER"):
        pytest.skip("FLOTILLA_GIT_FOLDER names no repositories that the cluster's controllers can fetch")


@pytest.fixture(scope="session")
def ingress() -> str:
    """Traefik's address."""
    if not os.environ.get("FLOTILLA_INGRESS"):
        pytest.skip("FLOTILLA_INGRESS names no Traefik")
    return os.environ["FLOTILLA_INGRESS"]


@pytest.fixture(scope="session")
def prometheus() -> str:
    if not os.environ.get("FLOTILLA_PROMETHEUS"):
        pytest.skip("FLOTILLA_PROMETHEUS names no Prometheus")
    return os.environ["FLOTILLA_PROMETHEUS"]


@pytest.fixture(scope="session")
def zone() -> Iterator[None]:
    """Nodes in a zone, as every provider's are; production spreads over zones."""
    label = "topology.kubernetes.io/zone"
    without = kubectl("get", "nodes", "-l", f"!{label}", "-o", "name").split()
    if without:
        kubectl("label", *without, f"{label}=tests")
    yield
    if without:
        kubectl("label", *without, f"{label}-")
