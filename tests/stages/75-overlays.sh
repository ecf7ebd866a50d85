#!/usr/bin/env bash
# kustomize/: every overlay and component with kubectl's kustomize, held against the charts, the Kubernetes schemas and
# the real binaries. No cluster is needed.
set -euo pipefail
. tests/lib/install.sh

command -v kubectl >/dev/null || skip foreign 'kubectl, which has kustomize in it, is missing: no overlay is built' || exit 0
need_python -r tests/deploy/requirements.txt || exit 0
[ -e ../shared/tools/validate-crds.py ] || skip foreign 'the schemas of custom resources are not beside the project' || true

command -v go >/dev/null || skip foreign 'go is missing: no substitution by Flux is tried' || true

need_debian redis-server redis-server || true

cargo build --workspace --locked
.venv/bin/pytest -q -p no:cacheprovider tests/deploy/overlays

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for overlay in kustomize/overlays/*/; do kubectl kustomize "$overlay" >"$scratch/$(basename "$overlay").yaml"; done
tests/deploy/policies.sh "$scratch"
