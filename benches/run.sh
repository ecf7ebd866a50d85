#!/usr/bin/env bash
# Measures hello's /success against a bare axum and a bare hyper handler with the same body, interleaved, and prints
# requests a second and CPU time a request, each with its share of bare axum, memory, and the time to start.
#
# usage: benches/run.sh [ROUNDS [SECONDS]]      default: 5 rounds of 3 s each
# Server and load share one core, so that what is compared is CPU time a request. Needs wrk, taskset and curl.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/install.sh
need_debian wrk wrk

rounds=${1:-5}
seconds=${2:-3}
[ -n "${SKIP_BUILD:-}" ] || cargo build --release --locked --package hello --bins --examples
target=${CARGO_TARGET_DIR:-target}/release
port=18997
declare -A command=(
  [bare-hyper]="$target/examples/bare_hyper 127.0.0.1:$port"
  [bare-axum]="$target/examples/bare_axum 127.0.0.1:$port"
  [hello-no-log]="env LOG_LEVEL=off DRAIN_DELAY_SEC=0 HTTP_ADDR=127.0.0.1:$port MANAGEMENT_ADDR=127.0.0.1:0 $target/hello"
  [hello-log]="env DRAIN_DELAY_SEC=0 HTTP_ADDR=127.0.0.1:$port MANAGEMENT_ADDR=127.0.0.1:0 $target/hello"
)
order=(bare-hyper bare-axum hello-no-log hello-log)
url=http://127.0.0.1:$port/success
results=$(mktemp)
server=
trap 'rm -f "$results"; [ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT

# CPU time of the server so far, user and system, in ticks.
ticks() { awk '{print $14 + $15}' "/proc/$server/stat"; }

start() {
  # The log goes through a pipe to a reader, as it does in a cluster.
  # shellcheck disable=SC2086  # the command is words
  taskset -c 0 ${command[$1]} > >(exec taskset -c 1 cat >/dev/null) &
  server=$!
  until curl -s -o /dev/null "$url"; do :; done
}

stop() {
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=
}

for round in $(seq "$rounds"); do
  for variant in "${order[@]}"; do
    start "$variant"
    idle=$(awk '/VmRSS/{print $2}' "/proc/$server/status")
    before=$(ticks)
    read -r requests rate < <(taskset -c 0 wrk -t1 -c64 -d"${seconds}s" "$url" |
      awk '/requests in/{count=$1} /Requests\/sec/{print count, $2}')
    cpu=$(awk -v ticks=$(($(ticks) - before)) -v hz="$(getconf CLK_TCK)" -v count="$requests" \
      'BEGIN{printf "%.3f", ticks / hz / count * 1e6}')
    loaded=$(awk '/VmRSS/{print $2}' "/proc/$server/status")
    printf '%s %s %s %s %s %s\n' "$round" "$variant" "$rate" "$cpu" "$idle" "$loaded" | tee -a "$results"
    stop
  done
done

# Start-up: from exec to the first 200 on /readyz, asked in a busy loop on a port that refuses until then.
for round in $(seq "$rounds"); do
  begin=$(date +%s%N)
  env LOG_LEVEL=off DRAIN_DELAY_SEC=0 HTTP_ADDR=127.0.0.1:$port MANAGEMENT_ADDR=127.0.0.1:0 "$target/hello" >/dev/null &
  server=$!
  until (exec 3<>/dev/tcp/127.0.0.1/$port && printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3 && grep -q '200 OK' <&3) 2>/dev/null
  do :; done
  printf '%s start-up-ms %s\n' "$round" "$((($(date +%s%N) - begin) / 1000000))" | tee -a "$results"
  stop
done

python3 - "$results" <<'PY'
import collections, statistics, sys
rows = collections.defaultdict(list)
for line in open(sys.argv[1]):
    _, name, *values = line.split()
    rows[name].append([float(value) for value in values])
median = lambda name, column: statistics.median(row[column] for row in rows[name])
base, base_cpu = median("bare-axum", 0), median("bare-axum", 1)
print(f"\n{'variant':13} {'requests/s':>11} {'of axum':>8} {'us CPU':>7} {'of axum':>8} {'idle MiB':>9} {'loaded MiB':>11}")
for name in rows:
    if name != "start-up-ms":
        rate, cpu, idle, loaded = (median(name, column) for column in range(4))
        print(f"{name:13} {rate:11,.0f} {rate / base:8.2f} {cpu:7.2f} {cpu / base_cpu:8.2f} {idle / 1024:9.1f} {loaded / 1024:11.1f}")
print(f"start-up to the first 200 on /readyz: median {median('start-up-ms', 0):.0f} ms")
PY
