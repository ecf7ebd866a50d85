"""Renders charts with the real helm and overlays with the real kustomize (kubectl's)."""

import atexit
import functools
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
CHARTS = ROOT / "charts"
HELM = ROOT / ".venv" / "bin" / "helm"
ENVIRONMENTS = ("dev", "qa", "staging", "production")
# Every folder with values is a chart that can be installed; the library has none.
SERVICES = tuple(
    sorted(path.parent.name for path in CHARTS.glob("*/values.yaml") if (path.parent / "Chart.yaml").exists())
)

Document = dict[str, Any]


class Refused(Exception):
    """helm or kustomize said no; the text is what they said."""


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise Refused(done.stderr)
    return done.stdout


@functools.cache
def helm_template(chart: str, *arguments: str, charts: Path = CHARTS, release: str = "") -> str:
    """Renders a chart as a release, by default of its own name. Arguments are those of helm, such as `--set a=b`."""
    return run(HELM, "template", release or chart, charts / chart, *arguments)


def environment_values(chart: str, environment: str) -> tuple[str, ...]:
    return ("-f", str(CHARTS / chart / f"values-{environment}.yaml"))


@functools.cache
def scratch() -> Path:
    """A folder for the length of this process."""
    folder = Path(tempfile.mkdtemp(prefix="flotilla-deploy-"))
    atexit.register(shutil.rmtree, folder)
    return folder


def values(data: dict[str, Any]) -> tuple[str, ...]:
    """The arguments that give helm these values."""
    text = json.dumps(data, sort_keys=True)
    file = scratch() / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.yaml"
    file.write_text(text)
    return ("-f", str(file))


@functools.cache
def kustomize(path: Path) -> str:
    """What `kubectl apply -k` would apply."""
    return run("kubectl", "kustomize", path)


def documents(text: str) -> list[Document]:
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


def find(found: list[Document], kind: str, name: str | None = None) -> Document:
    """The one object of that kind (and name)."""
    [match] = [d for d in found if d["kind"] == kind and name in (None, d["metadata"]["name"])]
    return match


def kinds(found: list[Document]) -> list[str]:
    return [document["kind"] for document in found]
