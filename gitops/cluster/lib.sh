# shellcheck shell=bash
# What the scripts of this folder share; they run in the project's root.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

# Where the gateway answers, and under which name it is asked for.
GATEWAY=${GATEWAY:-http://127.0.0.1:8080}
dry=  # --dry-run sets it

say() { printf '==> %s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# run COMMAND...: does it, or with --dry-run says it.
run() {
  if [ -n "$dry" ]; then printf '    %s\n' "$*"; else "$@"; fi
}

# need COMMAND HOW: a tool that has to be there, and how to get it.
need() {
  [ -n "$dry" ] || command -v "$1" >/dev/null || fail "$1 is missing: $2"
}

need_kubectl() { need kubectl https://kubernetes.io/docs/tasks/tools/; }

# usage: prints the comment at the head of the script.
usage() { sed -n '2,/^set /{s/^# \{0,1\}//p;}' "gitops/cluster/$(basename "$0")"; }

# has RESOURCE: whether the cluster knows a kind, such as rollouts.argoproj.io.
has() { kubectl get crd "$1" >/dev/null 2>&1; }

# environments: the namespaces of the overlays, as far as they are there.
environments() {
  local folder
  for folder in kustomize/overlays/*/; do
    kubectl get namespace "flotilla-$(basename "$folder")" --ignore-not-found --output name
  done | sed 's#^namespace/##'
}

# host NAMESPACE SERVICE: the name by which the gateway knows a service, from its Ingress or its HTTPRoute.
host() {
  local found
  found=$(kubectl --namespace "$1" get ingress "$2" --ignore-not-found --output 'jsonpath={.spec.rules[0].host}')
  [ -n "$found" ] || ! has httproutes.gateway.networking.k8s.io ||
    found=$(kubectl --namespace "$1" get httproute "$2" --ignore-not-found --output 'jsonpath={.spec.hostnames[0]}')
  printf '%s\n' "$found"
}

# doors: the NodePorts that kind.yaml maps to this machine, with what is behind each.
doors() {
  kubectl get services --all-namespaces --selector flotilla/door --output \
    go-template='{{range .items}}{{(index .spec.ports 0).nodePort}} {{index .metadata.labels "flotilla/door"}} {{.metadata.namespace}}/{{.metadata.name}}{{"\n"}}{{end}}'
}
