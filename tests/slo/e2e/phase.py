"""A phase: users ask the fleet for a while, watched by a Prometheus that has seen nothing before."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from e2e.fleet import USERS, Fleet
from e2e.flotilla import Load
from e2e.process import within
from e2e.prometheus import Alert, Prometheus

# So many samples that a percent of errors is dozens of them, and short enough to wait for.
SECONDS = 40

# Every service whose requests the objectives are about; auxiliary-service is asked by main-api.
ASKED = {"hello", "product-api", "storefront", "main-api", "auxiliary-service"}


@dataclass
class Phase:
    prometheus: Prometheus
    # What was sent by users, by service as its target is labelled.
    sent: dict[str, int]
    # Errors and delays that hello injected meanwhile, as it says itself.
    injected: dict[str, float]
    # Every alert that was pending or firing at the end, or fired before. One that was pending for a moment and no more is
    # none: at the very start a window holds a handful of requests, and a busy machine may delay one.
    alerts: set[Alert]
    # When the last sample of the phase had been evaluated, in seconds since 1970.
    end: float

    def query(self, expression: str) -> dict[str, float]:
        """The value for each service, as it was at the end."""
        samples = self.prometheus.query(expression, self.end)
        return {sample.labels.get("service", ""): sample.value for sample in samples}

    def names(self) -> set[tuple[str, str]]:
        return {(alert.name, alert.service) for alert in self.alerts}


def run(fleet: Fleet, directory: Path, *, excluded: bool = False) -> Phase:
    prometheus = Prometheus(directory, fleet.targets())
    try:
        within(20, "every target is scraped", lambda: all_up(prometheus, len(fleet.services)))
        before = {kind: fleet.injected(kind) for kind in ("error", "latency")}
        users = fleet.users(SECONDS)
        others = fleet.probes(SECONDS) + (fleet.excluded(SECONDS) if excluded else [])
        fired = watch(prometheus, users + others)
        sent = count(users, fleet)
        for load in others:
            load.report()
        injected = {kind: fleet.injected(kind) - before[kind] for kind in before}
        end = settle(prometheus)
        return Phase(prometheus, sent, injected, fired | prometheus.alerts(), end)
    except BaseException:
        prometheus.stop()
        raise


def all_up(prometheus: Prometheus, targets: int) -> bool:
    # Two samples: a rate needs as many, and what is sent before is not in it.
    return len(prometheus.query("count_over_time(app_build_info[1m]) >= 2")) == targets


def watch(prometheus: Prometheus, loads: list[Load]) -> set[Alert]:
    """Collects the alerts that fire until the loads have ended."""
    fired: set[Alert] = set()
    while any(load.running() for load in loads):
        fired |= {alert for alert in prometheus.alerts() if alert.state == "firing"}
        time.sleep(0.5)
    return fired


def settle(prometheus: Prometheus) -> float:
    """Waits until rules were evaluated on samples from after the last request, and says when."""
    now = time.time()
    within(20, "a scrape after the last request", lambda: bool(evaluated_since(prometheus, now)))
    return time.time()


def evaluated_since(prometheus: Prometheus, moment: float) -> list[str]:
    # Two intervals: the samples of the first are those that the second evaluates.
    newest = prometheus.query("min(timestamp(namespace_service:http_requests:rate5m))")
    return [str(sample.value) for sample in newest if sample.value >= moment + 2]


def count(users: list[Load], fleet: Fleet) -> dict[str, int]:
    """Requests of users by the label `service`: hello's canary is hello."""
    names = {id(service): name.removesuffix("-canary") for name, service in fleet.services.items()}
    sent = dict.fromkeys((name.removesuffix("-canary") for name in USERS), 0)
    for load in users:
        sent[names[id(load.service)]] += load.report()["sent"]
    return sent
