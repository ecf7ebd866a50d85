"""Holds objects against the Kubernetes schemas of the oldest and the newest minor that the charts claim, strictly."""

import functools
import json
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import yaml

from lib.render import CHARTS, ROOT, Document

OLDEST = yaml.safe_load((CHARTS / "service-lib" / "Chart.yaml").read_text())["kubeVersion"].removeprefix(">=")[:4]
NEWEST = kubernetes_validate.latest_version()
CRD_VALIDATOR = ROOT.parent / "shared" / "tools" / "validate-crds.py"
# Traefik's own kinds, of which there is no schema: lib/wiring.py looks into them.
WITHOUT_SCHEMA = ("traefik.io/v1alpha1",)
BUILT_IN = ("apps/v1", "autoscaling/v2", "batch/v1", "networking.k8s.io/v1", "policy/v1", "v1")


def is_custom(document: Document) -> bool:
    return document["apiVersion"] not in BUILT_IN


def problems(found: list[Document]) -> list[str]:
    """What the schemas of Kubernetes' own kinds say. Custom resources are passed over: see `crd_problems`."""
    return [
        f"{document['kind']}/{document['metadata']['name']} in {version}: {problem}"
        for document in found
        if not is_custom(document)
        for version in (OLDEST, NEWEST)
        if (problem := check(json.dumps(document, sort_keys=True), version))
    ]


@functools.cache
def check(document: str, version: str) -> str:
    """Cached by content: most objects are the same in most renderings."""
    try:
        kubernetes_validate.validate(json.loads(document), version, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return str(getattr(error, "message", error)).splitlines()[0]
    return ""


def crd_problems(found: list[Document], scratch: Path) -> str:
    """What the schemas of the custom resources say; empty when all are valid."""
    given = [document for document in found if document["apiVersion"] not in WITHOUT_SCHEMA]
    custom = {json.dumps(document, sort_keys=True) for document in given if is_custom(document)}
    assert custom, "there is no custom resource to check"
    file = scratch / "custom.yaml"
    file.write_text("\n---\n".join(sorted(custom)))
    done = subprocess.run([sys.executable, CRD_VALIDATOR, file], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr
