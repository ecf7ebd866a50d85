"""The rules pass their unit tests, and the unit tests cover every rule."""

import subprocess
from pathlib import Path

import cases
import pytest
import references

ALERTS = [rule for rule in references.rules() if "alert" in rule]
EXPECTATIONS = list(cases.expectations())

# Alerts over the requests of users: each of these must leave them silent, in a case of its own.
OF_USERS = ["AvailabilityLow", "ErrorBudgetBurn", "LatencyHigh", "TrafficDrop"]
SILENT = ["no series", "no traffic", "one replica down", "counter reset", "canary at 5 %"]


@pytest.mark.parametrize("path", cases.FILES, ids=[path.stem for path in cases.FILES])
def test_the_rules_pass_their_unit_tests(path: Path) -> None:
    result = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: "-".join([rule["alert"], *rule["labels"].values()]))
def test_every_alert_fires_in_a_case_and_is_silent_in_another(rule: dict) -> None:
    mine = [it for it in EXPECTATIONS if it.alert == rule["alert"]]
    assert any(it.labels is None for it in mine)
    # By severity and burn rate, because rules may share a name.
    wanted = {key: rule["labels"][key] for key in ("severity", "burn") if key in rule["labels"]}
    assert any(it.labels and wanted.items() <= it.labels.items() for it in mine)


@pytest.mark.parametrize("situation", SILENT)
@pytest.mark.parametrize("alert", OF_USERS)
def test_an_alert_of_users_is_silent_in(alert: str, situation: str) -> None:
    cases_of = {it.case for it in EXPECTATIONS if it.alert == alert and it.labels is None}
    assert any(situation in case for case in cases_of), sorted(cases_of)


def test_every_case_has_a_name_of_its_own() -> None:
    for path in cases.FILES:
        names = [case["name"] for case in cases.load(path)["tests"]]
        assert len(set(names)) == len(names), path
