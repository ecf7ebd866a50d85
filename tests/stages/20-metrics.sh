#!/usr/bin/env bash
# The scrape of every service of the fleet is content with promtool, after requests that succeed, fail and find nothing.
set -euo pipefail
. tests/lib/install.sh
need_debian promtool prometheus || exit 0

cargo build --workspace --locked
# Ports of its own, so that a fleet that is running already is not in the way.
ports=()
for service in services/*/; do ports+=("$(basename "$service")=$((21000 + ${#ports[@]}))"); done
"${CARGO_TARGET_DIR:-target}"/debug/flotilla --log-level warn "${ports[@]/#/--port=}" &
fleet=$!
trap 'kill "$fleet" 2>/dev/null || true' EXIT

for port in "${ports[@]#*=}"; do
  curl --silent --fail --output /dev/null --retry 50 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/healthz"
  for path in /success /fail /products /s3-buckets /nowhere; do
    curl --silent --output /dev/null "http://127.0.0.1:$port$path"
  done
  curl --silent --fail "http://127.0.0.1:$((port + 10000))/metrics" | promtool check metrics
  printf "promtool is content with the scrape of port %s\n" "$port"
done
