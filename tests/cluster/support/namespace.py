"""Namespaces of the tests: made for one, and gone after it, also when it failed."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from support.kubectl import kubectl

# Every namespace that the tests make has it, so that those of a run that was killed can be found.
OWNER = "flotilla-tests/owned=true"


@contextmanager
def namespace(name: str, restricted: bool = True) -> Iterator[str]:
    """A namespace of its own; `restricted` enforces Pod Security."""
    remove(name)
    kubectl("create", "namespace", name)
    labels = [OWNER]
    if restricted:
        labels.append("pod-security.kubernetes.io/enforce=restricted")
    try:
        kubectl("label", "namespace", name, *labels)
        yield name
    finally:
        remove(name, wait=False)


@contextmanager
def existing_or_new(name: str) -> Iterator[str]:
    """A namespace whose name policies mention; one that is there already stays."""
    if kubectl("get", "namespace", name, "--ignore-not-found", "-o", "name").strip():
        yield name
    else:
        with namespace(name, restricted=False):
            yield name


def remove(name: str, wait: bool = True) -> None:
    kubectl("delete", "namespace", name, "--ignore-not-found", f"--wait={str(wait).lower()}", "--timeout=180s", limit=200)


def remove_all() -> None:
    """What an earlier run left, and what this one did."""
    command = ["kubectl", "delete", "namespace", "-l", OWNER, "--wait=true", "--timeout=240s"]
    subprocess.run(command, capture_output=True, timeout=260, check=False)
