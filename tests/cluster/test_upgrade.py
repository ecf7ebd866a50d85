"""From the release before to this one, in place and under load: nothing is lost, and nothing that may not change does."""

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.client import ask
from support.exposure import node_port
from support.kubectl import apply, kubectl, list_of, pods, ready, rolled_out, within
from support.load import Load, without_loss
from support.namespace import OWNER, namespace, remove
from support.rendering import HELM, ROOT, SERVICES, of_kind, overlay, overlay_with, run, text

# The last commit before these tests came: the charts and overlays that are out there.
PREVIOUS = os.environ.get("FLOTILLA_PREVIOUS", "5d91a83")
NEXT_IMAGES = [{"name": f"flotilla/{service}", "newTag": "0.2.0"} for service in SERVICES]


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
    home = "flotilla-dev"
    remove(home)
    old = overlay("dev", previous)
    try:
        apply(text(of_kind(old, "Namespace")))
        kubectl("label", "namespace", home, OWNER)
        apply(text(old))
        within(180, "the old release is ready", lambda: len(pods(home)) == len(SERVICES) and all(ready(pod) for pod in pods(home)))
        before = identities(home)
        urls = {service: node_port(home, service) for service in ("hello", "main-api", "storefront")}
        paths = {"hello": "/success", "main-api": "/s3-buckets", "storefront": "/api/products"}
        for service, url in urls.items():
            within(30, f"{service} answers", lambda url=url, service=service: ask(url + paths[service]).status == 200)
        loads = [Load(urls[service] + paths[service], 60, 75) for service in urls]
        new = overlay_with("dev", images=NEXT_IMAGES)
        apply(text(new))
        for service in SERVICES:
            rolled_out(home, service)
        reports = [load.report() for load in loads]
        kept(before, identities(home))
        assert not [without_loss(report) for report in reports if set(report["versions"]) != {"0.1.0", "0.2.0"}], reports
        assert sum(without_loss(report) for report in reports) == 3 * 60 * 75
    finally:
        remove(home)


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
    with Load(f"{url}/success", 150, 40) as load:
        run(HELM, "upgrade", "hello", ROOT / "charts/hello", *wait, "--set", "image.tag=0.2.0")
        report = load.report()
    without_loss(report)
    assert set(report["versions"]) == {"0.1.0", "0.2.0"}
    kept(before, identities(home))
