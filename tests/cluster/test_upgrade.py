"""From the release before to this one, in place and under load: nothing is lost, and nothing that may not change does."""

import io
import os
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.client import ask
from support.environment import namespace_of
from support.exposure import node_port
from support.kubectl import apply, list_of, pods, ready, rolled_out, within
from support.load import Load, without_loss
from support.namespace import namespace
from support.rendering import HELM, ROOT, SERVICES, overlay, overlay_with, run, text

# The last commit before these tests came: the charts and overlays that are out there.
PREVIOUS = os.environ.get("FLOTILLA_PREVIOUS", "5d91a83")
NEXT_IMAGES = [{"name": f"flotilla/{service}", "newTag": "0.2.0"} for service in SERVICES]


# A path of each, which goes through to another service where it has one.
PATHS = {"hello": "/success", "main-api": "/s3-buckets", "storefront": "/api/products"}


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of the previous release, from the project's own history."""
    done = subprocess.run(["git", "-C", ROOT, "archive", PREVIOUS, "charts", "kustomize"], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the history lacks {PREVIOUS}: a shallow clone, or no clone")
    folder = tmp_path_factory.mktemp("previous")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def identities(home: str) -> dict[tuple[str, str], str]:
    kinds = ("deployments", "services", "serviceaccounts", "networkpolicies")
    return {(kind, d["metadata"]["name"]): d["metadata"]["uid"] for kind in kinds for d in list_of(kind, home)}


def kept(before: dict, after: dict) -> None:
    assert {key: after[key] for key in before if key in after} == {key: before[key] for key in before if key in after}


def test_an_overlay_is_upgraded_in_place_without_a_lost_request(previous: Path, node: str) -> None:
    old = overlay("dev", previous)
    with namespace_of(old) as home, ExitStack() as stack:
        apply(text(old))
        within(180, "the old release is ready", lambda: len(pods(home)) == len(SERVICES) and all(ready(pod) for pod in pods(home)))
        before = identities(home)
        urls = {service: node_port(home, service) + path for service, path in PATHS.items()}
        for url in urls.values():
            within(30, f"{url} answers", lambda url=url: ask(url).status == 200)
        loads = [stack.enter_context(Load(url, 60, 600)) for url in urls.values()]
        apply(text(overlay_with("dev", images=NEXT_IMAGES)))
        for service in SERVICES:
            rolled_out(home, service)
        # A moment of the new release alone.
        time.sleep(5)
        reports = [load.stop() for load in loads]
        kept(before, identities(home))
        assert all(without_loss(report) and set(report["versions"]) == {"0.1.0", "0.2.0"} for report in reports), reports


@pytest.fixture
def home() -> Iterator[str]:
    with namespace("flotilla-upgrade") as name:
        yield name


def test_a_helm_release_of_the_previous_chart_is_upgraded_in_place(previous: Path, home: str, node: str) -> None:
    wait = ("--namespace", home, "--wait", "--timeout", "120s", "--set", "networkPolicy.enabled=true", "--set", "replicas=2")
    run(HELM, "install", "hello", previous / "charts/hello", *wait)
    before = identities(home)
    url = node_port(home, "hello")
    within(30, "the NodePort answers", lambda: ask(f"{url}/success").status == 200)
    with Load(f"{url}/success", 150, 600) as load:
        run(HELM, "upgrade", "hello", ROOT / "charts/hello", *wait, "--set", "image.tag=0.2.0")
        time.sleep(5)
        report = load.stop()
    without_loss(report)
    assert set(report["versions"]) == {"0.1.0", "0.2.0"}
    kept(before, identities(home))
