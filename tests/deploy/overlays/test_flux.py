"""Flux's `postBuild.substitute` changes no object: what has `${` of its own is marked as not to be substituted."""
import copy
import json
import re
import subprocess

import pytest
import yaml
from lib.program import built
from lib.render import ROOT, documents, kustomize
from test_references import case  # noqa: F401  (a fixture)

MARK = "kustomize.toolkit.fluxcd.io/substitute"


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """Flux's own package, as a program."""
    return built(ROOT / "tests/deploy/substitute", tmp_path_factory.mktemp("substitute"))


def changed(program, found):
    """The objects that are not the same after a substitution of every variable that they could mean."""
    texts = [yaml.safe_dump(obj) for obj in found if not marked(obj)]
    names = {name for text in texts for name in re.findall(r"\$\{(\w+)", text)} | {"fleet"}
    command = [program, *(f"{name}=substituted" for name in names)]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    return [text for text, outcome in zip(texts, json.loads(done.stdout), strict=True) if outcome["text"] != text]


def marked(obj):
    """As Flux reads it: a label or an annotation."""
    return any(obj["metadata"].get(part, {}).get(MARK) == "disabled" for part in ("labels", "annotations"))


def test_flux_leaves_an_environment_as_it_is(program, case):  # noqa: F811
    assert changed(program, case[1].values()) == []


def test_flux_leaves_monitoring_as_it_is(program):
    assert changed(program, documents(kustomize(ROOT / "monitoring"))) == []


def test_a_dashboard_without_the_mark_would_be_broken(program):
    found = copy.deepcopy([obj for obj in documents(kustomize(ROOT / "monitoring")) if marked(obj)])
    for obj in found:
        del obj["metadata"]["annotations"]
    assert len(found) == len(changed(program, found)) == len(list((ROOT / "monitoring/dashboards").glob("*.json")))
