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
    namespace: str = "shop"

    def config(self) -> dict:
        labels = {"namespace": self.namespace, "service": self.name, "job": self.name, "track": self.track}
        return {"targets": [self.service.management], "labels": labels}


@dataclass(frozen=True)
class Sample:
    labels: dict[str, str]
    value: float


@dataclass(frozen=True, order=True)
class Alert:
    name: str
    service: str
    # The threshold of a burn rate; empty for the others.
    burn: str
    state: str

    @classmethod
    def of(cls, labels: dict[str, str], state: str) -> Alert:
        return cls(labels["alertname"], labels.get("service", ""), labels.get("burn", ""), state)


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

    def query(self, expression: str, time: float | None = None) -> list[Sample]:
        """An instant vector, now or at a time; a scalar is one sample without labels."""
        at = {} if time is None else {"time": str(time)}
        data = self.get("query", query=expression, **at)
        if data["resultType"] == "scalar":
            return [Sample({}, float(data["result"][1]))]
        return [Sample(each["metric"], float(each["value"][1])) for each in data["result"]]

    def alerts(self) -> set[Alert]:
        """Every alert that is pending or firing."""
        return {Alert.of(each["labels"], each["state"]) for each in self.get("alerts")["alerts"]}

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
