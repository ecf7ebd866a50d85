"""The dashboards as Grafana reads them, and their queries as it would send them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from e2e.process import ROOT

DIRECTORY = ROOT / "monitoring" / "dashboards"
FILES = sorted(DIRECTORY.glob("*.json"))


@dataclass(frozen=True)
class Query:
    dashboard: str
    panel: str
    expression: str
    # Labels that the legend, the table or the annotation shows.
    shown: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.dashboard}: {self.panel}: {self.expression}"

    def substituted(self, service: str) -> str:
        """With the variables as Grafana fills them in; 30 s are what it makes of a phase's interval, and then some."""
        values = {"$__rate_interval": "30s", "$namespace": "shop", "$service": service}
        text = self.expression
        for variable, value in values.items():
            text = text.replace(variable, value)
        assert "$" not in text, f"an unknown variable: {text}"
        return text


def load(path: Path) -> dict:
    return json.loads(path.read_text())


def queries() -> list[Query]:
    return [query for path in FILES for query in of_dashboard(load(path))]


def of_dashboard(dashboard: dict) -> Iterator[Query]:
    uid = dashboard["uid"]
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield Query(uid, panel["title"], target["expr"], shown(target["legendFormat"]))
    for annotation in dashboard["annotations"]["list"]:
        yield Query(uid, annotation["name"], annotation["expr"], shown(annotation["titleFormat"]))


def shown(template: str) -> frozenset[str]:
    return frozenset(re.findall(r"{{\s*(\w+)\s*}}", template))
