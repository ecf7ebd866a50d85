"""The delivery kits, as a user applies them."""

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
