#!/usr/bin/env bash
# All five images, and the rungs of the ladder on top of them: built by the real Dockerfiles and a real engine, examined,
# and run as a hardened cluster would.
set -euo pipefail
. tests/lib/install.sh
. tests/lib/engine.sh

need_python pytest==9.2.0 || exit 0

scratch=$(mktemp -d)
trap 'stop_engine; rm -rf "$scratch"' EXIT
need_engine "$scratch" || exit 0
need_base_image || exit 0

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
