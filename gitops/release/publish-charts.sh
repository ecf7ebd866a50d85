#!/usr/bin/env bash
# Gives the charts a version, packages and pushes them, and prints each as NAME@DIGEST, for whoever signs.
#
# usage: gitops/release/publish-charts.sh VERSION REGISTRY [FLAG...]     FLAG: of helm push
#
# It writes the version into the clone, and needs to be logged in to the registry.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$1 registry=$2
shift 2

packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
python3 -B gitops/release charts "$version" --registry "$registry" >&2
for values in charts/*/values-production.yaml; do
  chart=$(basename "$(dirname "$values")")
  helm package "charts/$chart" --destination "$packages" >&2
  pushed=$(helm push "$packages/$chart-$version.tgz" "oci://$registry/flotilla/charts" "$@" 2>&1) || { echo "$pushed" >&2; exit 1; }
  digest=$(sed --quiet 's/^Digest: //p' <<<"$pushed")
  echo "$registry/flotilla/charts/$chart@${digest:?$pushed}"
done
