"""A rung rolled out from the good release, with every analysis watching and deciding, and users whose every request is counted."""

import time
from collections import Counter
from dataclasses import dataclass, field

from support.kubectl import Object, get, list_of, pods, within
from support.ladder import Rung
from support.ladder_controller import Controller, decided, results, told, values, verdict
from support.ladder_measurements import cache_reads, injected
from support.ladder_service import migrate, put
from support.ladder_traffic import RATE, RATES, Answered, counted, traffic

# Long enough for the leak to reach the line at 20 %, and for three measurements at 50 %.
PAUSES = {20: "240s", 50: "90s", 100: "20s"}
STEPS = [step for weight, pause in PAUSES.items() for step in ({"setWeight": weight}, {"pause": {"duration": pause}})]
SECONDS = 520


@dataclass
class Ended(Answered):
    """What came of a rung."""

    outcome: str = ""
    step: int | None = None
    by: str | None = None
    serving: str = ""
    statuses: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    # Requests that the rung itself says it spoiled.
    injected: float = 0
    # The shares of good answers that the controller measured.
    measured: list[float] = field(default_factory=list)
    # What each analysis said until the end.
    verdicts: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    # Hits and misses of each version.
    cache: dict[str, tuple[float, float]] = field(default_factory=dict)


def roll_out(rung: Rung, controller: Controller) -> Ended:
    home = controller.namespace
    if script := rung.script("before"):
        migrate(home, script)
    with traffic(rung.service, home, SECONDS, RATES.get(rung.name, RATE)) as loads:
        time.sleep(5)
        before = controller.status()["stableRS"]
        put(rung, rung.version, home, {"analysis": analysis(rung), "steps": STEPS})
        seen = follow(controller, before)
        if seen.outcome == "promoted" and (script := rung.script("after")):
            within(120, "no older pod is left", lambda: versions_that_run(rung, home) == {rung.version}, 2)
            migrate(home, script)
        # Whatever is left of the other version still serves, and a scrape sees the last counts.
        time.sleep(16)
        seen.statuses, seen.versions = counted(loads)
    found = results(controller.run(dry=False))
    seen.measured = values(found.get("success-rate", {}))
    seen.verdicts = {name: verdict(result) for name, result in found.items()}
    seen.said = [told(result) for result in found.values()]
    seen.injected, seen.cache = injected(home), cache_reads(home)
    seen.serving = serving(rung, home)
    return seen


def analysis(rung: Rung, **options: object) -> Object:
    """All questions of the chart, and those about others that the rung names."""
    templates = [{"templateName": f"flotilla-{name}", "clusterScope": True} for name in rung.others]
    given = {
        "stable-success-rate": {"name": "stable-hash", "valueFrom": {"podTemplateHashValue": "Stable"}},
        "caller-success-rate": {"name": "caller", "value": "main-api"},
    }
    args = [given[name] for name in rung.others]
    return {"flotilla": True, "templates": templates, **options, "args": args + options.get("args", [])}


def follow(controller: Controller, before: str) -> Ended:
    """Waits for the end, and remembers the last step before it."""
    seen, began, last = Ended(), time.monotonic(), 0
    while time.monotonic() - began < SECONDS - 40 and not seen.outcome:
        now = controller.status()
        if now.get("abort") and decided(now):
            seen.outcome, seen.step, seen.by = "aborted", weight_at(last), decided(now)
        elif now.get("phase") == "Healthy" and now["stableRS"] != before:
            seen.outcome = "promoted"
        last = now.get("currentStepIndex", last)
        time.sleep(2)
    return seen


def weight_at(step: int) -> int:
    """The weight that was set last, or is being set."""
    return [taken["setWeight"] for taken in STEPS[: step + 1] if "setWeight" in taken][-1]


def serving(rung: Rung, home: str) -> str:
    stable = get("rollout", rung.service, home)["status"]["stableRS"]
    [only] = list_of("replicasets", home, f"rollouts-pod-template-hash={stable}")
    return version_of(only["spec"]["template"])


def version_of(pod: Object) -> str:
    return pod["spec"]["containers"][0]["image"].rpartition(":")[2]


def versions_that_run(rung: Rung, home: str) -> set[str]:
    return {version_of(pod) for pod in pods(home, rung.service)}
