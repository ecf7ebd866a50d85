"""The applications that an ApplicationSet makes, by the same template language: helm has it, and its functions."""

from pathlib import Path
from typing import Any

import yaml
from lib.render import HELM, ROOT, Document, documents, run

CHART = {"apiVersion": "v2", "name": "set", "version": "0.0.0"}


def parameters(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """What the Git generator finds in this project."""
    [generator] = spec["generators"]
    found = []
    for pattern in generator["git"].get("directories", []):
        for folder in sorted(ROOT.glob(pattern["path"])):
            found.append({"path": {"path": str(folder.relative_to(ROOT)), "basename": folder.name}})
    for pattern in generator["git"].get("files", []):
        for file in sorted(ROOT.glob(pattern["path"])):
            folder = file.parent
            path = {"path": str(folder.relative_to(ROOT)), "basename": folder.name, "filename": file.name}
            found.append({"path": path, "values": generator["git"].get("values", {})})
    return found


def applications(applicationset: Document, scratch: Path) -> list[Document]:
    spec, made = applicationset["spec"], []
    for given in parameters(spec):
        given["values"] = yaml.safe_load(rendered(yaml.safe_dump(given.get("values", {})), given, scratch))
        text = yaml.safe_dump({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"} | spec["template"])
        [application] = documents(rendered(text, given, scratch))
        [patch] = documents(rendered(spec["templatePatch"], given, scratch)) or [{}]
        made.append(merged(application, patch))
    return made


def rendered(template: str, given: dict[str, Any], scratch: Path) -> str:
    (scratch / "templates").mkdir(exist_ok=True)
    (scratch / "Chart.yaml").write_text(yaml.safe_dump(CHART))
    (scratch / "values.yaml").write_text(yaml.safe_dump({"given": given}))
    (scratch / "templates/it.yaml").write_text("{{- with .Values.given }}\n" + template + "\n{{- end }}")
    return run(HELM, "template", "set", scratch)


def merged(into: Any, patch: Any) -> Any:
    if isinstance(into, dict) and isinstance(patch, dict):
        return into | {key: merged(into.get(key), value) for key, value in patch.items()}
    return patch
