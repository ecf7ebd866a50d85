"""Holds objects against the CRDs of their controllers, strictly: a field that the CRD does not have is an error.

The CRDs are in the controllers' Go modules, which `go mod download` gets and keeps. Of those that have none there, the
schemas beside the project are taken, if they are there.
"""

import functools
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator
from lib.render import ROOT, Document
from lib.schemas import NEWEST, check

BESIDE = ROOT.parent / "shared" / "crd-schemas"
# By API group: the modules, and where the CRDs are in them.
MODULES = {
    "argoproj.io": (
        ("github.com/argoproj/argo-cd/v3@v3.6.1", "manifests/crds"),
        ("github.com/argoproj/argo-rollouts@v1.10.2", "manifests/crds"),
    ),
    "flagger.app": (("github.com/fluxcd/flagger@v1.36.1", "artifacts/flagger"),),
    "gateway.networking.k8s.io": (("sigs.k8s.io/gateway-api@v1.6.1", "config/crd/standard"),),
    "helm.toolkit.fluxcd.io": (("github.com/fluxcd/helm-controller@v1.4.0", "config/crd/bases"),),
    "image.toolkit.fluxcd.io": (),
    "kargo.akuity.io": (),
    "kustomize.toolkit.fluxcd.io": (("github.com/fluxcd/kustomize-controller@v1.9.6", "config/crd/bases"),),
    "notification.toolkit.fluxcd.io": (("github.com/fluxcd/notification-controller@v1.9.2", "config/crd/bases"),),
    "source.toolkit.fluxcd.io": (("github.com/fluxcd/source-controller@v1.9.6", "config/crd/bases"),),
}


class Unavailable(Exception):
    """There is nothing to hold an object against; the text is why."""


def problems(document: Document) -> list[str]:
    """What its schema says. Raises `Unavailable`."""
    name = f"{document['kind']}/{document['metadata'].get('name', '')}"
    group, _, version = document["apiVersion"].rpartition("/")
    if group not in MODULES:
        said = check(json.dumps(document, sort_keys=True), NEWEST)
        return [f"{name}: {said}"] if said else []
    errors = Draft7Validator(schema(group, version, document["kind"])).iter_errors(document)
    return [f"{name}: {'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors]


@functools.cache
def schema(group: str, version: str, kind: str) -> dict[str, Any]:
    said = []
    for module, folder in MODULES[group]:
        try:
            found = definitions(module, folder)
        except Unavailable as reason:
            said.append(str(reason))
            continue
        if (group, version, kind) in found:
            return strict(found[group, version, kind])
    file = BESIDE / group / f"{kind.lower()}_{version}.json"
    if file.is_file():
        return strict(json.loads(file.read_text()))
    # All that there is was read, and it is not among it.
    if MODULES[group] and not said:
        raise AssertionError(f"{group}/{version} has no {kind}")
    raise Unavailable(f"{kind} of {group}: {'; '.join(said) or 'no Go module has its CRD'}")


@functools.cache
def definitions(module: str, folder: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The schemas of a module's CRDs by group, version and kind."""
    found = {}
    for file in (downloaded(module) / folder).glob("*.yaml"):
        for crd in yaml.load_all(file.read_text(), yaml.CSafeLoader):
            if crd and crd["kind"] == "CustomResourceDefinition":
                spec = crd["spec"]
                for version in spec["versions"]:
                    found[spec["group"], version["name"], spec["names"]["kind"]] = version["schema"]["openAPIV3Schema"]
    return found


@functools.cache
def downloaded(module: str) -> Path:
    if not shutil.which("go"):
        raise Unavailable("go is missing")
    with tempfile.TemporaryDirectory() as outside:
        command = ["go", "mod", "download", "-json", module]
        done = subprocess.run(command, cwd=outside, env=os.environ | {"GOFLAGS": "-mod=mod"}, capture_output=True, text=True)
    answer = json.loads(done.stdout or "{}")
    if "Dir" not in answer:
        raise Unavailable(answer.get("Error", done.stderr).splitlines()[0])
    return Path(answer["Dir"])


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """A CRD's schema as the API server reads it with `fieldValidation=Strict`."""
    root = {"apiVersion": {}, "kind": {}, "metadata": {}}
    return closed(schema | {"properties": schema["properties"] | root})


def closed(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    found = dict(schema)
    if "properties" in schema:
        found["properties"] = {name: closed(field) for name, field in schema["properties"].items()}
        # The API server fills in defaults before it looks.
        found["required"] = [name for name in schema.get("required", []) if "default" not in schema["properties"].get(name, {})]
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            found.setdefault("additionalProperties", False)
    for inside in ("items", "additionalProperties"):
        if inside in found:
            found[inside] = closed(found[inside])
    if schema.get("nullable") and "type" in schema:
        found["type"] = [schema["type"], "null"]
    return found
