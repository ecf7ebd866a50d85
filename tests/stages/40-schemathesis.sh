#!/usr/bin/env bash
# Sends each service what its own OpenAPI document allows and what it forbids, and holds every answer against it: no
# 5xx, and nothing that is not documented. FRESH=1 takes a new seed instead of the fixed one, and prints it.
set -euo pipefail
. tests/lib/install.sh

# The services that serve /openapi.json. The storefront does not: its API is that of product-api.
# main-api comes after auxiliary-service, which it asks.
services=(product-api hello auxiliary-service main-api)

need_python schemathesis==4.32.5 || exit 0
command -v curl >/dev/null || need_debian curl curl || exit 0
seed=20260101
[ "${FRESH:-}" != 1 ] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')

scratch=$(mktemp -d)
processes=()
# By their ids, and only what was started here.
trap 'kill -9 "${processes[@]}" 2>/dev/null || true; rm -rf "$scratch"' EXIT

# start SERVICE: runs it on free ports with the least that it needs, and leaves its address in $address.
start() {
  local variables=() log=$scratch/$1.log
  case $1 in
    # What a request may ask for is bounded, so that the run is short.
    hello) variables=(FAIL_RATE=0 WORK_SLEEP=0ms..1ms WORK_CPU=0 WORK_MAX_SLEEP=50ms WORK_MAX_CPU=5ms) ;;
    auxiliary-service) variables=(AWS_BACKEND=embedded) ;;
    main-api) variables=(AUXILIARY_SERVICE_URL="http://$address") ;;
  esac
  # There before it is looked into, however late the service begins.
  : >"$log"
  env "${variables[@]}" HTTP_ADDR=127.0.0.1:0 MANAGEMENT_ADDR=127.0.0.1:0 DRAIN_DELAY_SEC=0 LOG_FORMAT=json LOG_LEVEL=info,http=off \
    "${CARGO_TARGET_DIR:-target}/debug/$1" >"$log" &
  processes+=($!)
  for _ in $(seq 200); do
    address=$(sed -n '/"message":"listening"/s/.*"http":"\([^"]*\)".*/\1/p' "$log")
    if [ -n "$address" ] && curl -fs "http://$address/readyz" >/dev/null; then return 0; fi
    sleep 0.05
  done
  echo "$1 is not ready:" && cat "$log" && return 1
}

# A valid request may be refused because its If-Match names another version: that is what it is for.
cat >"$scratch/schemathesis.toml" <<'EOF'
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "404", "412"]

# It always fails: that is what it is for.
[[operations]]
include-path = "/fail"
checks.not_a_server_error.expected-statuses = ["4xx", "500"]
checks.positive_data_acceptance.expected-statuses = ["500"]

# What is well written may still be beyond WORK_MAX_CPU or WORK_MAX_SLEEP (400), or WORK_MAX_MEMORY (503).
[[operations]]
include-path = "/work"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", "503"]
checks.positive_data_acceptance.expected-statuses = ["200", "400", "503"]

# How long a name may be depends on the prefix.
[[operations]]
include-path = "/parameter/{name}"
checks.positive_data_acceptance.expected-statuses = ["200", "400", "404"]
EOF

failed=0
for service in "${services[@]}"; do
  cargo build --workspace --locked --quiet
  start "$service"
  echo "$service, seed $seed"
  (cd "$scratch" && "$OLDPWD/.venv/bin/schemathesis" run "http://$address/openapi.json" --phases examples,coverage,fuzzing,stateful \
    --checks all --max-examples 50 --seed "$seed" --workers 1 --no-color --warnings off) || failed=1
  kill -0 "${processes[-1]}" || { echo "$service has ended" && failed=1; }
done
for process in "${processes[@]}"; do
  kill "$process" && wait "$process" || failed=1
done
processes=()
exit $failed
