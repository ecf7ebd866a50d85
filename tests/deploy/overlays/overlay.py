"""What kustomize and helm make of an environment, as dictionaries by kind and name."""
import base64
import functools
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from lib.binary import explicit
from lib.render import ROOT, SERVICES, Document, documents, environment_values, helm_template, kustomize

COMPONENTS = sorted(path.parent.name for path in ROOT.glob("kustomize/components/*/kustomization.yaml"))
WORKLOADS = ("Deployment", "Rollout", "StatefulSet")

Objects = dict[tuple[str, str], Document]


def by_name(text: str) -> Objects:
    found = documents(text)
    named = {(document["kind"], document["metadata"]["name"]): document for document in found}
    assert len(named) == len(found), "two objects of one kind have the same name"
    return named


def build(folder: Path) -> Objects:
    """What `kubectl apply -k` would apply; no flag, for it takes none."""
    return by_name(kustomize(folder))


@functools.cache
def overlay(environment: str) -> Objects:
    return build(ROOT / "kustomize/overlays" / environment)


@functools.cache
def charts(environment: str) -> Objects:
    """All services of an environment through the other door."""
    options = ("--skip-tests", "--namespace", f"flotilla-{environment}")
    objects = (by_name(helm_template(chart, *options, *environment_values(chart, environment))) for chart in SERVICES)
    return functools.reduce(dict.__or__, objects)


def copy(scratch: Path) -> Path:
    """What kustomize reads, to be changed by a test."""
    for folder in ("kustomize", "monitoring"):
        shutil.copytree(ROOT / folder, scratch / folder)
    return scratch / "kustomize"


@functools.cache
def with_components(environment: str, *components: str) -> Objects:
    """An environment with components added after its own."""
    return changed(environment, lambda own: [*own, *components])


@functools.cache
def through_the_gateway(environment: str, *components: str) -> Objects:
    """An environment with one line changed, and components after that."""
    def names(own: list[str]) -> list[str]:
        place = own.index("ingress")
        return [*own[:place], "gateway", *components, *own[place + 1:]]

    return changed(environment, names)


def changed(environment: str, names: Callable[[list[str]], list[str]]) -> Objects:
    """An environment with other components than its own."""
    with tempfile.TemporaryDirectory() as scratch:
        kustomization = copy(Path(scratch)) / "overlays" / environment / "kustomization.yaml"
        fields = yaml.safe_load(kustomization.read_text())
        folder = "../../components/"
        own = [component.removeprefix(folder) for component in fields["components"]]
        fields["components"] = [folder + name for name in names(own)]
        kustomization.write_text(yaml.safe_dump(fields))
        return build(kustomization.parent)


def workloads(objects: Objects) -> dict[str, Document]:
    return {name: obj for (kind, name), obj in objects.items() if kind in WORKLOADS}


def pod(workload: Document) -> Document:
    return workload["spec"]["template"]["spec"]


def container(workload: Document) -> dict[str, Any]:
    [only] = pod(workload)["containers"]
    return only


def data(obj: Document) -> dict[str, str]:
    """The content of a ConfigMap or a Secret, in clear."""
    plain = obj.get("data") or {}
    if obj["kind"] == "Secret":
        plain = {name: base64.b64decode(value).decode() for name, value in plain.items()}
    return plain


def variables(objects: Objects, workload: Document) -> dict[str, str]:
    """The environment of a container, as the kubelet would make it; Secrets that are elsewhere are left out."""
    found = {}
    for source in container(workload).get("envFrom", []):
        [(reference, named)] = source.items()
        key = ("ConfigMap" if reference == "configMapRef" else "Secret", named["name"])
        if key in objects:
            found |= data(objects[key])
    return found | explicit(container(workload), found)


def plain_name(name: str) -> str:
    """A generated name without its hash."""
    return re.sub(r"-[2456789bcdfghkmt]{10}$", "", name)
