"""The Argo CD kit without a controller: both doors are valid, the project allows what they have, and nothing is said twice."""

import os
import shutil
from pathlib import Path

import pytest
import yaml
from lib.render import CHARTS, ENVIRONMENTS, ROOT, SERVICES, Document, documents, find, helm_template, kinds, kustomize
from support.crds import Unavailable, problems
from support.kits import GITOPS, argocd_by_helm, built

WAVE = "argocd.argoproj.io/sync-wave"
# Every other kind is in the first, 0.
WAVES = {"Deployment": "1", "Rollout": "1", "HorizontalPodAutoscaler": "2"}


@pytest.fixture(scope="module")
def by_helm(tmp_path_factory: pytest.TempPathFactory) -> list[Document]:
    return argocd_by_helm(tmp_path_factory.mktemp("kit"))


def overlay(scratch: Path, environment: str, **fields: object) -> list[Document]:
    """An overlay as Argo CD builds it, in a folder beside the project's own."""
    folder = scratch / environment
    folder.mkdir()
    resources = [os.path.relpath(ROOT / "kustomize/overlays" / environment, folder)]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": resources, **fields}))
    return documents(kustomize(folder))


def through_the_gateway(scratch: Path, environment: str) -> list[Document]:
    for part in ("kustomize", "monitoring"):
        shutil.copytree(ROOT / part, scratch / part)
    folder = scratch / "kustomize/overlays" / environment
    file = folder / "kustomization.yaml"
    file.write_text(file.read_text().replace("components/ingress", "components/gateway"))
    return documents(kustomize(folder))


def test_the_services_are_valid_too(by_helm: list[Document]) -> None:
    assert kinds(by_helm) == ["AppProject", "ApplicationSet"]
    try:
        assert [problem for document in by_helm for problem in problems(document)] == []
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_the_repository_is_written_once(by_helm: list[Document]) -> None:
    for found in (built("argocd"), by_helm):
        said = yaml.safe_dump_all(found)
        assert "REPOSITORY" not in said and "REVISION" not in said
        source = find(found, "ApplicationSet")["spec"]["template"]["spec"]["source"]
        written = "".join(file.read_text() for file in (GITOPS / "argocd").glob("*.yaml"))
        assert written.count(source["repoURL"]) == 1


def test_the_project_allows_the_kinds_that_are_used_and_no_other(tmp_path: Path) -> None:
    used = {
        (document["apiVersion"].rpartition("/")[0], document["kind"])
        for environment in ENVIRONMENTS
        for document in (
            *documents(kustomize(ROOT / "kustomize/overlays" / environment)),
            *(d for service in SERVICES for d in chart(service, environment)),
        )
    }
    used |= {(d["apiVersion"].rpartition("/")[0], d["kind"]) for d in through_the_gateway(tmp_path, "staging")}
    spec = find(built("argocd"), "AppProject")["spec"]
    listed = [(item["group"], item["kind"]) for key in ("clusterResourceWhitelist", "namespaceResourceWhitelist") for item in spec[key]]
    assert len(listed) == len(set(listed))
    assert set(listed) == used


def chart(service: str, environment: str) -> list[Document]:
    return documents(helm_template(service, "--skip-tests", "-f", str(CHARTS / service / f"values-{environment}.yaml")))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_kind_has_its_wave(environment: str, tmp_path: Path) -> None:
    patches = find(built("argocd"), "ApplicationSet")["spec"]["template"]["spec"]["source"]["kustomize"]["patches"]
    found = overlay(tmp_path, environment, patches=patches)
    unchanged = documents(kustomize(ROOT / "kustomize/overlays" / environment))
    assert sorted(kinds(found)) == sorted(kinds(unchanged))
    for document in found:
        name = f"{document['kind']}/{document['metadata']['name']}"
        assert document["metadata"].get("annotations", {}).get(WAVE, "0") == WAVES.get(document["kind"], "0"), name


def test_the_doors_differ_in_the_source_alone(by_helm: list[Document]) -> None:
    """What keeps production, and what is looked away from, is the same by overlays and by charts."""
    sets = [find(found, "ApplicationSet")["spec"] for found in (built("argocd"), by_helm)]
    gates = [spec["templatePatch"].replace(".path.basename", "ENV").replace(".values.environment", "ENV") for spec in sets]
    assert gates[0] == gates[1]
    assert sets[0]["template"]["spec"]["ignoreDifferences"] == sets[1]["template"]["spec"]["ignoreDifferences"]
    assert all("automated" not in spec["template"]["spec"]["syncPolicy"] for spec in sets)
