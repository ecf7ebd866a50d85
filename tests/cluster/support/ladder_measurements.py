"""What the pods of a rung counted, as Prometheus has it: also those that are gone."""

import os

from support.prometheus import query

# As long ago as a rung's first pod can have started.
SINCE = "15m"


def total(metric: str, home: str, **labels: str) -> float:
    matchers = ",".join(f'{name}="{value}"' for name, value in {"namespace": home, **labels}.items())
    found = query(os.environ["FLOTILLA_PROMETHEUS"], f"sum(max_over_time({metric}{{{matchers}}}[{SINCE}]))")
    return float(found[0]["value"][1]) if found else 0


def injected(home: str) -> float:
    """Requests that got an error, or a body that is not the handler's."""
    return sum(total("fault_injected_total", home, kind=kind) for kind in ("error", "body"))


def cache_reads(home: str) -> dict[str, tuple[float, float]]:
    """Hits and misses, by version."""
    found = query(os.environ["FLOTILLA_PROMETHEUS"], f'group by (version) (max_over_time(cache_misses_total{{namespace="{home}"}}[{SINCE}]))')
    versions = [series["metric"]["version"] for series in found]
    return {version: tuple(total(f"cache_{what}_total", home, version=version) for what in ("hits", "misses")) for version in versions}
