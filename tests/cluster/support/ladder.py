"""The rungs of the release ladder: their files, and the service that runs one."""

import json
import os
import re
from dataclasses import dataclass
from functools import cached_property

import yaml
from support.client import ask
from support.kubectl import Object, apply
from support.rendering import ROOT, Document, chart, text

# What the chart asks of every service; an analysis beyond them is asked where a rung names it.
QUESTIONS = ("success-rate", "latency", "by-route", "memory", "restarts", "readiness", "web")


@dataclass(frozen=True)
class Rung:
    service: str
    version: str

    @cached_property
    def document(self) -> Object:
        return yaml.safe_load((ROOT / "ladder" / self.service / f"{self.version}.yaml").read_text())

    @property
    def release(self) -> Object:
        return self.document["release"]

    @property
    def name(self) -> str:
        return f"{self.service}-{self.version}"

    @property
    def stable(self) -> str:
        """What it is rolled out from; the first rung from the service's own image."""
        return "0.1.0" if self.version == "1.0.0" else "1.0.0"

    @property
    def others(self) -> list[str]:
        """Analyses that look at somebody else than the canary."""
        return [name for name in self.release["verdicts"] if name not in QUESTIONS]

    @property
    def error_rate(self) -> float | None:
        """The share of all requests that it fails."""
        rates = [rule["error"]["rate"] for rule in self.document["rules"] if "error" in rule and "match" not in rule]
        return rates[0] if rates else None

    def script(self, when: str) -> str | None:
        """The SQL that has to be run before or after the rollout."""
        named = re.search(r"--file (\S+)", self.release.get(when, ""))
        return (ROOT / named[1]).read_text() if named else None

    def home(self, prefix: str) -> str:
        """The beginning of its namespace's name."""
        return f"flotilla-{prefix}-{self.name.replace('.', '-')}"


def every_rung() -> list[Rung]:
    """Of the files: none can be in the table and not here."""
    found = [Rung(path.parent.name, path.stem) for path in (ROOT / "ladder").glob("*/*.yaml")]
    return sorted(found, key=lambda rung: (rung.service, [int(part) for part in rung.version.split(".")]))


def host(home: str) -> str:
    return f"{home}.local"


def answers(home: str) -> bool:
    return ask(f"{os.environ['FLOTILLA_INGRESS']}/version", headers={"Host": host(home)}).status == 200


def ingress(home: str) -> Object:
    return {"enabled": True, "className": "traefik", "hosts": [host(home)]}


def rendered(service: str, tag: str, home: str, values: Object) -> list[Document]:
    merged = {"image": {"tag": tag}, **values}
    options = [option for key, value in merged.items() for option in ("--set-json", f"{key}={json.dumps(value)}")]
    return chart(service, home, *options)


def deploy(service: str, tag: str, home: str, values: Object) -> None:
    apply(text(rendered(service, tag, home, values)), "--namespace", home)
