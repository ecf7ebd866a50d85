"""The component's Redis starts with its arguments, its probe is content, and product-api gets in with its own URL."""
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lib import binary
from overlay import Objects, container, data, overlay, variables, workloads

PATH = "/usr/bin:/usr/local/bin:/bin"
pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is missing")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, dict[str, str], int]]:
    """Its port, the environment of its container, and its process."""
    redis = container(workloads(overlay("qa"))["redis"])
    secrets = resolved(overlay("qa"), redis)
    port = free_port()
    command = [*redis["command"], *redis["args"], "--port", str(port), "--bind", "127.0.0.1"]
    with subprocess.Popen(command, env=secrets | {"PATH": PATH}, stdout=subprocess.DEVNULL) as process:
        try:
            yield port, secrets, process.pid
        finally:
            process.kill()


def resolved(objects: Objects, spec) -> dict[str, str]:
    references = {entry["name"]: entry["valueFrom"]["secretKeyRef"] for entry in spec["env"]}
    return {name: data(objects["Secret", each["name"]])[each["key"]] for name, each in references.items()}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def probe(port: int, secrets: dict[str, str]) -> int:
    [program, *arguments] = container(workloads(overlay("qa"))["redis"])["livenessProbe"]["exec"]["command"]
    command = [program, "-p", str(port), *arguments]
    return subprocess.run(command, env=secrets | {"PATH": PATH}, capture_output=True).returncode


def within(seconds: float, condition) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_the_probe_is_content_with_the_password_and_with_no_other(server):
    port, secrets, _ = server
    assert within(10, lambda: probe(port, secrets) == 0)
    assert probe(port, {"REDISCLI_AUTH": "wrong"}) != 0
    assert probe(free_port(), secrets) != 0


def test_product_api_reaches_it_with_the_url_of_its_secret(server):
    port, *_ = server
    objects = overlay("qa")
    given = variables(objects, workloads(objects)["product-api"])
    given["REDIS_URL"] = given["REDIS_URL"].replace("@redis:6379", f"@127.0.0.1:{port}")
    # Its database is not here.
    del given["DATABASE_URL"]
    with binary.running("product-api", given) as urls:
        assert within(10, lambda: json.loads(binary.get(urls["http"] + "/health")[1])["redis"] == "connected")


def test_it_asks_for_the_password_which_is_no_argument(server):
    port, secrets, process = server
    assert within(10, lambda: probe(port, secrets) == 0)
    assert probe(port, {}) != 0
    redis = container(workloads(overlay("qa"))["redis"])
    # What the kubelet would put into a command.
    assert not any("$(" in argument for argument in redis["command"] + redis["args"])
    # The shell has gone, so that signals reach the server.
    assert Path(f"/proc/{process}/comm").read_text() == "redis-server\n"
