#!/usr/bin/env bash
# The charts: rendered by the real helm in every combination of two switches, held against Kubernetes' schemas, and each
# configuration given to the real binary; then checkov, trivy and kube-score.
set -euo pipefail
. tests/lib/install.sh

need_python -r tests/deploy/requirements.txt || exit 0
[ -f ../shared/tools/validate-crds.py ] || skip foreign 'custom resources: ../shared/tools/validate-crds.py is missing' || true
# Something that cuts off a prefix.
need_debian nginx nginx-light || true
cargo build --workspace --locked
.venv/bin/pytest --quiet -p no:cacheprovider tests/deploy/charts

rendered=$(mktemp -d)
trap 'rm -rf "$rendered" "$rendered.stderr"' EXIT
# Helm remarks on each link to the library: what it says is shown only when it fails.
for values in charts/*/values-*.yaml; do
  chart=$(basename "$(dirname "$values")")
  .venv/bin/helm template "$chart" "charts/$chart" -f "$values" >"$rendered/$chart-${values##*values-}" \
    2>"$rendered.stderr" || { cat "$rendered.stderr" >&2; exit 1; }
done
tests/deploy/policies.sh "$rendered"
