"""A release in two columns: the stable pods on the left, the canary's on the right."""

from __future__ import annotations

from collections.abc import Callable

import expressions as promql
from expressions import OF_SERVICE
from grafana import NAMESPACE, ORANGE, RED, SERVICE, TRACES_VARIABLE, Json, dashboard, figure, graph, query, thresholds, traces

UID = "flotilla-canary"

TRACKS = ("stable", "canary")
VERSION = "${__field.labels.version}"

Build = Callable[[str], str]


def pods(track: str) -> str:
    return f'{OF_SERVICE}, track="{track}"'


def columns(title: str, description: str, unit: str, build: Build, *more: Json, **options: Json) -> list[Json]:
    """The same graph for both; build makes the expression from the selection of pods."""
    return [
        graph(f"{title}, {track}", description, unit, query(build(pods(track)), "{{version}}"), *more, **options)
        for track in TRACKS
    ]


def share() -> list[Json]:
    canary, stable = pods("canary"), pods("stable")
    split = f"{promql.requests(canary, 'service')} / {promql.requests(OF_SERVICE, 'service')}"
    difference = f"{promql.errors(canary, 'service')} - {promql.errors(stable, 'service')}"
    return [
        figure(
            "Canary's share of requests",
            "What the traffic split really is.",
            "percentunit",
            query(split, "canary"),
        ),
        figure(
            "More errors in the canary",
            "Error share of the canary less that of the stable pods: negative when the canary is the better one.",
            "percentunit",
            query(difference, "difference"),
            limits=thresholds((0.001, ORANGE), (0.01, RED)),
        ),
        figure(
            "Pods",
            "Pods of each track that answer the scrape.",
            "none",
            query(f"count by (track) (app_build_info{{{OF_SERVICE}}})", "{{track}}"),
        ),
        figure(
            "Versions",
            "Which version runs on which track.",
            "none",
            query(f"count by (track, version) (app_build_info{{{OF_SERVICE}}})", "{{track}}: {{version}}"),
        ),
    ]


def build() -> Json:
    budget = query(promql.budget(OF_SERVICE), promql.BUDGET_LEGEND)
    latency = thresholds((0.3, ORANGE), (0.4, RED))
    comparison = [
        columns(
            "Rate",
            "Requests of users.",
            "reqps",
            lambda pods: promql.requests(pods, "version"),
            link=traces(service_version=VERSION),
        ),
        columns(
            "Errors",
            "Share answered with 5xx. Dashed: what the objective allows over 30 days.",
            "percentunit",
            lambda pods: promql.errors(pods, "version"),
            budget,
            link=traces(service_version=VERSION, error="true"),
        ),
        columns(
            "Duration, 95th percentile",
            "Interpolated within a bucket. Lines: 300 ms, the objective; 400 ms, where it alerts.",
            "s",
            lambda pods: promql.latency(0.95, pods, "version"),
            limits=latency,
            link=traces(service_version=VERSION),
        ),
        columns(
            "Injected errors",
            "Errors of a fault rule, which may match one version alone: the truth that an analysis has to find.",
            "reqps",
            lambda pods: promql.rate("fault_injected_total", f'{pods}, kind="error"', "version"),
        ),
        columns(
            "Memory",
            "Largest resident memory of a pod.",
            "bytes",
            lambda pods: f"max by (version) (process_resident_memory_bytes{{{pods}}})",
        ),
        columns(
            "CPU",
            "Cores used by a pod, on average.",
            "none",
            lambda pods: f"avg by (version) (rate(process_cpu_seconds_total{{{pods}}}[$__rate_interval]))",
        ),
    ]
    sections = {"Split": [share()], "Stable against canary": comparison}
    description = "A release: the stable pods against the canary's, side by side."
    return dashboard(UID, "Flotilla / Canary", description, [NAMESPACE, SERVICE, TRACES_VARIABLE], sections)
