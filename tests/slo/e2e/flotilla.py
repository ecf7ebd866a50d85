"""The command: its load, and its drills as data."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass

import yaml
from e2e.process import BINARIES, Process, Service

FLOTILLA = BINARIES / "flotilla"


@dataclass(frozen=True)
class Alert:
    """What a drill says about an alert."""

    name: str
    severity: str
    condition: str
    says: str

    @property
    def burn(self) -> str:
        """The threshold of a burn rate, as the alert's label has it; empty for the others."""
        return self.condition.rpartition(">= ")[2] if self.name == "ErrorBudgetBurn" else ""

    @property
    def minutes(self) -> float | None:
        """When it fires, be it after the fault's end. None: it does not."""
        found = re.search(r"after ([\d.]+) min", self.says)
        return float(found[1]) if found else None


@dataclass(frozen=True)
class Drill:
    text: str
    rate: float
    alerts: list[Alert]


def drill(*arguments: str) -> Drill:
    text = subprocess.run(
        [FLOTILLA, "drill", "--slo", "availability", *arguments], check=True, capture_output=True, text=True
    ).stdout
    rows = [re.split(r" {2,}", line.removeprefix("#   ")) for line in text.splitlines() if line.startswith("#   ")]
    return Drill(text, yaml.safe_load(text)["rules"][0]["error"]["rate"], [Alert(*row) for row in rows])


class Load(Process):
    """A bounded load, whose report is read at its end."""

    def __init__(self, service: Service, path: str, rate: int, seconds: int, *, management: bool = False) -> None:
        self.service, self.path = service, path
        url = f"http://{service.management}{path}" if management else service.url + path
        # Enough connections for requests that take half a second each.
        options = ["--rate", f"{rate}/s", "--for", f"{seconds}s", "--connections", "64", "--json"]
        super().__init__(FLOTILLA, "load", url, *options)

    def report(self) -> dict:
        self.popen.wait(timeout=60)
        self.reader.join()
        report = json.loads("".join(self.lines))
        assert report["lost"] == 0, f"{self.path}: {report}"
        return report
