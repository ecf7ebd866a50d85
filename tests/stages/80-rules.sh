#!/usr/bin/env bash
# The rules refer to what exists, fire when they should and are silent when not; and their manifests are valid.
set -euo pipefail
. tests/lib/install.sh

need_debian promtool prometheus || exit 0
need_debian redis-server redis-server || exit 0
need_python pytest==9.2.0 PyYAML==6.0.3 requests==2.34.2 promql-parser==0.11.0 yamllint==1.38.0 jsonschema==4.26.0 || exit 0

# A recorded series with its threshold, and a series of a unit test, cannot be broken into lines.
.venv/bin/yamllint --strict --config-data '{extends: default, rules: {line-length: {max: 135}, document-start: disable}}' monitoring
.venv/bin/yamllint --strict --config-data '{extends: default, rules: {line-length: disable, document-start: disable}}' tests/slo/rules

cargo build --workspace --locked
timeout 900 .venv/bin/pytest --quiet tests/slo/rules

command -v kubectl >/dev/null || skip foreign 'kubectl is missing: monitoring/ is not built' || exit 0
rendered=$(mktemp)
trap 'rm -f "$rendered"' EXIT
kubectl kustomize monitoring >"$rendered"
grep -q '^kind: ServiceMonitor$' "$rendered"
[ -d ../shared/crd-schemas ] || skip foreign 'the schemas of the custom resources are missing: PrometheusRules are not checked' || exit 0
.venv/bin/python ../shared/tools/validate-crds.py "$rendered"
