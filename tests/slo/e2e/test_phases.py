"""What the rules record and which alerts they raise, while the real fleet is asked and made to fail."""

from __future__ import annotations

import math

import pytest
from e2e.flotilla import Drill
from e2e.phase import ASKED, Phase

RATIO = "namespace_service:http_requests:error_ratio_rate5m"
RATE = "namespace_service:http_requests:rate5m"
WITHIN = "namespace_service:http_request_duration_seconds:within_{}ms_ratio_rate5m"

# rate() reaches up to an interval beyond the first and the last sample: 2 s of 40.
EXTRAPOLATION = 0.05


def test_no_rule_fails(clean: Phase, errors: Phase, slow: Phase) -> None:
    for phase in (clean, errors, slow):
        assert phase.prometheus.broken_rules() == []


def test_a_healthy_fleet_raises_no_alert(clean: Phase) -> None:
    assert clean.alerts == set()


def test_neither_probes_nor_scrapes_nor_what_fails_on_purpose_count(clean: Phase) -> None:
    recorded = clean.query(f"{RATE} * 300")
    assert recorded["hello"] == pytest.approx(clean.sent["hello"], rel=EXTRAPOLATION)
    # They were there: 60 requests a second beside the 55 of users.
    everything = clean.query("sum by (service) (rate(http_requests_total[5m])) * 300")
    assert everything["hello"] > 1.9 * clean.sent["hello"]
    assert clean.query(RATIO)["hello"] == 0


def test_a_service_that_is_not_asked_has_no_ratio_and_no_alert(clean: Phase, errors: Phase, slow: Phase) -> None:
    for phase in (clean, errors, slow):
        assert phase.query(RATE)["idle"] == 0
        assert math.isnan(phase.query(RATIO)["idle"])
        assert math.isnan(phase.query(WITHIN.format(400))["idle"])
        assert not any(alert.service == "idle" for alert in phase.alerts)


def test_the_recorded_error_ratio_is_what_was_injected(errors: Phase, held: Drill) -> None:
    injected = errors.injected["error"] / errors.sent["hello"]
    recorded = errors.query(RATIO)
    print(f"injected {injected:.4%}, recorded {recorded['hello']:.4%} of {errors.sent['hello']} requests")
    assert recorded["hello"] == pytest.approx(injected, abs=0.002)
    assert injected == pytest.approx(held.rate, abs=0.0005)
    assert {service: recorded[service] for service in ASKED - {"hello"}} == dict.fromkeys(ASKED - {"hello"}, 0)


def test_errors_raise_the_alerts_that_the_drill_names_and_no_others(errors: Phase, held: Drill) -> None:
    print("\n".join(map(str, sorted(errors.alerts))))
    expected = {(alert.name, alert.burn) for alert in held.alerts if alert.minutes is not None}
    assert len(expected) == 5, held.text
    assert {(alert.name, alert.burn) for alert in errors.alerts} == expected | {("InjectedFault", "")}
    assert {alert.service for alert in errors.alerts} == {"hello"}


def test_an_alert_fires_when_the_drill_says_so(errors: Phase, held: Drill) -> None:
    """Those within the phase's first minute; the others are pending."""
    fired = {(alert.name, alert.burn) for alert in errors.alerts if alert.state == "firing"}
    soon = {(alert.name, alert.burn) for alert in held.alerts if (alert.minutes or math.inf) < 0.5}
    assert fired == soon | {("InjectedFault", "")}


def test_delays_raise_the_latency_alert_and_no_other(slow: Phase) -> None:
    print("\n".join(map(str, sorted(slow.alerts))))
    assert slow.names() == {("LatencyHigh", "hello"), ("InjectedFault", "hello")}


def test_the_recorded_latency_is_what_was_injected(slow: Phase) -> None:
    assert slow.injected["latency"] == slow.sent["hello"]
    for limit in (300, 400):
        within = slow.query(WITHIN.format(limit))
        assert within["hello"] == 0
        # How fast the others are is the machine's; but nobody slowed them down.
        assert all(within[service] > 0.5 for service in ASKED - {"hello"}), within
    assert slow.query(RATIO)["hello"] == 0
