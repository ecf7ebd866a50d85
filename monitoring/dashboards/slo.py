"""The objectives of a service, what is left of its error budget and how fast it goes; then all services at a glance."""

from __future__ import annotations

import expressions as promql
from expressions import IN_NAMESPACE, OF_SERVICE
from grafana import (
    NAMESPACE,
    ORANGE,
    RED,
    SERVICE,
    Json,
    at_least,
    column,
    dashboard,
    figure,
    graph,
    query,
    table,
    thresholds,
)

UID = "flotilla-slo"

REQUESTS = "namespace_service:http_requests"
DURATIONS = "namespace_service:http_request_duration_seconds"

# Each alert on the budget: burn rate, long and short window.
BURNS = ((14.4, "1h", "5m"), (6, "6h", "30m"), (3, "1d", "2h"), (1, "3d", "6h"))


def month_of_errors(select: str) -> str:
    """The share of 30 days' requests that failed. Prometheus has to keep as much."""
    errors = f"sum_over_time(namespace_service:http_requests_errors:rate5m{{{select}}}[30d])"
    return f"{errors} / sum_over_time({REQUESTS}:rate5m{{{select}}}[30d])"


def budget_left(select: str) -> str:
    return f"1 - ({month_of_errors(select)}) / on (env) group_left () {promql.BUDGETS}"


def burn_rate(window: str, select: str = OF_SERVICE) -> str:
    return f"{REQUESTS}:burn_rate{window}{{{select}}}"


def now() -> list[Json]:
    return [
        figure(
            "Objective",
            "Share of requests that must not fail over 30 days. Empty where the environment has no objective.",
            "percentunit",
            query(f"1 - ({promql.budget(OF_SERVICE)})"),
        ),
        figure(
            "Availability, 30 days",
            "Share of requests that did not fail.",
            "percentunit",
            query(f"1 - {month_of_errors(OF_SERVICE)}"),
        ),
        figure(
            "Budget left, 30 days",
            "Share of the error budget that is not spent. Below 0 the objective is missed.",
            "percentunit",
            query(budget_left(OF_SERVICE)),
            limits=at_least(0),
        ),
        figure(
            "Burn rate, 1 hour",
            "1 uses the budget up in exactly 30 days; 14.4 in two days, and pages in production.",
            "none",
            query(burn_rate("1h")),
            limits=thresholds((1, ORANGE), (14.4, RED)),
        ),
        figure(
            "A whole budget lasts",
            "How long 30 days' budget lasts at the burn rate of the last hour. Empty while nothing fails.",
            "s",
            query(f"30 * 86400 / ({burn_rate('1h')} > 0)"),
        ),
        figure(
            "Within 300 ms",
            "Share of good answers within 300 ms over 5 minutes, exact. The objective is 95 %.",
            "percentunit",
            query(f"{DURATIONS}:within_300ms_ratio_rate5m{{{OF_SERVICE}}}"),
            limits=at_least(0.95),
        ),
    ]


def burn() -> list[list[Json]]:
    panels = [
        graph(
            f"Burn rate over {long} and {short}",
            f"An alert fires while both are at {factor} or above: the long window says that it matters, the short one "
            "that it still goes on.",
            "none",
            query(burn_rate(long), long),
            query(burn_rate(short), short),
            limits=thresholds((factor, RED)),
        )
        for factor, long, short in BURNS
    ]
    return [panels[:2], panels[2:]]


def ratios() -> list[Json]:
    windows = ("5m", "1h", "6h", "3d")
    return [
        graph(
            "Error ratio",
            "Share of requests that failed, over several windows. Dashed: what the objective allows over 30 days.",
            "percentunit",
            *(query(f"{REQUESTS}:error_ratio_rate{window}{{{OF_SERVICE}}}", window) for window in windows),
            query(promql.budget(OF_SERVICE), promql.BUDGET_LEGEND),
        ),
        graph(
            "Requests",
            "Requests and failures that count. None: there is no ratio, and no alert.",
            "reqps",
            query(f"{REQUESTS}:rate5m{{{OF_SERVICE}}}", "requests"),
            query(f"namespace_service:http_requests_errors:rate5m{{{OF_SERVICE}}}", "failed"),
        ),
    ]


def latency() -> list[Json]:
    return [
        graph(
            "Answered in time",
            "Share of good answers within 300 ms and 400 ms over 5 minutes, exact. Line: 95 %; the alert is on 400 ms.",
            "percentunit",
            query(f"{DURATIONS}:within_300ms_ratio_rate5m{{{OF_SERVICE}}}", "within 300 ms"),
            query(f"{DURATIONS}:within_400ms_ratio_rate5m{{{OF_SERVICE}}}", "within 400 ms"),
            limits=at_least(0.95),
            maximum=1,
        ),
        graph(
            "95th percentile",
            "Interpolated within a bucket: for the eye, no alert uses it. Lines: 300 ms and 400 ms.",
            "s",
            query(promql.latency(0.95, OF_SERVICE, "service"), "p95"),
            limits=thresholds((0.3, ORANGE), (0.4, RED)),
        ),
    ]


def everything() -> list[Json]:
    return [
        table(
            "All services",
            "Every service of the namespace: what is left of its budget, and how fast it goes.",
            {
                "Budget left": column(
                    f"max by (service) ({budget_left(IN_NAMESPACE)})",
                    unit="percentunit",
                    decimals=1,
                    thresholds=at_least(0),
                    **{"custom.cellOptions": {"type": "color-text"}},
                ),
                "Burn rate, 1 hour": column(f"max by (service) ({burn_rate('1h', IN_NAMESPACE)})", decimals=2),
                "Burn rate, 3 days": column(f"max by (service) ({burn_rate('3d', IN_NAMESPACE)})", decimals=2),
            },
        ),
        table(
            "Alerts of this service",
            "Pending and firing. InjectedFault beside another one: look at the rule that it names first.",
            {"Active": column(f"max by (alertname, alertstate, severity) (ALERTS{{{OF_SERVICE}}})")},
            hidden=("Active",),
        ),
    ]


def build() -> Json:
    sections = {
        "Now": [now()],
        "Error budget": burn(),
        "Availability": [ratios()],
        "Latency": [latency()],
        "Overview": [everything()],
    }
    description = "Objectives, error budget, burn rates by the windows of the alerts, latency against its lines."
    return dashboard(UID, "Flotilla / SLO and error budget", description, [NAMESPACE, SERVICE], sections)
