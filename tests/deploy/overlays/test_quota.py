"""The quota holds everything that can be there at once, and not much more; containers lie within the limits."""
import math
from collections import Counter

import pytest
from lib.render import ENVIRONMENTS, SERVICES, documents, helm_template
from overlay import container, overlay, pod, variables, with_components, workloads

UNITS = {"": 1, "m": 1e-3, "Mi": 2**20, "Gi": 2**30}


def number(quantity) -> float:
    text = str(quantity)
    digits = text.rstrip("mMiG")
    return float(digits) * UNITS[text[len(digits):]]


def size(spec) -> Counter:
    """What one pod with this container counts for."""
    requests, limits = spec["resources"]["requests"], spec["resources"]["limits"]
    return Counter({"pods": 1, "requests.cpu": number(requests["cpu"]), "requests.memory": number(requests["memory"]),
                    "limits.memory": number(limits["memory"])})


def most_pods(objects, name, workload) -> int:
    """Replicas at most, those of a release beside them, and those of the last one that still drain."""
    scaler = objects.get(("HorizontalPodAutoscaler", name))
    replicas = scaler["spec"]["maxReplicas"] if scaler else workload["spec"].get("replicas", 1)
    if workload["kind"] == "StatefulSet":
        return replicas
    if workload["kind"] == "Rollout":
        # Where the traffic is weighed, the stable pods all stay until the canary has all of it.
        return 2 * replicas + 1
    surge = workload["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    return replicas + surge + min(replicas, draining(objects, workload))


def draining(objects, workload) -> int:
    """How many pods a release stops before the first of them is gone: the quota counts a pod until its grace has ended
    at the latest, the release waits for no more than that the next is ready, a second after its start and the delay."""
    ready = 1 + float(variables(objects, workload).get("READINESS_DELAY_SEC", 0))
    return math.ceil(pod(workload)["terminationGracePeriodSeconds"] / ready)


def needed(objects) -> Counter:
    total = Counter()
    for name, workload in workloads(objects).items():
        count = most_pods(objects, name, workload)
        total += Counter({unit: count * value for unit, value in size(container(workload)).items()})
        for claim in workload["spec"].get("volumeClaimTemplates", []):
            total["requests.storage"] += number(claim["spec"]["resources"]["requests"]["storage"])
    return total + test_pod()


def test_pod() -> Counter:
    """The largest of those that `helm test` starts; they run one after another."""
    pods = [d for service in SERVICES for d in documents(helm_template(service)) if d["kind"] == "Pod"]
    assert pods
    return max((size(each["spec"]["containers"][0]) for each in pods), key=lambda each: each["limits.memory"])


test_pod.__test__ = False


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_quota_fits_an_environment_at_its_largest(environment):
    total, allowed = needed(at_its_largest(environment)), quota(environment)
    assert {unit: (total[unit], allowed[unit]) for unit in total if allowed[unit] < total[unit]} == {}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_quota_has_no_room_for_two_services_more(environment):
    """One that nothing reaches limits nothing."""
    total, allowed = needed(at_its_largest(environment)), quota(environment)
    more = newcomer(environment)
    assert {unit: (allowed[unit], total[unit], more[unit]) for unit in more if allowed[unit] >= total[unit] + 2 * more[unit]} == {}


def newcomer(environment) -> Counter:
    """A service that is in each respect as large as the largest."""
    objects = overlay(environment)
    sizes = [size(container(workloads(objects)[service])) for service in SERVICES]
    pods = most_pods(objects, "main-api", workloads(objects)["main-api"])
    return Counter({unit: pods * max(each[unit] for each in sizes) for unit in sizes[0]})


def at_its_largest(environment):
    """With what can be added to it: the stress, and in dev the database and the cache."""
    return with_components(environment, "memory-stress", *(["postgres", "redis"] if environment == "dev" else []))


def quota(environment) -> Counter:
    hard = overlay(environment)["ResourceQuota", "environment"]["spec"]["hard"]
    return Counter({name: number(value) for name, value in hard.items()})


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_containers_lie_within_the_limits(environment):
    objects = overlay(environment)
    [limits] = objects["LimitRange", "defaults"]["spec"]["limits"]
    for name, workload in workloads(objects).items():
        assert number(container(workload)["resources"]["limits"]["memory"]) <= number(limits["max"]["memory"]), name
