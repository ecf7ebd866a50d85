#!/usr/bin/env bash
# Builds the images of the tests and brings them to the cluster's nodes.
#
# usage: tests/cluster/images.sh     with DOCKER and FLOTILLA_LOAD_IMAGE set, as the stage does
# Each service as 0.1.0, which the charts and overlays name, and as 0.2.0, which differs by its build argument alone.
set -euo pipefail
cd "$(dirname "$0")/../.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# load IMAGE...: whatever is on the nodes already costs no copy.
load() {
  "$DOCKER" save --output "$scratch/image.tar" "$@"
  $FLOTILLA_LOAD_IMAGE "$scratch/image.tar" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; return 1; }
}

for directory in services/*/; do
  service=$(basename "$directory")
  for version in 0.1.0 0.2.0; do
    "$DOCKER" build --quiet --build-arg SERVICE="$service" --build-arg SERVICE_VERSION="$version" \
      --tag "flotilla/$service:$version" . >/dev/null
    load "flotilla/$service:$version"
  done
done
printf 'services loaded after %d s\n' "$SECONDS"

rungs=()
for file in ladder/*/*.yaml; do
  service=$(basename "$(dirname "$file")") version=$(basename "$file" .yaml)
  "$DOCKER" build --quiet --build-arg SERVICE="$service" --build-arg VERSION="$version" \
    --tag "flotilla/$service:$version" ladder >/dev/null
  rungs+=("flotilla/$service:$version")
done
load "${rungs[@]}"
printf 'rungs of the ladder loaded after %d s\n' "$SECONDS"

# The backends of qa and staging: the real images, or where they cannot be pulled the same programs from Debian.
for backend in redis postgres; do
  image=$(sed -n 's/^ *image: //p' "kustomize/components/$backend/statefulset.yaml")
  "$DOCKER" image inspect "$image" >/dev/null 2>&1 || timeout 120 "$DOCKER" pull --quiet "$image" >/dev/null 2>&1 ||
    "tests/cluster/stand-ins/$backend.sh" "$image"
  load "$image"
done
printf 'backends loaded after %d s\n' "$SECONDS"
