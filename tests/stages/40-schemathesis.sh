#!/usr/bin/env bash
# Sends each service what its own OpenAPI document allows and what it forbids, and holds every answer against it: no
# 5xx, and nothing that is not documented. FRESH=1 takes a new seed instead of the fixed one, and prints it.
set -euo pipefail
. tests/lib/install.sh

# The services that serve /openapi.json.
services=(product-api)

need_python schemathesis==4.32.5 || exit 0
command -v curl >/dev/null || need_debian curl curl || exit 0
seed=20260101
[ "${FRESH:-}" != 1 ] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')

scratch=$(mktemp -d)
process=
# By its id, and only what was started here.
trap '[ -z "$process" ] || kill -9 "$process" 2>/dev/null || true; rm -rf "$scratch"' EXIT

# start SERVICE: runs it on free ports with nothing set, and leaves its address in $address.
start() {
  HTTP_ADDR=127.0.0.1:0 MANAGEMENT_ADDR=127.0.0.1:0 DRAIN_DELAY_SEC=0 LOG_FORMAT=json LOG_LEVEL=info,http=off \
    "${CARGO_TARGET_DIR:-target}/debug/$1" >"$scratch/log" &
  process=$!
  for _ in $(seq 200); do
    address=$(sed -n '/"message":"listening"/s/.*"http":"\([^"]*\)".*/\1/p' "$scratch/log")
    if [ -n "$address" ] && curl -fs "http://$address/readyz" >/dev/null; then return 0; fi
    sleep 0.05
  done
  echo "$1 is not ready:" && cat "$scratch/log" && return 1
}

# A valid request may be refused because its If-Match names another version: that is what it is for.
cat >"$scratch/schemathesis.toml" <<'EOF'
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "404", "412"]
EOF

failed=0
for service in "${services[@]}"; do
  cargo build --locked --quiet --package "$service"
  start "$service"
  echo "$service, seed $seed"
  (cd "$scratch" && "$OLDPWD/.venv/bin/schemathesis" run "http://$address/openapi.json" --phases examples,coverage,fuzzing,stateful \
    --checks all --max-examples 50 --seed "$seed" --workers 1 --no-color --warnings off) || failed=1
  kill -0 "$process" || { echo "$service has ended" && failed=1; }
  kill "$process" && wait "$process" || failed=1
  process=
done
exit $failed
