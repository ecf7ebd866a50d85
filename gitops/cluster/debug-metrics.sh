#!/usr/bin/env bash
# Why a service is not in Prometheus: looks at each step from the process to the scrape, for every pod of an environment.
#
# usage: debug-metrics.sh [NAMESPACE]     flotilla-dev by default
#
# 1. the pod serves metrics (asked through the API server, which no network policy holds up)
# 2. a pod in the namespace `monitoring` gets them too, as Prometheus would; its image is the service's own, whose
#    `healthcheck` is all that it needs
# 3. a ServiceMonitor selects the Service, and Prometheus has the target up (PROMETHEUS, its URL, if it is known)
set -euo pipefail
# shellcheck source=gitops/cluster/lib.sh
. "$(dirname "$0")/lib.sh"
[ $# -le 1 ] && [[ ${1-} != -* ]] || { usage; exit 2; }
need_kubectl

namespace=${1:-flotilla-dev}
port=4040
prober=debug-metrics-$$
status=0
line() { printf '%-4s %s\n' "$1" "$2"; [ "$1" = ok ] || status=1; }

pods() {
  kubectl --namespace "$namespace" get pods --selector app.kubernetes.io/part-of=flotilla --field-selector status.phase=Running \
    --output go-template='{{range .items}}{{.metadata.name}} {{.status.podIP}} {{(index .spec.containers 0).image}} {{index .metadata.labels "app.kubernetes.io/name"}}{{"\n"}}{{end}}'
}

served() {
  local text
  if text=$(kubectl get --raw "/api/v1/namespaces/$namespace/pods/$1:$port/proxy/metrics" 2>&1); then
    line ok "$1 serves $(grep --count --invert-match '^#' <<<"$text") series, $(grep '^app_build_info' <<<"$text" | grep --only-matching 'version="[^"]*"')"
  else
    line no "$1 serves no metrics: $text"
  fi
}

# One container a pod, each asking one; what it says is in its exit code. It asks again, because a network plugin may learn of a
# new pod a moment after it runs.
probe() {
  local pod ip image first=1
  printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"monitoring"},"spec":{"restartPolicy":"OnFailure","automountServiceAccountToken":false,"securityContext":{"runAsNonRoot":true,"runAsUser":65532,"seccompProfile":{"type":"RuntimeDefault"}},"containers":[' "$prober"
  while read -r pod ip image _; do
    [ -n "$first" ] || printf ','
    first=
    [[ $ip != *:* ]] || ip="[$ip]"
    printf '{"name":"%s","image":"%s","args":["healthcheck","--url","http://%s:%s/metrics"],"securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}' \
      "$pod" "$image" "$ip" "$port"
  done
  printf ']}}'
}

reached() {
  local pod code
  pods | probe | kubectl apply --filename - >/dev/null
  trap 'kubectl --namespace monitoring delete pod "$prober" --ignore-not-found --wait=false >/dev/null' EXIT
  kubectl --namespace monitoring wait --for=jsonpath='{.status.phase}'=Succeeded pod "$prober" --timeout 30s >/dev/null 2>&1 || true
  [ -n "$(kubectl --namespace monitoring get pod "$prober" --output 'jsonpath={.status.containerStatuses}')" ] ||
    line no "the probe was not scheduled: kubectl --namespace monitoring describe pod $prober"
  while read -r pod code; do
    case $code in
      0) line ok "$pod answers a pod of the namespace monitoring" ;;
      '') line no "$pod: the probe did not run: kubectl --namespace monitoring describe pod $prober" ;;
      *) line no "$pod does not answer a pod of the namespace monitoring: do its network policies know that namespace?" ;;
    esac
  done < <(kubectl --namespace monitoring get pod "$prober" --output \
    go-template='{{range .status.containerStatuses}}{{.name}} {{with or .state.terminated .lastState.terminated}}{{.exitCode}}{{end}}{{"\n"}}{{end}}')
}

selected() {
  local found
  has servicemonitors.monitoring.coreos.com || { line no 'no ServiceMonitor: the cluster has no Prometheus operator (up.sh --monitoring)'; return; }
  found=$(kubectl get servicemonitors --all-namespaces --selector app.kubernetes.io/part-of=flotilla --output name)
  if [ -n "$found" ]; then line ok "$found"; else line no 'no ServiceMonitor: kubectl apply -k monitoring'; fi
}

scraped() {
  local answer
  [ -n "${PROMETHEUS-}" ] || return 0
  answer=$(curl --fail --silent --show-error --max-time 10 --get "$PROMETHEUS/api/v1/query" --data-urlencode "query=count(up{namespace=\"$namespace\"} == 1)" 2>&1) ||
    { line no "Prometheus does not answer: $answer"; return; }
  answer=$(sed -n 's/.*"value":\[[^,]*,"\([0-9]*\)"\].*/\1/p' <<<"$answer")
  if [ -n "$answer" ]; then line ok "Prometheus has $answer targets of $namespace up"; else line no "Prometheus has no target of $namespace up: $PROMETHEUS/targets"; fi
}

[ -n "$(pods)" ] || fail "$namespace has no running pod of the fleet"
kubectl get namespace monitoring >/dev/null || fail 'there is no namespace monitoring: up.sh --monitoring'
while read -r pod _; do served "$pod"; done < <(pods)
reached
selected
scraped
exit $status
