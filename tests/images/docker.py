"""Docker, through its command line: images, and containers that are as restricted as a cluster would have them."""

import http.client
import json
import os
import socket
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

DOCKER = os.environ.get("DOCKER", "docker")

# Where the authorities are that TLS trusts.
BUNDLE = "etc/ssl/certs/ca-certificates.crt"

# What a policy of the kind "restricted" asks for, and the memory that the charts give.
RESTRICTED = [
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65532"),
    *("--memory", "64m", "--memory-swap", "64m", "--network", "host"),
]


def docker(*arguments: str, limit: float = 120) -> str:
    done = subprocess.run([DOCKER, *arguments], capture_output=True, text=True, timeout=limit)
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}{done.stdout}"
    return done.stdout


def image(service: str, tag: str = "test") -> str:
    return f"flotilla/{service}:{tag}"


def configuration(service: str) -> dict:
    return json.loads(docker("image", "inspect", image(service)))[0]


def layers(service: str, archive: str) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    """Every entry of every layer, as it lies in the image."""
    docker("save", "--output", archive, image(service))
    with tarfile.open(archive) as saved:
        manifest = json.load(saved.extractfile("manifest.json"))
        for layer in manifest[0]["Layers"]:
            with tarfile.open(fileobj=saved.extractfile(layer)) as files:
                for entry in files:
                    yield entry, files.extractfile(entry) if entry.isfile() else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def within(seconds: float, what: str, ask: Callable):
    """Asks until the answer is true, and returns it."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return answer


@dataclass
class Answer:
    status: int
    body: str


@dataclass
class Container:
    id: str
    port: int
    management: int

    def get(self, path: str, management: bool = False) -> Answer:
        port = self.management if management else self.port
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
                return Answer(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode())
        except OSError as error:
            return Answer(0, str(error))

    def state(self) -> dict:
        return json.loads(docker("inspect", self.id))[0]["State"]

    def logs(self) -> str:
        done = subprocess.run([DOCKER, "logs", self.id], capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            assert self.state()["Running"], self.logs()
            return self.get("/readyz", management=True).status == 200

        within(20, f"ready: {self.id}", ready)

    def cpu_seconds(self) -> float:
        """CPU time of everything that ran in the container, its creation by the engine included."""
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))
        connection.request("GET", f"/containers/{self.id}/stats?stream=false&one-shot=true")
        return json.load(connection.getresponse())["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9


# What each needs to start on its own.
NEEDS = {
    "auxiliary-service": {"AWS_BACKEND": "embedded"},
    "main-api": {"AUXILIARY_SERVICE_URL": "http://127.0.0.1:9"},
    "storefront": {"PRODUCT_API_URL": "http://127.0.0.1:9"},
}


@contextmanager
def running(
    service: str,
    variables: dict[str, str] | None = None,
    options: Sequence[str] = (),
    arguments: Sequence[str] = (),
    tag: str = "test",
) -> Iterator[Container]:
    """A container on free ports of the loopback; `options` are Docker's, `arguments` the service's.

    It is removed at the end, whatever happens.
    """
    port, management = free_port(), free_port()
    environment = {
        "HTTP_ADDR": f"127.0.0.1:{port}",
        "MANAGEMENT_ADDR": f"127.0.0.1:{management}",
        "DRAIN_DELAY_SEC": "0",
        "LOG_LEVEL": "info,http=off",
        **NEEDS.get(service, {}),
        **(variables or {}),
    }
    flags = [flag for name, value in environment.items() for flag in ("--env", f"{name}={value}")]
    name = docker("run", "--detach", *RESTRICTED, *flags, *options, image(service, tag), *arguments).strip()
    try:
        yield Container(name, port, management)
    finally:
        docker("rm", "--force", name)
