"""What a user applies: overlays and charts, rendered by kubectl's kustomize and by helm."""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
HELM = os.environ.get("HELM", str(ROOT / ".venv/bin/helm"))
ENVIRONMENTS = ("dev", "qa", "staging", "production")
SERVICES = tuple(sorted(path.parent.name for path in (ROOT / "charts").glob("*/Chart.yaml") if (path.parent / "values.yaml").exists()))

Document = dict[str, Any]


def documents(text: str) -> list[Document]:
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


def text(found: list[Document]) -> str:
    return yaml.safe_dump_all(found, sort_keys=False)


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def overlay(environment: str, root: Path = ROOT) -> list[Document]:
    return documents(run("kubectl", "kustomize", root / "kustomize/overlays" / environment))


def overlay_with(environment: str, **fields: Any) -> list[Document]:
    """An overlay on top of the environment's: fields of a kustomization, such as `images`."""
    target = ROOT / "kustomize/overlays" / environment
    with tempfile.TemporaryDirectory(dir=ROOT / "kustomize") as folder:
        resources = [os.path.relpath(target, folder)]
        (Path(folder) / "kustomization.yaml").write_text(yaml.safe_dump({"resources": resources, **fields}))
        return documents(run("kubectl", "kustomize", folder))


def chart(service: str, namespace: str, *options: str, root: Path = ROOT) -> list[Document]:
    """A chart as `helm template` renders it; without its test, which only `helm test` runs."""
    return documents(run(HELM, "template", service, root / "charts" / service, "--namespace", namespace, "--skip-tests", *options))


def values(service: str, environment: str) -> tuple[str, str]:
    return ("--values", str(ROOT / "charts" / service / f"values-{environment}.yaml"))


def of_kind(found: list[Document], *kinds: str) -> list[Document]:
    return [document for document in found if document["kind"] in kinds]


def workload_names(found: list[Document]) -> list[tuple[str, str]]:
    workloads = of_kind(found, "Deployment", "Rollout", "StatefulSet")
    return [(document["kind"], document["metadata"]["name"]) for document in workloads]
