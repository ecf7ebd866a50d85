"""The few parts of Grafana's dashboard model that these dashboards use: panels, and a grid that lays them out."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import Any

Json = dict[str, Any]

# The model's version, of Grafana 12: an older Grafana reads what it knows of it.
SCHEMA_VERSION = 41
COLUMNS = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
GREEN, ORANGE, RED = "green", "orange", "red"


def query(expr: str, legend: str = "") -> Json:
    """A query over the dashboard's range. A legend names the labels that tell its series apart."""
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": expr,
        "format": "time_series",
        "instant": False,
        "legendFormat": legend or "__auto",
        "range": True,
    }


def thresholds(*steps: tuple[float, str]) -> Json:
    """Green up to the first step."""
    first = {"color": GREEN, "value": None}
    return {"mode": "absolute", "steps": [first, *({"color": color, "value": at} for at, color in steps)]}


def at_least(objective: float) -> Json:
    """Red below the objective."""
    return {"mode": "absolute", "steps": [{"color": RED, "value": None}, {"color": GREEN, "value": objective}]}


def by_threshold(limits: Json) -> Json:
    return {"color": {"mode": "thresholds"}, "thresholds": limits}


def panel(kind: str, title: str, description: str, unit: str, queries: list[Json], defaults: Json) -> Json:
    references = [{"refId": chr(ord("A") + index), **each} for index, each in enumerate(queries)]
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": {"unit": unit, **defaults}, "overrides": []},
        "targets": references,
    }


# A series that is a limit and not a measurement.
BUDGET_LINE = {
    "matcher": {"id": "byName", "options": "budget"},
    "properties": [
        {"id": "color", "value": {"fixedColor": RED, "mode": "fixed"}},
        {"id": "custom.lineStyle", "value": {"dash": [10, 10], "fill": "dash"}},
    ],
}


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Json,
    limits: Json | None = None,
    maximum: float | None = None,
    stacked: bool = False,
    link: Json | None = None,
) -> Json:
    """Lines over time; limits are drawn as lines. A link is offered where a line is clicked."""
    custom = {
        "drawStyle": "line",
        "fillOpacity": 30 if stacked else 0,
        "lineWidth": 1,
        "showPoints": "never",
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "line" if limits else "off"},
    }
    defaults: Json = {
        "color": {"mode": "palette-classic"},
        "custom": custom,
        "min": 0,
        "thresholds": limits or thresholds(),
    }
    if maximum is not None:
        defaults["max"] = maximum
    if link:
        defaults["links"] = [link]
    made = panel("timeseries", title, description, unit, list(queries), defaults)
    made["fieldConfig"]["overrides"] = [BUDGET_LINE]
    made["options"] = {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return made


def figure(title: str, description: str, unit: str, *queries: Json, limits: Json | None = None) -> Json:
    """A number for each series, as it is now."""
    instant = [{**each, "instant": True, "range": False} for each in queries]
    made = panel("stat", title, description, unit, instant, by_threshold(limits or thresholds()))
    made["options"] = {
        "colorMode": "value" if limits else "none",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "auto",
    }
    return made


def table(title: str, description: str, columns: dict[str, Json], *, hidden: tuple[str, ...] = ()) -> Json:
    """One line for each label set. A column is its name with its query; more in its query's `column` are its units."""
    queries = [{**each, "format": "table", "instant": True, "range": False} for each in columns.values()]
    settings = [each.pop("column", {}) for each in queries]
    made = panel("table", title, description, "none", queries, by_threshold(thresholds()))
    names = {f"Value #{chr(ord('A') + index)}": name for index, name in enumerate(columns)}
    if len(columns) == 1:
        names = {"Value": next(iter(columns))}
    made["fieldConfig"]["overrides"] = [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": key, "value": value} for key, value in column.items()],
        }
        for name, column in zip(columns, settings, strict=True)
        if column
    ]
    made["options"] = {"cellHeight": "sm", "showHeader": True}
    made["transformations"] = [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": dict.fromkeys(("Time", *hidden), True),
                "renameByName": names,
            },
        },
    ]
    return made


def column(expr: str, **properties: Any) -> Json:
    """A query for a table, with the properties of its column."""
    return {**query(expr), "column": properties}


def variable(name: str, label: str, expr: str) -> Json:
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "definition": expr,
        "query": {"qryType": 1, "query": expr, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        # On time range change: what was not there when the dashboard was opened may be now.
        "refresh": 2,
        "sort": 1,
        "includeAll": False,
        "multi": False,
    }


def datasource_variable(name: str, label: str, kind: str) -> Json:
    return {
        "type": "datasource",
        "name": name,
        "label": label,
        "query": kind,
        "refresh": 1,
        "includeAll": False,
        "multi": False,
    }


DATASOURCE_VARIABLE = datasource_variable("datasource", "Data source", "prometheus")
# Empty where Grafana has no Jaeger: the links to traces then lead nowhere.
TRACES_VARIABLE = datasource_variable("traces", "Traces", "jaeger")


def traces(**attributes: str) -> Json:
    """A link to the service's traces of the dashboard's range whose spans have these attributes (OpenTelemetry's names, with _
    for their dots)."""
    named = {"service_namespace": "${namespace}", **attributes}
    search = {
        "refId": "A",
        "datasource": {"type": "jaeger", "uid": "${traces}"},
        "queryType": "search",
        "service": "${service}",
        "tags": " ".join(f"{name.replace('_', '.')}={value}" for name, value in named.items()),
        "limit": 20,
    }
    pane = {"datasource": "${traces}", "queries": [search], "range": {"from": "${__from}", "to": "${__to}"}}
    encoded = urllib.parse.quote(json.dumps({"traces": pane}, separators=(",", ":")), safe="")
    # Grafana encodes what it puts in place of a variable, and knows one by its braces.
    panes = re.sub(r"%24%7B([\w.]+)%7D", r"${\1}", encoded)
    return {"title": "Traces", "url": f"/explore?schemaVersion=1&panes={panes}", "targetBlank": True}


NAMESPACE = variable("namespace", "Namespace", "label_values(app_build_info, namespace)")
SERVICE = variable("service", "Service", 'label_values(app_build_info{namespace="$namespace"}, service)')

Line = list[Json]


def lay_out(sections: dict[str, list[Line]]) -> list[Json]:
    """Sections with a heading; the panels of a line share its width."""
    panels: list[Json] = []
    top = 0
    for heading, lines in sections.items():
        panels.append(
            {"type": "row", "title": heading, "collapsed": False, "panels": [], "gridPos": place(0, top, COLUMNS, 1)}
        )
        top += 1
        for line in lines:
            width, height = COLUMNS // len(line), 4 if line[0]["type"] == "stat" else 8
            panels += [each | {"gridPos": place(index * width, top, width, height)} for index, each in enumerate(line)]
            top += height
    return [{"id": number, **each} for number, each in enumerate(panels, start=1)]


def place(x: int, y: int, width: int, height: int) -> Json:
    return {"h": height, "w": width, "x": x, "y": y}


def dashboard(uid: str, title: str, description: str, variables: list[Json], sections: dict[str, list[Line]]) -> Json:
    links = {
        "type": "dashboards",
        "title": "Flotilla",
        "tags": ["flotilla"],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
    }
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["flotilla"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "links": [links],
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [DATASOURCE_VARIABLE, *variables]},
        "annotations": {"list": [FAULTS]},
        "panels": lay_out(sections),
    }


# Where a fault is injected every graph says so: nobody is to look for the cause of a drill.
FAULTS = {
    "name": "Injected faults",
    "datasource": DATASOURCE,
    "enable": True,
    "expr": 'sum by (service, rule) (rate(fault_injected_total{namespace="$namespace"}[$__rate_interval])) > 0',
    "iconColor": ORANGE,
    "titleFormat": "{{service}}: {{rule}}",
    "step": "30s",
}
