"""The analyses without a controller: the charts ask questions that exist, and give each what it needs."""

import re

import pytest
import yaml
from lib.render import ROOT, SERVICES, Document, documents, find, helm_template, values
from support.kits import built

QUESTIONS = {template["metadata"]["name"]: template["spec"] for template in built("rollouts")}
# Two questions are about somebody else, whom no chart knows.
OF_OTHERS = {"flotilla-stable-success-rate", "flotilla-caller-success-rate"}


def analysis(service: str, **beside: object) -> Document:
    data = {"rollout": {"enabled": True, "analysis": {"flotilla": True, **beside}}}
    if service == "product-api":
        data["secret"] = {"existing": ["database"]}
    found = documents(helm_template(service, *values(data)))
    return find(found, "Rollout", service)["spec"]["strategy"]["canary"]["analysis"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_chart_asks_every_question_with_its_arguments(service: str) -> None:
    asked = analysis(service)
    names = {template["templateName"] for template in asked["templates"]}
    assert names == QUESTIONS.keys() - OF_OTHERS
    given = [argument["name"] for argument in asked["args"]]
    assert len(set(given)) == len(given)
    needed = {arg["name"] for name in names for arg in QUESTIONS[name]["args"] if "value" not in arg}
    known = {arg["name"] for name in names for arg in QUESTIONS[name]["args"]}
    assert needed <= set(given) <= known


def test_the_web_analysis_asks_what_the_values_say() -> None:
    data = {"rollout": {"enabled": True, "analysis": {"flotilla": True}}, "ports": {"service": 81}}
    data["web"] = {"path": "/a", "field": "b", "expected": "c"}
    rollout = find(documents(helm_template("hello", *values(data))), "Rollout", "hello")
    args = rollout["spec"]["strategy"]["canary"]["analysis"]["args"]
    said = {arg["name"]: arg.get("value") for arg in args}
    assert [said[name] for name in ("port", "path", "field", "expected")] == ["81", "/a", "b", "c"]


def test_what_argo_writes_may_stand_beside_them() -> None:
    dry = [{"metricName": "by-route"}]
    assert analysis("hello", dryRun=dry) == {**analysis("hello"), "dryRun": dry}
    more = {"templates": [{"templateName": "flotilla-caller-success-rate", "clusterScope": True}], "args": [{"name": "caller", "value": "a"}]}
    own = analysis("hello")
    assert analysis("hello", **more) == {key: own[key] + more[key] for key in own}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_uses_the_arguments_that_it_has(name: str) -> None:
    spec = QUESTIONS[name]
    used = set(re.findall(r"\{\{args\.([a-z-]+)\}\}", yaml.safe_dump(spec["metrics"])))
    assert used == {arg["name"] for arg in spec["args"]}


def test_questions_that_share_an_argument_have_the_same_default() -> None:
    """Argo refuses a Rollout whose templates disagree."""
    defaults: dict[str, set[str | None]] = {}
    for spec in QUESTIONS.values():
        for arg in spec["args"]:
            defaults.setdefault(arg["name"], set()).add(arg.get("value"))
    assert all(len(found) == 1 for found in defaults.values()), defaults


def test_every_file_is_listed() -> None:
    folder = ROOT / "gitops/rollouts"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert set(listed) == {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
