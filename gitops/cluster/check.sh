#!/usr/bin/env bash
# What is ready in the cluster, what is not, and why. Exit code 1: something is not.
#
# usage: check.sh [NAMESPACE]     that environment alone, such as flotilla-dev, without what Argo CD, Flux and Kargo say
#
# environment: GATEWAY, the gateway's URL, http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=gitops/cluster/lib.sh
. "$(dirname "$0")/lib.sh"
[ $# -le 1 ] && [[ ${1-} != -* ]] || { usage; exit 2; }
only=${1-}
need_kubectl

status=0
# line WHAT WHY: ready when there is no why.
line() {
  if [ -z "$2" ]; then printf 'ok  %s\n' "$1"; else printf 'no  %s: %s\n' "$1" "$2"; status=1; fi
}

# each WHAT NAMESPACE RESOURCE TEMPLATE: a line for each object; the template gives its name, a tab, and why it is not ready.
each() {
  local which why found
  found=$(kubectl ${2:+--namespace "$2"} get "$3" --output go-template="{{range .items}}$4{{\"\\n\"}}{{end}}") ||
    { line "$1" 'kubectl could not list them'; return; }
  while IFS=$'\t' read -r which why; do
    [ -z "$which" ] || line "$1 ${2:+$2/}$which" "$why"
  done <<<"$found"
}

# condition TYPE: the message of a condition that is not True, or not there yet, as a template.
condition() {
  printf '%s' "{{\$seen := false}}{{range .status.conditions}}{{if eq .type \"$1\"}}{{\$seen = true}}{{if ne .status \"True\"}}{{or .message .reason \"$1\"}}{{end}}{{end}}{{end}}{{if not \$seen}}no $1 yet{{end}}"
}

name='{{.metadata.name}}{{"\t"}}'
# shellcheck disable=SC2016  # variables of the template
ready='{{$is := or .status.readyReplicas 0}}{{if ne $is (or .spec.replicas 0)}}{{$is}} of {{.spec.replicas}} ready{{end}}'
rollout='{{if ne (or .status.phase "") "Healthy"}}{{or .status.phase "new"}} {{or .status.message ""}}{{end}}'
# One that waits for a person is not unready for that; its pods are looked at as all others.
# shellcheck disable=SC2016  # variables of the template
application='{{if .spec.syncPolicy.automated}}{{$sync := or .status.sync.status "new"}}{{$health := or .status.health.status ""}}{{if or (ne $sync "Synced") (ne $health "Healthy")}}'
# shellcheck disable=SC2016  # variables of the template
application+='{{$sync}} {{$health}} {{range .status.conditions}}{{.message}} {{end}}{{end}}{{end}}'
# A pod that waits says for what: its image, its configuration, a node.
pod="{{range .status.containerStatuses}}{{with .state.waiting}}{{.reason}} {{or .message \"\"}} {{end}}{{end}}$(condition PodScheduled)"

cluster() {
  kubectl version --output json >/dev/null 2>&1 || { line 'API server' "does not answer: kubectl config current-context is $(kubectl config current-context 2>&1)"; exit 1; }
  line 'API server' ''
  each node '' nodes "$name$(condition Ready)"
  line 'metrics-server' "$(answer /apis/metrics.k8s.io/v1beta1/nodes 'no CPU for autoscalers: up.sh installs it')"
  line 'gateway' "$(curl --silent --output /dev/null --max-time 5 "$GATEWAY" || echo "$GATEWAY does not answer")"
}

# answer PATH WHY: the why, unless the API server has it.
answer() { kubectl get --raw "$1" >/dev/null 2>&1 || printf '%s' "$2"; }

fleet() {
  local environment
  [ -z "$only" ] || kubectl get namespace "$only" >/dev/null 2>&1 || { line "namespace $only" 'is not there'; exit 1; }
  for environment in ${only:-$(environments)}; do
    each deployment "$environment" deployments "$name$ready"
    each statefulset "$environment" statefulsets "$name$ready"
    ! has rollouts.argoproj.io || each rollout "$environment" rollouts.argoproj.io "$name$rollout"
    each autoscaler "$environment" hpa "$name$(condition ScalingActive)"
    waiting "$environment"
    reachable "$environment"
  done
}

# Only the pods that wait: their number tells nothing.
waiting() {
  local which why found
  found=$(kubectl --namespace "$1" get pods --output go-template="{{range .items}}$name$pod{{\"\n\"}}{{end}}") ||
    { line "pods of $1" 'kubectl could not list them'; return; }
  while IFS=$'\t' read -r which why; do
    [ -z "${why// /}" ] || line "pod $1/$which" "$why"
  done < <(tr -s ' ' <<<"$found")
}

# reachable NAMESPACE: each service that has a host answers through the gateway.
reachable() {
  local service host code
  for service in services/*/; do
    service=$(basename "$service") host=$(host "$1" "$service")
    [ -n "$host" ] || continue
    code=$(curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' --header "Host: $host" "$GATEWAY/healthz") || true
    line "host $host" "$([ "$code" = 200 ] || echo "$GATEWAY/healthz answers $code")"
  done
}

tools() {
  ! has applications.argoproj.io || each application argocd applications.argoproj.io "$name$application"
  ! has gitrepositories.source.toolkit.fluxcd.io || each source flux-system gitrepositories.source.toolkit.fluxcd.io "$name$(condition Ready)"
  ! has kustomizations.kustomize.toolkit.fluxcd.io || each kustomization flux-system kustomizations.kustomize.toolkit.fluxcd.io "$name$(condition Ready)"
  ! has stages.kargo.akuity.io || each stage flotilla stages.kargo.akuity.io "$name$(condition Ready)"
}

cluster
fleet
[ -n "$only" ] || tools
exit $status
