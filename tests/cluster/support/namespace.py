"""Namespaces of the tests: made for one, and gone after it, also when it failed."""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from support.kubectl import kubectl

# Every namespace that the tests make has it, so that those of a run that was killed can be found.
OWNER = "flotilla-tests/owned=true"


@contextmanager
def namespace(name: str) -> Iterator[str]:
    """A namespace that enforces Pod Security; its own name, because the last one of a test takes half a minute to go."""
    with made(f"{name}-{secrets.token_hex(2)}", "pod-security.kubernetes.io/enforce=restricted") as new:
        yield new


@contextmanager
def existing_or_new(name: str) -> Iterator[str]:
    """A namespace whose name policies mention; one that is there already stays."""
    if kubectl("get", "namespace", name, "--ignore-not-found", "-o", "name").strip():
        yield name
    else:
        with made(name) as new:
            yield new


@contextmanager
def made(name: str, *labels: str) -> Iterator[str]:
    kubectl("create", "namespace", name)
    try:
        kubectl("label", "namespace", name, OWNER, *labels)
        yield name
    finally:
        remove(name, wait=False)


def remove(name: str, wait: bool = True) -> None:
    kubectl("delete", "namespace", name, "--ignore-not-found", f"--wait={str(wait).lower()}", "--timeout=180s", limit=200)


def remove_all() -> None:
    """What an earlier run left, and what this one did."""
    command = ["kubectl", "delete", "namespace", "-l", OWNER, "--wait=true", "--timeout=240s"]
    subprocess.run(command, capture_output=True, timeout=260, check=False)
