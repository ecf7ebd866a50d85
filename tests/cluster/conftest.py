"""The cluster of the tests, which tests/stages/90-cluster.sh found or made; every namespace of theirs goes at the end."""

import fcntl
import os
import sys
import tempfile
from pathlib import Path
from typing import TextIO

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support.kubectl import Refused, kubectl  # noqa: E402  (after the path)
from support.namespace import remove_all  # noqa: E402

ZONE = "topology.kubernetes.io/zone"


def pytest_configure(config: pytest.Config) -> None:
    assert os.environ.get("KUBECONFIG"), "no cluster: run `tests/run.sh cluster` (CONTRIBUTING.md, Clusters)"


def leads(config: pytest.Config) -> bool:
    """Whether a run is this process's: it is none of those that tests are spread over (pytest-xdist), and does not only list them."""
    return not hasattr(config, "workerinput") and not config.option.collectonly


LOCK = pytest.StashKey[TextIO]()


def pytest_sessionstart(session: pytest.Session) -> None:
    if leads(session.config):
        # Two runs at once would each take the other's namespaces for those of a run that was killed.
        session.config.stash[LOCK] = (Path(tempfile.gettempdir()) / "flotilla-tests.lock").open("w")
        fcntl.flock(session.config.stash[LOCK], fcntl.LOCK_EX)
        remove_all()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if leads(session.config):
        remove_all()
        kubectl("label", "nodes", "-l", f"{ZONE}=flotilla-tests", f"{ZONE}-")


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
def argocd() -> None:
    if not has("applicationsets.argoproj.io"):
        pytest.skip("the cluster has no Argo CD")


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
def pod_metrics() -> None:
    try:
        kubectl("get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes")
    except Refused:
        pytest.skip("the cluster has no metrics-server")


@pytest.fixture(scope="session")
def zone() -> None:
    """Nodes in a zone, as every provider's are; production spreads over zones."""
    kubectl("label", "nodes", "-l", f"!{ZONE}", f"{ZONE}=flotilla-tests")
