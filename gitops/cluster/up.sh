#!/usr/bin/env bash
# A cluster on this machine with the fleet in it; what is there already stays, so run it again after a change.
#
# usage: up.sh [--argocd] [--flux] [--kargo] [--rollouts] [--monitoring] [--existing] [--dry-run]
#
#   --argocd, --flux   deliver by that tool, by its kit beside this folder; without one, dev is applied by kubectl
#   --kargo            promotes; brings Argo CD and Argo Rollouts with it
#   --rollouts         Argo Rollouts, which staging needs
#   --monitoring       Prometheus and Grafana (with --flux its kit brings them)
#   --existing         the cluster of the current context in the place of a new one; it has the images and a gateway
#   --dry-run          says every step and every command, and does none
set -euo pipefail
# shellcheck source=gitops/cluster/lib.sh
. "$(dirname "$0")/lib.sh"
. gitops/cluster/versions.env
. gitops/cluster/steps.sh

wanted=() existing=
for option in "$@"; do
  case $option in
    --argocd | --flux | --rollouts | --monitoring) wanted+=("${option#--}") ;;
    --kargo) wanted+=(rollouts argocd kargo) ;;
    --existing) existing=1 ;;
    --dry-run) dry=1 ;;
    --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
done
wants() { [[ " ${wanted[*]-} " = *" $1 "* ]]; }
! wants argocd || ! wants flux || fail 'one of --argocd (or --kargo) and --flux: both would own the same objects'

need_kubectl
need curl 'the package curl of your system'
if wants kargo || wants monitoring; then need helm https://helm.sh/docs/intro/install/; fi
if [ -z "$existing" ]; then
  need docker https://docs.docker.com/get-docker/
  need kind 'https://kind.sigs.k8s.io/docs/user/quick-start/#installation'
  cluster
  registry
  images
  gateway
  metrics_server
fi
# In the order in which one needs the other.
for tool in rollouts monitoring argocd flux kargo; do
  ! wants "$tool" || "$tool"
done
wants argocd || wants flux || fleet
# The others wait: production for a person and its backends, staging for Argo Rollouts.
settled flotilla-dev
table
