"""The unit test files of the rules (promtool/*.yaml), and what each case in them says of an alert."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import promql_parser as promql
import references
import yaml

DIRECTORY = Path(__file__).parent / "promtool"
FILES = sorted(DIRECTORY.glob("*.yaml"))


@cache
def load(path: Path) -> dict:
    """A test file; read once, because many tests look into all of them."""
    return yaml.safe_load(path.read_text())


@dataclass(frozen=True)
class Expectation:
    """That an alert fires with these labels, or, without labels, that it does not."""

    case: str
    alert: str
    labels: dict[str, str] | None


def of_alert(path: Path, alert: str) -> dict | None:
    """A test file with the cases of one alert only, or None if it has none."""
    tests = [case for case in load(path)["tests"] if any(it.alert == alert for it in of_case(case))]
    return load(path) | {"tests": tests} if tests else None


def expectations() -> Iterator[Expectation]:
    """All of all files."""
    for path in FILES:
        for case in load(path)["tests"]:
            yield from of_case(case)


def of_case(case: dict) -> Iterator[Expectation]:
    """All of one case."""
    for test in case.get("alert_rule_test", []):
        fired = [alert["exp_labels"] for alert in test["exp_alerts"]] or [None]
        yield from (Expectation(case["name"], test["alertname"], labels) for labels in fired)
    for test in case.get("promql_expr_test", []):
        yield from of_query(case["name"], test)


def of_query(case: str, test: dict) -> Iterator[Expectation]:
    """What a query over ALERTS expects; other queries say nothing of alerts."""
    for selector in references.selectors(promql.parse(test["expr"])):
        if selector.name == "ALERTS":
            asked = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
            samples = [sample for sample in test["exp_samples"] if sample["value"]] or [None]
            for sample in samples:
                labels = asked | dict(references.LABEL.findall(sample["labels"])) if sample else None
                yield Expectation(case, asked["alertname"], labels)
