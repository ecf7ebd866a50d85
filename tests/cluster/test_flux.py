"""gitops/flux on Flux's real source and kustomize controllers: a push arrives, drift is undone, what is broken stays out."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support.backends import volume
from support.environment import alone
from support.flux import HOME, applied, condition, kustomization, revision, source, wait_ready
from support.git import Repository, repository
from support.kubectl import Object, apply, get, kubectl, list_of, pods, ready, within
from support.namespace import namespace
from support.rendering import SERVICES, chart, text
from support.rollout import Rollout

DEV, QA = "flotilla-dev", "flotilla-qa"
OVERLAY = "kustomize/overlays/dev/kustomization.yaml"
SOURCE = "flotilla-tests"


@pytest.fixture(scope="module")
def delivered(flux: None, git_server: None) -> Iterator[Repository]:
    with repository("flux") as found, source(found, SOURCE):
        yield found


@pytest.fixture(scope="module")
def environments(delivered: Repository) -> Iterator[Repository]:
    """dev and qa, by the kit."""
    with alone(DEV, QA), volume(QA):
        with applied(kustomization("dev", SOURCE), kustomization("qa", SOURCE)):
            yield delivered
        within(90, "their namespaces are pruned with them", lambda: not namespaces())


def namespaces() -> str:
    return kubectl("get", "namespace", DEV, QA, "--ignore-not-found", "-o", "name").strip()


def hello() -> Object:
    return get("deployment", "hello", DEV)


def image() -> str:
    return hello()["spec"]["template"]["spec"]["containers"][0]["image"]


def test_a_push_reaches_dev_and_qa_after_it(environments: Repository) -> None:
    (environments.clone / "kustomize/overlays/first.md").write_text("A push that changes nothing.\n")
    commit = environments.push("Nothing")
    dev, qa = wait_ready(DEV, commit), wait_ready(QA, commit)
    assert dev < qa
    assert {d["metadata"]["name"] for d in list_of("deployments", DEV)} == set(SERVICES)
    assert all(ready(pod) for name in (DEV, QA) for pod in pods(name))
    environments.replace(OVERLAY, "name: flotilla/hello\n    newTag: 0.1.0", "name: flotilla/hello\n    newTag: 0.2.0")
    commit = environments.push("hello 0.2.0 in dev")
    wait_ready(DEV, commit)
    assert image() == "flotilla/hello:0.2.0"
    # `wait` means: with its pods.
    assert {pod["spec"]["containers"][0]["image"] for pod in pods(DEV, "hello")} == {"flotilla/hello:0.2.0"}
    wait_ready(QA, commit)


def test_drift_is_undone(environments: Repository) -> None:
    before = hello()["spec"]["template"]["spec"]["containers"][0]["image"]
    kubectl("-n", DEV, "set", "image", "deployment/hello", "hello=flotilla/hello:0.9.9")
    kubectl("-n", DEV, "scale", "deployment/storefront", "--replicas=0")
    kubectl("-n", DEV, "delete", "service", "main-api")
    within(90, "the image is Git's again", lambda: image() == before)
    within(90, "so are the replicas", lambda: get("deployment", "storefront", DEV)["spec"]["replicas"] == 1)
    within(90, "and the Service", lambda: get("service", "main-api", DEV))


def test_a_commit_that_does_not_build_is_reported_and_changes_nothing(environments: Repository) -> None:
    good, generation = revision(DEV), hello()["metadata"]["generation"]
    environments.replace(OVERLAY, "  - namespace.yaml\n", "  - namespaces.yaml\n")
    commit = environments.push("A file that is not there")
    said = within(60, "it is reported", lambda: failed(DEV, commit))
    assert said["reason"] == "BuildFailed" and "namespaces.yaml" in said["message"]
    assert (revision(DEV), hello()["metadata"]["generation"]) == (good, generation)
    environments.replace(OVERLAY, "  - namespaces.yaml\n", "  - namespace.yaml\n")
    wait_ready(DEV, environments.push("And back"))


def failed(name: str, commit: str) -> dict[str, str] | None:
    attempted = get("kustomization", name, HOME)["status"].get("lastAttemptedRevision", "")
    said = condition("kustomization", name)
    return said if said.get("status") == "False" and attempted.endswith(commit) else None


def test_a_release_that_does_not_start_stays_in_dev_where_the_old_one_serves_on(environments: Repository) -> None:
    wait_ready(QA, environments.head())
    held = revision(QA)
    # What does not start is waited for until then.
    apply(text([kustomization("dev", SOURCE, timeout="40s")]))
    serving = {pod["metadata"]["name"] for pod in pods(DEV, "product-api")}
    environments.replace(OVERLAY, "name: flotilla/product-api\n    newTag: 0.1.0", "name: flotilla/product-api\n    newTag: 0.9.9")
    commit = environments.push("An image that is not there")
    said = within(240, "dev is reported unhealthy", lambda: unhealthy(DEV, commit))
    assert "Deployment/flotilla-dev/product-api" in said["message"]
    assert {pod["metadata"]["name"] for pod in pods(DEV, "product-api") if ready(pod)} == serving
    assert revision(QA) == held
    waiting = within(60, "qa waits for dev", lambda: condition("kustomization", QA) if held_back(QA) else None)
    assert "flotilla-dev" in waiting["message"]
    environments.replace(OVERLAY, "name: flotilla/product-api\n    newTag: 0.9.9", "name: flotilla/product-api\n    newTag: 0.1.0")
    commit = environments.push("Revert")
    wait_ready(DEV, commit)
    wait_ready(QA, commit)


def unhealthy(name: str, commit: str) -> dict[str, str] | None:
    said = failed(name, commit)
    return said if said and said["reason"] == "HealthCheckFailed" else None


def held_back(name: str) -> bool:
    return condition("kustomization", name).get("reason") == "DependencyNotReady"


def test_a_paused_canary_is_not_ready_until_it_is_promoted(delivered: Repository, rollouts: None) -> None:
    """With the health check of staging in the kit."""
    with ExitStack() as stack:
        home = stack.enter_context(namespace("flotilla-flux-canary"))
        folder = delivered.clone / "canary"
        folder.mkdir()
        options = ("--set", "rollout.enabled=true", "--set", "replicas=2")
        (folder / "hello.yaml").write_text(text(chart("hello", home, *options)))
        commit = delivered.push("A canary")
        staging = kustomization("staging", SOURCE, path="./canary", targetNamespace=home, dependsOn=[], timeout="25s")
        stack.enter_context(applied(staging))
        name = staging["metadata"]["name"]
        wait_ready(name, commit)
        (folder / "hello.yaml").write_text(text(chart("hello", home, *options, "--set", "image.tag=0.2.0")))
        commit = delivered.push("Its next release")
        said = within(120, "the pause is reported", lambda: unhealthy(name, commit))
        assert f"Rollout/{home}/hello" in said["message"]
        assert get("rollout", "hello", home)["status"]["phase"] == "Paused"
        Rollout(home).promote()
        wait_ready(name, commit)
