# shellcheck shell=bash
# A Kubernetes cluster to test on; sourced by the cluster stage after install.sh and engine.sh. It is left running.
#
# FLOTILLA_KUBECONFIG    a cluster that is there already, by its kubeconfig; it needs beside it:
# FLOTILLA_LOAD_IMAGE    command that brings an image archive (as `docker save` writes it) to its nodes
# FLOTILLA_NODE          address of a node's NodePorts; default 127.0.0.1
# FLOTILLA_INGRESS       URL of Traefik, which serves the Ingress classes traefik and nginx and Gateways; default: none,
#                        and what needs it is skipped
# FLOTILLA_GIT_FOLDER    folder of bare Git repositories that a server offers to the cluster's controllers, and
# FLOTILLA_GIT_URL       the server's URL before a repository's name; likewise
# FLOTILLA_REGISTRY      registry without TLS that the cluster's controllers can pull from; likewise
# FLOTILLA_PROMETHEUS    URL of a Prometheus that scrapes pods as monitoring/scrape does; likewise
#
# Without FLOTILLA_KUBECONFIG: kind's, else the one that ../shared/tools/cluster has built on this machine.

# need_cluster: exports all of the above and KUBECONFIG.
need_cluster() {
  if [ -n "${FLOTILLA_KUBECONFIG:-}" ]; then
    [ -n "${FLOTILLA_LOAD_IMAGE:-}" ] || { echo 'FLOTILLA_KUBECONFIG needs FLOTILLA_LOAD_IMAGE beside it' >&2; return 2; }
    export KUBECONFIG=$FLOTILLA_KUBECONFIG FLOTILLA_LOAD_IMAGE
  elif command -v kind >/dev/null && find_docker && "$DOCKER" info >/dev/null 2>&1; then
    kind_cluster || return 2
  elif local_cluster_built; then
    local_cluster || { echo "the cluster of this machine does not start ($CLUSTER_DIR/logs)" >&2; return 2; }
  else
    skip foreign 'no cluster: install kind and Docker, or name one in FLOTILLA_KUBECONFIG (CONTRIBUTING.md, Clusters)' || return 1
  fi
  export FLOTILLA_NODE=${FLOTILLA_NODE:-127.0.0.1}
  kubectl version --output=json >/dev/null || { echo 'the cluster does not answer' >&2; return 2; }
}

kind_cluster() {
  local name=flotilla-tests
  kind get clusters 2>/dev/null | grep -qx "$name" || kind create cluster --name "$name" --config tests/cluster/kind.yaml --wait 120s
  KUBECONFIG=$(mktemp) && kind get kubeconfig --name "$name" >"$KUBECONFIG"
  export KUBECONFIG FLOTILLA_LOAD_IMAGE="kind load image-archive --name $name"
}

# A cluster that was built from sources on this machine, for where nothing can be pulled.
CLUSTER_TOOLS=../shared/tools/cluster
CLUSTER_DIR=${CLUSTER_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/flotilla-cluster}

local_cluster_built() { [ "$(id -u)" = 0 ] && [ -x "$CLUSTER_TOOLS/up.sh" ] && [ -x "$CLUSTER_DIR/bin/kube" ]; }

local_cluster() {
  forget_ended "$CLUSTER_DIR/run"
  # What an engine on the same machine leaves behind would hold up traffic between pods.
  iptables --policy FORWARD ACCEPT 2>/dev/null || true
  timeout 300 "$CLUSTER_TOOLS/up.sh" >/dev/null || return 1
  export KUBECONFIG=$CLUSTER_DIR/etc/super-admin.conf PATH=$CLUSTER_DIR/bin:$PATH
  export FLOTILLA_LOAD_IMAGE=$CLUSTER_TOOLS/load-image.sh
  start_if_built metrics-server metrics-server || return 1
  start_if_built kube-router kube-router || return 1
  start_if_built rollouts-controller rollouts || return 1
  start_if_built flagger flagger || return 1
  start_if_built argocd argocd || return 1
  start_if_built gitd git || return 1
  [ ! -x "$CLUSTER_DIR/bin/gitd" ] || export FLOTILLA_GIT_FOLDER=$CLUSTER_DIR/git FLOTILLA_GIT_URL=http://127.0.0.1:18484
  start_if_built kustomize-controller flux || return 1
  ! need_debian docker-registry docker-registry || {
    timeout 120 "$CLUSTER_TOOLS/start.sh" registry >/dev/null && export FLOTILLA_REGISTRY=127.0.0.1:15000
  } || return 1
  start_if_built traefik traefik || return 1
  [ ! -x "$CLUSTER_DIR/bin/traefik" ] || export FLOTILLA_INGRESS=http://127.0.0.1:18070
  need_debian prometheus prometheus || return 0
  timeout 120 "$CLUSTER_TOOLS/start.sh" prometheus && export FLOTILLA_PROMETHEUS=http://127.0.0.1:19090
}

# start_if_built BINARY NAME: an add-on beside the cluster. One that was built and does not start is a cluster that does not.
start_if_built() { [ ! -x "$CLUSTER_DIR/bin/$1" ] || timeout 120 "$CLUSTER_TOOLS/start.sh" "$2" >/dev/null; }

# forget_ended FOLDER: after the machine or a session ended, another process may have the number in a pid file.
forget_ended() {
  local file
  for file in "$1"/*.pid; do
    [ -e "$file" ] || continue
    tr '\0' '\n' 2>/dev/null <"/proc/$(cat "$file")/environ" | grep -q "^KUBECONFIG=$CLUSTER_DIR" || rm "$file"
  done
}
