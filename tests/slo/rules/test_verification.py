"""The query by which gitops/kargo verifies an environment: on what exists, and exact on series that are known."""

from pathlib import Path

import pytest
import references
import yaml
from test_analyses import QUERIES, excluded, lines, measures, requests

TEMPLATE = yaml.safe_load((references.ROOT / "gitops/kargo/verification/success-rate.yaml").read_text())
[METRIC] = TEMPLATE["spec"]["metrics"]
QUERY = METRIC["provider"]["prometheus"]["query"].replace("{{args.namespace}}", "flotilla-qa")


def test_it_refers_to_what_exists_and_counts_as_the_objectives_do(known: references.Known) -> None:
    assert references.problems(QUERY, known) == []
    assert excluded(QUERY) == excluded(QUERIES["success-rate"])
    for condition in ("successCondition", "failureCondition"):
        assert float(METRIC[condition].split()[-1]) in lines("success-rate")


def service(name: str, good: float, bad: float, namespace: str = "flotilla-qa", path: str = "/success") -> list[tuple[str, str]]:
    return requests(f'namespace="{namespace}",service="{name}"', {(path, "200"): good, (path, "500"): bad})


CASES = [
    (service("hello", 97, 3) + service("storefront", 1, 0), 0.97),
    (service("hello", 10, 0) + service("storefront", 1, 0), 1),
    # One that nobody asked says nothing of the others.
    (service("hello", 9, 1) + service("storefront", 0, 0), 0.9),
    (service("hello", 10, 0) + service("hello", 0, 5, path="/fail") + service("storefront", 1, 1, namespace="flotilla-dev"), 1),
    (service("hello", 0, 0), None),
]


@pytest.mark.parametrize(("series", "value"), CASES, ids=[str(value) for _, value in CASES])
def test_it_is_the_rate_of_the_worst_service(series: list[tuple[str, str]], value: float | None, tmp_path: Path) -> None:
    measures(QUERY, series, value, tmp_path)
