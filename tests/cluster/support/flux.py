"""The kit of gitops/flux on the cluster's Flux: as a user applies it, but faster, and from a repository of the tests."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from support.git import Repository
from support.kubectl import Object, apply, get, kubectl, within
from support.rendering import ROOT, documents, run, text

HOME = "flux-system"
# Of the kit's minutes; what the kit says otherwise stays.
SOURCE = {"interval": "3s"}
KUSTOMIZATION = {"interval": "15s", "retryInterval": "5s", "timeout": "120s"}


def kit(folder: str = ".") -> dict[tuple[str, str], Object]:
    found = documents(run("kubectl", "kustomize", ROOT / "gitops/flux" / folder))
    return {(document["kind"], document["metadata"]["name"]): document for document in found}


@contextmanager
def source(repository: Repository, name: str) -> Iterator[Object]:
    """The kit's GitRepository under another name, for the tests' repository."""
    document = deepcopy(kit()["GitRepository", "flotilla"])
    document["metadata"]["name"] = name
    document["spec"] |= SOURCE | {"url": repository.url}
    with applied(document) as live:
        yield live


def kustomization(environment: str, source_name: str, **spec: Any) -> Object:
    document = deepcopy(kit()["Kustomization", f"flotilla-{environment}"])
    document["spec"] |= KUSTOMIZATION | spec
    document["spec"]["sourceRef"]["name"] = source_name
    return document


@contextmanager
def applied(*found: Object) -> Iterator[Object]:
    apply(text(list(found)))
    try:
        yield found[0]
    finally:
        for document in reversed(found):
            names = (document["kind"].lower() + "." + document["apiVersion"].partition("/")[0], document["metadata"]["name"])
            kubectl("-n", HOME, "delete", *names, "--ignore-not-found", "--wait=true", "--timeout=170s")


def condition(kind: str, name: str, of: str = "Ready") -> dict[str, str]:
    """The condition as of the object's last change; empty before."""
    live = get(kind, name, HOME)
    found = live.get("status", {}).get("conditions", [])
    return next((c for c in found if c["type"] == of and c["observedGeneration"] == live["metadata"]["generation"]), {})


def is_ready(name: str, commit: str) -> bool:
    """Whether the Kustomization is healthy with this commit."""
    return revision(name).endswith(commit) and condition("kustomization", name).get("status") == "True"


def revision(name: str) -> str:
    """The last that was applied and found healthy."""
    return get("kustomization", name, HOME).get("status", {}).get("lastAppliedRevision", "")


def wait_ready(name: str, commit: str, seconds: float = 240) -> float:
    """When it became so, on this machine's clock."""
    try:
        within(seconds, f"{name} is ready with {commit}", lambda: is_ready(name, commit))
    except AssertionError as error:
        raise AssertionError(f"{error} {json.dumps(get('kustomization', name, HOME).get('status'), indent=1)}") from None
    return time.monotonic()
