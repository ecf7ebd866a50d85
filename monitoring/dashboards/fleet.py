"""Every service of a namespace: who is there, who is asked, who answers badly or late, and whether that is injected."""

from __future__ import annotations

import expressions as promql
from expressions import IN_NAMESPACE
from grafana import NAMESPACE, ORANGE, RED, Json, at_least, column, dashboard, graph, query, table, thresholds

UID = "flotilla-fleet"

BUDGET = query(promql.budget(IN_NAMESPACE), promql.BUDGET_LEGEND)

KEPT = "${namespace:queryparam}&${datasource:queryparam}&${__url_time_range}"
TO_SERVICE = [{"title": "Open the service", "url": f"/d/flotilla-service?var-service=${{__value.text}}&{KEPT}"}]


def by_service(metric: str, **properties: Json | float | str) -> Json:
    """A recorded series without its name: lines of a table meet where all of their labels are equal."""
    return column(f"max by (service) ({metric}{{{IN_NAMESPACE}}})", **properties)


def overview() -> Json:
    coloured = {"custom.cellOptions": {"type": "color-text"}}
    recorded = "namespace_service:http_requests"
    durations = "namespace_service:http_request_duration_seconds"
    made = table(
        "Services",
        "Users' requests of the last 5 minutes: no probe, no scrape. Burn rate 1 uses the error budget up in exactly "
        "30 days; it is empty where the environment has no objective.",
        {
            "Requests": by_service(f"{recorded}:rate5m", unit="reqps"),
            "Errors": by_service(f"{recorded}:error_ratio_rate5m", unit="percentunit", decimals=2),
            "Burn rate": by_service(
                f"{recorded}:burn_rate5m", decimals=1, thresholds=thresholds((1, ORANGE), (14.4, RED)), **coloured
            ),
            "Within 300 ms": by_service(
                f"{durations}:within_300ms_ratio_rate5m",
                unit="percentunit",
                decimals=1,
                thresholds=at_least(0.95),
                **coloured,
            ),
            "Replicas": column(f"count by (service) (app_build_info{{{IN_NAMESPACE}}})"),
            "Versions": column(f"count by (service) (count by (service, version) (app_build_info{{{IN_NAMESPACE}}}))"),
        },
    )
    made["fieldConfig"]["overrides"].append(
        {"matcher": {"id": "byName", "options": "service"}, "properties": [{"id": "links", "value": TO_SERVICE}]}
    )
    return made


def alerts() -> Json:
    return table(
        "Alerts",
        "Pending and firing alerts of services, and of pods without their service; not those of nodes, Argo CD, Kargo and "
        "Flux, which are of no namespace. InjectedFault beside another one: look at the rule that it names first.",
        {"Active": column(f"max by (alertname, alertstate, severity, service) (ALERTS{{{IN_NAMESPACE}}})")},
        hidden=("Active",),
    )


def build() -> Json:
    traffic = [
        graph(
            "Requests",
            "Requests of users to each service.",
            "reqps",
            query(promql.requests(IN_NAMESPACE, "service"), "{{service}}"),
        ),
        graph(
            "Errors",
            "Share of requests answered with 5xx. Dashed: what the objective allows over 30 days.",
            "percentunit",
            query(promql.errors(IN_NAMESPACE, "service"), "{{service}}"),
            BUDGET,
        ),
        graph(
            "Answered within 300 ms",
            "Exact share, from the histogram's edge. Line: the objective, 95 %.",
            "percentunit",
            query(promql.within(0.3, IN_NAMESPACE, "service"), "{{service}}"),
            limits=at_least(0.95),
            maximum=1,
        ),
    ]
    resources = [
        graph(
            "CPU",
            "Cores used by all replicas of a service.",
            "none",
            query(promql.rate("process_cpu_seconds_total", IN_NAMESPACE, "service"), "{{service}}"),
        ),
        graph(
            "Memory",
            "Resident memory of all replicas of a service.",
            "bytes",
            query(f"sum by (service) (process_resident_memory_bytes{{{IN_NAMESPACE}}})", "{{service}}"),
        ),
        graph(
            "Requests in flight",
            "Requests that are being answered: rises when a service is slower than it is asked.",
            "none",
            query(f"sum by (service) (http_requests_in_flight{{{IN_NAMESPACE}}})", "{{service}}"),
        ),
    ]
    faults = [
        graph(
            "Injected faults",
            "Errors and delays that the services injected into their own answers, by rule.",
            "reqps",
            query(
                promql.rate("fault_injected_total", IN_NAMESPACE, "service, rule, kind"),
                "{{service}}: {{rule}} ({{kind}})",
            ),
        ),
        graph(
            "Fault rules in force",
            "0: the rules that were last read are refused, and the last good ones stay: none where they were broken at start.",
            "bool_yes_no",
            query(f"min by (service) (fault_config_valid{{{IN_NAMESPACE}}})", "{{service}}"),
        ),
        table(
            "What runs",
            "Each version that runs, with its commit and how many replicas have it.",
            {"Replicas": column(f"count by (service, track, version, commit) (app_build_info{{{IN_NAMESPACE}}})")},
        ),
    ]
    sections = {
        "Now": [[overview(), alerts()]],
        "Requests": [traffic],
        "Resources": [resources],
        "Faults and versions": [faults],
    }
    description = "Every service of an environment: requests, errors, latency, resources, faults, versions."
    return dashboard(UID, "Flotilla / Fleet", description, [NAMESPACE], sections)
