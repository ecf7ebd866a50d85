"""The applications that Argo CD makes of this project: one an environment, or one a service and environment."""

import pytest
from lib.render import CHARTS, ENVIRONMENTS, ROOT, SERVICES, Document, find
from support.applicationset import applications
from support.crds import Unavailable, problems
from support.kits import argocd_by_helm, built

AUTOMATED = {"prune": True, "selfHeal": True}


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> list[Document]:
    return applications(find(built("argocd"), "ApplicationSet"), tmp_path_factory.mktemp("environments"))


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> list[Document]:
    found = argocd_by_helm(tmp_path_factory.mktemp("kit"))
    return applications(find(found, "ApplicationSet"), tmp_path_factory.mktemp("services"))


def test_an_environment_is_an_application(environments: list[Document]) -> None:
    assert {made["metadata"]["name"] for made in environments} == {f"flotilla-{environment}" for environment in ENVIRONMENTS}
    for made in environments:
        environment = made["metadata"]["name"].removeprefix("flotilla-")
        assert made["spec"]["source"]["path"] == f"kustomize/overlays/{environment}"
        assert made["spec"]["destination"]["namespace"] == f"flotilla-{environment}"
        assert made["metadata"]["annotations"]["kargo.akuity.io/authorized-stage"] == f"flotilla:{environment}"
        assert made["spec"]["syncPolicy"].get("automated") == (None if environment == "production" else AUTOMATED)


def test_a_service_in_an_environment_is_an_application(services: list[Document]) -> None:
    assert {made["metadata"]["name"] for made in services} == {f"{s}-{e}" for s in SERVICES for e in ENVIRONMENTS}
    for made in services:
        service, _, environment = made["metadata"]["name"].rpartition("-")
        source = made["spec"]["source"]
        assert (ROOT / source["path"]) == CHARTS / service
        assert source["helm"] == {"releaseName": service, "valueFiles": [f"values-{environment}.yaml"]}
        assert made["spec"]["destination"]["namespace"] == f"flotilla-{environment}"
        assert made["spec"]["syncPolicy"].get("automated") == (None if environment == "production" else AUTOMATED)


def test_they_are_valid(environments: list[Document], services: list[Document]) -> None:
    try:
        assert [problem for made in environments + services for problem in problems(made)] == []
    except Unavailable as reason:
        pytest.skip(str(reason))
