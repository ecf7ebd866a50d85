"""One service: rate, errors and duration by version and by route, what it uses, and what it depends on."""

from __future__ import annotations

import expressions as promql
from expressions import OF_SERVICE
from grafana import NAMESPACE, ORANGE, RED, SERVICE, TRACES_VARIABLE, Json, dashboard, graph, query, thresholds, traces

UID = "flotilla-service"

BUDGET = query(promql.budget(OF_SERVICE), promql.BUDGET_LEGEND)
LATENCY_LIMITS = thresholds((0.3, ORANGE), (0.4, RED))


def requests_by(label: str, legend: str, **attributes: str) -> list[Json]:
    """The attributes are those of the spans that a line's requests have."""
    return [
        graph(
            "Rate",
            "Requests of users: no probe, no scrape.",
            "reqps",
            query(promql.requests(OF_SERVICE, label), legend),
            link=traces(**attributes),
        ),
        graph(
            "Errors",
            "Share answered with 5xx. Dashed: what the objective allows over 30 days.",
            "percentunit",
            query(promql.errors(OF_SERVICE, label), legend),
            BUDGET,
            link=traces(**attributes, error="true"),
        ),
        graph(
            "Duration, 95th percentile",
            "Interpolated within a bucket. Lines: 300 ms, the objective; 400 ms, where it alerts: both are edges.",
            "s",
            query(promql.latency(0.95, OF_SERVICE, label), legend),
            limits=LATENCY_LIMITS,
            link=traces(**attributes),
        ),
    ]


def all_requests() -> list[Json]:
    return [
        graph(
            "By status",
            "Every request to the public port, probes included. 499: the client went away.",
            "reqps",
            query(promql.rate("http_requests_total", OF_SERVICE, "status"), "{{status}}"),
            stacked=True,
        ),
        graph(
            "Duration",
            "Median, 95th and 99th percentile of all users' requests that did not fail.",
            "s",
            *(
                query(promql.latency(share, OF_SERVICE, "service"), f"p{share * 100:.0f}")
                for share in (0.5, 0.95, 0.99)
            ),
            limits=LATENCY_LIMITS,
        ),
        graph(
            "Injected faults",
            "Errors and delays that the service injected into its own answers, by rule.",
            "reqps",
            query(promql.rate("fault_injected_total", OF_SERVICE, "rule, kind"), "{{rule}} ({{kind}})"),
        ),
    ]


def saturation() -> list[list[Json]]:
    each = "{{instance}}"
    return [
        [
            graph(
                "Requests in flight",
                "Requests that are being answered, for each replica.",
                "none",
                query(f"http_requests_in_flight{{{OF_SERVICE}}}", each),
            ),
            graph(
                "CPU",
                "Cores used by each replica.",
                "none",
                query(promql.rate("process_cpu_seconds_total", OF_SERVICE, "instance"), each),
            ),
            graph(
                "Memory",
                "Resident memory of each replica.",
                "bytes",
                query(f"process_resident_memory_bytes{{{OF_SERVICE}}}", each),
            ),
        ],
        [
            graph(
                "File descriptors",
                "Share of its limit that each replica has open.",
                "percentunit",
                query(f"process_open_fds{{{OF_SERVICE}}} / process_max_fds{{{OF_SERVICE}}}", each),
            ),
            graph(
                "Connections without a request",
                "Connections that brought bytes which are no request head.",
                "cps",
                query(promql.rate("http_connection_errors_total", OF_SERVICE, "instance"), each),
            ),
            graph(
                "Log lines dropped",
                "Lines lost because their reader was too slow.",
                "cps",
                query(promql.rate("log_lines_dropped_total", OF_SERVICE, "instance"), each),
            ),
        ],
    ]


def calls(name: str, metric: str, histogram: str, by: str, about: str) -> list[Json]:
    """A dependency whose every call has an outcome."""
    legend = f"{{{{{by}}}}}"
    return [
        graph(
            f"{name}: calls",
            f"{about} by outcome.",
            "reqps",
            query(promql.rate(metric, OF_SERVICE, f"{by}, outcome"), f"{legend}: {{{{outcome}}}}"),
        ),
        graph(
            f"{name}: duration, 95th percentile",
            f"{about}, whatever their outcome.",
            "s",
            query(promql.quantile(0.95, histogram, OF_SERVICE, by), legend),
        ),
    ]


def storage(name: str, about: str) -> list[Json]:
    histogram = f"{name.lower()}_operation_duration_seconds"
    return calls(name, f"{histogram}_count", histogram, "operation", about)


def cache_hits() -> Json:
    hits = promql.rate("cache_hits_total", OF_SERVICE, "key_type")
    misses = promql.rate("cache_misses_total", OF_SERVICE, "key_type")
    return graph(
        "Cache: hit ratio",
        "Share of look-ups that the cache answered, by kind of key.",
        "percentunit",
        query(f"{hits} / ({hits} + {misses})", "{{key_type}}"),
        maximum=1,
    )


def upstream_retries() -> Json:
    return graph(
        "Upstream: retries",
        "Calls that were repeated: on connection failure, or a 503 without Retry-After.",
        "reqps",
        query(promql.rate("upstream_retries_total", OF_SERVICE, "upstream"), "{{upstream}}"),
    )


def aws_attempts() -> Json:
    return graph(
        "AWS: attempts",
        "Attempts of the SDK: what is more than the calls are retries.",
        "reqps",
        query(promql.rate("aws_request_attempts_total", OF_SERVICE, "operation"), "{{operation}}"),
    )


def dependencies() -> list[list[Json]]:
    upstream = ("upstream_requests_total", "upstream_request_duration_seconds", "upstream")
    aws = ("aws_requests_total", "aws_request_duration_seconds", "operation")
    return [
        [*calls("Upstream", *upstream, "Calls to another service"), upstream_retries()],
        [*calls("AWS", *aws, "Calls to AWS"), aws_attempts()],
        [*storage("Cache", "Operations of the cache"), cache_hits()],
        storage("Database", "Operations of the database"),
    ]


def build() -> Json:
    sections = {
        "Requests": [all_requests()],
        "By version": [requests_by("version", "{{version}}", service_version="${__field.labels.version}")],
        "By route": [requests_by("method, path", "{{method}} {{path}}", http_route="${__field.labels.path}")],
        "Saturation": saturation(),
        "Dependencies (empty where a service has none of the kind)": dependencies(),
    }
    description = "One service: rate, errors and duration by version and route, saturation, dependencies."
    return dashboard(UID, "Flotilla / Service", description, [NAMESPACE, SERVICE, TRACES_VARIABLE], sections)
