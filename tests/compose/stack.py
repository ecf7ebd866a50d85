"""The stack as composed, on this machine without Docker: the commands and variables of compose.yaml, with each
`host:port` in them replaced by a free port of the loopback, and paths in a container by the files mounted there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import BINARIES, FLEET, OTELCOL, ROOT
from postgres import start_postgres
from processes import Processes, eventually, free_port

MANAGEMENT = 4040
# Where those listen that publish nothing.
UNPUBLISHED = {"postgres": 5432, "redis": 6379, "aws": 4566, "otel-collector": 4318, "jaeger": 4318}


class Stack:
    """Everything of compose.yaml but Grafana and Jaeger, which no package registry has; in Jaeger's place a second
    collector writes what it receives to the file `traces`."""

    def __init__(self, services: dict, directory: Path):
        self.services, self.directory = services, directory
        self.processes = Processes(directory)
        places = [(name, port["target"]) for name in services for port in services[name].get("ports", [])]
        self.ports = {place: free_port() for place in [*places, *UNPUBLISHED.items()]}
        # A copy, because a test edits it.
        self.traces = directory / "traces.jsonl"
        self.faults = Path(shutil.copytree(ROOT / "docker/faults", directory / "faults"))

    def start(self) -> None:
        port = self.ports["postgres", UNPUBLISHED["postgres"]]
        start_postgres(self.processes, self.directory, self.environment("postgres"), port)
        self._redis()
        self._aws()
        self._collectors()
        for name in FLEET:
            addresses = {"HTTP_ADDR": self.address(name), "MANAGEMENT_ADDR": self.address(name, MANAGEMENT)}
            self.processes.start(name, [BINARIES / name], self.environment(name) | addresses)
        self._prometheus()

    def address(self, name: str, port: int | None = None) -> str:
        """Where it listens here; without a port, the one that it is there for."""
        port = port or next(port for service, port in self.ports if service == name and port != MANAGEMENT)
        return f"127.0.0.1:{self.ports[name, port]}"

    def here(self, text: str, inside: str | None = None) -> str:
        """The text with the addresses and paths of the containers, or of the one `inside`, replaced by those here."""
        for name, port in self.ports:
            for host in [name, "127.0.0.1", "0.0.0.0"] if name == inside else [name]:
                text = re.sub(rf"(?<![\w.-]){re.escape(host)}:{port}\b", self.address(name, port), text)
        return text.replace("/etc/flotilla/faults", str(self.faults))

    def environment(self, name: str) -> dict[str, str]:
        return {key: self.here(value or "") for key, value in self.services[name]["environment"].items()}

    def healthy(self, name: str) -> bool:
        """Runs the health check of compose.yaml. Two clients are told a port that is their default there."""
        program, *arguments = [self.here(word, name) for word in self.services[name]["healthcheck"]["test"][1:]]
        program = {"/service": str(BINARIES / name), "python": sys.executable}.get(program, program)
        port = {"redis-cli": ["-p"], "pg_isready": ["-p"]}.get(program, [])
        port += [str(self.ports[name, UNPUBLISHED[name]])] if port else []
        return subprocess.run([program, *port, *arguments], capture_output=True, timeout=10).returncode == 0

    def sql(self, query: str) -> str:
        """What the database that product-api is told of answers, with the password that it is told."""
        url = self.environment("product-api")["DATABASE_URL"]
        command = ["psql", "--no-psqlrc", "-qtA", "-c", query, url]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout.strip()

    def _redis(self) -> None:
        service = self.services["redis"]
        address = ["--bind", "127.0.0.1", "--port", str(self.ports["redis", 6379])]
        command = [*service["entrypoint"], *service["command"], *address]
        self.processes.start("redis", command, {}, cwd=self.directory)

    def _aws(self) -> None:
        """The emulator runs what is in ready.d with these variables; it looks for it in a folder of the root only."""
        variables, address = self.environment("aws"), self.address("aws")
        listen = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.ports["aws", 4566])}
        self.processes.start("aws", [Path(sys.executable).parent / "ministack"], variables | listen, self.directory)
        eventually("the emulator is ready", lambda: self.healthy("aws"))
        seed = {"AWS_ENDPOINT_URL": f"http://{address}", "AWS_DEFAULT_REGION": variables["MINISTACK_REGION"]}
        for script in sorted((ROOT / "docker/aws/ready.d").glob("*.py")):
            subprocess.run([sys.executable, script], env=os.environ | seed, check=True, timeout=30)

    def _collectors(self) -> None:
        """The stack's own, with its configuration, and who stands for Jaeger."""
        config = self.directory / "otel-collector.yaml"
        text = (ROOT / "docker/otel-collector/config.yaml").read_text()
        config.write_text(self.here(text, "otel-collector"))
        self.processes.start("otel-collector", [OTELCOL, "--config", config], self.environment("otel-collector"))
        address = {"OTLP_ADDR": f"127.0.0.1:{self.ports['jaeger', 4318]}", "OTLP_FILE": str(self.traces)}
        self.processes.start("jaeger", [OTELCOL, "--config", ROOT / "tests/otelcol/config.yaml"], address)

    def _prometheus(self) -> None:
        """With the configuration where the container has it: beside the rules of the repository."""
        folder = self.directory / "docker/prometheus"
        folder.mkdir(parents=True)
        (self.directory / "monitoring").symlink_to(ROOT / "monitoring")
        text = (ROOT / "docker/prometheus/prometheus.yaml").read_text()
        (folder / "prometheus.yaml").write_text(self.here(text))
        options = [f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={self.directory}/tsdb"]
        address = f"--web.listen-address={self.address('prometheus')}"
        self.processes.start("prometheus", ["prometheus", *options, address], {})
