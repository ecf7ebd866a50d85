"""gitops/argocd on the real Argo CD, in one environment: commits go out and back, and what nobody committed is undone."""

from collections.abc import Iterator

import pytest
from support.argocd import application, applications, automated, kit, refresh, state, wait_for
from support.environment import alone
from support.git import AUTHOR, Repository, git, repository
from support.kubectl import get, kubectl, list_of, pods, within
from support.rendering import ENVIRONMENTS, SERVICES

DEV, PRODUCTION = "flotilla-dev", "flotilla-production"
OVERLAY = "kustomize/overlays/dev/kustomization.yaml"


@pytest.fixture(scope="module")
def dev(argocd: None, git_server: None) -> Iterator[Repository]:
    """dev, synced; and production, which nobody synced."""
    with repository("argocd") as repo, alone(DEV):
        # Nothing here needs a way in, for whose address Argo CD would wait.
        repo.replace(OVERLAY, "  - ../../components/ingress\n", "")
        for environment in set(ENVIRONMENTS) - {"dev", "production"}:
            git(repo.clone, "rm", "-r", "--quiet", f"kustomize/overlays/{environment}")
        repo.push("Two environments")
        with kit(repo):
            within(180, "an application an environment", lambda: set(applications()) == {DEV, PRODUCTION})
            wait_for(DEV, commit=repo.head())
            yield repo


def image(service: str) -> str:
    return get("deployment", service, DEV)["spec"]["template"]["spec"]["containers"][0]["image"]


def running(service: str) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in pods(DEV, service)}


def arrives(repo: Repository, wanted: str) -> None:
    refresh(DEV)
    wait_for(DEV, commit=repo.head())
    within(120, f"{wanted} serves alone", lambda: running("hello") == {wanted})


def test_a_commit_goes_out_and_back(dev: Repository) -> None:
    dev.replace(OVERLAY, "name: flotilla/hello\n    newTag: 0.1.0", "name: flotilla/hello\n    newTag: 0.2.0")
    dev.push("hello 0.2.0 in dev")
    arrives(dev, "flotilla/hello:0.2.0")
    git(dev.clone, *AUTHOR, "revert", "--no-edit", "HEAD")
    git(dev.clone, "push", "--quiet", "origin", "main")
    arrives(dev, "flotilla/hello:0.1.0")


def test_a_manual_change_is_undone(dev: Repository) -> None:
    kubectl("-n", DEV, "scale", "deployment", "hello", "--replicas=3")
    kubectl("-n", DEV, "set", "image", "deployment/storefront", "storefront=flotilla/storefront:0.2.0")
    kubectl("-n", DEV, "delete", "service", "main-api")
    within(180, "the replicas are Git's again", lambda: get("deployment", "hello", DEV)["spec"]["replicas"] == 1)
    within(60, "so is the image", lambda: image("storefront") == "flotilla/storefront:0.1.0")
    within(60, "and the Service is there", lambda: get("service", "main-api", DEV))
    wait_for(DEV)


def test_a_service_that_was_removed_is_pruned(dev: Repository) -> None:
    removal = """patches:
  - target:
      kind: Deployment|Service|ServiceAccount|NetworkPolicy
      labelSelector: app.kubernetes.io/name=storefront
    patch: |-
      $patch: delete
      apiVersion: any
      kind: any
      metadata:
        name: any
transformers:
"""
    dev.replace(OVERLAY, "transformers:\n", removal)
    commit = dev.push("dev without storefront")
    refresh(DEV)
    wait_for(DEV, commit=commit)
    assert {d["metadata"]["name"] for d in list_of("deployments", DEV)} == {*SERVICES} - {"storefront"}
    assert not list_of("services,networkpolicies", DEV, "app.kubernetes.io/name=storefront")


def test_production_waits_for_a_person(dev: Repository) -> None:
    assert automated(application(DEV)) == {"prune": True, "selfHeal": True}
    live = application(PRODUCTION)
    assert (automated(live), state(live)[0]) == ({}, "OutOfSync")
    assert "operationState" not in live["status"], "it was synced"
    assert live["metadata"]["annotations"]["kargo.akuity.io/authorized-stage"] == "flotilla:production"
