"""Every overlay and every chart, applied to a real cluster as a user would: it runs, it does not drift, and it goes."""

import copy
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support.backends import backends, volume
from support.environment import namespace_of
from support.kubectl import apply, difference, kubectl, list_of, pods, ready, restarts, within
from support.namespace import namespace
from support.rendering import ENVIRONMENTS, SERVICES, Document, chart, of_kind, overlay, text, values, workload_names

# An environment whose backends are there already, in its own namespace.
EXISTING = {"overlay": ("production",), "charts": ("qa", "staging", "production")}


def settled(name: str) -> list[Document] | None:
    """All pods of a namespace, once each is ready and no autoscaler or release wants more."""
    found = pods(name)
    return found if found and all(ready(pod) for pod in found) else None


def all_run(name: str, found: list[Document]) -> None:
    within(240, f"a ready pod of each workload in {name}", lambda: settled(name))
    for kind, workload in workload_names(found):
        live = next(d for d in list_of(kind.lower(), name) if d["metadata"]["name"] == workload)
        wanted = live["spec"].get("replicas", 1)
        within(120, f"{kind} {workload} has {wanted} ready", lambda: ready_of(kind, name, workload) >= wanted)
    assert restarts(name) == 0


def ready_of(kind: str, name: str, workload: str) -> int:
    live = next(d for d in list_of(kind.lower(), name) if d["metadata"]["name"] == workload)
    return live["status"].get("readyReplicas", 0)


def is_gone(name: str) -> bool:
    return not kubectl("get", "namespace", name, "--ignore-not-found", "-o", "name").strip()


def beside_argo(name: str, found: list[Document]) -> list[Document]:
    """The same with what Argo adds to a Rollout's Services. A selector has one owner, so that each apply takes it away."""
    live = {d["metadata"]["name"]: d["spec"]["selector"] for d in list_of("services", name)}
    found = copy.deepcopy(found)
    for service in of_kind(found, "Service"):
        digest = live[service["metadata"]["name"]].get("rollouts-pod-template-hash")
        service["spec"]["selector"] |= {"rollouts-pod-template-hash": digest} if digest else {}
    return found


@pytest.fixture
def resources(request: pytest.FixtureRequest) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_overlay_runs_restricted_within_its_quota_does_not_drift_and_goes(
    environment: str, resources: ExitStack, request: pytest.FixtureRequest, zone: None
) -> None:
    found = overlay(environment)
    if of_kind(found, "Rollout"):
        request.getfixturevalue("rollouts")
    name = resources.enter_context(namespace_of(found))
    if environment in ("qa", "staging", "production"):
        resources.enter_context(volume(name))
    if environment in EXISTING["overlay"]:
        apply(text(backends(name)))
    apply(text(found))
    all_run(name, found)
    labels = [d for d in list_of("namespaces", "default", f"kubernetes.io/metadata.name={name}")][0]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    [quota] = list_of("resourcequotas", name)
    assert set(quota["status"]["used"]) == set(quota["spec"]["hard"])
    assert len(list_of("limitranges", name)) == 1
    assert difference(text(beside_argo(name, found))) == ""
    kubectl("delete", "--wait=true", "--timeout=150s", "--ignore-not-found", "-f", "-", stdin=text(found))
    assert within(60, f"{name} is gone", lambda: is_gone(name))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_charts_of_an_environment_run_restricted_do_not_drift_and_go(
    environment: str, resources: ExitStack, request: pytest.FixtureRequest, zone: None
) -> None:
    name = resources.enter_context(namespace(f"flotilla-charts-{environment}"))
    found = [d for service in SERVICES for d in chart(service, name, *values(service, environment))]
    if of_kind(found, "Rollout"):
        request.getfixturevalue("rollouts")
    if environment in EXISTING["charts"]:
        resources.enter_context(volume(name))
        apply(text(backends(name)))
    apply(text(found), "--namespace", name)
    all_run(name, found)
    assert difference(text(beside_argo(name, found)), "--namespace", name) == ""
    kubectl("-n", name, "delete", "--wait=true", "--timeout=150s", "-f", "-", stdin=text(found))
    left = {d["metadata"]["name"] for kind in ("deployments", "services", "configmaps", "networkpolicies") for d in list_of(kind, name)}
    assert left <= {"kube-root-ca.crt", "redis", "postgres"}
