"""Starts the real binary of a service with the environment that a rendered pod would give it."""

import base64
import contextlib
import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lib.render import ROOT, Document, find
from lib.wiring import WORKLOADS

# What Secrets hold that are there before a release. Nothing listens at these addresses.
EXISTING = {
    "product-api-database": {"DATABASE_URL": "postgres://flotilla:secret@127.0.0.1:1/flotilla"},
    "product-api-cache": {"REDIS_URL": "redis://:secret@127.0.0.1:1/0"},
}
# What the downward API says of a pod.
FIELDS = {
    "metadata.namespace": "flotilla-test",
    "metadata.name": "pod-1",
    "spec.nodeName": "node-1",
    "status.hostIP": "192.0.2.1",
}
# Ports that are free here, in place of those of a pod of its own.
LOOPBACK = {"HTTP_ADDR": "127.0.0.1:0", "MANAGEMENT_ADDR": "127.0.0.1:0"}


def environment(found: list[Document], service: str) -> dict[str, str]:
    """The variables of the service's container, resolved as the kubelet does: the later source wins, `env` over all."""
    [owner] = [
        d for d in found if d["kind"] in WORKLOADS and d["metadata"]["labels"]["app.kubernetes.io/name"] == service
    ]
    [container] = owner["spec"]["template"]["spec"]["containers"]
    variables: dict[str, str] = {}
    for source in container.get("envFrom", []):
        [(kind, reference)] = source.items()
        variables |= data(found, "ConfigMap" if kind == "configMapRef" else "Secret", reference["name"])
    return variables | explicit(container, variables)


def explicit(container: dict[str, Any], variables: dict[str, str]) -> dict[str, str]:
    """The variables of `env`, but for those of Secrets: each may name those before it as $(NAME)."""
    found: dict[str, str] = {}
    for entry in container.get("env", []):
        field = entry.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        if field or "value" in entry:
            known = variables | found
            text = FIELDS[field] if field else entry["value"]
            found[entry["name"]] = re.sub(r"\$\((\w+)\)", lambda match: known.get(match[1], match[0]), text)
    return found


def data(found: list[Document], kind: str, name: str) -> dict[str, str]:
    if kind == "Secret" and not any(d["kind"] == kind and d["metadata"]["name"] == name for d in found):
        return EXISTING[name]
    document = find(found, kind, name)
    if kind == "ConfigMap":
        return document["data"]
    decoded = {key: base64.b64decode(value).decode() for key, value in document.get("data", {}).items()}
    return decoded | document.get("stringData", {})


@contextlib.contextmanager
def running(service: str, variables: dict[str, str]) -> Iterator[dict[str, str]]:
    """Runs it with these variables and no other; gives the URLs `http` and `management`. Fails with what it said when
    it does not listen."""
    binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / service
    process = subprocess.Popen(
        [binary], env=variables | LOOPBACK, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield listening(process)
    finally:
        # At once: there is nothing to drain.
        process.kill()
        process.communicate(timeout=10)


def listening(process: subprocess.Popen[str]) -> dict[str, str]:
    """Reads until it listens; a service that refuses its configuration ends, and with it what there is to read."""
    said = []
    for line in process.stdout or ():
        said.append(line)
        entry = json.loads(line) if line.startswith("{") else {}
        if entry.get("message") == "listening":
            return {name: f"http://{entry[name]}" for name in ("http", "management")}
    raise AssertionError(f"it does not listen: {''.join(said)}")


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
