"""PromQL that several dashboards share: rate, errors and duration of the requests that the objectives are about."""

from __future__ import annotations

IN_NAMESPACE = 'namespace="$namespace"'
OF_SERVICE = 'namespace="$namespace", service="$service"'

# Requests to the public port but for probes, scrapes, what matches no route, and hello's /fail, which fails on purpose:
# the selection of the availability rules.
SLI = 'path!~"/healthz|/readyz|/health|/ready|/metrics|/version|/fail|unmatched"'
GOOD = f'{SLI}, status!~"5.."'

# What may fail in each environment that has an objective.
BUDGETS = 'env:slo_error_budget:ratio{slo="availability"}'
BUDGET_LEGEND = "budget"


def budget(select: str) -> str:
    """What may fail where these services run, which a service that is down for some minutes still says."""
    return f"{BUDGETS} and on (env) group by (env) (last_over_time(app_build_info{{{select}}}[1h]))"


def rate(metric: str, select: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}{{{select}}}[$__rate_interval]))"


def requests(select: str, by: str) -> str:
    return rate("http_requests_total", f"{select}, {SLI}", by)


def errors(select: str, by: str) -> str:
    """The share of requests that were answered with 5xx."""
    bad = requests(f'{select}, status=~"5.."', by)
    return f"{bad} / {requests(select, by)}"


def within(seconds: float, select: str, by: str) -> str:
    """The share of good answers that came in time: exact where the time is an edge of the histogram."""
    fast = rate("http_request_duration_seconds_bucket", f'{select}, {GOOD}, le="{seconds}"', by)
    return f"{fast} / {rate('http_request_duration_seconds_count', f'{select}, {GOOD}', by)}"


def quantile(share: float, metric: str, select: str, by: str) -> str:
    buckets = rate(f"{metric}_bucket", select, f"le, {by}")
    return f"histogram_quantile({share}, {buckets})"


def latency(share: float, select: str, by: str) -> str:
    """A quantile of the good answers' duration: a failure at once must not make a slow service look fast."""
    return quantile(share, "http_request_duration_seconds", f"{select}, {GOOD}", by)
