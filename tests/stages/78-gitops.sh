#!/usr/bin/env bash
# gitops/: every kit built with kubectl's kustomize and held against the CRDs of its controllers, strictly. What needs a
# running controller is in the cluster stage.
set -euo pipefail
. tests/lib/install.sh

command -v kubectl >/dev/null || skip foreign 'kubectl, which has kustomize in it, is missing: no delivery kit is built' || exit 0
need_python -r tests/deploy/requirements.txt yamllint==1.38.0 || exit 0
command -v go >/dev/null || skip foreign 'go, which fetches the CRDs of the delivery kits, is missing' || true

.venv/bin/yamllint --strict --config-data '{extends: default, rules: {line-length: {max: 135}, document-start: disable}}' gitops
.venv/bin/pytest -q -p no:cacheprovider -r s tests/deploy/gitops
