#!/usr/bin/env bash
# Removes the cluster that up.sh made. The registry and its images stay for the next one, unless --registry is given.
#
# usage: down.sh [--registry] [--dry-run]
set -euo pipefail
# shellcheck source=gitops/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

registry=
for option in "$@"; do
  case $option in
    --registry) registry=1 ;;
    --dry-run) dry=1 ;;
    --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
done

need kind 'https://kind.sigs.k8s.io/docs/user/quick-start/#installation'
say 'cluster flotilla: removed with everything in it'
run kind delete cluster --name flotilla
if [ -n "$registry" ]; then
  need docker https://docs.docker.com/get-docker/
  say 'registry: removed with its images'
  run docker rm --force --volumes flotilla-registry
fi
