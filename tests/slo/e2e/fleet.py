"""The whole fleet as production has it: a release of hello under way, a service that nobody asks, and users."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import requests
import yaml
from e2e.flotilla import Load
from e2e.process import Process, Service, within
from e2e.prometheus import Target, free_port

TOKEN = "e2e"
NO_RULES = "rules: []\n"

# What users ask for, in requests a second. Faults are loaded into hello alone. Each path is one more load, and so many
# starting at once are what a small machine feels.
USERS = {
    "hello": {"/success": 40, "/work": 10},
    "hello-canary": {"/success": 5},
    "product-api": {"/products": 10},
    "storefront": {"/api/products/1": 10},
    "main-api": {"/s3-buckets": 5, "/parameters": 5},
}
# Far from 300 ms, also on a busy machine.
QUICK = {"WORK_SLEEP": "5ms..20ms", "WORK_CPU": "1ms"}
# What must not count, sent to hello: probes and scrapes on both listeners; and what fails or is unknown on purpose.
PROBES = {"/healthz": 25, "/readyz": 20, "/metrics": 5}
EXCLUDED = {"/fail": 5, "/nowhere": 5}


@dataclass
class Fleet:
    directory: Path
    services: dict[str, Service] = field(default_factory=dict)
    others: list[Process] = field(default_factory=list)

    def start(self) -> None:
        self.faults.write_text(NO_RULES)
        hello = {"FAULTS_FILE": str(self.faults), "ADMIN_TOKEN": TOKEN, **QUICK}
        redis = self.start_redis()
        start = self.services.__setitem__
        start("hello", Service("hello", SERVICE_VERSION="1.0.0", **hello))
        start("hello-canary", Service("hello", SERVICE_VERSION="1.1.0", **hello))
        start("idle", Service("hello"))
        start("auxiliary-service", Service("auxiliary-service", AWS_BACKEND="embedded"))
        auxiliary = self.services["auxiliary-service"].url
        start("main-api", Service("main-api", AUXILIARY_SERVICE_URL=auxiliary))
        start("product-api", Service("product-api", REDIS_URL=redis))
        start("storefront", Service("storefront", PRODUCT_API_URL=self.services["product-api"].url))

    def start_redis(self) -> str:
        port = free_port()
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.directory)]
        self.others.append(Process("redis-server", *options, variables={"PATH": os.environ["PATH"]}))
        return f"redis://127.0.0.1:{port}"

    def stop(self) -> None:
        for process in [*self.services.values(), *self.others]:
            process.stop()

    @property
    def faults(self) -> Path:
        return self.directory / "faults.yaml"

    @property
    def hellos(self) -> list[Service]:
        return [self.services["hello"], self.services["hello-canary"]]

    def targets(self) -> list[Target]:
        canary = Target(self.services["hello-canary"], "hello", track="canary")
        others = [Target(service, name) for name, service in self.services.items() if name != "hello-canary"]
        return [canary, *others]

    def inject(self, rules: str) -> None:
        """Puts fault rules in force, as a ConfigMap would: the file changes as a whole."""
        new = self.faults.with_suffix(".new")
        new.write_text(rules)
        new.replace(self.faults)
        wanted = [rule["name"] for rule in yaml.safe_load(rules)["rules"]]
        within(10, "the rules are in force", lambda: all(in_force(it) == wanted for it in self.hellos))

    def injected(self, kind: str) -> float:
        """How many faults hello has injected since it runs: the truth."""
        return sum(count_injected(service, kind) for service in self.hellos)

    def users(self, seconds: int) -> list[Load]:
        return [
            Load(self.services[name], path, rate, seconds)
            for name, paths in USERS.items()
            for path, rate in paths.items()
        ]

    def probes(self, seconds: int) -> list[Load]:
        hello = self.services["hello"]
        public = [Load(hello, path, rate, seconds) for path, rate in PROBES.items()]
        return public + [Load(hello, "/healthz", 20, seconds, management=True)]

    def excluded(self, seconds: int) -> list[Load]:
        return [Load(self.services["hello"], path, rate, seconds) for path, rate in EXCLUDED.items()]


def in_force(service: Service) -> list[str]:
    """The names of the rules of a service."""
    url = f"http://{service.management}/faults"
    answer = requests.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=5).json()
    return [rule["name"] for rule in answer["rules"]]


def scrape(service: Service) -> str:
    return requests.get(f"http://{service.management}/metrics", timeout=5).text


def count_injected(service: Service, kind: str) -> float:
    lines = scrape(service).splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("fault_injected_total{") and f'kind="{kind}"' in line
    )
