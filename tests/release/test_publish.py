"""The charts of a release can be had from a real registry, by the names and digests that are signed."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
import yaml
from conftest import ENVIRONMENT, ROOT, Clone

REGISTRY = ROOT / ".venv/bin/registry"
# The real helm before any that is installed.
HELM = ENVIRONMENT | {"PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}", "HOME": "/nonexistent"}
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir())


@pytest.fixture
def registry() -> Iterator[str]:
    if not REGISTRY.exists():
        pytest.skip("the registry could not be built: go is missing")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*free.getsockname())
    with subprocess.Popen([REGISTRY, "-port", address.partition(":")[2]], stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 30
            while socket.socket().connect_ex(("127.0.0.1", int(address.partition(":")[2]))) != 0:
                assert time.monotonic() < deadline, "the registry does not listen"
                time.sleep(0.05)
            yield address
        finally:
            server.terminate()


def publish(clone: Clone, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [clone.root / "gitops/release/publish-charts.sh", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=HELM, cwd="/")


def test_every_service_has_its_chart_with_its_digest(clone: Clone, registry: str) -> None:
    done = publish(clone, "1.2.0", registry, "--plain-http")
    assert done.returncode == 0, done.stderr
    pushed = dict(line.split("@") for line in done.stdout.splitlines())
    assert list(pushed) == [f"{registry}/flotilla/charts/{service}" for service in SERVICES]
    for name, digest in pushed.items():
        shown = subprocess.run(
            ["helm", "show", "chart", f"oci://{name}", "--version", "1.2.0", "--plain-http"],
            capture_output=True, text=True, check=True, env=HELM,
        )  # fmt: skip
        assert yaml.safe_load(shown.stdout)["version"] == "1.2.0"
        assert re.search(r"^Digest: (.*)$", shown.stdout + shown.stderr, re.MULTILINE)[1] == digest


def test_nothing_is_printed_for_signing_when_the_registry_is_not_there(clone: Clone) -> None:
    done = publish(clone, "1.2.0", "127.0.0.1:1", "--plain-http")
    assert done.returncode != 0 and done.stdout == "" and "connection refused" in done.stderr
