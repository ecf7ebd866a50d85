"""The minutes that `flotilla drill` prints are those after which promtool sees the real rules fire, and none before."""

from __future__ import annotations

import math
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml
from e2e.flotilla import Alert, Drill, drill
from e2e.process import ROOT

RULES = ROOT / "monitoring/prometheus/availability.yaml"

# The minute in which every fault begins: until then is longer than the longest window, 3 days.
START = 3 * 24 * 60 + 10
# For how long series go on after a fault.
AFTER = 120
# Requests in each minute: every error rate below is a whole number of them.
TRAFFIC = 10_000


@dataclass(frozen=True)
class Case:
    burn: str
    minutes: int
    environment: str = "production"
    history: str = "clean"

    @property
    def name(self) -> str:
        return f"burn-{self.burn}-for-{self.minutes}m-{self.environment}-{self.history}"

    def drill(self) -> Drill:
        return drill(
            *("--burn", self.burn, "--for", f"{self.minutes}m"),
            *("--environment", self.environment, "--history", self.history),
        )

    def series(self, rate: float) -> list[dict]:
        """Traffic in which the fault strikes, in promtool's notation: first value, step, and how many more samples."""
        failing = round(TRAFFIC * rate)
        past = START if self.history == "clean" else 0
        good = [TRAFFIC] * past + [TRAFFIC - failing] * self.minutes + [TRAFFIC] * AFTER
        bad = [0] * past + [failing] * self.minutes + [0] * AFTER
        absent = "" if self.history == "clean" else f"_x{START} "
        labels = f'namespace="shop", env="{self.environment}", service="{self.name}", path="/success"'
        return [
            {"series": f'http_requests_total{{{labels}, status="{status}"}}', "values": absent + counter(steps)}
            for status, steps in (("200", good), ("500", bad))
        ]


CASES = [
    Case("30", 180),
    Case("30", 180, history="none"),
    # At the edge: the ratio reaches the threshold exactly when the long window is full.
    Case("14.4", 70),
    # The alert fires after the fault has ended.
    Case("30", 5),
    Case("30", 5, history="none"),
    # Nothing fires: too slow for one alert, too short for the others.
    Case("5", 5),
    Case("20", 90, environment="staging"),
    Case("2", 60, environment="staging", history="none"),
]


def test_alerts_fire_in_the_minute_that_is_printed_and_not_before(tmp_path: Path) -> None:
    series, expectations, said = [], [], ""
    for case in CASES:
        held = case.drill()
        assert len(held.alerts) == 5, held.text
        series += case.series(held.rate)
        expectations += [each for alert in held.alerts for each in expect(alert, case)]
        said += held.text
    unit = tmp_path / "drill.yaml"
    unit.write_text(yaml.safe_dump(unit_test(series, expectations)))
    # One run for all cases: evaluating three days of rules is what takes the time.
    result = subprocess.run(["promtool", "test", "rules", unit], capture_output=True, text=True)
    assert result.returncode == 0, f"{said}\n{result.stdout}{result.stderr}"


def expect(alert: Alert, case: Case) -> list[dict]:
    """Whether the alert fires, at the minutes that tell the truth of what the drill says about it."""
    labels = f'alertname="{alert.name}", burn="{alert.burn}", service="{case.name}", alertstate="firing"'
    firing = f"count(ALERTS{{{labels}}})"
    if alert.minutes is None:
        # Until long after its end, when the shorter windows have forgotten the fault.
        return [at(minute, firing, False) for minute in range(0, case.minutes + AFTER - 10, 5)]
    minute = math.ceil(alert.minutes)
    return [at(minute - 1, firing, False), at(minute, firing, True)]


def at(minute: int, expression: str, fires: bool) -> dict:
    samples = [{"labels": "{}", "value": 1}] if fires else []
    return {"expr": expression, "eval_time": f"{START + minute}m", "exp_samples": samples}


def counter(steps: list[int]) -> str:
    """A counter that starts at 0 and grows by these."""
    parts, value, index = ["0"], 0, 0
    while index < len(steps):
        count = next((n for n, step in enumerate(steps[index:]) if step != steps[index]), len(steps) - index)
        parts.append(f"{value + steps[index]}+{steps[index]}x{count - 1}")
        value, index = value + steps[index] * count, index + count
    return " ".join(parts)


def unit_test(series: list[dict], expectations: list[dict]) -> dict:
    test = {"interval": "1m", "input_series": series, "promql_expr_test": expectations}
    return {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}
