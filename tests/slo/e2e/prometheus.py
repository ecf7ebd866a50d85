"""A real Prometheus with the rules of this repository, on a free port of the loopback and without a past."""

from __future__ import annotations

import json
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml
from e2e.process import ROOT, Process, Service, within

RULES = ROOT / "monitoring" / "prometheus"

# A tenth of a cluster's intervals and less, so that a phase takes a minute: rates and windows do not depend on them.
INTERVAL = "1s"


@dataclass(frozen=True)
class Target:
    """A service and the labels that the operator would give it."""

    service: Service
    name: str
    track: str = "stable"
    namespace: str = "flotilla-production"

    def config(self) -> dict:
        labels = {"namespace": self.namespace, "service": self.name, "job": self.name, "track": self.track}
        return {"targets": [self.service.management], "labels": labels}


@dataclass(frozen=True)
class Sample:
    labels: dict[str, str]
    value: float


class Prometheus(Process):
    def __init__(self, directory: Path, targets: list[Target]) -> None:
        directory.mkdir()
        config = directory / "prometheus.yaml"
        config.write_text(yaml.safe_dump(configuration(targets), sort_keys=False))
        self.url = f"http://127.0.0.1:{free_port()}"
        super().__init__(
            shutil.which("prometheus") or "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
        )
        within(30, "Prometheus is ready", self._ready)

    def _ready(self) -> bool:
        assert self.running(), "".join(self.lines)
        try:
            with urlopen(f"{self.url}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def get(self, path: str, **parameters: str) -> dict:
        with urlopen(f"{self.url}/api/v1/{path}?{urlencode(parameters)}", timeout=30) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[Sample]:
        """An instant vector; a scalar is one sample without labels."""
        data = self.get("query", query=expression)
        if data["resultType"] == "scalar":
            return [Sample({}, float(data["result"][1]))]
        return [Sample(each["metric"], float(each["value"][1])) for each in data["result"]]

    def value(self, expression: str) -> float | None:
        """The value of the only series, if there is any."""
        samples = self.query(expression)
        assert len(samples) <= 1, f"{expression}: {samples}"
        return samples[0].value if samples else None

    def alerts(self) -> set[tuple[str, str]]:
        """Name and service of every alert that is pending or firing."""
        alerts = self.get("alerts")["alerts"]
        return {(alert["labels"]["alertname"], alert["labels"].get("service", "")) for alert in alerts}

    def broken_rules(self) -> list[str]:
        """Rules whose last evaluation failed, each with its error."""
        rules = [rule for group in self.get("rules")["groups"] for rule in group["rules"]]
        return [f"{rule['name']}: {rule['lastError']}" for rule in rules if rule["health"] == "err"]


def configuration(targets: list[Target]) -> dict:
    return {
        "global": {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL},
        "rule_files": [str(RULES / "*.yaml")],
        "scrape_configs": [
            {"job_name": "flotilla", "static_configs": [target.config() for target in targets]},
        ],
    }


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
