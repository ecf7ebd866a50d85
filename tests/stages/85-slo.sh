#!/usr/bin/env bash
# Drills, alerts and dashboards against the real thing: promtool fires the rules in the minute that a drill prints, and a
# Prometheus watches the fleet under load while hello fails 3 % of all requests and then takes 450 ms longer.
set -euo pipefail
. tests/lib/install.sh

need_debian promtool prometheus || exit 0
need_debian redis-server redis-server || exit 0
need_python pytest==9.2.0 PyYAML==6.0.3 requests==2.34.2 promql-parser==0.11.0 || exit 0

cargo build --workspace --locked
# Both end by themselves: three phases of 40 s, and three days of rules.
timeout 900 .venv/bin/pytest --quiet tests/slo/drill tests/slo/e2e
