"""The other door of gitops/flux: charts as the release program publishes them, fetched by Flux's real source controller."""

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from support.flux import HOME, applied, condition, kit
from support.kubectl import Object, get, within
from support.rendering import HELM, ROOT, documents, of_kind, run, text

VERSION = "0.3.0"


@pytest.fixture(scope="module")
def registry(flux: None) -> str:
    if not os.environ.get("FLOTILLA_REGISTRY"):
        pytest.skip("FLOTILLA_REGISTRY names no registry that the cluster's Flux can pull from")
    return os.environ["FLOTILLA_REGISTRY"]


@pytest.fixture(scope="module")
def published(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The HelmRepository of the kit, with every chart of a release in it."""
    clone = tmp_path_factory.mktemp("release")
    for part in ("charts", "gitops", "kustomize"):
        shutil.copytree(ROOT / part, clone / part, symlinks=True)
    environment = os.environ | {"PATH": f"{Path(HELM).parent}:{os.environ['PATH']}"}
    command = [clone / "gitops/release/publish-charts.sh", VERSION, registry, "--plain-http"]
    subprocess.run(command, env=environment, check=True, timeout=120)
    repository = deepcopy(kit()["HelmRepository", "flotilla"])
    repository["metadata"]["name"] = "flotilla-tests"
    repository["spec"] |= {"url": f"oci://{registry}/flotilla/charts", "insecure": True}
    with applied(repository):
        yield "flotilla-tests"


def chart(name: str, repository: str) -> Object:
    document = deepcopy(kit("releases/production")["HelmChart", name])
    document["spec"] |= {"sourceRef": {"kind": "HelmRepository", "name": repository}, "version": VERSION}
    return document


@pytest.mark.parametrize("service", ["hello", "product-api"])
def test_a_published_chart_has_the_environments_values_and_its_own_image(service: str, published: str, registry: str, tmp_path: Path) -> None:
    name = f"{service}-production"
    document = chart(name, published)
    # There is no signature: the tests have no identity that sigstore would know.
    del document["spec"]["verify"]
    with applied(document):
        within(90, "the chart is fetched", lambda: condition("helmchart", name).get("status") == "True")
        artifact = get("helmchart", name, HOME)["status"]["artifact"]
        package = tmp_path / "chart.tgz"
        with urllib.request.urlopen(artifact["url"], timeout=20) as answer:
            package.write_bytes(answer.read())
    given = tmp_path / "values.yaml"
    given.write_text(text([kit("releases/production")["HelmRelease", name]["spec"]["values"]]))
    found = documents(run(HELM, "template", service, package, "--values", given, "--skip-tests"))
    [workload] = of_kind(found, "Deployment")
    assert workload["spec"]["template"]["spec"]["containers"][0]["image"] == f"{registry}/flotilla/{service}:{VERSION}"
    assert {d["data"].get("ENVIRONMENT") for d in of_kind(found, "ConfigMap")} == {"production"}
    assert of_kind(found, "HorizontalPodAutoscaler")[0]["spec"]["minReplicas"] == 3


def test_a_chart_whose_signature_cannot_be_verified_is_refused(published: str) -> None:
    """There is none; where sigstore cannot be reached, that is the reason, and it is refused as well."""
    name = "storefront-production"
    with applied(chart(name, published)):
        said = within(120, "it is refused", lambda: refusal(name))
        assert said["reason"] == "VerificationError", said
        assert "artifact" not in get("helmchart", name, HOME)["status"]


def refusal(name: str) -> dict[str, str] | None:
    said = condition("helmchart", name, "SourceVerified")
    return said if said.get("status") == "False" else None
