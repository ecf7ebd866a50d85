#!/usr/bin/env bash
# hello under load, and the autoscaler that answers it: `run` starts both, `watch` shows them, `stop` ends them.
#
# usage: hpa-demo.sh run|watch|stop [--namespace NAMESPACE] [--rate RATE] [--for DURATION] [--dry-run]
#
#   --namespace   where hello runs, flotilla-dev; without an autoscaler there, one is made for the demonstration
#   --rate        60/s by default: three pods' worth of what one pod asks for
#   --for         how long the load lasts, 5m by default
#
# environment: GATEWAY, the gateway's URL, http://127.0.0.1:8080; FLOTILLA, the command, target/release/flotilla or on the PATH
set -euo pipefail
# shellcheck source=gitops/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

action=${1-} namespace=flotilla-dev rate=60/s duration=5m
[ $# -eq 0 ] || shift
while [ $# -gt 0 ]; do
  case $1 in
    --namespace) namespace=${2?--namespace needs a value}; shift ;;
    --rate) rate=${2?--rate needs a value}; shift ;;
    --for) duration=${2?--for needs a value}; shift ;;
    --dry-run) dry=1 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
state=${XDG_RUNTIME_DIR:-/tmp}/flotilla-hpa-demo-$(id -u)-$namespace

need_flotilla() {
  [ -n "${FLOTILLA-}" ] || FLOTILLA=$(command -v target/release/flotilla || command -v flotilla || true)
  [ -n "$dry" ] || [ -n "$FLOTILLA" ] || fail 'flotilla is missing: cargo build --release -p flotilla'
  FLOTILLA=${FLOTILLA:-flotilla}
}

# The load's process, if it is one of ours that still runs.
load() {
  local pid
  pid=$(cat "$state.pid" 2>/dev/null) && ps -p "$pid" -o command= | grep ' load ' >/dev/null && printf '%s\n' "$pid"
}

# By its own autoscaler, or by the one of an earlier run.
autoscaled() { kubectl --namespace "$namespace" get hpa --output name | grep -E '/hello(-demo)?$' >/dev/null; }

start() {
  need_flotilla
  local name=HOST
  [ -z "$(load)" ] || fail "a load runs already: hpa-demo.sh stop --namespace $namespace"
  [ -n "$dry" ] || name=$(host "$namespace" hello)
  [ -n "$name" ] || fail "hello of $namespace has no host at a gateway"
  if [ -n "$dry" ] || ! autoscaled; then
    say "an autoscaler for hello: 1 to 5 replicas, at 70 % of the CPU that is asked for"
    run kubectl --namespace "$namespace" autoscale deployment hello --name hello-demo --cpu 70% --min 1 --max 5
  fi
  say "load: $rate for $duration on http://$name/work through $GATEWAY"
  local command=("$FLOTILLA" load "$GATEWAY/work?sleep=0ms" --header "Host: $name" --rate "$rate" --for "$duration")
  [ -z "$dry" ] || { run "${command[@]}"; return; }
  "${command[@]}" >"$state.log" 2>&1 &
  echo $! >"$state.pid"
  say "hpa-demo.sh watch shows it, hpa-demo.sh stop ends it and says whether a request was lost"
}

show() {
  run kubectl --namespace "$namespace" get hpa
  run kubectl --namespace "$namespace" top pods --selector app.kubernetes.io/name=hello || true
}

watch() {
  say "the autoscaler and the pods of $namespace, every 5 s until the load ends"
  [ -z "$dry" ] || { show; return; }
  [ -n "$(load)" ] || say 'there is no load: hpa-demo.sh run'
  until show; [ -z "$(load)" ]; do sleep 5; done
}

stop() {
  local pid
  say 'the load: ended, with its report'
  if pid=$(load); then
    run kill "$pid"
    while [ -z "$dry" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
  fi
  [ ! -e "$state.log" ] || run cat "$state.log"
  say 'the autoscaler of the demonstration: removed, and one replica again'
  if [ -n "$dry" ] || kubectl --namespace "$namespace" get hpa hello-demo >/dev/null 2>&1; then
    run kubectl --namespace "$namespace" delete hpa hello-demo
    run kubectl --namespace "$namespace" scale deployment hello --replicas 1
  fi
  run rm -f "$state.pid" "$state.log"
}

case $action in
  run | watch | stop) ;;
  --help) usage; exit ;;
  *) usage >&2; exit 2 ;;
esac
need_kubectl
case $action in run) start ;; *) "$action" ;; esac
