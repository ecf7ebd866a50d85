"""The Rollouts of the charts and of staging on Argo's controller: what share of the requests a canary gets, and who decides."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.backends import backends, volume
from support.canary import ROUTERS, Canary, by_chart, by_staging
from support.kubectl import Object, apply, within
from support.load import Load, without_loss
from support.namespace import namespace
from support.rendering import chart, text
from support.rollout import Rollout

OLD, NEW = "0.1.0", "0.2.0"


@pytest.fixture
def home(rollouts: None) -> Iterator[str]:
    with namespace("flotilla-canary") as name:
        yield name


@pytest.fixture(params=[*ROUTERS, "staging"])
def canary(request: pytest.FixtureRequest, home: str, node: str) -> Canary:
    if request.param != "none":
        request.getfixturevalue("ingress")
    made = by_staging(home) if request.param == "staging" else by_chart(home, request.param)
    made.release(OLD)
    made.rollout.reach("Healthy")
    within(30, "it answers", lambda: made.ask().status == 200)
    return made


def share(canary: Canary) -> float:
    """Of 4,000 requests: where chance decides, three points are more than three standard deviations."""
    with Load(f"{canary.url}/success", 250, 16, *canary.load_options) as load:
        report = load.report()
    without_loss(report)
    return report["versions"].get(NEW, {"share": 0})["share"]


def has_share(canary: Canary, expected: float) -> None:
    """The router follows Argo in a moment, which may lie in the first measurement."""
    measured = [share(canary)]
    while abs(measured[-1] - expected) > 0.03:
        assert len(measured) < 3, measured
        measured.append(share(canary))


def test_a_canary_has_its_weight_is_promoted_and_aborted_and_loses_nothing(canary: Canary) -> None:
    rollout = canary.rollout
    with Load(f"{canary.url}/success", 50, 600, *canary.load_options) as load:
        canary.release(NEW)
        for step, share in canary.pauses.items():
            rollout.pause_at(step)
            has_share(canary, share)
            rollout.promote()
        rollout.reach("Healthy")
        has_share(canary, 1)
        canary.release(OLD)
        rollout.pause_at(1)
        rollout.abort()
        rollout.reach("Degraded")
        has_share(canary, 1)
        canary.release(NEW)
        rollout.reach("Healthy")
        without_loss(load.stop())


@dataclass
class Web:
    """The analysis that a service was first released with: a field of an answer of the canary's own Service."""

    path: str
    field: str
    condition: str
    # What is wrong with a bad release, as a fault rule has it.
    fault: Object | None


ANALYSES = {
    # No fault touches a health path, so there is no bad release to show.
    "hello": Web("/health", "{$.status}", "result == 'healthy'", None),
    "product-api": Web(":3000/products", "{$.count}", "result >= 1", {"body": {"status": 200, "json": {"count": 0}}}),
}


def template(home: str, service: str) -> Object:
    """Asks for 20 s."""
    web = ANALYSES[service]
    asked = {"url": f"http://{service}-canary.{home}.svc.cluster.local{web.path}", "jsonPath": web.field, "timeoutSeconds": 5}
    metric = {"name": "web", "interval": "2s", "count": 10, "failureLimit": 0, "consecutiveErrorLimit": 0}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": "web", "namespace": home},
        "spec": {"metrics": [{**metric, "successCondition": web.condition, "provider": {"web": asked}}]},
    }


def release(home: str, service: str, tag: str, fault: Object | None) -> None:
    steps = '[{"setWeight": 50}, {"analysis": {"templates": [{"templateName": "web"}]}}]'
    options = ["--set", "rollout.enabled=true", "--set", "replicas=2", "--set-json", f"rollout.steps={steps}", "--set", f"image.tag={tag}"]
    if service == "product-api":
        options += ["--set", "secret.existing={product-api-database,product-api-cache}"]
    found = chart(service, home, *options, "--set", f"faults.enabled={str(bool(fault)).lower()}")
    for document in found:
        if "faults.yaml" in document.get("data", {}):
            document["data"]["faults.yaml"] = json.dumps({"rules": [{"name": "bad"} | fault]})
    apply(text(found), "--namespace", home)


@pytest.mark.parametrize("service", ANALYSES)
def test_the_web_analysis_of_the_canary_promotes_a_good_release_and_aborts_a_bad_one(home: str, service: str) -> None:
    web, rollout = ANALYSES[service], Rollout(home, service)
    with volume(home):
        if service == "product-api":
            apply(text(backends(home)))
        apply(text([template(home, service)]))
        good = [(OLD, None, "Healthy", []), (NEW, None, "Healthy", ["Successful"])]
        bad = [(OLD, web.fault, "Degraded", ["Successful", "Failed"])] if web.fault else []
        for tag, fault, phase, verdicts in good + bad:
            release(home, service, tag, fault)
            rollout.reach(phase)
            assert [run["status"]["phase"] for run in rollout.analyses()] == verdicts
