"""gitops/argocd on the real Argo CD, all of it: every environment arrives, in its order, and stays as it is."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support.argocd import GOOD, application, applications, automated, described, kit, refresh, state, sync, wait_for
from support.backends import backends, volume
from support.environment import alone
from support.git import Repository, repository
from support.kubectl import apply, get, kubectl, pods, within
from support.namespace import OWNER
from support.rendering import ENVIRONMENTS, text

NAMES = tuple(f"flotilla-{environment}" for environment in ENVIRONMENTS)
PRODUCTION = NAMES[-1]
# For how many seconds nothing may differ.
WATCH = int(os.environ.get("FLOTILLA_ARGOCD_WATCH", "60"))
CLASS, DEFAULT = "nginx", "ingressclass.kubernetes.io/is-default-class"


@pytest.fixture(scope="module")
def repo(argocd: None, git_server: None) -> Iterator[Repository]:
    with repository("argocd-environments") as found:
        # Room for all four on a machine of two cores.
        for environment, least in (("staging", 2), ("production", 3)):
            found.replace(f"kustomize/overlays/{environment}/autoscaler.yaml", f"minReplicas\n  value: {least}", "minReplicas\n  value: 1")
        found.push("One replica is enough here")
        yield found


@pytest.fixture(scope="module")
def fleet(repo: Repository, rollouts: None, zone: None, ingress: str) -> Iterator[Repository]:
    """Everything that the overlays need, then the kit, and production by hand."""
    with ExitStack() as stack:
        stack.enter_context(alone(*NAMES))
        for name in NAMES[1:]:
            stack.enter_context(volume(name))
        # The overlays name no Ingress class: the cluster's default takes them.
        kubectl("annotate", "--overwrite", "ingressclass", CLASS, f"{DEFAULT}=true")
        stack.callback(kubectl, "annotate", "ingressclass", CLASS, f"{DEFAULT}-")
        kubectl("create", "namespace", PRODUCTION)
        kubectl("label", "namespace", PRODUCTION, OWNER)
        apply(text(backends(PRODUCTION)))
        stack.enter_context(kit(repo))
        within(180, "an application an environment", lambda: set(applications()) == set(NAMES))
        within(120, "production was compared", lambda: state(application(PRODUCTION))[0] == "OutOfSync")
        sync(PRODUCTION)
        for name in NAMES:
            wait_for(name, commit=repo.head(), seconds=600)
        yield repo


def test_every_environment_is_synced_and_healthy_and_stays_so(fleet: Repository) -> None:
    before = {name: live["status"]["operationState"]["startedAt"] for name, live in applications().items()}
    assert set(before) == set(NAMES)
    end = time.monotonic() + WATCH
    while time.monotonic() < end:
        for name, live in applications().items():
            assert state(live) == GOOD, described(live)
            assert "operation" not in live and live["status"]["operationState"]["startedAt"] == before[name], f"{name} was synced again"
        time.sleep(2)
    # What Argo CD was told to look away from: Argo Rollouts has set it.
    assert "rollouts-pod-template-hash" in get("service", "hello", "flotilla-staging")["spec"]["selector"]


def test_only_production_waits_for_a_person(fleet: Repository) -> None:
    found = {name: automated(live) for name, live in applications().items()}
    assert found == {name: {} if name == PRODUCTION else {"prune": True, "selfHeal": True} for name in NAMES}


def test_backends_and_ways_in_are_there_before_the_services_and_autoscalers_after(fleet: Repository) -> None:
    waves = [{"StatefulSet", "Ingress"}, {"Deployment", "Rollout"}, {"HorizontalPodAutoscaler"}]
    result = application("flotilla-staging")["status"]["operationState"]["syncResult"]["resources"]
    order = [wave for resource in result for wave, kinds in enumerate(waves) if resource["kind"] in kinds]
    assert order == sorted(order)
    assert set(order) == {0, 1, 2}


def test_a_commit_to_production_waits_for_a_person(fleet: Repository) -> None:
    overlay = "kustomize/overlays/production/kustomization.yaml"
    fleet.replace(overlay, "name: flotilla/storefront\n    newTag: 0.1.0", "name: flotilla/storefront\n    newTag: 0.2.0")
    commit = fleet.push("storefront 0.2.0 in production")
    refresh(PRODUCTION)
    wait_for(PRODUCTION, wanted=("OutOfSync", "Healthy"), commit=commit)
    # Longer than any other environment would wait.
    time.sleep(20)
    assert running() == {"flotilla/storefront:0.1.0"}
    sync(PRODUCTION)
    wait_for(PRODUCTION, commit=commit)
    within(120, "the old pod has drained", lambda: running() == {"flotilla/storefront:0.2.0"})


def running() -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in pods(PRODUCTION, "storefront")}
