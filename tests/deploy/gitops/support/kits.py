"""The delivery kits, as a user applies them."""

import shutil
from pathlib import Path

import yaml
from lib.render import ROOT, Document, documents, kustomize

GITOPS = ROOT / "gitops"


def is_kustomization(file: Path) -> bool:
    return yaml.safe_load(file.read_text()).get("kind", "Kustomization") == "Kustomization"


# Every folder that `kubectl apply -k` takes.
FOLDERS = tuple(
    sorted(str(file.parent.relative_to(GITOPS)) for file in GITOPS.rglob("kustomization.yaml") if is_kustomization(file))
)


def built(folder: str) -> list[Document]:
    return documents(kustomize(GITOPS / folder))


def argocd_by_helm(scratch: Path) -> list[Document]:
    """Argo CD's kit with the other line of its kustomization."""
    folder = scratch / "argocd"
    shutil.copytree(GITOPS / "argocd", folder)
    file = folder / "kustomization.yaml"
    changed = file.read_text().replace("- environments.yaml", "- services.yaml")
    assert changed != file.read_text()
    file.write_text(changed)
    return documents(kustomize(folder))
