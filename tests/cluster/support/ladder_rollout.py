"""One release rolled out from 1.0.0 with every analysis watching, and users whose every request is counted."""

import re
import time
from collections import Counter
from dataclasses import dataclass, field

from support.kubectl import Object, get, list_of, within
from support.ladder import Rung, answers, counted, deploy, host, traffic
from support.namespace import namespace
from support.rollout import Rollout

# Long enough for the leak to reach the line at 20 %, and for three measurements at 50 %.
PAUSES = {20: "200s", 50: "90s", 100: "20s"}
STEPS = [step for weight, pause in PAUSES.items() for step in ({"setWeight": weight}, {"pause": {"duration": pause}})]
SECONDS = 400


@dataclass
class Ended:
    outcome: str = ""
    step: int | None = None
    by: str | None = None
    serving: str = ""
    statuses: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Requests that no version answered: the proxy did, or nobody."""
        return self.statuses["none"] + self.versions["-"]


def roll_out(rung: Rung) -> Ended:
    with namespace(rung.home("ladder")) as home:
        rollout = Rollout(home, rung.service)
        release(rung, "1.0.0", home)
        within(240, f"1.0.0 before {rung.name} is healthy", lambda: rollout.status().get("phase") == "Healthy", 5)
        within(60, f"{host(home)} leads to it", lambda: answers(home), 2)
        with traffic(home, SECONDS) as loads:
            time.sleep(5)
            before = rollout.status()["stableRS"]
            release(rung, rung.version, home)
            seen = follow(rollout, before)
            # Whatever is left of the other version still serves.
            time.sleep(5)
            seen.statuses, seen.versions = counted(loads)
        seen.serving = serving(rung, home)
        return seen


def release(rung: Rung, version: str, home: str) -> None:
    rollout = {"enabled": True, "trafficRouter": "traefik", "analysis": {"flotilla": True}, "steps": STEPS}
    deploy(rung, version, home, {"rollout": rollout})


def follow(rollout: Rollout, before: str) -> Ended:
    """Waits for the end, and remembers the last step before it."""
    seen, began, last = Ended(), time.monotonic(), 0
    while time.monotonic() - began < SECONDS - 20 and not seen.outcome:
        now = rollout.status()
        if now.get("abort") and decided(now):
            seen.outcome, seen.step, seen.by = "aborted", weight_at(last), decided(now)
        elif now.get("phase") == "Healthy" and now["stableRS"] != before:
            seen.outcome = "promoted"
        last = now.get("currentStepIndex", last)
        # Less often than would be nice: many ask beside each other, and a kubectl costs.
        time.sleep(8)
    seen.said = [f"{result['name']} {result['phase']} {values_of(result)}" for result in results(rollout.namespace)]
    return seen


def weight_at(step: int) -> int:
    """The weight that was set last, or is being set."""
    return [taken["setWeight"] for taken in STEPS[: step + 1] if "setWeight" in taken][-1]


def results(home: str) -> list[Object]:
    return [result for run in list_of("analysisruns", home) for result in run.get("status", {}).get("metricResults", [])]


def values_of(result: Object) -> list[str]:
    return [measurement.get("value") or measurement.get("message", "") for measurement in result.get("measurements", [])]


def decided(now: Object) -> str:
    """The question that the controller names as the reason."""
    named = re.search(r'Metric "([a-z-]+)" assessed', now.get("message", ""))
    return named[1] if named else ""


def serving(rung: Rung, home: str) -> str:
    stable = get("rollout", rung.service, home)["status"]["stableRS"]
    [only] = list_of("replicasets", home, f"rollouts-pod-template-hash={stable}")
    return only["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2]
